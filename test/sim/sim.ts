// `npm run sim`: SEEDS=n seeds from FROM=1 on (300 unless told), MINUTES=40 of trouble each.
// SEED=x tells the story of one seed, line by line.

import { runSeed } from "./run.ts";

const minutes = Number(process.env.MINUTES ?? 40);
const single = process.env.SEED;

if (single !== undefined) {
  const { trace, complaints, acks, crashes } = await runSeed(Number(single), minutes, true);
  for (const line of trace) console.log(line);
  console.log(`seed ${single}: ${acks} ACKs, ${crashes} crashes`);
  report(Number(single), complaints);
} else {
  const from = Number(process.env.FROM ?? 1);
  const count = Number(process.env.SEEDS ?? 300);
  let acks = 0;
  let crashes = 0;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await runSeed(seed, minutes);
    acks += outcome.acks;
    crashes += outcome.crashes;
    report(seed, outcome.complaints);
  }
  console.log(
    `${count} seeds from ${from} on, ${minutes} minutes each: ${acks} ACKs, ${crashes} crashes`,
  );
}

function report(seed: number, complaints: readonly string[]): void {
  for (const complaint of complaints) console.log(`seed ${seed}: ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}

// Run by disk.test.ts with a small file system of its own: writes until it is full, makes room, and
// goes on. Prints what the journal says.

import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Lease } from "../../daemon/core/lease.ts";
import { SystemClock } from "../../daemon/io/clock.ts";
import { FolderDisk } from "../../daemon/io/disk.ts";
import { Journal } from "../../daemon/journal/journal.ts";
import { recover } from "../../daemon/journal/recover.ts";
import { makeLease } from "../support/leases.ts";

const folder = path.resolve(process.argv[2] ?? "");
const ballast = path.join(folder, "ballast");
const clock = new SystemClock();
const book = new Map<number, Lease>();
const disk = await FolderDisk.open(folder);
let state = "ok";
const { journal } = await Journal.open(disk, {
  clock,
  salt: 1,
  book: () => book.values(),
  events: {
    durable: () => {},
    state: (now) => {
      state = now.kind;
      console.log(now.kind === "failing" ? `failing ${now.reason} ${now.text}` : now.kind);
      if (now.kind === "failing") rmSync(ballast);
    },
    log: () => {},
  },
});
writeFileSync(ballast, new Uint8Array(800_000));

let sequence = 0;
while (sequence < 60_000) {
  // The segment would be followed by a snapshot before it fills the rest.
  for (let count = 0; count < 100; count++) {
    const lease = makeLease(++sequence, sequence % 50);
    book.set(lease.address, lease);
    journal.append(lease);
  }
  journal.kick(clock.now());
  await new Promise((resolve) => setTimeout(resolve, state === "failing" ? 20 : 0));
  if (state === "ok" && journal.durableThrough > 0 && sequence > 20_000) break;
}
await journal.close();
if (journal.durableThrough === sequence) console.log("durable 1 to the last");
const { recovery } = await recover(disk);
const all = recovery.leases.every((lease) => lease.sequence === book.get(lease.address)?.sequence);
if (all && recovery.leases.length === 50) console.log("recovered all");
await disk.close();
clock.stop();

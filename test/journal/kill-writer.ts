// The process that kill.test.ts kills: appends as fast as the disk allows, with snapshots now and
// then, and says after each write which sequence is durable.

import { writeSync } from "node:fs";
import type { Lease } from "../../daemon/core/lease.ts";
import { SystemClock } from "../../daemon/io/clock.ts";
import { FolderDisk } from "../../daemon/io/disk.ts";
import { Journal } from "../../daemon/journal/journal.ts";
import { leaseOf } from "./kill-leases.ts";

const clock = new SystemClock();
const book = new Map<number, Lease>();
const disk = await FolderDisk.open(process.argv[2] ?? "");
const { journal, leases, lastSequence } = await Journal.open(disk, {
  clock,
  salt: 1,
  book: () => book.values(),
  events: {
    durable: (through) => writeSync(1, `${through}\n`),
    state: (state) => writeSync(2, `${JSON.stringify(state)}\n`),
    log: () => {},
  },
});
for (const lease of leases) book.set(lease.address, lease);
writeSync(1, `${lastSequence}\n`);

let sequence = lastSequence;
let rounds = 0;
function work(): void {
  for (let count = 0; count < 20; count++) {
    const lease = leaseOf(++sequence);
    book.set(lease.address, lease);
    journal.append(lease);
  }
  journal.kick(clock.now());
  if (++rounds % 40 === 0) journal.snapshot();
  setTimeout(work, 1);
}
work();

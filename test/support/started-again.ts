// A box of a pair that is started again from its disk, or from an older one.

import type { PairConfig } from "../../daemon/core/config-view.ts";
import type { CoreOptions } from "../../daemon/core/core.ts";
import type { Effect } from "../../daemon/core/effect.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { readBack } from "./leases.ts";
import { PairedBox, type TwoCores } from "./two-cores.ts";

/** What a process begins with. */
export type Disk = Pick<CoreOptions, "leases" | "lastSequence" | "wallFloor" | "pair">;

/** The disk of a box for which nothing waits, just when it has noted how the pair is. */
export function diskOf({ core, now }: PairedBox): Disk {
  const out: Effect[] = [];
  core.pair?.endpoint.persist(out);
  const [note] = out;
  if (note?.kind !== "persist-pair") throw new Error("a box without a partner");
  const { state, sequence } = note;
  const leases = readBack(core.book.records());
  return { leases, pair: state, lastSequence: sequence, wallFloor: Math.floor(now.wall / 1000) };
}

/** One of the two is a new process, with nothing but this disk, and no connection yet. */
export function startAgain(
  cores: TwoCores,
  role: FailoverRole,
  disk: Disk,
  pair: Partial<PairConfig> = {},
): void {
  cores.cut();
  const { now } = cores.box(role);
  Object.assign(cores, { [role]: new PairedBox(role, pair, { ...disk, now }) });
}

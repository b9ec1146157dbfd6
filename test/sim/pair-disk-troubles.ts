// What happens to the disks of a pair: torn, failing, hanging and slow ones, and one that is put back from a copy.

import type { JournalState } from "../../daemon/ports.ts";
import type { Cable } from "./cable.ts";
import type { Lan } from "./lan.ts";
import type { PairChecks } from "./pair-checks.ts";
import type { Trouble } from "./pair-story.ts";
import { QUICK_DISK, type SimBox } from "./sim-box.ts";
import type { SimClient } from "./sim-client.ts";
import type { World } from "./world.ts";

export interface Scene {
  readonly world: World;
  readonly checks: PairChecks;
  readonly boxes: readonly [SimBox, SimBox];
  readonly lans: readonly Lan[];
  readonly cable: Cable;
  readonly clients: readonly SimClient[];
}

/** How troubles are arranged. */
export interface Means {
  readonly scene: Scene;
  otherOf(box: SimBox): SimBox;
  /** False for a while after what nobody could bear twice, and when all troubles are over. */
  mayHurt(box: SimBox): boolean;
  /** No other trouble for this box for a while. */
  calm(box: SimBox): void;
  /** Unless all troubles are over then. */
  later(milliseconds: number, what: () => void): void;
  /** Ends a trouble after a while, unless the same thing was changed again meanwhile. */
  ends(what: string, milliseconds: number, how: () => void): void;
  restartLater(box: SimBox, milliseconds: number): void;
  /** "power", or a process that is killed; it starts again after a while. */
  crash(box: SimBox, trouble: Pick<Trouble, "how" | "lasts">): void;
  /** A person ends it in order, and it starts again. */
  leave(trouble: Pick<Trouble, "x" | "lasts">, box: SimBox, command: "pause" | "shutdown"): void;
  /** A person says that the partner of this box is off. */
  declare(box: SimBox): void;
  /** The cable between them, or what one of them says over it. */
  cut(how: string, milliseconds: number): void;
}

/** At an operation of the disk, before, during or after it. */
export function tear(means: Means, { how, x, lasts }: Trouble, box: SimBox): void {
  const { disk } = box;
  if (disk.fault || !means.mayHurt(box)) return;
  const at = disk.operations + Math.floor(x * 30);
  const crash = how === "before" || how === "during" ? how : "after";
  disk.fault = (operation) => {
    if (operation.index < at) return undefined;
    disk.fault = undefined;
    if (!means.mayHurt(box)) return undefined;
    // The disk goes down within the operation; the process notices nothing any more.
    means.scene.world.after(0, () => {
      box.noticePowerCut();
      means.restartLater(box, lasts);
    });
    return { crash };
  };
}

export function failDisk(means: Means, { how, x, lasts }: Trouble, box: SimBox): void {
  const { disk } = box;
  if (disk.fault || !means.mayHurt(box)) return;
  const fate = means.scene.world.fate(`bad disk ${box.name}`);
  disk.fault = ({ kind }) => {
    if (kind === "list" || kind === "read" || kind === "close") return undefined;
    return x < 0.6 || fate.chance(0.3) ? { error: how } : undefined;
  };
  means.ends(`disk ${box.name}`, lasts, () => heal(box));
}

export function heal(box: SimBox): void {
  box.disk.fault = undefined;
  box.diskDelay = QUICK_DISK;
  box.disk.wake();
}

/**
 * A copy of the disk is taken now and put back later, or the disk is replaced by an empty one. Only while
 * the other box can be reached when this one starts, and stays so for a while: a box with an old disk and
 * no partner to tell it so gives out what it gave out before, and nobody could know better. Nor could a
 * partner that it has never met.
 */
export function putBackLater(
  means: Means,
  { how, lasts, x }: Pick<Trouble, "how" | "lasts" | "x">,
  box: SimBox,
): void {
  const { world, cable, checks } = means.scene;
  const partner = means.otherOf(box);
  const copy = how === "empty disk" ? new Map<string, Uint8Array>() : box.disk.contents();
  means.later(lasts, () => {
    const isReachable = !cable.isCut && cable.dialTrouble === undefined && cable.latency < 500;
    if (!isReachable || !partner.life || !means.mayHurt(box) || box.disk.fault) return;
    if (!means.mayHurt(partner) || !isWell(partner.journalState) || partner.disk.fault) return;
    if (!checks.isInService(partner)) return;
    if (partner.life.core.pairState?.partnerState === undefined) return;
    world.tell(box.name, `its disk is put back: ${how}`);
    // Both are switched off for it, now and then.
    const isBoth = x < 0.4;
    if (isBoth) partner.crash("power");
    box.crash("power");
    box.disk.replace(copy);
    checks.restored(box);
    box.start("power");
    if (isBoth) partner.start("power");
    means.calm(box);
    means.calm(partner);
    means.ends("cable", 0, () => cable.mend());
  });
}

export function hangDisk(means: Means, { lasts }: Trouble, box: SimBox): void {
  if (box.disk.fault || !means.mayHurt(box)) return;
  box.disk.fault = () => "hang";
  means.ends(`disk ${box.name}`, lasts, () => heal(box));
}

export function slowDisk(means: Means, { how, lasts }: Trouble, box: SimBox): void {
  if (!means.mayHurt(box)) return;
  const fate = means.scene.world.fate(`slow disk ${box.name}`);
  box.diskDelay = () => fate.between(1, Number(how));
  means.ends(`speed ${box.name}`, lasts, () => {
    box.diskDelay = QUICK_DISK;
  });
}

export function isWell(state: JournalState): boolean {
  return state.kind === "ok";
}

// Whose backup it is, and what of a box.json goes with that: a restore never makes one box into another by itself.

import type { BackupDocument } from "../config/backup-document.ts";
import { objectOf } from "../core/introduction/free-address.ts";
import { saysTheSame } from "../core/sync/shared-document.ts";
import type { BoxNow, LeftOut } from "./box-now.ts";

export type Whose =
  | "this-box"
  /** Of a box that this one takes the place of, as a person says. */
  | "replaced-box"
  | "other-box";

type Settings = Readonly<Record<string, unknown>>;

/** A shorter serial number is no number of a single box, but what an example says. */
const SERIAL_CHARACTERS_MIN = 4;

/** By its key; or by its serial number, where the key was lost with the disk. Never that of its partner. */
export function whoseBackup({ box }: BackupDocument, now: BoxNow, isReplacement: boolean): Whose {
  const { serial, model, identity } = box;
  const isKey = identity !== "" && identity === now.identity;
  const isSerial =
    serial.length >= SERIAL_CHARACTERS_MIN &&
    serial === now.board.serial &&
    model === now.board.model;
  const partner = objectOf(objectOf(now.box).pair).partnerIdentity;
  const isPartners = typeof partner === "string" && partner.toLowerCase() === identity;
  if (isKey || (isSerial && !isPartners)) return "this-box";
  return isReplacement ? "replaced-box" : "other-box";
}

export interface Documents {
  readonly shared: unknown;
  readonly box: unknown;
  /** To be the key of this box, in hex; undefined: it keeps its own. */
  readonly key: string | undefined;
  readonly leftOut: readonly LeftOut[];
}

export function documentsFor(backup: BackupDocument, now: BoxNow, whose: Whose): Documents {
  const leftOut: LeftOut[] = [];
  const box = boxFor(backup, now, whose, leftOut);
  const key = keyFor(backup, now, whose, leftOut);
  if (backup.shared === null) {
    leftOut.push({ what: "the configuration", why: "The box had none when the backup was made." });
  }
  const shared = backup.shared ?? now.shared;
  return { ...withPair({ shared, box }, backup, now, whose, key, leftOut), key, leftOut };
}

/** Without its pair. */
function boxFor(
  { boxFile }: BackupDocument,
  now: BoxNow,
  whose: Whose,
  leftOut: LeftOut[],
): unknown {
  if (whose === "other-box") {
    const why =
      "The backup is of another box, so this box keeps its name, role, ports and addresses.";
    if (!saysTheSame(boxFile, now.box)) leftOut.push({ what: "box.json", why });
    return now.box;
  }
  if (boxFile === null) return now.box;
  return whose === "this-box" ? boxFile : withOwnPorts(objectOf(boxFile), now, leftOut);
}

/** What the replaced box had, on the ports that this one has. */
function withOwnPorts(box: Settings, { interfaces }: BoxNow, leftOut: LeftOut[]): Settings {
  const networks = Object.entries(objectOf(box.networks)).filter(([name, port]) => {
    const own = objectOf(port).interface;
    if (!interfaces || (typeof own === "string" && interfaces.includes(own))) return true;
    leftOut.push({
      what: `the port of ${name}`,
      why: `This box has no interface ${String(own)}: say in box.json where ${name} is.`,
    });
    return false;
  });
  return { ...box, networks: Object.fromEntries(networks) };
}

function keyFor(
  { box, secrets }: BackupDocument,
  now: BoxNow,
  whose: Whose,
  leftOut: LeftOut[],
): string | undefined {
  if (box.identity === now.identity || box.identity === "") return undefined;
  const what = "the key of the box";
  if (whose !== "this-box") {
    leftOut.push({ what, why: "Two boxes with one key would be taken for each other." });
    return undefined;
  }
  if (objectOf(now.box).pair !== undefined) {
    leftOut.push({ what, why: "The partner knows this box by the key that it has now." });
    return undefined;
  }
  if (secrets?.key) return secrets.key;
  leftOut.push({ what, why: "It is only in a backup that is encrypted." });
  return undefined;
}

/** Becoming a pair, or no pair any more, takes two boxes: a restore does neither. */
function withPair(
  files: Pick<Documents, "shared" | "box">,
  backup: BackupDocument,
  now: BoxNow,
  whose: Whose,
  key: string | undefined,
  leftOut: LeftOut[],
): Pick<Documents, "shared" | "box"> {
  const { pair: wished, ...box } = objectOf(files.box);
  const { pair: sharedPair, ...shared } = objectOf(files.shared);
  const [ownPair, currentPair] = [objectOf(now.box).pair, objectOf(now.shared).pair];
  if (ownPair !== undefined) {
    const isOther = whose === "this-box" && !saysTheSame(wished, ownPair);
    if (isOther) leftOut.push({ what: "the partner", why: "This box keeps the one that it has." });
    const pair = sharedPair ?? currentPair;
    return {
      shared: pair === undefined ? shared : { ...shared, pair },
      box: { ...box, pair: ownPair },
    };
  }
  const isKnown = key !== undefined || backup.box.identity === now.identity;
  const needsKey = objectOf(wished).partnerIdentity !== undefined;
  if (whose === "this-box" && wished !== undefined && (isKnown || !needsKey)) return files;
  if (wished !== undefined || sharedPair !== undefined || backupHasPair(backup)) {
    const why =
      whose === "this-box"
        ? "It knows this box by a key that is not there any more: pair the boxes again."
        : "It knows the other box by its key: pair this one with it.";
    leftOut.push({ what: "the partner", why });
  }
  return {
    shared: sharedPair === undefined ? files.shared : shared,
    box: wished === undefined ? files.box : box,
  };
}

function backupHasPair({ boxFile }: BackupDocument): boolean {
  return objectOf(boxFile).pair !== undefined;
}

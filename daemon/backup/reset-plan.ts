// What goes when a box is to be as it came from the factory, in which order, and what stays.

/** What is in a folder of the box: plain files, and folders with theirs. */
export interface Listing {
  readonly files: readonly string[];
  readonly folders: Readonly<Record<string, readonly string[]>>;
}

export interface ResetWish {
  /** Who has which address is to be forgotten as well. */
  readonly withLeases: boolean;
}

export type ResetStep =
  /** `name` is relative to its folder. */
  | { readonly kind: "remove"; readonly folder: "state" | "config"; readonly name: string }
  | {
      readonly kind: "write";
      readonly folder: "config";
      readonly name: string;
      readonly content: unknown;
    };

export const FACTORY_SHARED = { version: 1, networks: [] } as const;
export const FACTORY_BOX = {
  version: 1,
  name: "tandem",
  role: "standby",
  networks: {},
} as const;

/** What is to be done, written down until it is done: it goes last. */
export const RESET_INTENT = "factory-reset.json";
const JOURNAL = "journal";
/** Of the file system. */
const FOREIGN_FOLDERS: readonly string[] = ["lost+found"];
/** What may undo it goes first: both files would be made again from these. */
const FIRST: readonly string[] = [
  "restore-to-finish.json",
  "documents-to-write.json",
  "config-in-force.json",
  "last-good-config.json",
];

/**
 * Everything in the state folder, whoever wrote it: what a later version keeps there is forgotten as well. At whichever
 * step the power fails, what is left of the steps can be made from what is left of the files.
 */
export function resetSteps(state: Listing, wish: ResetWish): ResetStep[] {
  const own = state.files.filter((name) => name !== RESET_INTENT && !isTemporary(name));
  const first = FIRST.filter((name) => own.includes(name));
  const others = own.filter((name) => !first.includes(name)).toSorted();
  const inner = Object.entries(state.folders).flatMap(([folder, names]) =>
    isEmptied(folder, wish) ? names.map((name) => `${folder}/${name}`) : [],
  );
  const halves = state.files.filter((name) => name !== RESET_INTENT && isTemporary(name));
  return [
    ...[...first, ...others, ...inner.toSorted(), ...halves.toSorted()].map(
      (name): ResetStep => ({ kind: "remove", folder: "state", name }),
    ),
    { kind: "write", folder: "config", name: "config.json", content: FACTORY_SHARED },
    { kind: "write", folder: "config", name: "box.json", content: FACTORY_BOX },
  ];
}

function isTemporary(name: string): boolean {
  return name.endsWith(".tmp");
}

function isEmptied(folder: string, { withLeases }: ResetWish): boolean {
  return !FOREIGN_FOLDERS.includes(folder) && (folder !== JOURNAL || withLeases);
}

export interface ResetOutlook {
  /** Whole sentences: what becomes of the box, and of its partner. */
  readonly goes: readonly string[];
  readonly stays: readonly string[];
}

export interface ResetFacts {
  readonly isPaired: boolean;
  readonly isPartnerHeard: boolean;
  /** Devices that have an address now. */
  readonly leases: number;
  /** What else is in the configuration folder. */
  readonly otherFiles: readonly string[];
}

/** For the person who is asked. */
export function resetOutlook(facts: ResetFacts, { withLeases }: ResetWish): ResetOutlook {
  const { isPaired, isPartnerHeard, leases, otherFiles } = facts;
  const isOne = leases === 1;
  const kept = `${leases} ${isOne ? "device that has" : "devices that have"} an address now`;
  const lost = isOne
    ? "which 1 device has an address now is not known any more, and its address may be given to another one"
    : `which ${leases} devices have an address now is not known any more, and their addresses may be given to others`;
  return {
    goes: [
      "The configuration, its history, users, names of devices, certificates and the key of the box go. The box answers no device until it is set up again.",
      ...(isPaired ? [partnerSentence(isPartnerHeard)] : []),
      ...(withLeases ? [`The book of leases goes: ${lost}.`] : []),
    ],
    stays: [
      "The software, and board.json with what the box is made of.",
      ...(withLeases ? [] : [`The book of leases, with ${kept}.`]),
      ...(otherFiles.length > 0
        ? [`Files in the configuration folder that are not of Tandem: ${otherFiles.join(", ")}.`]
        : []),
    ],
  };
}

function partnerSentence(isHeard: boolean): string {
  return isHeard
    ? "The partner is told first that the pair is over, and goes on serving alone."
    : "The partner is not reached, so it goes on counting itself as one of a pair: say tandem unpair there.";
}

// What the validation library passes over: of the unknown members of an object it names only the first, a list passes
// for an object, and entries of a record with the names below are left out without a word.

/** Names that every object of JavaScript has by itself. */
export const UNUSABLE_NAMES: readonly string[] = ["__proto__", "constructor", "prototype"];

export interface Overlooked {
  /** Where it is: names of members and indices of lists. */
  readonly keys: readonly (string | number)[];
  /** The end of a sentence that begins with that place. */
  readonly reason: string;
}

/**
 * As deep as the schema goes; what it leaves open is not looked at. What the library says of the same places, and of
 * what is inside them, means nothing.
 */
export function overlooked(schema: object, input: unknown): Overlooked[] {
  const found: Overlooked[] = [];
  walk(schema as Part, input, [], found);
  return found;
}

/** The parts of a schema of valibot that lead on. */
interface Part {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Part>>;
  readonly item?: Part;
  readonly value?: Part;
  readonly wrapped?: Part;
}

type Keys = Overlooked["keys"];

function walk(part: Part, input: unknown, keys: Keys, found: Overlooked[]): void {
  if (part.wrapped) walk(part.wrapped, input, keys, found);
  if (part.wrapped || typeof input !== "object" || input === null) return;
  const { entries, item, value } = part;
  if (Array.isArray(input)) {
    if (item) input.forEach((one, index) => void walk(item, one, [...keys, index], found));
    if (entries || value) found.push({ keys, reason: "must be an object, not a list" });
    return;
  }
  for (const [name, one] of Object.entries(input)) {
    const at = [...keys, name];
    const inner = value ?? (entries && Object.hasOwn(entries, name) ? entries[name] : undefined);
    const reason = value ? unusable(name) : unknown(part, name);
    if (reason !== undefined) found.push({ keys: at, reason });
    else if (inner) walk(inner, one, at, found);
  }
}

function unusable(name: string): string | undefined {
  return UNUSABLE_NAMES.includes(name) ? "cannot be a name here; choose another one" : undefined;
}

function unknown({ type, entries = {} }: Part, name: string): string | undefined {
  if (type !== "strict_object" || Object.hasOwn(entries, name)) return undefined;
  const meant = Object.keys(entries).find((one) => isMeant(name, one));
  return `is not a known setting${meant === undefined ? "" : `; perhaps ${meant} is meant`}`;
}

/** The same letters but for their case, signs between them, and one that is wrong, missing or too many. */
function isMeant(name: string, known: string): boolean {
  const a = name.toLowerCase().replace(/[_-]/g, "");
  const b = known.toLowerCase();
  if (a === b) return true;
  if (b.length < 4) return false;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  return restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1);
}

// What the validation library passes over: of the unknown members of an object it names only the first, a list passes
// for an object, and entries of a record with the names below are left out without a word.

/** Names that every object of JavaScript has by itself. */
export const UNUSABLE_NAMES: readonly string[] = ["__proto__", "constructor", "prototype"];

export interface Said {
  /** Where it is: names of members and indices of lists. */
  readonly keys: readonly unknown[];
  /** The end of a sentence that begins with that place. */
  readonly reason: string;
}

/**
 * What the library said of a value, and what it passed over. As deep as the schema goes; what it leaves open is not
 * looked at. `unknown` are the words for a member that there is not.
 */
export function withOverlooked(
  schema: object,
  input: unknown,
  said: readonly Said[],
  unknown: string,
): Said[] {
  const found: Said[] = [];
  walk(schema as Part, input, [], { found, unknown });
  if (found.length === 0) return [...said];
  // Of the same places, and of what is inside them, the library says nothing that means anything.
  const places = new Set(found.map(({ keys }) => JSON.stringify(keys)));
  const isInside = (keys: Keys) =>
    Array.from({ length: keys.length + 1 }, (_, end) => keys.slice(0, end)).some((start) =>
      places.has(JSON.stringify(start)),
    );
  return [...said.filter(({ keys }) => !isInside(keys)), ...found];
}

/** The parts of a schema of valibot that lead on. */
interface Part {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Part>>;
  readonly item?: Part;
  readonly value?: Part;
  readonly wrapped?: Part;
}

type Keys = Said["keys"];

interface Notes {
  readonly found: Said[];
  readonly unknown: string;
}

function walk(part: Part, input: unknown, keys: Keys, notes: Notes): void {
  if (part.wrapped) walk(part.wrapped, input, keys, notes);
  if (part.wrapped || typeof input !== "object" || input === null) return;
  const { entries, item, value } = part;
  if (Array.isArray(input)) {
    if (item) input.forEach((one, index) => void walk(item, one, [...keys, index], notes));
    if (entries || value) notes.found.push({ keys, reason: "must be an object, not a list" });
    return;
  }
  for (const [name, one] of Object.entries(input)) {
    const at = [...keys, name];
    const inner = value ?? (entries && Object.hasOwn(entries, name) ? entries[name] : undefined);
    const reason = value ? unusable(name) : unknown(part, name, notes);
    if (reason !== undefined) notes.found.push({ keys: at, reason });
    else if (inner) walk(inner, one, at, notes);
  }
}

function unusable(name: string): string | undefined {
  return UNUSABLE_NAMES.includes(name) ? "cannot be a name here; choose another one" : undefined;
}

function unknown(
  { type, entries = {} }: Part,
  name: string,
  { unknown: words }: Notes,
): string | undefined {
  if (type !== "strict_object" || Object.hasOwn(entries, name)) return undefined;
  const meant = Object.keys(entries).find((one) => isMeant(name, one));
  return `${words}${meant === undefined ? "" : `; perhaps ${meant} is meant`}`;
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

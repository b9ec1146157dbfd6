/** Where a CPU profile written by `node --cpu-prof` says the time went. */

export interface ProfileLine {
  /** Function with file and line, or "(garbage collector)", "(idle)", "(program)". */
  readonly where: string;
  /** Own time without callees, milliseconds. */
  readonly selfMs: number;
  /** Share of the time the process was not idle, 0..1. */
  readonly share: number;
}

/** Functions by own time, the most expensive first; idle time is left out. */
export function summarizeProfile(profile: unknown, limit: number): ProfileLine[] {
  const { nodes, samples, timeDeltas } = asProfile(profile);
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const self = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const where = names.get(id) ?? "(unknown)";
    const micros = timeDeltas[index] ?? 0;
    if (where === "(idle)") continue;
    busy += micros;
    self.set(where, (self.get(where) ?? 0) + micros);
  }
  return [...self]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([where, micros]) => ({ where, selfMs: micros / 1000, share: micros / busy }));
}

interface Node {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

interface Profile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function asProfile(value: unknown): Profile {
  const has = (key: string): boolean =>
    typeof value === "object" && value !== null && Array.isArray(Reflect.get(value, key));
  if (!["nodes", "samples", "timeDeltas"].every(has)) throw new Error("this is no CPU profile");
  return value as Profile;
}

function nameOf({ callFrame }: Node): string {
  const { functionName, url, lineNumber } = callFrame;
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name} ${url.slice(url.lastIndexOf("/") + 1)}:${lineNumber + 1}`;
}

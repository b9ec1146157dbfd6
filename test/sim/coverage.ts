// Which cells of the transition table the boxes went through, and which not.

import type { CellInfo } from "../../daemon/core/failover/transitions-cells.ts";

/**
 * One box waits with a book that it has learnt, the other was off since before that: only who is switched off
 * twice at the right moments gets there. test/core/failover/saved-states.test.ts begins with such disks.
 */
export const SAVED_TOGETHER: readonly string[] = [
  "RW N",
  "RW PC",
  "RW RI",
  "RW CD",
  "RD PC",
  "RD RI",
  "RD CD",
  "PC RW",
  "PC RD",
  "RI RD",
  "CD RW",
  "CD RD",
];

export interface Coverage {
  readonly reached: number;
  /** Cells that only tests with two boxes came to. */
  readonly tested: readonly CellInfo[];
  /** Cells that a run can come to and none did. */
  readonly missed: readonly CellInfo[];
  /** Cells that were said to be out of reach, by the reason that was given. */
  readonly unreachable: ReadonlyMap<string, readonly CellInfo[]>;
  /** Those of them that were reached all the same, and cells that the table does not have. */
  readonly wrong: readonly string[];
}

export function coverageOf(
  cells: readonly CellInfo[],
  counts: ReadonlyMap<string, number>,
): Coverage {
  const tested: CellInfo[] = [];
  const missed: CellInfo[] = [];
  const unreachable = new Map<string, CellInfo[]>();
  const wrong: string[] = [];
  const known = new Set<string>();
  let reached = 0;
  for (const cell of cells) {
    known.add(cell.id);
    const isReached = counts.has(cell.id);
    if (isReached) reached++;
    else if (isSavedTogether(cell)) tested.push(cell);
    else if (cell.unreachable === undefined) missed.push(cell);
    if (cell.unreachable === undefined) continue;
    if (isReached) wrong.push(`${cell.id} was reached, though ${cell.unreachable}`);
    else unreachable.set(cell.unreachable, [...(unreachable.get(cell.unreachable) ?? []), cell]);
  }
  for (const id of counts.keys()) if (!known.has(id)) wrong.push(`${id} is not in the table`);
  return { reached, tested, missed, unreachable, wrong };
}

function isSavedTogether({ id, dialect }: CellInfo): boolean {
  return dialect === "tandem" && SAVED_TOGETHER.some((cell) => id === `${dialect} ${cell}`);
}

export function describeCoverage(name: string, coverage: Coverage): string[] {
  const { reached, tested, missed, unreachable, wrong } = coverage;
  const argued = Array.from(unreachable.values()).reduce((sum, { length }) => sum + length, 0);
  const ids = (cells: readonly CellInfo[]) =>
    cells.map(({ id }) => id.slice(id.indexOf(" ") + 1)).join(", ");
  return [
    `transition table, ${name}: ${reached} cells reached, ${tested.length} in tests with two boxes only, ${missed.length} not, ${argued} argued unreachable`,
    ...(tested.length > 0 ? [`  in tests with two boxes: ${ids(tested)}`] : []),
    ...(missed.length > 0 ? [`  not reached: ${ids(missed)}`] : []),
    ...Array.from(unreachable, ([why, cells]) => `  unreachable, ${why}: ${ids(cells)}`),
    ...wrong.map((text) => `  wrong: ${text}`),
  ];
}

// One deliberate break of a rule: the text that makes the rule so, what breaks it, and who has to notice.

export const FAILOVER = "daemon/core/failover";

export type Watcher =
  | { readonly tests: readonly string[] }
  /** Of the simulator's pairs. */
  | { readonly from: number; readonly seeds: number };

export interface Break {
  /** What a box does then. */
  readonly what: string;
  readonly file: string;
  /** Stands there once. */
  readonly find: string;
  readonly put: string;
  readonly noticedBy: Watcher;
}

/** More than enough for what goes wrong in one world of ten. */
export const SIMULATOR: Watcher = { from: 1, seeds: 60 };

/** Tests in test/core/failover. */
export function tests(...names: readonly string[]): Watcher {
  return { tests: names.map((name) => `test/core/failover/${name}.test.ts`) };
}

/** How often a text stands in another one. */
export function countIn(text: string, find: string): number {
  return text.split(find).length - 1;
}

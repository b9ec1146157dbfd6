// What is so right now: the active conditions, each since when. The driver logs begin and end.

import type { Now } from "../base/time.ts";
import type { ConditionId, LogValues } from "../catalogue.ts";

export interface ActiveCondition {
  readonly id: ConditionId;
  /** Name of a network or an interface, "" for the whole box. */
  readonly subject: string;
  readonly values: LogValues;
  /** Milliseconds since 1970, by the clock of the box when it began. */
  readonly sinceWall: number;
}

export class Conditions {
  /** Rises whenever a condition begins, ends or changes its values. */
  revision = 0;
  readonly #active = new Map<string, ActiveCondition>();

  /** In the order in which they began. */
  active(): ActiveCondition[] {
    return Array.from(this.#active.values());
  }

  has(id: ConditionId, subject: string): boolean {
    return this.#active.has(key(id, subject));
  }

  /** Begins a condition, or gives a running one new values; its beginning stays. */
  set(id: ConditionId, subject: string, values: LogValues, now: Now): void {
    const known = this.#active.get(key(id, subject));
    if (known && isSame(known.values, values)) return;
    const sinceWall = known?.sinceWall ?? now.wall;
    this.#active.set(key(id, subject), { id, subject, values, sinceWall });
    this.revision++;
  }

  clear(id: ConditionId, subject: string): void {
    if (this.#active.delete(key(id, subject))) this.revision++;
  }
}

function key(id: ConditionId, subject: string): string {
  return `${id} ${subject}`;
}

function isSame(a: LogValues, b: LogValues): boolean {
  const names = Object.keys(b);
  return names.length === Object.keys(a).length && names.every((name) => a[name] === b[name]);
}

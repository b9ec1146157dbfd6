// The small records that both boxes of a pair keep alike, and that are no configuration: who may log in, tokens, names of
// devices. Each box changes its own copy at once, and tells the other one when it is there.

import { LIMITS } from "../../limits.ts";
import { RECORD_NUMBER_MAX, recordFault, type SharedRecord } from "../../wire/records-message.ts";
import { compareRecords, isClash } from "./merge.ts";
import { kindNameOf, kindOf, type RecordKind, type RecordKindName } from "./record-kinds.ts";

/** A change that cannot be made; the message is a sentence without its end, for whoever asked for it. */
export class RecordError extends Error {
  override readonly name = "RecordError";
}

/** What came of records that were heard. */
export interface Taken {
  /** Those that are otherwise than before. */
  readonly changed: readonly SharedRecord[];
  /** What both boxes had changed without each other: the one that counts now. */
  readonly clashes: readonly SharedRecord[];
  /** How many had no room, or are of a kind that this version does not know. */
  readonly surplus: number;
  readonly unknown: number;
}

export class RecordBook {
  readonly #records = new Map<string, SharedRecord>();
  /** How many of each kind have a value. */
  readonly #counts = new Map<string, number>();

  /** The value of a key; undefined when there is none. */
  get(key: string): string | undefined {
    return this.#records.get(key)?.value;
  }

  /** Those of a kind that have a value, in the order of their keys. */
  list(kind: RecordKindName): SharedRecord[] {
    const found = [...this.#records.values()].filter(
      ({ key, value }) => value !== undefined && kindNameOf(key) === kind,
    );
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** All, deleted ones as well. */
  get all(): readonly SharedRecord[] {
    return [...this.#records.values()];
  }

  /** A change made here; `value` undefined deletes. Throws RecordError, and nothing has changed then. */
  change(key: string, value: string | undefined, by: string, at: number): SharedRecord {
    const kind = kindOf(key);
    if (!kind) throw new RecordError(`there are no records called "${key}"`);
    const before = this.#records.get(key);
    const number = (before?.number ?? 0) + 1;
    if (number > RECORD_NUMBER_MAX) throw new RecordError("it was changed too often");
    const record: SharedRecord = { key, value, number, by, at: Math.max(0, Math.floor(at)) };
    const fault = recordFault(record) ?? tooLong(record, kind);
    if (fault) throw new RecordError(`this cannot be kept: ${fault}`);
    const isOneMore = value !== undefined && before?.value === undefined;
    if (isOneMore && this.#countOf(key) >= kind.most) {
      throw new RecordError(`there can be ${kind.most} of these at most: ${kind.word}`);
    }
    this.#put(record);
    this.#forgetOldDeletions(kindNameOf(key));
    return record;
  }

  /**
   * What the partner or the disk knows. Two boxes that could not see each other may have filled their books with
   * different records: so twice as many have room here as may be made.
   */
  take(records: readonly SharedRecord[]): Taken {
    const changed = new Map<string, SharedRecord>();
    const clashes: SharedRecord[] = [];
    const kinds = new Set<string>();
    let surplus = 0;
    let unknown = 0;
    for (const record of records) {
      const kind = kindOf(record.key);
      const known = this.#records.get(record.key);
      if (!kind) unknown++;
      else if (known && compareRecords(known, record) >= 0) {
        if (isClash(known, record)) clashes.push(known);
      } else if (tooLong(record, kind) || !this.#hasRoom(record, known, kind)) surplus++;
      else {
        if (known && isClash(known, record)) clashes.push(record);
        this.#put(record);
        changed.set(record.key, record);
        kinds.add(kindNameOf(record.key));
      }
    }
    for (const kind of kinds) this.#forgetOldDeletions(kind);
    const kept = [...changed.values()].filter(({ key }) => this.#records.has(key));
    return { changed: kept, clashes, surplus, unknown };
  }

  /** As if there had never been any. What the partner has it will tell again. */
  clear(): void {
    this.#records.clear();
    this.#counts.clear();
  }

  #put(record: SharedRecord): void {
    const before = this.#records.get(record.key);
    this.#records.set(record.key, record);
    const difference = Number(record.value !== undefined) - Number(before?.value !== undefined);
    if (!before || difference !== 0) {
      this.#counts.set(kindNameOf(record.key), this.#countOf(record.key) + difference);
    }
  }

  #countOf(key: string): number {
    return this.#counts.get(kindNameOf(key)) ?? 0;
  }

  #hasRoom(record: SharedRecord, known: SharedRecord | undefined, { most }: RecordKind): boolean {
    if (record.value === undefined || known?.value !== undefined) return true;
    return this.#countOf(record.key) < 2 * most;
  }

  /**
   * Deletions are records too, and would grow without end. The oldest are dropped, of each kind by itself: so many named
   * devices do not push out a token that was withdrawn. What it costs: a box that was away while more than so many of
   * one kind were deleted brings what was deleted first back with it, as if it were new.
   */
  #forgetOldDeletions(kind: string): void {
    const deleted = [...this.#records.values()].filter(
      ({ key, value }) => value === undefined && kindNameOf(key) === kind,
    );
    const surplus = deleted.length - LIMITS.deletedRecordsMax;
    if (surplus <= 0) return;
    deleted.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
    for (const { key } of deleted.slice(0, surplus)) this.#records.delete(key);
  }
}

function tooLong({ value = "" }: SharedRecord, { bytesMax }: RecordKind): string | undefined {
  const { length } = new TextEncoder().encode(value);
  return length > bytesMax ? `it has ${length} bytes, and ${bytesMax} are the most` : undefined;
}

// The small records that both boxes keep alike, at work: joins the book (core/records) with its file and with the channel
// to the partner that is handed in.
//
// A change counts at once, on both boxes, whether or not a disk takes it: what is withdrawn must not go on because of a
// disk, and a box that comes back with an older record hears the newer one from its partner.

import { rename } from "node:fs/promises";
import path from "node:path";
import { ConfigError, DecodeError, IoError } from "./base/errors.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import { recordsFromJson, recordsToJson } from "./config/records-file.ts";
import type { ControlPart } from "./control-parts.ts";
import { RecordBook } from "./core/records/record-book.ts";
import type { RecordKindName } from "./core/records/record-kinds.ts";
import { ConfigFile } from "./io/config-file.ts";
import { LIMITS } from "./limits.ts";
import {
  decodeRecords,
  encodeRecords,
  isRecordsMessage,
  type SharedRecord,
} from "./wire/records-message.ts";

export interface RecordsPort {
  /** Wall clock in ms. */
  wall(): number;
  /** Who this box is, in plain characters: what decides between changes that both have made. */
  by(): string;
  /** On the channel that was opened last. */
  send(bytes: Uint8Array): void;
  say(id: LogId, values: LogValues): void;
  condition(id: ConditionId, values: LogValues | undefined): void;
}

/** Keys that are otherwise than before. */
export type RecordListener = (keys: readonly string[]) => void;

export class Records implements ControlPart {
  readonly owns = isRecordsMessage;
  readonly #path: string;
  readonly #file: ConfigFile;
  readonly #port: RecordsPort;
  readonly #book = new RecordBook();
  readonly #listeners = new Set<RecordListener>();
  #isRead = false;
  /** There is a channel, and all that was said on it could be read. */
  #isHeard = false;
  #isOpen = false;
  #revision = 0;
  #savedRevision = 0;
  /** The write that is under way, and the one that waits for it. */
  #writing: Promise<boolean> = Promise.resolve(true);
  #waiting: Promise<boolean> | undefined;

  constructor(stateDir: string, port: RecordsPort) {
    this.#path = path.join(stateDir, "records.json");
    const options = { bytesMax: LIMITS.recordsFileBytesMax, mode: 0o600 };
    this.#file = new ConfigFile(this.#path, options);
    this.#port = port;
  }

  /** Reads the file. Never rejects: one that is damaged is kept aside, one that cannot be read is tried again. */
  async load(): Promise<void> {
    await this.#save();
  }

  /** False while the disk has not said what there is: nobody knows then that there are no users. */
  get isKnown(): boolean {
    return this.#isRead;
  }

  /** The value of a key; undefined when there is none. */
  get(key: string): string | undefined {
    return this.#book.get(key);
  }

  /** Those of a kind, in the order of their keys. */
  list(kind: RecordKindName): readonly SharedRecord[] {
    return this.#book.list(kind);
  }

  /** All that are there, of whatever kind. */
  everything(): { readonly key: string; readonly value: string }[] {
    return this.#book.all.flatMap(({ key, value }) =>
      value === undefined ? [] : [{ key, value }],
    );
  }

  /** In force when this returns; resolves with whether the disk has it. Throws RecordError. */
  set(key: string, value: string): Promise<boolean> {
    return this.#change(key, value);
  }

  /** The same. What is not there is not deleted again. */
  delete(key: string): Promise<boolean> {
    if (this.#book.get(key) === undefined) return this.#save();
    return this.#change(key, undefined);
  }

  /** Calls back after each change, of this box or of the partner, until the returned call. */
  subscribe(listener: RecordListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * All of them, without a trace: for a box that takes everything from another one, or becomes as it was in the factory.
   * The partner is not told, and what it has it will tell again when the boxes meet.
   */
  forget(): Promise<boolean> {
    const keys = this.#book.all.map(({ key }) => key);
    this.#book.clear();
    this.#changed(keys);
    return this.#save();
  }

  /** There is a channel with the partner, and it is the right one. */
  opened(): void {
    this.#isOpen = true;
    this.#isHeard = true;
    this.#tell(this.#book.all);
  }

  /** A whole message of this part. */
  received(bytes: Uint8Array): void {
    if (!this.#isHeard) return;
    let records: SharedRecord[];
    try {
      records = decodeRecords(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // The boxes go on with what they can agree on: addresses are served by the same channel.
      this.#isHeard = false;
      this.#port.say("records-partner-wrong", { reason: error.message });
      return;
    }
    this.#take(records);
  }

  closed(): void {
    this.#isOpen = false;
    this.#isHeard = false;
  }

  /** To be called every few seconds: what the disk did not take is tried again. */
  tick(): void {
    if (!this.#isRead || this.#savedRevision !== this.#revision) void this.#save();
  }

  #change(key: string, value: string | undefined): Promise<boolean> {
    const record = this.#book.change(key, value, this.#port.by(), this.#port.wall());
    this.#tell([record]);
    this.#changed([key]);
    return this.#save();
  }

  #take(records: readonly SharedRecord[]): void {
    const { changed, clashes, surplus, unknown } = this.#book.take(records);
    if (surplus > 0) this.#port.say("records-surplus", { count: surplus });
    if (unknown > 0) this.#port.say("records-unknown", { count: unknown });
    for (const { key, by } of clashes) {
      const who = by === this.#port.by() ? "this box" : "the partner";
      this.#port.say("records-clash", { what: key, who });
    }
    if (changed.length === 0) return;
    this.#changed(changed.map(({ key }) => key));
    void this.#save();
  }

  #changed(keys: readonly string[]): void {
    this.#revision++;
    for (const listener of this.#listeners) listener(keys);
  }

  #tell(records: readonly SharedRecord[]): void {
    if (!this.#isOpen) return;
    for (const message of encodeRecords(records)) this.#port.send(message);
  }

  /** Writes what is new by then; many changes at once are written as one. */
  #save(): Promise<boolean> {
    this.#waiting ??= this.#writing.then(() => {
      this.#waiting = undefined;
      return this.#write();
    });
    this.#writing = this.#waiting;
    return this.#waiting;
  }

  /** What could not be read is not written over: it is still there when the disk can be read again. */
  async #write(): Promise<boolean> {
    try {
      if (!this.#isRead) await this.#read();
      const revision = this.#revision;
      if (revision !== this.#savedRevision) {
        await this.#file.write(recordsToJson(this.#book.all));
        this.#savedRevision = revision;
      }
      this.#port.condition("records-unsaved", undefined);
      return true;
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      this.#port.condition("records-unsaved", { why: error.message });
      return false;
    }
  }

  async #read(): Promise<void> {
    const { records, fault } = await this.#content();
    if (fault) await this.#keepAside(fault);
    const hadNone = this.#book.all.length === 0;
    const { changed } = this.#book.take(records);
    this.#isRead = true;
    if (changed.length === 0) return;
    this.#changed(changed.map(({ key }) => key));
    // What was read is what is on the disk, unless something came before it.
    if (hadNone && !fault) this.#savedRevision = this.#revision;
    this.#tell(changed);
  }

  async #content(): Promise<ReturnType<typeof recordsFromJson>> {
    try {
      return recordsFromJson(await this.#file.read());
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { records: [], fault: error.message };
    }
  }

  async #keepAside(reason: string): Promise<void> {
    const aside = path.join(path.dirname(this.#path), "records-damaged.json");
    try {
      await rename(this.#path, aside);
    } catch (error) {
      throw new IoError(`${this.#path} cannot be kept aside: ${(error as Error).message}`);
    }
    this.#port.say("records-damaged", { file: aside, reason });
  }
}

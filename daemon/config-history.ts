// What was in force before, one file each, in the order in which it was. A number that is in force on one box may
// have been another configuration on the other one, and a clock may be wrong, so neither of them is that order: the
// files are counted.

import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import {
  type PastConfiguration,
  pastFromJson,
  pastToJson,
  plainPast,
} from "./config/past-configuration.ts";
import { ConfigFile, configText, type WriteFile } from "./io/config-file.ts";
import { LIMITS } from "./limits.ts";
import type { Generation, Origin } from "./wire/config-message.ts";

/** One that was in force, without its document. */
export interface PastEntry extends Generation {
  /** Undefined: that was not written down. */
  readonly origin: Origin | undefined;
}

/** A file of the history as its name tells it. */
interface Slot {
  readonly name: string;
  /** The newest has the highest; below zero: written by an earlier version, the document alone. */
  readonly sequence: number;
  readonly generation: number;
  /** The first digits of the hash; "" when the name does not have them. */
  readonly digits: string;
}

const COUNTED = /^config-history-([0-9]{1,15})-([0-9]{1,10})-([0-9a-f]{12})\.json$/;
const PLAIN = /^config-([0-9]{1,10})\.json$/;
const DIGITS = 12;

/** One call that writes at a time. */
export class ConfigHistory {
  readonly #stateDir: string;
  readonly #writeFile: WriteFile;
  /** By the names of the files, the newest last; undefined: not read yet. */
  #entries: Map<string, PastEntry> | undefined;

  constructor(stateDir: string, writeFile: WriteFile) {
    this.#stateDir = stateDir;
    this.#writeFile = writeFile;
  }

  /** The newest first; none before it was opened. */
  get entries(): readonly PastEntry[] {
    const newest = Array.from(this.#entries?.values() ?? []).reverse();
    // A cut of the power may leave two files of one.
    return newest.filter((one, at) => newest.findIndex((other) => isOf(one, other)) === at);
  }

  /** Reads what there is, once. What cannot be read is left out; it never rejects. */
  async open(): Promise<void> {
    if (this.#entries) return;
    const entries = new Map<string, PastEntry>();
    for (const slot of (await this.#slots().catch(() => [])).reverse()) {
      const past = await this.#read(slot);
      if (past) entries.set(slot.name, entryOf(past));
    }
    this.#entries = entries;
  }

  /** The newest of this number. Undefined when there is none that can be read; it never rejects. */
  async read(generation: number): Promise<PastConfiguration | undefined> {
    for (const slot of await this.#slots().catch(() => [])) {
      const past = slot.generation === generation ? await this.#read(slot) : undefined;
      if (past) return past;
    }
    return undefined;
  }

  /** The newest from now on. Rejects with IoError; then nothing has changed. */
  async write(past: PastConfiguration): Promise<void> {
    const slots = await this.#slots();
    const id = idOf(past);
    const [newest] = slots;
    // Written before a cut of the power, and once more after it.
    if (newest && slotId(newest) === id && (await this.#read(newest))) return;
    const sequence = Math.max(0, newest?.sequence ?? 0) + 1;
    const name = `config-history-${sequence}-${id}.json`;
    await this.#writeFile(path.join(this.#stateDir, name), configText(pastToJson(past)));
    this.#entries?.set(name, entryOf(past));
    await this.#remove(slots.filter((slot) => slotId(slot) === id));
  }

  /** Keeps the last ones. Rejects with the error of the file system. */
  async prune(): Promise<void> {
    await this.#remove((await this.#slots()).slice(LIMITS.configHistoryMax));
  }

  async #remove(slots: readonly Slot[]): Promise<void> {
    for (const { name } of slots) {
      await rm(path.join(this.#stateDir, name), { force: true });
      this.#entries?.delete(name);
    }
  }

  async #slots(): Promise<Slot[]> {
    const names = await readdir(this.#stateDir);
    return names
      .map(slotOf)
      .filter((slot) => slot !== undefined)
      .sort((a, b) => b.sequence - a.sequence || b.generation - a.generation);
  }

  async #read({ name, sequence, generation }: Slot): Promise<PastConfiguration | undefined> {
    const file = new ConfigFile(path.join(this.#stateDir, name));
    const data: unknown = await file.read().catch(() => null);
    return sequence < 0 ? plainPast(generation, data) : pastFromJson(data);
  }
}

function slotOf(name: string): Slot | undefined {
  const [, sequence, generation, digits = ""] = COUNTED.exec(name) ?? [];
  if (sequence !== undefined) {
    return { name, sequence: Number(sequence), generation: Number(generation), digits };
  }
  const [, plain] = PLAIN.exec(name) ?? [];
  if (plain === undefined) return undefined;
  return { name, sequence: -1, generation: Number(plain), digits: "" };
}

function slotId({ generation, digits }: Slot): string {
  return `${generation}-${digits}`;
}

function idOf({ generation, document: { hash } }: PastConfiguration): string {
  return `${generation}-${hash.slice(0, DIGITS)}`;
}

function entryOf({ generation, origin, document: { hash } }: PastConfiguration): PastEntry {
  return { generation, hash, origin };
}

function isOf(one: Generation, other: Generation): boolean {
  return one.generation === other.generation && one.hash === other.hash;
}

// What stands where in one file: the facts that the recovery table asks for.

import { type FileName, parseFileName } from "./file-names.ts";
import {
  decodeStart,
  type FileStart,
  findMagic,
  lookAt,
  lookAtStart,
  recordLength,
  recordSequence,
  recordType,
  START_BYTES,
  TYPE,
} from "./record.ts";
import { HEAD_BYTES } from "./record-bytes.ts";
import type { FileFacts, PlaceFacts } from "./recovery-table.ts";

export interface JournalFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface OpenFile {
  readonly name: FileName;
  readonly bytes: Uint8Array;
  /** Of its first record. */
  readonly look: "good" | "newer" | "unreadable";
  /** What the start says, else what the name says. */
  readonly start: FileStart;
}

/** Walks through the places of one file. */
export class PlaceReader {
  readonly file: OpenFile;
  at = START_BYTES;
  readonly #salt: number;
  readonly #contentEnd: number;
  #look: PlaceFacts["look"] = "end";
  /** Where the next good record begins when this place is unreadable. */
  #next = 0;
  #last = -1;

  constructor(file: OpenFile, salt: number) {
    this.file = file;
    this.#salt = file.look === "good" ? file.start.salt : salt;
    this.#contentEnd = contentEnd(file.bytes);
  }

  /** Facts of the place at `at`; `last` is the sequence before it in a segment. */
  facts(last: number, newest: boolean): PlaceFacts {
    const { bytes, start } = this.file;
    const look = this.#lookHere();
    this.#look = look;
    this.#last = last;
    this.#next = look === "unreadable" ? this.#findGood() : this.at;
    const known = look === "end" || look === "zeros" || look === "unreadable";
    const step = known ? 1 : recordSequence(bytes, this.at) - last;
    return {
      file: start.kind,
      look,
      order: step === 1 ? "next" : step > 1 ? "ahead" : "behind",
      goodBehind: look === "unreadable" && this.#next < bytes.length ? "yes" : "no",
      newest: newest ? "yes" : "no",
    };
  }

  /** Sequence of the record here, or of the next good one behind a damaged part. */
  nextSequence(): number {
    const { bytes } = this.file;
    const isRecord = this.#look !== "end" && this.#look !== "zeros" && this.#next < bytes.length;
    return isRecord ? recordSequence(bytes, this.#next) : this.#last;
  }

  /** Where the unreadable part ends that begins here. */
  damageEnd(): number {
    if (this.#look !== "unreadable") return this.at;
    return this.#next < this.file.bytes.length ? this.#next : Math.max(this.at, this.#contentEnd);
  }

  forward(decision: "take" | "pass" | "skip"): void {
    this.at = decision === "skip" ? this.#next : this.at + recordLength(this.file.bytes, this.at);
  }

  #lookHere(): PlaceFacts["look"] {
    const { bytes } = this.file;
    if (this.at >= bytes.length) return "end";
    if (this.at >= this.#contentEnd) return "zeros";
    const look = lookAt(bytes, this.at, this.#salt);
    if (look !== "good") return look;
    const type = recordType(bytes, this.at);
    return type === TYPE.lease ? "lease" : type === TYPE.pair ? "pair" : "trailer";
  }

  /**
   * The next offset with a good record that can have been written there: since the last good one
   * there must be room for the records whose sequences it skips. Older ones do no harm.
   */
  #findGood(): number {
    const { bytes, start } = this.file;
    let at = findMagic(bytes, this.at + 1);
    for (; at < bytes.length; at = findMagic(bytes, at + 1)) {
      if (lookAt(bytes, at, this.#salt) === "unreadable") continue;
      if (start.kind === "snapshot") return at;
      const sequence = recordSequence(bytes, at);
      const skipped = sequence - this.#last - 1;
      if (sequence >= start.sequence && skipped * HEAD_BYTES <= at - this.at) return at;
    }
    return bytes.length;
  }
}

export function openFile({ name, bytes }: JournalFile): OpenFile {
  const parsed = parseFileName(name);
  const ours = parsed.kind === "segment" || parsed.kind === "snapshot";
  const look = ours ? lookAtStart(bytes) : "unreadable";
  const kind = parsed.kind === "segment" ? "segment" : "snapshot";
  const { sequence } = parsed;
  return {
    name: parsed,
    bytes,
    look,
    start:
      look === "good"
        ? decodeStart(bytes, 0)
        : { kind, sequence, salt: 0, after: Math.max(0, sequence - 1) },
  };
}

export function startFact(file: OpenFile): FileFacts["start"] {
  const { name, start, look, bytes } = file;
  if (look === "good") {
    return start.kind === name.kind && start.sequence === name.sequence ? "good" : "differs";
  }
  if (look === "newer") return "newer";
  return contentEnd(bytes) <= START_BYTES ? "empty" : "unreadable";
}

/** Offset behind the last byte that is not zero. */
export function contentEnd(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

// Recovery without any I/O: the bytes of all files in, leases and findings out. What to do with each
// file and place is decided by recovery-table.ts; this file finds out the facts and does the deed.

import type { Ipv4 } from "../base/address.ts";
import type { WallSeconds } from "../base/time.ts";
import type { Lease } from "../core/lease.ts";
import type { FileName } from "./file-names.ts";
import { decodePair, type StoredPair } from "./pair-record.ts";
import {
  contentEnd,
  type JournalFile,
  type OpenFile,
  openFile,
  PlaceReader,
  startFact,
} from "./place-reader.ts";
import {
  decodeEnd,
  decodeLease,
  type FileStart,
  leaseAddress,
  recordSequence,
  recordType,
  recordVersion,
  recordWall,
  START_BYTES,
  TYPE,
} from "./record.ts";
import { decideFile, decidePlace, type FileRow } from "./recovery-table.ts";

/** Something a person may want to know about; files that are as they should be have none. */
export interface Finding {
  readonly file: string;
  /** Label of the row in the recovery table. */
  readonly label: string;
  /** End of a sentence that begins with the file's name. */
  readonly reason: string;
  readonly offset: number;
  /** Bytes that could not be read. */
  readonly bytes: number;
  /** Records known to be missing, by their numbers. */
  readonly missing: number;
}

/** A part of a file that makes no sense, `offset` up to `end`. */
export interface Damage {
  readonly file: FileName;
  readonly offset: number;
  readonly end: number;
}

export interface Recovery {
  /** Why nothing may be used or changed; "" when all is well. The rest is empty then. */
  readonly refused: string;
  /** The newest known content of each address, in no particular order. */
  readonly leases: Lease[];
  /** The newest known state of the pair; undefined when the box is in none. */
  readonly pair: StoredPair | undefined;
  readonly lastSequence: number;
  /** Wall time at which the newest record was written, 0 when there is none. */
  readonly lastWall: WallSeconds;
  /** Key of the journal's checksums; undefined when no file told it. */
  readonly salt: number | undefined;
  /** Files that were read, and good records in them by file name. */
  readonly kept: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
  readonly damage: readonly Damage[];
  /** The segments that were read, each with the offset where its readable part ends. */
  readonly ends: readonly { readonly name: string; readonly length: number }[];
  /** Files that are of no use any more. */
  readonly remove: readonly string[];
  /** Files of which nothing can be read; they are kept under another name. */
  readonly setAside: readonly FileName[];
}

/** `files` are all files of the folder; the bytes of those that are not of the journal may be empty. */
export function replay(files: readonly JournalFile[]): Recovery {
  return new Replay(files).run();
}

interface Candidate {
  sequence: number;
  bytes: Uint8Array;
  at: number;
}

class Replay {
  readonly #files: OpenFile[];
  readonly #salt: number | undefined;
  readonly #best = new Map<Ipv4, Candidate>();
  #bestPair: StoredPair | undefined;
  readonly #kept = new Map<string, number>();
  readonly #findings: Finding[] = [];
  readonly #damage: Damage[] = [];
  readonly #remove: string[] = [];
  readonly #setAside: FileName[] = [];
  #lastSequence = 0;
  #lastWall: WallSeconds = 0;
  #refused = "";
  readonly #ends: { name: string; length: number }[] = [];
  /** All up to here is in a whole snapshot. */
  #snapshotThrough = -1;

  constructor(files: readonly JournalFile[]) {
    this.#files = files.map(openFile).sort((a, b) => a.start.sequence - b.start.sequence);
    this.#salt = this.#files.find((file) => file.look === "good")?.start.salt;
  }

  run(): Recovery {
    const snapshots = this.#files.filter((file) => file.start.kind === "snapshot").reverse();
    for (const file of snapshots) this.#snapshot(file);
    const segments = this.#files.filter((file) => file.start.kind === "segment");
    const rows = segments.map((file) => this.#decide(file));
    const newest = rows.findLastIndex((row) => row.decision === "read");
    segments.forEach((file, index) => {
      if (rows[index]?.decision === "read") this.#segment(file, index === newest);
    });
    return this.#result();
  }

  #result(): Recovery {
    const refused = this.#refused;
    const leases = refused
      ? []
      : Array.from(this.#best.values(), ({ bytes, at }) => decodeLease(bytes, at));
    return {
      refused,
      leases,
      pair: refused ? undefined : this.#bestPair,
      lastSequence: this.#lastSequence,
      lastWall: this.#lastWall,
      salt: this.#salt,
      kept: this.#kept,
      findings: this.#findings,
      damage: refused ? [] : this.#damage,
      ends: refused ? [] : this.#ends,
      remove: refused ? [] : this.#remove,
      setAside: refused ? [] : this.#setAside,
    };
  }

  /** Row of a file, with everything done that is to be done besides reading it. */
  #decide(file: OpenFile): FileRow {
    const { name, bytes, start } = file;
    const row = decideFile({
      name: name.kind,
      start: startFact(file),
      salt: this.#salt === undefined ? "unknown" : "known",
      superseded: this.#isSuperseded(start) ? "yes" : "no",
    });
    if (row.decision === "remove") this.#remove.push(name.name);
    if (row.decision === "set-aside") this.#setAside.push(name);
    if (row.decision === "refuse") this.#refuse(name.name, row.reason, recordVersion(bytes, 0), 0);
    if (row.reason !== "" && row.decision !== "refuse") {
      const whole = row.decision !== "read";
      const lost = whole ? bytes.length : file.look === "good" ? 0 : START_BYTES;
      this.#find(name.name, row, 0, lost, 0);
      const end = Math.min(lost, contentEnd(bytes));
      if (end > 0 && row.decision !== "set-aside")
        this.#damage.push({ file: name, offset: 0, end });
    }
    return row;
  }

  #isSuperseded(start: FileStart): boolean {
    return start.kind === "segment"
      ? start.sequence <= this.#snapshotThrough
      : start.sequence < this.#snapshotThrough;
  }

  #snapshot(file: OpenFile): void {
    if (this.#decide(file).decision !== "read") return;
    const findings = this.#findings.length;
    const { records, missing } = this.#readSnapshot(file);
    this.#see(file.start.sequence, file);
    if (missing > 0) {
      const row = { label: "records missing", reason: "records of it are missing" };
      this.#find(file.name.name, row, 0, 0, missing);
    }
    this.#kept.set(file.name.name, records);
    if (this.#findings.length === findings && file.look === "good") {
      this.#snapshotThrough = Math.max(this.#snapshotThrough, file.start.sequence);
    }
  }

  #readSnapshot(file: OpenFile): { records: number; missing: number } {
    const place = new PlaceReader(file, this.#salt ?? 0);
    let records = 0;
    for (;;) {
      const facts = place.facts(-1, false);
      const row = decidePlace(facts);
      if (row.reason !== "") this.#damaged(place, row, 0);
      if (row.decision === "take") {
        this.#take(file.bytes, place.at);
        records++;
      }
      if (row.decision === "refuse") this.#refuseAt(place, row.reason);
      if (row.decision === "refuse" || row.decision === "finish") {
        if (facts.look !== "trailer") return { records, missing: 0 };
        this.#seeRecord(file.bytes, place.at);
        return { records, missing: Math.max(0, decodeEnd(file.bytes, place.at) - records) };
      }
      place.forward(row.decision);
    }
  }

  #segment(file: OpenFile, newest: boolean): void {
    const { start, name } = file;
    if (file.look === "good" && start.after > this.#lastSequence) {
      const row = { label: "gap between files", reason: "records before it are missing" };
      this.#find(name.name, row, 0, 0, start.after - this.#lastSequence);
    }
    this.#see(Math.max(start.after, start.sequence - 1), file);
    const place = new PlaceReader(file, this.#salt ?? 0);
    let last = start.sequence - 1;
    let kept = 0;
    for (;;) {
      const facts = place.facts(last, newest);
      const row = decidePlace(facts);
      const sequence = place.nextSequence();
      if (row.reason !== "") {
        const missing = facts.goodBehind === "yes" || facts.order === "ahead";
        this.#damaged(place, row, missing ? Math.max(0, sequence - last - 1) : 0);
      }
      if (row.decision === "refuse") {
        this.#refuseAt(place, row.reason);
        return;
      }
      if (row.decision === "finish") break;
      if (row.decision === "take") {
        this.#take(file.bytes, place.at);
        kept++;
      }
      if (row.decision === "skip") last = Math.max(last, sequence - 1);
      else if (facts.look !== "trailer") last = Math.max(last, sequence);
      place.forward(row.decision);
    }
    this.#kept.set(name.name, kept);
    this.#ends.push({ name: name.name, length: place.at });
  }

  #take(bytes: Uint8Array, at: number): void {
    if (recordType(bytes, at) === TYPE.pair) this.#takePair(bytes, at);
    else this.#takeLease(bytes, at);
    this.#seeRecord(bytes, at);
  }

  #takePair(bytes: Uint8Array, at: number): void {
    const sequence = recordSequence(bytes, at);
    if (this.#bestPair && sequence <= this.#bestPair.sequence) return;
    this.#bestPair = { state: decodePair(bytes, at), sequence };
  }

  #takeLease(bytes: Uint8Array, at: number): void {
    const address = leaseAddress(bytes, at);
    const sequence = recordSequence(bytes, at);
    const known = this.#best.get(address);
    if (!known) {
      this.#best.set(address, { sequence, bytes, at });
    } else if (sequence > known.sequence) {
      known.sequence = sequence;
      known.bytes = bytes;
      known.at = at;
    }
  }

  #seeRecord(bytes: Uint8Array, at: number): void {
    this.#seeTime(recordSequence(bytes, at), recordWall(bytes, at));
  }

  /** The start of a file says a sequence and a time as well. */
  #see(sequence: number, file: OpenFile): void {
    const wall = file.look === "good" ? recordWall(file.bytes, 0) : this.#lastWall;
    this.#seeTime(sequence, wall);
  }

  /** The clock of the newest record is the newest clock, even if an older record says a later time. */
  #seeTime(sequence: number, wall: WallSeconds): void {
    if (sequence < this.#lastSequence) return;
    this.#lastWall = sequence > this.#lastSequence ? wall : Math.max(this.#lastWall, wall);
    this.#lastSequence = sequence;
  }

  #damaged(place: PlaceReader, row: { label: string; reason: string }, missing: number): void {
    const { file, at } = place;
    const end = place.damageEnd();
    if (end > at) this.#damage.push({ file: file.name, offset: at, end });
    this.#find(file.name.name, row, at, end - at, missing);
  }

  #find(
    file: string,
    row: { readonly label: string; readonly reason: string },
    offset: number,
    bytes: number,
    missing: number,
  ): void {
    this.#findings.push({ file, label: row.label, reason: row.reason, offset, bytes, missing });
  }

  #refuseAt({ file, at }: PlaceReader, reason: string): void {
    const { bytes, name } = file;
    this.#refuse(name.name, reason, recordVersion(bytes, at), recordType(bytes, at));
  }

  #refuse(name: string, reason: string, version: number, type: number): void {
    this.#refused ||= `${name}: ${reason} (layout ${version}, type ${type})`;
  }
}

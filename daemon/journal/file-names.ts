// Names of the journal's files. The number makes the order of names the order of writing.

import { SEQUENCE_MAX } from "./record-bytes.ts";

export type FileKind = "segment" | "snapshot" | "unfinished" | "set-aside" | "foreign";

export interface FileName {
  readonly name: string;
  readonly kind: FileKind;
  /** Segment: sequence of its first record. Snapshot: it covers everything up to this one. */
  readonly sequence: number;
}

/** `journal-<first sequence>.tdj`: records as they were appended. */
export function segmentName(firstSequence: number): string {
  return `journal-${digits(firstSequence)}.tdj`;
}

/** `snapshot-<sequence>.tdj`: every lease, and no record up to `sequence` is needed any more. */
export function snapshotName(sequence: number): string {
  return `snapshot-${digits(sequence)}.tdj`;
}

/** A snapshot while it is written. Found at a start it was never finished, and is of no use. */
export function unfinishedName(sequence: number): string {
  return `snapshot-${digits(sequence)}.tmp`;
}

/** `damaged-<sequence>-<s for a snapshot, j for a segment>-<offset>.bin`: bytes that made no sense. */
export function setAsideName(file: FileName, offset: number): string {
  const letter = file.kind === "snapshot" ? "s" : "j";
  return `damaged-${digits(file.sequence)}-${letter}-${offset.toString(16).padStart(8, "0")}.bin`;
}

export function parseFileName(name: string): FileName {
  const match = /^(journal|snapshot)-([0-9a-f]{16})\.(tdj|tmp)$/.exec(name);
  const sequence = Number.parseInt(match?.[2] ?? "0", 16);
  if (match && sequence <= SEQUENCE_MAX) {
    if (match[3] === "tdj") {
      return { name, kind: match[1] === "journal" ? "segment" : "snapshot", sequence };
    }
    if (match[1] === "snapshot") return { name, kind: "unfinished", sequence };
  }
  const aside = /^damaged-[0-9a-f]{16}-[sj]-[0-9a-f]{8,}\.bin$/.test(name);
  return { name, kind: aside ? "set-aside" : "foreign", sequence: 0 };
}

function digits(sequence: number): string {
  return sequence.toString(16).padStart(16, "0");
}

// The few things the driver needs from the world. Real ones live in io/, fake ones in test/sim/.

import type { Now } from "./base/time.ts";

export interface Clock {
  now(): Now;
  /** Calls back once at or after this monotonic time in ms; a new call replaces the earlier one. */
  setAlarm(atMonotonic: number, callback: () => void): void;
  /** Calls back after the events that are already waiting have been handled. */
  soon(callback: () => void): void;
}

/** One LAN interface, through the packet helper. */
export interface Link {
  /** Copies the frame into the outgoing batch. Never throws; a full backlog drops and counts. */
  send(frame: Uint8Array): void;
  /** Hands the batch over to the kernel. */
  flush(): void;
}

/** The connections with the partner. What happens to them comes back as events of the core. */
export interface PeerLink {
  /** Takes the bytes over. Never throws; a connection that is gone, or too slow, is closed and said so. */
  send(connection: number, bytes: Uint8Array): void;
  /** Hands over to the kernel what was sent since the last flush. */
  flush(): void;
  dial(): void;
  /** Closes it when everything sent has left. */
  close(connection: number): void;
}

/** A folder on stable storage. Every method rejects with IoError (its `code` is the errno name). */
export interface Disk {
  /** Names of the plain files in the folder, in any order. */
  list(): Promise<string[]>;
  /** The whole file. Places the medium cannot give back any more are read as zeros. */
  read(name: string): Promise<Uint8Array>;
  /** Creates the file, which must not exist yet; made durable by `syncFolder`. */
  create(name: string): Promise<DiskFile>;
  /** The same for a file that is written by `append` in small pieces for a long time. */
  createLog(name: string): Promise<DiskFile>;
  /** Cuts an existing file to `length` bytes and makes that durable. */
  cut(name: string, length: number): Promise<void>;
  /** A file that had the new name is replaced. Made durable by `syncFolder`. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  syncFolder(): Promise<void>;
}

/** One operation at a time. After one was rejected the file may not be trusted any more. */
export interface DiskFile {
  /** Writes all bytes behind the end; they are durable only after a `sync` that began later. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  /** Writes all bytes behind the end and resolves when they are durable. */
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export type JournalState =
  | { readonly kind: "ok" }
  /** Nothing can be made durable now; `reason` is a short text such as "no space left". */
  | {
      readonly kind: "failing";
      readonly reason: "full" | "read-only" | "error";
      readonly text: string;
    }
  /** Works, but a write has been under way for a long time. */
  | { readonly kind: "slow"; readonly milliseconds: number };

/** Where log lines go. */
export interface LogSink {
  write(line: LogLine): void;
}

export interface LogLine {
  readonly wall: number;
  readonly id: string;
  readonly level: "debug" | "info" | "warning" | "error";
  readonly text: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** HMAC-MD5 (RFC 2104): 16 bytes from a key and data. */
export type KeyedHash = (key: Uint8Array, data: Uint8Array) => Uint8Array;

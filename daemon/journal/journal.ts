// The lease journal: appended segments of records plus snapshots, over the Disk port.
//
// Group commit: while one write is under way the next batch collects. A write that would follow the
// one before at once waits up to LIMITS.journalPaceMilliseconds, so that it carries more records:
// under a flood the writes themselves take the processor, not the records in them. At low load a
// record is written at once. Figures are in io/disk.ts.
//
// There is one operation on the segment at a time, and `#work` chooses the next one:
//
//   state    what happens                                          ends in
//   ok       write a batch; begin a segment and a snapshot         ok, failing
//   slow     the same, but the operation under way takes long      ok, failing
//   failing  records are dropped; once a second: a fresh segment   ok, failing
//            and a snapshot of the whole book
//
// After a failed write or sync nobody knows what the file holds (fsync reports an error once and may
// have dropped the data), so it is never written again: the book in memory is the truth until all of
// it is in a snapshot.

import { assert } from "../base/assert.ts";
import { IoError } from "../base/errors.ts";
import type { Now, WallSeconds } from "../base/time.ts";
import type { PairState } from "../core/failover/pair-state.ts";
import type { Lease } from "../core/lease.ts";
import { LIMITS } from "../limits.ts";
import type { Clock, Disk, DiskFile, JournalState } from "../ports.ts";
import { Alarm } from "./alarm.ts";
import { Batch } from "./batch.ts";
import { Book, type Contents } from "./book.ts";
import { differs, failing, textOf } from "./failure.ts";
import type { JournalEvents, JournalOptions, OpenedJournal } from "./options.ts";
import { encodePair } from "./pair-record.ts";
import type { JournalFile } from "./place-reader.ts";
import { encodeLease } from "./record.ts";
import { findingsForLog, recover, repair } from "./recover.ts";
import type { Recovery } from "./replay.ts";
import { beginSegment } from "./segment.ts";
import { segmentBytesFor, writeSnapshot } from "./snapshot.ts";
import { Stamp } from "./stamp.ts";

export type { JournalEvents, JournalOptions, OpenedJournal } from "./options.ts";

const OK: JournalState = { kind: "ok" };

export class Journal {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #events: JournalEvents;
  readonly #salt: number;
  readonly #alarm: Alarm;
  readonly #batch = new Batch();
  readonly #book: Book;
  #state: JournalState = OK;
  #file: DiskFile | undefined;
  #lastSequence: number;
  #durableThrough: number;
  #segmentFirst = 0;
  #segmentBytes = 0;
  #snapshotBytes = 0;
  readonly #stamp: Stamp;
  #wall: WallSeconds = 0;

  /** An operation on the segment is under way, since `#busySince`. */
  #busy = false;
  #busySince = 0;
  #lastWriteEnd = Number.NEGATIVE_INFINITY;
  #writingThrough = 0;
  #writingBytes = 0;
  /** Records appended now are not written: the next snapshot has them. */
  #dropping = false;
  /** More records came than may wait; said at the next `kick`. */
  #overflow = false;
  #retryAt = 0;

  #snapshotWanted = false;
  #snapshotNotBefore = Number.NEGATIVE_INFINITY;
  #snapshotRunning = false;
  #closing: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  private constructor(disk: Disk, options: JournalOptions, recovery: Recovery) {
    this.#disk = disk;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#alarm = new Alarm(options.clock, () => this.#onAlarm());
    this.#book = new Book(options, recovery);
    this.#salt = recovery.salt ?? options.salt;
    this.#lastSequence = recovery.lastSequence;
    this.#durableThrough = recovery.lastSequence;
    this.#stamp = new Stamp(options.clock, recovery.lastWall);
  }

  /**
   * Reads the folder, repairs what must be repaired, and writes all of it anew before anything else:
   * nobody can know whether an earlier process had a failed sync, after which what is read here may
   * be in memory only. Resolves also when the disk cannot be written, in state `failing`; rejects
   * with IoError when it cannot be read, or when a newer version wrote it, and changes nothing then.
   */
  static async open(disk: Disk, options: JournalOptions): Promise<OpenedJournal> {
    const { recovery, files, report } = await recover(disk);
    const journal = new Journal(disk, options, recovery);
    for (const values of findingsForLog(recovery)) options.events.log("journal-repaired", values);
    await journal.#begin(recovery, files);
    const { leases, pair, lastSequence, lastWall } = recovery;
    return { journal, leases, pair: pair?.state, lastSequence, lastWall, report };
  }

  /** The newest record that is on stable storage. */
  get durableThrough(): number {
    return this.#durableThrough;
  }

  /** Bytes of records that wait for the disk. */
  get waitingBytes(): number {
    return this.#batch.length + this.#writingBytes;
  }

  /** Bytes of records in the current segment. */
  get segmentBytes(): number {
    return this.#segmentBytes;
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Takes the lease as it is now. Its sequence is one more than that of the lease before. */
  append(lease: Lease): void {
    const room = this.#room(lease.sequence);
    if (!room) return;
    this.#batch.length = encodeLease(room, this.#batch.length, lease, this.#wall, this.#salt);
  }

  /** Takes the state of the pair as it is now. Leases and this share one count of sequences. */
  appendPair(state: PairState, sequence: number): void {
    const room = this.#room(sequence);
    const pair = this.#book.keepPair(state, sequence);
    if (!room) return;
    this.#batch.length = encodePair(room, this.#batch.length, pair, this.#wall, this.#salt);
  }

  /** To be called at the end of each batch of input: lets the records be written. */
  kick(now: Now): void {
    if (this.#book.isRecovered) {
      this.#book.handOver();
      if (this.#state.kind !== "ok") this.#events.state(this.#state);
    }
    if (this.#overflow) this.#fail(new IoError("more records wait than can be kept", "ENOBUFS"));
    if (!this.#busy) this.#work(now.monotonic);
  }

  /** Writes all leases anew. Soon; appends go on meanwhile. */
  snapshot(): void {
    this.#snapshotWanted = true;
    this.#snapshotNotBefore = Number.NEGATIVE_INFINITY;
    // Before the first `kick` the book is what was recovered.
    if (!this.#busy && !this.#book.isRecovered) this.#work(this.#clock.now().monotonic);
  }

  /** Makes everything appended durable if the disk allows it, and closes the files. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#onClosed = resolve;
      if (!this.#busy) this.#work(this.#clock.now().monotonic);
    });
    return this.#closing;
  }

  /** Where the record with this sequence goes; undefined when it is left to the next snapshot. */
  #room(sequence: number): Uint8Array | undefined {
    assert(sequence === this.#lastSequence + 1, "journal sequences must rise by one");
    this.#book.handOver();
    this.#lastSequence = sequence;
    if (this.#dropping) return undefined;
    const room = this.#batch.room();
    if (!room) {
      this.#overflow = true;
      this.#drop();
    } else if (this.#batch.length === 0) {
      this.#wall = this.#stamp.now();
    }
    return room;
  }

  async #begin(recovery: Recovery, files: readonly JournalFile[]): Promise<void> {
    this.#setBusy(this.#clock.now().monotonic);
    try {
      await repair(this.#disk, recovery, files);
      await this.#writeAnew(this.#book.contents());
      this.#idle();
    } catch (error) {
      this.#idle();
      this.#fail(error);
    }
  }

  /** Starts whatever is due, or sets the alarm for it. Only called while nothing is under way. */
  #work(now: number): void {
    if (this.#onClosed) {
      this.#workToClose(now);
      return;
    }
    if (this.#state.kind === "failing") {
      if (this.#snapshotRunning) return;
      if (now >= this.#retryAt) this.#run(now, this.#retry());
      else this.#alarm.atLatest(this.#retryAt);
      return;
    }
    const isLong = this.#segmentBytes >= segmentBytesFor(this.#snapshotBytes);
    const may = !this.#snapshotRunning && now >= this.#snapshotNotBefore;
    if (may && (isLong || this.#snapshotWanted)) {
      this.#run(now, this.#rotate());
      return;
    }
    const waiting = this.#batch.length;
    if (waiting === 0) return;
    const due = this.#lastWriteEnd + LIMITS.journalPaceMilliseconds;
    if (waiting >= LIMITS.journalPaceBytes || now >= due) this.#write(now);
    else this.#alarm.atLatest(due);
  }

  #workToClose(now: number): void {
    const file = this.#file;
    if (file && this.#batch.length > 0 && this.#state.kind !== "failing") {
      this.#write(now);
      return;
    }
    if (this.#snapshotRunning) return;
    this.#busy = true;
    this.#file = undefined;
    if (file) file.close().then(this.#onClosed, this.#onClosed);
    else this.#onClosed?.();
  }

  #write(now: number): void {
    assert(this.#file !== undefined, "no segment to write to");
    this.#setBusy(now);
    const bytes = this.#batch.take();
    this.#writingThrough = this.#lastSequence;
    this.#writingBytes = bytes.length;
    this.#file.append(bytes).then(this.#onWritten, this.#onFailed);
  }

  readonly #onWritten = (): void => {
    this.#segmentBytes += this.#writingBytes;
    this.#durableThrough = this.#writingThrough;
    this.#lastWriteEnd = this.#idle();
    this.#events.durable(this.#durableThrough);
    if (!this.#busy) this.#work(this.#lastWriteEnd);
  };

  readonly #onFailed = (error: unknown): void => {
    const now = this.#idle();
    this.#fail(error);
    if (!this.#busy) this.#work(now);
  };

  #run(now: number, operation: Promise<void>): void {
    this.#setBusy(now);
    operation.then(() => {
      const end = this.#idle();
      if (!this.#busy) this.#work(end);
    }, this.#onFailed);
  }

  #setBusy(now: number): void {
    this.#busy = true;
    this.#busySince = now;
    this.#alarm.atLatest(now + LIMITS.slowWriteMilliseconds);
  }

  /** Nothing is under way any more. Returns the monotonic time. */
  #idle(): number {
    this.#busy = false;
    this.#writingBytes = 0;
    if (this.#state.kind === "slow") this.#setState(OK);
    return this.#clock.now().monotonic;
  }

  /** Begins a segment, then a snapshot beside it. The old segment stays in use if that fails. */
  async #rotate(): Promise<void> {
    this.#snapshotWanted = false;
    const old = this.#file;
    const through = this.#durableThrough;
    if (this.#segmentFirst !== through + 1) {
      try {
        await this.#newSegment(through + 1);
      } catch (error) {
        this.#snapshotFailed(error);
        return;
      }
      await old?.close().catch(() => {});
    }
    void this.#snapshot(through, this.#book.contents());
  }

  async #retry(): Promise<void> {
    const old = this.#file;
    this.#file = undefined;
    await old?.close().catch(() => {});
    this.#dropping = false;
    const through = await this.#writeAnew(this.#book.contents());
    if (this.#dropping) throw new IoError("more records wait than can be kept", "ENOBUFS");
    this.#durableThrough = through;
    this.#setState(OK);
    this.#events.durable(through);
  }

  /**
   * A fresh segment and a snapshot of everything appended before the call; what is appended later
   * waits for the segment. Resolves with the sequence that is durable then.
   */
  async #writeAnew(contents: Contents): Promise<number> {
    const through = this.#lastSequence;
    await this.#newSegment(through + 1);
    const bytes = await this.#writeSnapshot(through, contents);
    if (bytes === 0) throw new IoError("the attempt to write again was given up");
    this.#snapshotWanted = false;
    return through;
  }

  /** Begins the segment whose first record has this sequence. Rejects, and then nothing changed. */
  async #newSegment(first: number): Promise<void> {
    const after = this.#durableThrough;
    const wall = this.#stamp.now();
    this.#file = await beginSegment(this.#disk, { first, after, salt: this.#salt, wall });
    this.#segmentFirst = first;
    this.#segmentBytes = 0;
  }

  /** Runs beside the writes. Never rejects. */
  async #snapshot(through: number, contents: Contents): Promise<void> {
    this.#snapshotRunning = true;
    const began = this.#clock.now().monotonic;
    try {
      const bytes = await this.#writeSnapshot(through, contents);
      if (bytes > 0) {
        const milliseconds = Math.round(this.#clock.now().monotonic - began);
        this.#events.log("journal-snapshot", { leases: contents.leases.length, milliseconds });
      }
    } catch (error) {
      this.#snapshotFailed(error);
    }
    this.#snapshotRunning = false;
    if (!this.#busy) this.#work(this.#clock.now().monotonic);
  }

  async #writeSnapshot(through: number, contents: Contents): Promise<number> {
    const bytes = await writeSnapshot(this.#disk, {
      through,
      contents,
      salt: this.#salt,
      wall: this.#stamp.now(),
      cancelled: () => this.#onClosed !== undefined || this.#dropping,
    });
    if (bytes > 0) this.#snapshotBytes = bytes;
    return bytes;
  }

  /** Records can still be written, so nothing is lost yet, but older files stay. */
  #snapshotFailed(error: unknown): void {
    this.#snapshotWanted = true;
    this.#snapshotNotBefore = this.#clock.now().monotonic + LIMITS.journalSnapshotRetryMilliseconds;
    this.#events.log("journal-snapshot-failed", { reason: textOf(error) });
  }

  #drop(): void {
    this.#dropping = true;
    this.#batch.clear();
  }

  #fail(error: unknown): void {
    this.#overflow = false;
    this.#drop();
    this.#retryAt = this.#clock.now().monotonic + LIMITS.diskRetryMilliseconds;
    this.#alarm.atLatest(this.#retryAt);
    this.#setState(failing(error));
  }

  #setState(state: JournalState): void {
    const before = this.#state;
    this.#state = state;
    if (differs(before, state)) this.#events.state(state);
  }

  #onAlarm(): void {
    const now = this.#clock.now().monotonic;
    if (!this.#busy) {
      this.#work(now);
      return;
    }
    const milliseconds = now - this.#busySince;
    if (milliseconds >= LIMITS.slowWriteMilliseconds && this.#state.kind !== "failing") {
      this.#setState({ kind: "slow", milliseconds });
    }
    const periods = Math.floor(milliseconds / LIMITS.slowWriteMilliseconds) + 1;
    this.#alarm.atLatest(this.#busySince + periods * LIMITS.slowWriteMilliseconds);
  }
}

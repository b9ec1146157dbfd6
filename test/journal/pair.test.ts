// The state of the pair: its record, what recovery makes of it, and the journal that keeps it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PairState } from "../../daemon/core/failover/pair-state.ts";
import { Journal } from "../../daemon/journal/journal.ts";
import { decodePair, encodePair, PAIR_BYTES } from "../../daemon/journal/pair-record.ts";
import type { JournalFile } from "../../daemon/journal/place-reader.ts";
import {
  lookAt,
  recordLength,
  recordSequence,
  recordType,
  recordWall,
  START_BYTES,
  TYPE,
} from "../../daemon/journal/record.ts";
import { RECORD_BYTES_MAX, WALL_MAX } from "../../daemon/journal/record-bytes.ts";
import { type Recovery, replay } from "../../daemon/journal/replay.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { SERVER_STATE } from "../../daemon/wire/failover/numbers.ts";
import { anyPair, PAIR_STATES } from "../support/any-lease.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import type { FakeDisk } from "../support/fake-disk.ts";
import { makeLease, makePair } from "../support/leases.ts";
import { leases, pair, reseal, SALT, segment, snapshot, WALL } from "./files.ts";
import { newDisk, type Office, opened } from "./office.ts";

function encoded(state = makePair(9), sequence = 9): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES_MAX);
  return bytes.subarray(0, encodePair(bytes, 0, { state, sequence }, WALL, SALT));
}

describe("record of a pair", () => {
  test("any state comes back as it was", () => {
    fc.assert(
      fc.property(anyPair, fc.nat({ max: 50 }), fc.nat({ max: 2 ** 48 - 1 }), (state, at, of) => {
        const bytes = new Uint8Array(at + RECORD_BYTES_MAX).fill(0xee);
        const end = encodePair(bytes, at, { state, sequence: of }, WALL, SALT);
        expect(lookAt(bytes.subarray(0, end), at, SALT)).toBe("good");
        expect(recordType(bytes, at)).toBe(TYPE.pair);
        expect(recordLength(bytes, at)).toBe(end - at);
        expect(recordSequence(bytes, at)).toBe(of);
        expect(recordWall(bytes, at)).toBe(WALL);
        expect(decodePair(bytes, at)).toEqual(state);
        expect(bytes[end]).toBe(0xee);
      }),
    );
  });

  test("every layout decision, byte by byte", () => {
    const state: PairState = {
      state: "recover-wait",
      since: 2 ** 32 + 1,
      partnerState: undefined,
      partnerSince: 2,
      mcltSeconds: 600,
      agreedThrough: 0x0a0b0c0d0e,
      partnerSequence: 7,
      contactEnd: 0x010203040506,
      epoch: 0x05060708,
      mustWait: true,
    };
    expect(Array.from(encoded(state, 0x0102030405).subarray(6))).toEqual([
      ...[0, 60], // length
      ...[1, 4], // version, type
      ...[0, 1, 2, 3, 4, 5], // sequence
      ...[0, 0x6a, 0x18, 0xa5, 0x00], // wall time of writing
      254, // state
      0, // the partner was never heard
      ...[1, 0, 0, 0, 1], // since
      ...[0, 0, 0, 0, 2], // since when the partner is in its state
      ...[0, 0, 2, 88], // MCLT
      ...[0, 10, 11, 12, 13, 14], // agreed through
      ...[0, 0, 0, 0, 0, 7], // sequence of the partner
      ...[1, 2, 3, 4, 5, 6], // end of the last contact
      ...[5, 6, 7, 8], // losses
      1, // it has to wait
    ]);
  });

  test("states have the numbers of the protocol, all but startup", () => {
    const { startup, ...rest } = SERVER_STATE;
    expect(Object.keys(rest).sort()).toEqual([...PAIR_STATES].sort());
    for (const name of PAIR_STATES) {
      const bytes = encoded(makePair(9, { state: name, partnerState: name }));
      expect(Array.from(bytes.subarray(21, 23))).toEqual([rest[name], rest[name]]);
    }
    for (const at of [21, 22]) {
      const bytes = encoded();
      bytes[at] = startup;
      expect(lookAt(reseal(bytes, SALT), 0, SALT)).toBe("unreadable");
    }
  });

  test("a version that does not know it may not pass over it", () => {
    expect(TYPE.pair & 0x80).toBe(0);
    const newer = encoded();
    newer[8] = 2;
    expect(lookAt(reseal(newer, SALT), 0, SALT)).toBe("newer");
  });

  test("every flipped bit, every cut and every other length is noticed", () => {
    const bytes = encoded();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(lookAt(flipped, 0, SALT)).toBe("unreadable");
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(lookAt(bytes.subarray(0, length), 0, SALT)).toBe("unreadable");
    }
    for (const length of [PAIR_BYTES - 1, PAIR_BYTES + 1]) {
      const other = new Uint8Array(length);
      other.set(bytes.subarray(0, length));
      expect(lookAt(reseal(other, SALT), 0, SALT)).toBe("unreadable");
    }
  });

  test("what cannot be stored is our mistake", () => {
    const bad: Partial<PairState>[] = [
      { since: -1 },
      { partnerSince: WALL_MAX + 1 },
      { mcltSeconds: -1 },
      { mcltSeconds: 2 ** 32 },
      { mcltSeconds: 0.5 },
      { agreedThrough: 2 ** 48 },
      { partnerSequence: Number.NaN },
    ];
    for (const more of bad) expect(() => encoded(makePair(1, more))).toThrow();
    expect(() => encoded(makePair(1), -1)).toThrow();
  });
});

function labels(recovery: Recovery): string[] {
  return recovery.findings.map((finding) => finding.label);
}

function cut(file: JournalFile, length: number): JournalFile {
  return { name: file.name, bytes: file.bytes.subarray(0, length) };
}

describe("recovery of a pair", () => {
  const before = leases(1, 3);
  const after = leases(5, 8);

  test("a journal without any", () => {
    expect(replay([snapshot(3, before), segment(leases(4, 6))]).pair).toBeUndefined();
  });

  test("only in a segment, at its begin, in the middle and at its end", () => {
    for (const [entries, sequence] of [
      [[pair(1), ...leases(2, 4)], 1],
      [[...before, pair(4), ...after], 4],
      [[...before, pair(4)], 4],
      [[pair(1)], 1],
    ] as const) {
      const recovery = replay([segment(entries)]);
      expect(recovery).toMatchObject({ pair: pair(sequence), findings: [], refused: "" });
      expect(recovery.lastSequence).toBe(entries.at(-1)?.sequence);
      expect(recovery.leases).toHaveLength(entries.length - 1);
    }
  });

  test("only in the snapshot", () => {
    for (const sequence of [0, 2, 9]) {
      const recovery = replay([snapshot(4, [pair(sequence), ...before]), segment(after)]);
      expect(recovery).toMatchObject({ pair: pair(sequence), findings: [] });
      expect(recovery.leases).toHaveLength(7);
      expect(recovery.lastSequence, "never used again").toBe(Math.max(8, sequence));
    }
  });

  test("of several the one with the highest sequence holds, wherever it stands", () => {
    const inSegment = segment([pair(5), makeLease(6, 6), pair(7)]);
    expect(replay([snapshot(4, [pair(2)]), inSegment]).pair).toEqual(pair(7));
    expect(replay([snapshot(4, [pair(9)]), inSegment]).pair).toEqual(pair(9));
    const repeated = replay([segment([...before, pair(4), makeLease(5, 5), pair(2)])]);
    expect(repeated.pair).toEqual(pair(4));
    expect(labels(repeated)).toEqual(["repeated record"]);
  });

  test("the content of a snapshot holds over a record with the same sequence", () => {
    const changed = { state: makePair(4, { state: "recover" }), sequence: 4 };
    const recovery = replay([snapshot(3, [changed]), segment([pair(4), ...after])]);
    expect(recovery.pair).toEqual(changed);
  });

  test("a whole snapshot without it has forgotten it", () => {
    const recovery = replay([segment([...before, pair(4)]), snapshot(4, before), segment(after)]);
    expect(recovery).toMatchObject({ pair: undefined, findings: [] });
  });

  test("torn: the state before holds, at every byte", () => {
    const whole = segment([...before, pair(4), makeLease(5, 5), pair(6)]);
    const last = whole.records[5];
    for (let length = last?.start ?? 0; length < (last?.end ?? 0); length++) {
      const recovery = replay([cut(whole, length)]);
      expect(recovery.pair).toEqual(pair(4));
      expect(recovery.lastSequence).toBe(5);
      expect(labels(recovery)).toEqual(length > (last?.start ?? 0) ? ["torn tail"] : []);
    }
    const first = whole.records[3];
    for (let length = START_BYTES; length < (first?.end ?? 0); length++) {
      expect(replay([cut(whole, length)]).pair).toBeUndefined();
    }
  });

  test("damaged in a segment: it is missing by its number, and what follows is read", () => {
    const file = segment([...before, pair(4), ...after]);
    file.bytes[(file.records[3]?.start ?? 0) + 25] = 77;
    const recovery = replay([file]);
    expect(recovery.pair).toBeUndefined();
    expect(recovery.leases).toHaveLength(7);
    expect(recovery.findings).toMatchObject([{ label: "damaged in the middle", missing: 1 }]);
  });

  test("damaged in a snapshot: that is said, and older files make up for it", () => {
    const file = snapshot(5, [pair(4), ...before]);
    file.bytes[(file.records[0]?.start ?? 0) + 25] = 77;
    const recovery = replay([file]);
    expect(recovery.pair).toBeUndefined();
    expect(recovery.leases).toHaveLength(3);
    expect(labels(recovery)).toEqual(["damaged in the middle", "records missing"]);
    expect(recovery.findings[1]?.missing).toBe(1);
    expect(replay([segment([...before, pair(4)]), file]).pair).toEqual(pair(4));
  });

  test("a snapshot from before there were pairs counts its leases alone", () => {
    const recovery = replay([snapshot(3, before)]);
    expect(recovery).toMatchObject({ findings: [], pair: undefined });
  });
});

async function restarted(disk: FakeDisk): Promise<Office> {
  disk.powerCut();
  disk.start();
  return await opened(disk);
}

/** Types of all records that follow the starts of all files. */
function types(disk: FakeDisk): number[] {
  const found: number[] = [];
  for (const bytes of disk.contents().values()) {
    for (let at = START_BYTES; lookAt(bytes, at, SALT) === "good"; at += recordLength(bytes, at)) {
      found.push(recordType(bytes, at));
    }
  }
  return found.sort();
}

describe("a journal with a pair", () => {
  test("without a pair nothing of it is written", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    expect(office.opened.pair).toBeUndefined();
    office.change(1);
    office.kick();
    await settle();
    office.journal.snapshot();
    await office.clock.advance(10);
    expect(types(disk)).toEqual([TYPE.lease, TYPE.end]);
  });

  test("the state is found again, from the segment first and from snapshots then", async () => {
    const disk = newDisk();
    let office = await opened(disk);
    office.change(1);
    office.changePair();
    office.change(2);
    office.kick();
    await settle();
    expect(office.durableCalls).toEqual([3]);
    for (let boot = 0; boot < 3; boot++) {
      office = await restarted(disk);
      expect(office.opened).toMatchObject({ pair: makePair(2), lastSequence: 3 });
      expect(office.opened.report.findings).toEqual([]);
      expect(types(disk)).toEqual([TYPE.lease, TYPE.lease, TYPE.end, TYPE.pair]);
    }
  });

  test("it is taken as it is when it is appended", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    const state = makePair(1);
    office.journal.appendPair(state, 1);
    state.state = "shutdown";
    office.kick();
    await settle();
    expect((await restarted(disk)).opened.pair).toEqual(makePair(1));
  });

  test("leases and pair share one count", async () => {
    const office = await opened(newDisk());
    office.change(1);
    expect(() => office.journal.appendPair(makePair(1), 1)).toThrow("sequences");
    expect(() => office.journal.appendPair(makePair(3), 3)).toThrow("sequences");
    office.journal.appendPair(makePair(2), 2);
    expect(() => office.journal.append(makeLease(2, 2))).toThrow("sequences");
    office.journal.append(makeLease(3, 2));
  });

  test("a snapshot has the state as it is then, and forgets that of a pair that is no more", async () => {
    const disk = newDisk();
    let office = await opened(disk);
    office.changePair();
    office.kick();
    await settle();
    if (office.pair) office.pair.partnerSequence = 4711;
    office.journal.snapshot();
    await office.clock.advance(10);
    office = await restarted(disk);
    expect(office.opened.pair).toEqual(makePair(1, { partnerSequence: 4711 }));
    office.pair = undefined;
    office.change(1);
    office.journal.snapshot();
    await office.clock.advance(10);
    office = await restarted(disk);
    expect(office.opened).toMatchObject({ pair: undefined, lastSequence: 2 });
  });

  test("a state changed while the snapshot is written does not get into it by half", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.changePair();
    office.kick();
    await settle();
    disk.fault = ({ kind, name }) =>
      kind === "create" && name.endsWith(".tmp") ? "hang" : undefined;
    office.journal.snapshot();
    await settle();
    office.changePair();
    disk.fault = ({ kind }) => (kind === "append" ? { crash: "before" } : undefined);
    disk.wake();
    await settle();
    office.kick();
    await office.clock.advance(10);
    disk.fault = undefined;
    expect((await restarted(disk)).opened).toMatchObject({ pair: makePair(1), lastSequence: 1 });
  });

  test("who cannot tell the state keeps what was appended last", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.changePair();
    office.kick();
    await settle();
    for (let boot = 0; boot < 2; boot++) {
      disk.powerCut();
      disk.start();
      const clock = new FakeClock();
      const events = { durable: () => {}, state: () => {}, log: () => {} };
      const found = await Journal.open(disk, { clock, salt: SALT, events, book: () => [] });
      expect(found.pair).toEqual(makePair(boot + 1));
      found.journal.appendPair(makePair(boot + 2), boot + 2);
      found.journal.snapshot();
      await clock.advance(10);
      await found.journal.close();
    }
    expect((await restarted(disk)).opened.pair).toEqual(makePair(3));
  });

  test("a change while the disk fails is made good by the snapshot that heals it", async () => {
    const disk = newDisk();
    const office = await opened(disk);
    office.changePair();
    office.kick();
    await office.clock.advance(10);
    disk.fault = ({ kind }) => (kind === "append" ? { error: "EIO" } : undefined);
    office.change(1);
    office.kick();
    await settle();
    office.changePair();
    office.kick();
    expect(office.durableCalls).toEqual([1]);
    disk.fault = undefined;
    await office.clock.advance(2 * LIMITS.diskRetryMilliseconds);
    expect(office.durableCalls).toEqual([1, 3]);
    const next = await restarted(disk);
    expect(next.opened).toMatchObject({ pair: makePair(3), lastSequence: 3 });
    expect(next.book).toEqual(office.book);
  });
});

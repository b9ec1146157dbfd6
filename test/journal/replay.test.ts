import { describe, expect, test } from "vitest";
import type { Lease } from "../../daemon/core/lease.ts";
import type { JournalFile } from "../../daemon/journal/place-reader.ts";
import { END_BYTES, START_BYTES } from "../../daemon/journal/record.ts";
import { type Recovery, replay } from "../../daemon/journal/replay.ts";
import { makeLease } from "../support/leases.ts";
import { leases, newest, reseal, SALT, segment, snapshot, WALL } from "./files.ts";

function labels(recovery: Recovery): string[] {
  return recovery.findings.map((finding) => finding.label);
}

function sequences(recovery: Recovery): number[] {
  return recovery.leases.map((lease) => lease.sequence).sort((a, b) => a - b);
}

function range(from: number, to: number, except: number[] = []): number[] {
  const all = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return all.filter((each) => !except.includes(each));
}

function flip(file: JournalFile, at: number): void {
  file.bytes[at] = (file.bytes[at] as number) ^ 0x10;
}

describe("a sound journal", () => {
  test("nothing at all", () => {
    const recovery = replay([]);
    expect(recovery).toMatchObject({ leases: [], lastSequence: 0, lastWall: 0, refused: "" });
    expect(recovery.salt).toBeUndefined();
  });

  test("one segment", () => {
    const all = leases(1, 20);
    const recovery = replay([segment(all)]);
    expect(newest(recovery.leases)).toEqual(newest(all));
    expect(recovery).toMatchObject({ lastSequence: 20, lastWall: WALL, salt: SALT, findings: [] });
  });

  test("the highest sequence of an address wins, whatever file it is in", () => {
    const all = leases(1, 30, 7);
    const recovery = replay([
      segment(all.slice(20)),
      snapshot(10, [...newest(all.slice(0, 22)).values()]),
      segment(all.slice(10, 20)),
    ]);
    expect(newest(recovery.leases)).toEqual(newest(all));
    expect(recovery.leases).toHaveLength(7);
    expect(recovery.findings).toEqual([]);
  });

  test("a snapshot can be ahead of the segments, then its sequences are not used again", () => {
    const recovery = replay([snapshot(4, leases(3, 9)), segment(leases(5, 6))]);
    expect(recovery.lastSequence).toBe(9);
    expect(recovery.findings).toEqual([]);
  });

  test("row: superseded file", () => {
    const recovery = replay([
      segment(leases(1, 5)),
      snapshot(2, leases(1, 2)),
      segment(leases(6, 8)),
      snapshot(5, leases(4, 5)),
    ]);
    // Address 1 to 3 went out of the book before the newer snapshot: they may not come back.
    expect(sequences(recovery)).toEqual([4, 5, 6, 7, 8]);
    expect(recovery.remove).toEqual([snapshot(2, []).name, segment(leases(1, 5)).name]);
    expect(recovery.findings).toEqual([]);
  });

  test("row: space written ahead", () => {
    const recovery = replay([segment(leases(1, 5), { zeros: 5000 })]);
    expect(sequences(recovery)).toEqual(range(1, 5));
    expect(recovery.findings).toEqual([]);
    expect(recovery.ends[0]?.length).toBe(segment(leases(1, 5)).bytes.length);
  });

  test("the newest record's clock counts, not the latest", () => {
    const recovery = replay([
      segment(leases(1, 5), { wall: WALL + 1e6 }),
      segment(leases(6, 8), { wall: WALL }),
    ]);
    expect(recovery.lastWall).toBe(WALL);
  });
});

describe("files", () => {
  test("row: segment never begun", () => {
    for (const bytes of [0, 5, START_BYTES - 1, 4096].map((length) => new Uint8Array(length))) {
      const empty = { name: "journal-0000000000000006.tdj", bytes };
      const recovery = replay([segment(leases(1, 5)), empty]);
      expect(recovery).toMatchObject({ lastSequence: 5, findings: [], remove: [empty.name] });
    }
  });

  test("row: snapshot never finished", () => {
    const unfinished = { ...snapshot(5, leases(1, 5)), name: "snapshot-0000000000000005.tmp" };
    const recovery = replay([segment(leases(1, 3)), unfinished]);
    expect(sequences(recovery)).toEqual([1, 2, 3]);
    expect(recovery.remove).toEqual([unfinished.name]);
  });

  test("row: snapshot without content", () => {
    const gone = { name: snapshot(5, []).name, bytes: new Uint8Array(100) };
    const recovery = replay([gone, segment(leases(6, 8))]);
    expect(sequences(recovery)).toEqual([6, 7, 8]);
    expect(labels(recovery)).toEqual(["snapshot without content", "gap between files"]);
  });

  test("row: damaged beginning", () => {
    const damaged = segment(leases(6, 9));
    flip(damaged, 3);
    const recovery = replay([snapshot(5, leases(1, 5)), damaged]);
    expect(sequences(recovery)).toEqual(range(1, 9));
    expect(labels(recovery)).toEqual(["damaged beginning"]);
    expect(recovery.lastSequence).toBe(9);
  });

  test("row: nothing to read it with", () => {
    const damaged = segment(leases(1, 9));
    flip(damaged, 3);
    const recovery = replay([damaged]);
    expect(recovery.leases).toEqual([]);
    expect(labels(recovery)).toEqual(["nothing to read it with"]);
    expect(recovery.setAside.map((file) => file.name)).toEqual([damaged.name]);
    expect(recovery.remove).toEqual([]);
  });

  test("row: renamed file", () => {
    const renamed = { ...segment(leases(1, 5)), name: segment(leases(3, 4)).name };
    const recovery = replay([renamed, segment(leases(6, 7))]);
    expect(sequences(recovery)).toEqual(range(1, 7));
    expect(labels(recovery)).toEqual(["renamed file"]);
  });

  test("rows: foreign file, set aside earlier", () => {
    const others = [
      "lock-12-0123456789ab.sock",
      "notes.txt",
      "journal-1.tdj",
      "journal-ffffffffffffffff.tdj",
      "damaged-0000000000000001-j-00000020.bin",
    ].map((name) => ({ name, bytes: new Uint8Array(0) }));
    const recovery = replay([...others, segment(leases(1, 5))]);
    expect(recovery).toMatchObject({ lastSequence: 5, findings: [], remove: [], setAside: [] });
  });

  test("row: newer file", () => {
    const newer = segment(leases(6, 9));
    newer.bytes[8] = 2;
    reseal(newer.bytes.subarray(0, START_BYTES), 0);
    const recovery = replay([segment(leases(1, 5)), newer]);
    expect(recovery.refused).toContain("newer version");
    expect(recovery.refused).toContain(newer.name);
    expect(recovery).toMatchObject({ leases: [], remove: [], ends: [], damage: [], setAside: [] });
  });

  test("gap between files", () => {
    const recovery = replay([segment(leases(1, 5)), segment(leases(9, 10))]);
    expect(sequences(recovery)).toEqual([1, 2, 3, 4, 5, 9, 10]);
    expect(recovery.findings).toMatchObject([{ label: "gap between files", missing: 3 }]);
  });

  test("no gap when the records between were never stored", () => {
    const recovery = replay([segment(leases(1, 5)), segment(leases(9, 10), { after: 5 })]);
    expect(recovery.findings).toEqual([]);
  });

  test("each file is read with its own salt", () => {
    const recovery = replay([
      segment(leases(1, 5), { salt: 1 }),
      snapshot(5, leases(2, 3), 2),
      segment(leases(6, 7), { salt: 3 }),
    ]);
    expect(sequences(recovery)).toEqual([2, 3, 6, 7]);
  });
});

describe("places in a segment", () => {
  test("row: torn tail", () => {
    const whole = segment(leases(1, 5));
    const last = whole.records[4];
    for (let length = last?.start ?? 0; length < (last?.end ?? 0); length++) {
      for (const zeros of [0, 700]) {
        const bytes = new Uint8Array(length + zeros);
        bytes.set(whole.bytes.subarray(0, length));
        const recovery = replay([{ name: whole.name, bytes }]);
        expect(sequences(recovery)).toEqual([1, 2, 3, 4]);
        const isTorn = length > (last?.start ?? 0);
        expect(labels(recovery)).toEqual(isTorn ? ["torn tail"] : []);
        expect(recovery.ends).toEqual([{ name: whole.name, length: last?.start }]);
      }
    }
  });

  test("row: damaged end", () => {
    const first = segment(leases(1, 5));
    flip(first, first.records[4]?.start ?? 0);
    const recovery = replay([first, segment(leases(6, 9))]);
    expect(sequences(recovery)).toEqual(range(1, 9, [5]));
    expect(recovery.findings).toMatchObject([
      { label: "damaged end", file: first.name },
      { label: "gap between files", missing: 1 },
    ]);
  });

  test("row: damaged in the middle", () => {
    const file = segment(leases(1, 50));
    const from = file.records[20]?.start ?? 0;
    const to = file.records[23]?.end ?? 0;
    file.bytes.fill(0, from + 5, to - 5);
    const recovery = replay([file]);
    expect(sequences(recovery)).toEqual(range(1, 50, [21, 22, 23, 24]));
    expect(recovery.findings).toMatchObject([
      { label: "damaged in the middle", offset: from, bytes: to - from, missing: 4 },
    ]);
    expect(recovery.damage).toMatchObject([{ offset: from, end: to }]);
  });

  test("row: sequences missing", () => {
    const recovery = replay([segment([...leases(1, 5), ...leases(8, 9)])]);
    expect(sequences(recovery)).toEqual([1, 2, 3, 4, 5, 8, 9]);
    expect(recovery.findings).toMatchObject([{ label: "sequences missing", missing: 2 }]);
  });

  test("row: repeated record", () => {
    const old = makeLease(2, 3, { hostname: "old" });
    const recovery = replay([segment([...leases(1, 5), old, ...leases(6, 7)])]);
    expect(labels(recovery)).toEqual(["repeated record"]);
    expect(newest(recovery.leases)).toEqual(newest(leases(1, 7)));
  });

  test("row: end record in a segment", () => {
    const file = segment(leases(1, 5));
    const end = snapshot(2 ** 40, []).bytes.slice(-END_BYTES);
    const rest = segment(leases(6, 8)).bytes.subarray(START_BYTES);
    const bytes = Uint8Array.of(...file.bytes, ...end, ...rest);
    const recovery = replay([{ name: file.name, bytes }]);
    expect(sequences(recovery)).toEqual(range(1, 8));
    expect(labels(recovery)).toEqual(["end record in a segment"]);
    expect(recovery.lastSequence).toBe(8);
  });

  test("rows: newer record, record that may be passed over", () => {
    for (const [type, version] of [
      [1, 4],
      [4, 2],
      [2, 2],
      [0x40, 1],
      [0xc0, 1],
      [0xc0, 9],
    ] as const) {
      const file = segment(leases(1, 9));
      const at = file.records[4];
      const record = file.bytes.subarray(at?.start, at?.end);
      record[8] = version;
      record[9] = type;
      reseal(record, SALT);
      const recovery = replay([file]);
      if (type === 0xc0) {
        expect(recovery).toMatchObject({ refused: "", findings: [], lastSequence: 9 });
        expect(sequences(recovery)).toEqual(range(1, 9, [5]));
      } else {
        expect(recovery.refused).toBe(
          `${file.name}: it was written by a newer version of Tandem (layout ${version}, type ${type})`,
        );
        expect(recovery.leases).toEqual([]);
      }
    }
  });

  test("a newer record behind damage is refused as well", () => {
    const file = segment(leases(1, 9));
    const at = file.records[4];
    const record = file.bytes.subarray(at?.start, at?.end);
    record[9] = 0x40;
    reseal(record, SALT);
    flip(file, file.records[2]?.start ?? 0);
    expect(replay([file]).refused).toContain("newer version");
  });
});

describe("places in a snapshot", () => {
  test("row: snapshot without its end", () => {
    const file = snapshot(5, leases(1, 5));
    for (const zeros of [0, 100]) {
      const bytes = new Uint8Array(file.bytes.length - END_BYTES + zeros);
      bytes.set(file.bytes.subarray(0, file.bytes.length - END_BYTES));
      const recovery = replay([{ name: file.name, bytes }, segment(leases(6, 7))]);
      expect(sequences(recovery)).toEqual(range(1, 7));
      expect(labels(recovery)).toEqual(["snapshot without its end"]);
    }
  });

  test("row: damaged end of a snapshot", () => {
    const file = snapshot(5, leases(1, 5));
    flip(file, file.bytes.length - 1);
    const recovery = replay([file, segment(leases(6, 7))]);
    expect(sequences(recovery)).toEqual(range(1, 7));
    expect(labels(recovery)).toEqual(["damaged end of a snapshot"]);
  });

  test("damaged in the middle: the end says how many records are missing", () => {
    const file = snapshot(9, leases(1, 9));
    flip(file, (file.records[3]?.start ?? 0) + 20);
    flip(file, (file.records[6]?.start ?? 0) + 20);
    const recovery = replay([file]);
    expect(sequences(recovery)).toEqual(range(1, 9, [4, 7]));
    expect(recovery.findings).toMatchObject([
      { label: "damaged in the middle" },
      { label: "damaged in the middle" },
      { label: "records missing", missing: 2 },
    ]);
  });

  test("a damaged snapshot supersedes nothing: older files are read to make up for it", () => {
    const file = snapshot(9, leases(1, 9));
    flip(file, (file.records[3]?.start ?? 0) + 20);
    const recovery = replay([file, segment(leases(1, 9))]);
    expect(sequences(recovery)).toEqual(range(1, 9));
    expect(recovery.remove).toEqual([]);
  });
});

describe("forged records", () => {
  /** A client identifier in which a client has put a whole record, under a salt of its choice. */
  function forger(sequence: number, salt: number): Lease {
    const inner = segment([makeLease(sequence + 1, 666, { hostname: "forged" })], { salt });
    return makeLease(sequence, 5, { client: inner.bytes.slice(START_BYTES - 3) });
  }

  test("a record inside a client identifier is not found behind damage", () => {
    for (const salt of [1, SALT ^ 1]) {
      const file = segment([...leases(1, 4), forger(5, salt), ...leases(6, 9)]);
      flip(file, (file.records[4]?.start ?? 0) + 3);
      const recovery = replay([file]);
      expect(sequences(recovery)).toEqual(range(1, 9, [5]));
      expect(recovery.leases.some((lease) => lease.hostname === "forged")).toBe(false);
    }
  });

  test("a start inside a client identifier is not found either, so it cannot refuse service", () => {
    const start = segment([], { first: 6 }).bytes.slice(0, START_BYTES);
    start[8] = 9;
    const lease = makeLease(5, 5, { client: reseal(start, 0) });
    const file = segment([...leases(1, 4), lease, ...leases(6, 9)]);
    flip(file, (file.records[4]?.start ?? 0) + 3);
    expect(replay([file]).refused).toBe("");
  });

  test("even with the right salt, a record must fit between its neighbours", () => {
    const file = segment(
      [...leases(1, 4), forger(500, SALT), ...leases(6, 9)].map((lease) =>
        lease.sequence === 500 ? { ...lease, sequence: 5 } : lease,
      ),
    );
    flip(file, (file.records[4]?.start ?? 0) + 3);
    expect(sequences(replay([file]))).toEqual(range(1, 9, [5]));
  });
});

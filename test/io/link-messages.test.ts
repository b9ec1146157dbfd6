// The stream of messages from rawlink, cut at every place and damaged at every byte.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MESSAGE, MessageReader, openMessage } from "../../daemon/io/link-messages.ts";

function message(type: number, payload: Uint8Array, flags = 0): Uint8Array {
  return Uint8Array.from([type, flags, payload.length >> 8, payload.length & 0xff, ...payload]);
}

/** Everything a reader says, one line each. */
class Recorder {
  readonly lines: string[] = [];
  readonly macs: Uint8Array[] = [];
  readonly reader = new MessageReader({
    frame: (bytes, start, end, ready) => {
      const text = Buffer.from(bytes.subarray(start, end)).toString("hex");
      this.lines.push(`frame ${text} ${ready}`);
    },
    batchEnd: () => this.lines.push("batch"),
    state: (state) => {
      this.macs.push(state.mac);
      const { present, carrier, ifindex, mtu } = state;
      this.lines.push(`link ${present} ${carrier} ${ifindex} ${mtu} ${state.mac.join(":")}`);
    },
    error: (text) => this.lines.push(`error ${text}`),
    drops: (...totals) => this.lines.push(`drops ${totals.join(" ")}`),
  });

  /** Reads in pieces of these lengths; the last piece is what is left. */
  read(stream: Uint8Array, pieces: readonly number[] = []): string | null {
    // As the socket does it: each chunk overwrites the earlier one in the same buffer.
    const buffer = new Uint8Array(stream.length + 1).fill(0xee);
    let at = 0;
    for (const piece of [...pieces, stream.length]) {
      const chunk = stream.subarray(at, at + piece);
      buffer.fill(0xee);
      buffer.set(chunk);
      const wrong = this.reader.read(buffer, chunk.length);
      if (wrong !== null) return wrong;
      at += chunk.length;
    }
    return null;
  }

  get withoutBatches(): string[] {
    return this.lines.filter((line) => line !== "batch");
  }
}

const link = message(
  MESSAGE.link,
  Uint8Array.of(1, 1, 0, 0, 0, 0, 1, 2, 0, 0, 5, 220, 2, 3, 4, 5, 6, 7, 0, 0),
);
const error = message(
  MESSAGE.error,
  Uint8Array.from([0, 0, 0, 1, ...new TextEncoder().encode("größer")]),
);
const drops = message(
  MESSAGE.drops,
  Uint8Array.of(0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 3, 255, 255, 255, 255),
);
const frames = [
  message(MESSAGE.frame, Uint8Array.of(1, 2, 3), 1),
  message(MESSAGE.frame, new Uint8Array(2048).fill(7)),
  message(MESSAGE.frame, new Uint8Array(0)),
];
const all = Uint8Array.from([link, error, ...frames, drops].flatMap((each) => [...each]));
const allLines = [
  "link true true 258 1500 2:3:4:5:6:7",
  "error größer",
  "frame 010203 false",
  `frame ${"07".repeat(2048)} true`,
  "frame  true",
  "drops 1 256 3 4294967295",
];

describe("messages from rawlink", () => {
  test("each message is decoded", () => {
    const recorder = new Recorder();
    expect(recorder.read(all)).toBeNull();
    expect(recorder.lines).toEqual([...allLines, "batch"]);
  });

  test("byte by byte they are the same", () => {
    const recorder = new Recorder();
    expect(recorder.read(all, new Array(all.length).fill(1))).toBeNull();
    expect(recorder.withoutBatches).toEqual(allLines);
  });

  test("cut in two at every place they are the same", () => {
    for (let cut = 0; cut <= all.length; cut++) {
      const recorder = new Recorder();
      expect(recorder.read(all, [cut])).toBeNull();
      expect(recorder.withoutBatches).toEqual(allLines);
    }
  });

  test("cut anywhere and any number of times they are the same", () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (lengths) => {
        const recorder = new Recorder();
        expect(recorder.read(all, lengths)).toBeNull();
        expect(recorder.withoutBatches).toEqual(allLines);
      }),
    );
  });

  test("batchEnd comes once per chunk, and only after frames", () => {
    const recorder = new Recorder();
    const two = Uint8Array.from([...(frames[0] ?? []), ...(frames[2] ?? [])]);
    recorder.read(two);
    recorder.read(link);
    expect(recorder.lines.filter((line) => line === "batch")).toHaveLength(1);
    expect(recorder.lines[2]).toBe("batch");
  });

  test("the address of a state stays as it was when the buffer is used again", () => {
    const recorder = new Recorder();
    const chunk = Buffer.from(link);
    recorder.reader.read(chunk, chunk.length);
    chunk.fill(0);
    expect(recorder.macs).toEqual([Uint8Array.of(2, 3, 4, 5, 6, 7)]);
  });

  test.each([
    ["an unknown type", Uint8Array.of(0x85, 0, 0, 0)],
    ["a message only clients send", openMessage("v0")],
    ["a LINK of 19 bytes", message(MESSAGE.link, new Uint8Array(19))],
    ["a LINK of 21 bytes", message(MESSAGE.link, new Uint8Array(21))],
    ["DROPS of 12 bytes", message(MESSAGE.drops, new Uint8Array(12))],
    ["an ERROR without its number", message(MESSAGE.error, new Uint8Array(3))],
    ["a frame of 2049 bytes", message(MESSAGE.frame, new Uint8Array(2049))],
  ])("%s is a violation, wherever the reads end", (_, bad) => {
    const stream = Uint8Array.from([...link, ...(frames[0] ?? []), ...bad]);
    for (let cut = 0; cut <= stream.length; cut++) {
      const recorder = new Recorder();
      expect(recorder.read(stream, [cut])).toMatch(/^it sent a message of type \d+ with \d+ bytes/);
      expect(recorder.withoutBatches).toEqual([allLines[0], allLines[2]]);
    }
  });

  test("no damage makes it throw", () => {
    const damage = fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(255)), { maxLength: 5 });
    const pieces = fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 8 });
    fc.assert(
      fc.property(damage, pieces, (changes, lengths) => {
        const stream = all.slice();
        for (const [at, value] of changes) stream[at] = value;
        new Recorder().read(stream, lengths);
      }),
      { numRuns: 2000 },
    );
  });

  test("stopped from within an event, it says nothing more", () => {
    const seen: number[] = [];
    const reader = new MessageReader({
      frame: (_bytes, start) => {
        seen.push(start);
        if (seen.length === 2) reader.stop();
      },
      batchEnd: () => seen.push(-1),
      state: () => {},
      error: () => {},
      drops: () => {},
    });
    const frame = [...(frames[0] ?? [])];
    const stream = Uint8Array.from([...frame, ...frame, ...frame, 9, 9, 9, 9, 9]);
    expect(reader.read(stream, stream.length)).toBeNull();
    expect(reader.read(stream, stream.length)).toBeNull();
    expect(seen).toHaveLength(2);
  });
});

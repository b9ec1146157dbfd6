// Captures as their readers get them: what is in the file, when it ends, and that a slow reader costs nothing.

import { beforeEach, describe, expect, test } from "vitest";
import { Captures } from "../../daemon/capture/captures.ts";
import { LOG, sentence } from "../../daemon/catalogue.ts";
import type { CaptureWish } from "../../daemon/http/capture-routes.ts";
import type { FrameTap } from "../../daemon/io/link.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { Reader } from "../http/ask.ts";
import { clientFrame, macBytes } from "../support/client-frame.ts";
import { countsOf, readPcapng } from "../support/pcapng.ts";

const ALL: CaptureWish = { by: "anna", seconds: 60, mac: undefined, interfaceName: undefined };
const FRAME = clientFrame({ type: 1, mac: "02:00:5e:10:00:01" });

let tap: FrameTap | undefined;
let monotonic: number;
let wall: number;
let tickers: Set<() => void>;
let captures: Captures;
let said: string[];

beforeEach(() => {
  tap = undefined;
  monotonic = 5000.25;
  wall = 1_780_000_000_000;
  tickers = new Set();
  said = [];
  captures = new Captures({
    version: "1.2.3",
    now: () => ({ monotonic, wall }),
    every: (_, callback) => {
      tickers.add(callback);
      return () => tickers.delete(callback);
    },
    networks: () => [
      { name: "office", interface: "lan0" },
      { name: "guests", interface: "lan1" },
      { name: "phones", interface: "lan0" },
      { name: "far", interface: "" },
    ],
    setTap: (next) => {
      tap = next;
    },
    say: (id, values) => said.push(sentence(LOG[id].text, values)),
  });
});

function begin(wish: Partial<CaptureWish> = {}, reader = new Reader(1 << 24)): Reader {
  const body = captures.open({ ...ALL, ...wish });
  if (!body) throw new Error("refused");
  body(reader);
  return reader;
}

function pass(milliseconds: number): void {
  const end = monotonic + milliseconds;
  while (monotonic < end) {
    const step = Math.min(LIMITS.captureFlushMilliseconds, end - monotonic);
    monotonic += step;
    wall += step;
    for (const tick of [...tickers]) tick();
  }
}

function receive(times = 1, interfaceName = "lan0"): void {
  for (let i = 0; i < times; i++) tap?.received(interfaceName, FRAME, 0, FRAME.length, true);
}

describe("a capture", () => {
  test("has its interfaces from the beginning, and is handed on while it is made", () => {
    const reader = begin();
    const head = reader.read();
    expect(countsOf(head)).toMatchObject({ frames: 0, interfaces: ["lan0", "lan1"] });
    receive();
    expect(reader.waitingBytes).toBe(0);
    pass(LIMITS.captureFlushMilliseconds);
    expect(countsOf(Buffer.concat([head, reader.read()])).frames).toBe(1);
  });

  test("ends when its time is over, and says how many frames there were", () => {
    const reader = begin({ seconds: 2 });
    receive(3);
    tap?.sent("lan1", FRAME);
    pass(1900);
    expect(reader.state).toBe("open");
    // The reader has taken everything when the last words come.
    const first = reader.read();
    pass(100);
    const file = Buffer.concat([first, reader.read()]);
    pass(100);
    expect(reader.state).toBe("ended");
    expect(countsOf(file)).toEqual({
      frames: 4,
      interfaces: ["lan0", "lan1"],
      received: 4,
      dropped: 0,
      comments: ["The time is over.", "The time is over."],
    });
    expect(tap).toBeUndefined();
    expect(tickers.size).toBe(0);
  });

  test("ends when its file is as long as it may be", () => {
    const reader = begin();
    const parts = [];
    for (let i = 0; reader.state === "open" && i < 1000; i++) {
      receive(100);
      pass(LIMITS.captureFlushMilliseconds);
      parts.push(reader.read());
    }
    const file = Buffer.concat(parts);
    expect(reader.state).toBe("ended");
    expect(file.length).toBeLessThanOrEqual(LIMITS.captureBytesMax + 500);
    expect(file.length).toBeGreaterThan(LIMITS.captureBytesMax - 500);
    const { frames, received, comments } = countsOf(file);
    expect(frames).toBe(received);
    expect(comments).toEqual(Array(2).fill("The file is as long as it may be."));
  });

  test("keeps the time of each frame, whatever becomes of the clock", () => {
    const reader = begin();
    monotonic += 0.000_75;
    receive();
    wall -= 86_400_000;
    monotonic += 1000;
    receive();
    pass(LIMITS.captureFlushMilliseconds);
    const stamps = readPcapng(reader.read()).flatMap(({ type, body }) =>
      type === "packet" ? [Number(body.getBigUint64(4) - 1_780_000_000_000_000_000n)] : [],
    );
    // A double holds the monotonic clock to about a nanosecond.
    expect(stamps[0]).toBeGreaterThan(700);
    expect(stamps[0]).toBeLessThan(800);
    expect((stamps[1] ?? 0) - (stamps[0] ?? 0)).toBe(1_000_000_000);
  });

  test("begins at the frame, wherever it is in its buffer, and copies it", () => {
    const reader = begin();
    const buffer = Uint8Array.from([9, 9, ...FRAME, 9]);
    tap?.received("lan0", buffer, 2, 2 + FRAME.length, false);
    buffer.fill(0);
    pass(LIMITS.captureFlushMilliseconds);
    const packet = readPcapng(reader.read()).find(({ type }) => type === "packet");
    const { body } = packet ?? { body: new DataView(new ArrayBuffer(0)) };
    const bytes = new Uint8Array(body.buffer, body.byteOffset + 20, FRAME.length);
    expect(bytes).toEqual(FRAME);
    expect(new TextDecoder().decode(packet?.options.get(1))).toContain("left to the network card");
  });

  test("takes up an interface that appears later", () => {
    const reader = begin();
    receive(1, "lan7");
    pass(LIMITS.captureFlushMilliseconds);
    expect(countsOf(reader.read()).interfaces).toEqual(["lan0", "lan1", "lan7"]);
  });
});

describe("a reader", () => {
  test("that never reads costs a bounded amount, and is cut off in the end", () => {
    const reader = begin({ seconds: 5 });
    for (let i = 0; i < 50; i++) {
      receive(1000);
      expect(reader.waitingBytes).toBeLessThanOrEqual(LIMITS.captureWaitingBytesMax);
      pass(LIMITS.captureFlushMilliseconds);
    }
    expect(reader.waitingBytes).toBeGreaterThan(LIMITS.captureWaitingBytesMax / 2);
    pass(LIMITS.captureRestMilliseconds - 100);
    expect(reader.state).toBe("open");
    pass(200);
    expect(reader.state).toBe("cut");
    expect(tap).toBeUndefined();
    const { received, dropped, frames } = countsOf(reader.read());
    expect(received).toBe(50_000);
    expect(dropped).toBeGreaterThan(45_000);
    expect(frames + dropped).toBe(received);
  });

  test("that comes back has a whole file, with the number of frames that it missed", () => {
    const reader = begin({ seconds: 5 });
    receive(10_000);
    pass(1000);
    const parts = [reader.read()];
    receive(10);
    pass(4500);
    parts.push(reader.read());
    pass(200);
    expect(reader.state).toBe("ended");
    const { received, dropped, frames } = countsOf(Buffer.concat(parts));
    expect(received).toBe(10_010);
    expect(dropped).toBe(10_010 - frames);
    expect(dropped).toBeGreaterThan(1000);
  });

  test("that goes away ends its capture, and nothing is on the way of packets any more", () => {
    const reader = begin();
    expect(tap).toBeDefined();
    reader.close();
    expect(tap).toBeUndefined();
    expect(tickers.size).toBe(0);
    receive();
    pass(1000);
    expect(reader.state).toBe("closed");
  });
});

describe("captures", () => {
  test("run so many at once; a place is free again when one is over", () => {
    const readers = Array.from({ length: LIMITS.capturesMax }, () => begin());
    expect(captures.open(ALL)).toBeUndefined();
    readers[0]?.close();
    expect(tap).toBeDefined();
    expect(captures.open(ALL)).toBeDefined();
  });

  test("that were asked for at once and not begun take no place", () => {
    for (let i = 0; i < 2 * LIMITS.capturesMax; i++) expect(captures.open(ALL)).toBeDefined();
  });

  test("differ in what they take", () => {
    const [one, other] = [begin({ interfaceName: "lan1" }), begin()];
    receive(2);
    receive(1, "lan1");
    pass(LIMITS.captureFlushMilliseconds);
    expect(countsOf(one.read()).frames).toBe(1);
    expect(countsOf(other.read()).frames).toBe(3);
  });

  test("are no secret: who does it is in the log", () => {
    begin();
    begin({ by: "unix socket", mac: macBytes("02:00:5e:10:00:01"), interfaceName: "lan1" });
    captures.open(ALL);
    expect(said).toEqual([
      "anna looks at the frames of all devices, for 60 s at most.",
      "unix socket looks at the frames of 02:00:5e:10:00:01 on lan1, for 60 s at most.",
    ]);
  });

  test("know where a network is", () => {
    expect(captures.interfaceOf("phones")).toBe("lan0");
    expect(captures.interfaceOf("far")).toBe("");
    expect(captures.interfaceOf("nowhere")).toBeUndefined();
  });
});

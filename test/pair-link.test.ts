// The connections that the partner, or whoever has its key, may have with this box at once.

import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PeerDoor, TurnedAway } from "../daemon/io/peer-door.ts";
import { LIMITS } from "../daemon/limits.ts";
import { PairLink, type PairLinkHandlers } from "../daemon/pair-link.ts";
import type { Beacon } from "../daemon/wire/beacon.ts";
import { askFrame, FRAME, frameOf } from "../daemon/wire/channel-frames.ts";

class Wire extends Duplex {
  readonly written: Buffer[] = [];

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.written.push(bytes);
    done();
  }

  hears(bytes: Uint8Array): void {
    this.emit("data", Buffer.from(bytes));
  }

  get isOver(): boolean {
    return this.destroyed || this.writableEnded;
  }
}

const FRESH = new Uint8Array(12).fill(5);
const ASK = askFrame({ resume: undefined, fresh: FRESH, received: 0 });
const BEACON: Beacon = {
  ...{ kind: "heartbeat", key: FRESH, boot: FRESH, sequence: 1, wall: 0, lateMilliseconds: 0 },
  ...{ port: 8647, model: "", serial: "", software: "", partner: undefined, echo: undefined },
  ...{ state: 0, generation: 0, gateway: 0, lans: [] },
};
let turnedAway: TurnedAway[] = [];
let said: string[] = [];
let link: PairLink;
let now = 0;
/** Somebody listens where the partner was. */
let isListening = true;

beforeEach(() => {
  [turnedAway, said] = [[], []];
  isListening = true;
  link = makeLink();
});

function makeLink(): PairLink {
  const door = {
    turnedAway: (why: TurnedAway) => turnedAway.push(why),
    knock: (...[, , , tell]: Parameters<PeerDoor["knock"]>) => tell(!isListening),
  };
  const handlers: PairLinkHandlers = {
    open: () => {},
    bytes: () => {},
    closed: () => {},
    sessionOpened: () => said.push("opened"),
    control: () => {},
    sessionClosed: (reason) => said.push(reason),
    moved: () => {},
    distrusted: () => {},
  };
  let conversations = 0;
  return new PairLink({
    ...{ boot: new Uint8Array(8).fill(1), partnerId: new Uint8Array(32), dials: false, handlers },
    door: door as unknown as PeerDoor,
    nextConnection: () => ++conversations,
    now: () => now,
  });
}
afterEach(() => link.stop("the test ends"));

function arrive(interfaceName = "ded0"): Wire {
  const wire = new Wire();
  const socket = wire as unknown as TLSSocket;
  link.arrived({ socket, id: new Uint8Array(32), interfaceName, address: "fe80::1" });
  return wire;
}

test("however many come and say nothing, a few are kept, and the one of the session is", () => {
  const first = arrive();
  first.hears(ASK);
  const others = Array.from({ length: 50 }, () => arrive());
  expect([first, ...others].filter(({ isOver }) => !isOver)).toHaveLength(LIMITS.pairLinesMax);
  expect([first.isOver, link.isOpen, said]).toEqual([false, true, ["opened"]]);
  expect(turnedAway).toEqual(Array(51 - LIMITS.pairLinesMax).fill("session-surplus"));
  // The last one is the partner that moves.
  others.at(-1)?.hears(askFrame({ resume: FRESH, fresh: FRESH, received: 0 }));
  expect([first.isOver, link.isOpen, said]).toEqual([true, true, ["opened"]]);
});

test("what cannot be read harms only the connection that it came on, and is counted", () => {
  const first = arrive("ded0");
  first.hears(ASK);
  for (const bytes of [Uint8Array.of(99, 0, 0), frameOf(FRAME.end, Uint8Array.of(1))]) {
    const other = arrive("lan0");
    other.hears(bytes);
    expect(other.isOver).toBe(true);
  }
  expect([first.isOver, link.isOpen, link.on]).toEqual([false, true, "ded0"]);
  expect(turnedAway).toEqual(["session-unreadable", "session-unreadable"]);
});

test("a connection on which nothing arrives any more is given up, and the session waits for another one", () => {
  vi.useFakeTimers();
  try {
    link.stop("another one is needed");
    link = makeLink();
    const wire = arrive();
    wire.hears(ASK);
    link.sendControl(Uint8Array.of(1));
    for (let passed = 0; passed < LIMITS.channelGraceMilliseconds; passed += 100, now += 100) {
      vi.advanceTimersByTime(100);
      expect(link.on).toBe("ded0");
    }
    now += 1000;
    vi.advanceTimersByTime(1000);
    expect([link.on, link.isOpen, wire.isOver]).toEqual([undefined, true, true]);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  [false, ["opened", "the partner has ended"]],
  [true, ["opened"]],
])("a partner that closes the connection, and listens on: %s", (isThere, told) => {
  const path = {
    interfaceName: "ded0",
    lan: undefined,
    verdict: "up",
    address: "fe80::1",
  } as const;
  const paths = [{ ...path, heardAt: 0 }];
  link.look({ conclusion: "in-step", paths, partner: BEACON, isDisowned: false });
  const wire = arrive();
  wire.hears(ASK);
  isListening = isThere;
  wire.emit("end");
  wire.emit("close");
  expect(said).toEqual(told);
});

describe("as if the power were gone", () => {
  const opened = (): Wire => {
    const wire = arrive();
    wire.hears(ASK);
    expect([link.isOpen, link.on]).toEqual([true, "ded0"]);
    wire.written.length = 0;
    return wire;
  };

  test("what stands is not closed, nothing is said on it, and nothing is heard", () => {
    const wire = opened();
    link.mute(true);
    link.mute(true);
    expect([wire.isOver, link.on]).toEqual([false, undefined]);
    link.sendControl(Uint8Array.of(1, 2, 3));
    wire.hears(frameOf(FRAME.end, Uint8Array.of(1)));
    wire.hears(Uint8Array.of(99, 0, 0));
    expect([wire.written, wire.isOver, said]).toEqual([[], false, ["opened"]]);
    expect(turnedAway).toEqual([]);
  });

  test("who comes meanwhile is left waiting, and nobody is dialled", () => {
    opened();
    link.mute(true);
    const other = arrive("lan0");
    other.hears(askFrame({ resume: FRESH, fresh: FRESH, received: 0 }));
    const paths = [
      { interfaceName: "ded0", lan: undefined, verdict: "up", address: "fe80::1", heardAt: 0 },
    ] as const;
    link.look({ conclusion: "in-step", paths, partner: BEACON, isDisowned: false });
    expect([other.written, other.isOver, link.on]).toEqual([[], false, undefined]);
  });

  test("when it is over, the old connections are gone without a word, and the session goes on on a new one", () => {
    const wire = opened();
    link.mute(true);
    const other = arrive("lan0");
    link.sendControl(Uint8Array.of(1));
    link.mute(false);
    expect([wire.destroyed, wire.written, other.destroyed]).toEqual([true, [], true]);
    const next = arrive();
    next.hears(askFrame({ resume: FRESH, fresh: FRESH, received: 0 }));
    expect([link.on, link.isOpen]).toEqual(["ded0", true]);
    expect(next.written.length, "what had to wait is said").toBeGreaterThan(0);
    link.mute(false);
    expect(next.isOver).toBe(false);
  });

  test("a partner that has given it up has the session end and begin anew", () => {
    opened();
    link.mute(true);
    link.mute(false);
    const next = arrive();
    next.hears(askFrame({ resume: undefined, fresh: FRESH.map((byte) => byte + 1), received: 0 }));
    expect([link.on, link.isOpen]).toEqual(["ded0", true]);
    expect(said).toEqual(["opened", expect.any(String), "opened"]);
  });
});

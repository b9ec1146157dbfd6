// The one connection with a box that is not known yet, whatever strangers do with it.

import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { beforeEach, expect, test } from "vitest";
import { IntroductionLink } from "../../daemon/io/introduction-link.ts";
import type { DialEnd, PeerDoor, TurnedAway } from "../../daemon/io/peer-door.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { usedBytes } from "../support/used-bytes.ts";

class Wire extends Duplex {
  override _read(): void {}

  override _write(_bytes: Buffer, _encoding: string, done: () => void): void {
    done();
  }

  hears(bytes: Buffer): void {
    this.emit("data", bytes);
  }
}

let said: string[] = [];
let received: Uint8Array[] = [];
let turnedAway: TurnedAway[] = [];
let dialled: DialEnd | undefined;
let link: IntroductionLink;
let isWelcome = true;

beforeEach(() => {
  [said, received, turnedAway, dialled, isWelcome] = [[], [], [], undefined, true];
  link = new IntroductionLink({
    connected: (id) => {
      said.push(`connected ${id[0]}`);
      if (!isWelcome) link.close();
    },
    received: (message) => received.push(message),
    closed: (reason) => said.push(`closed: ${reason}`),
  });
  const dial: PeerDoor["dial"] = (_name, _address, _port, end) => {
    dialled = end;
    return () => said.push("dial given up");
  };
  const door = { dial, turnedAway: (why: TurnedAway) => turnedAway.push(why) };
  link.door = door as unknown as PeerDoor;
});

function visitor(number: number): { socket: Wire; visit: () => void } {
  const socket = new Wire();
  const id = new Uint8Array(32).fill(number);
  const visit = () =>
    link.visited({
      ...{ socket: socket as unknown as TLSSocket, id },
      ...{ interfaceName: "ded0", address: "fe80::1" },
    });
  return { socket, visit };
}

function message(length: number): Buffer {
  const bytes = Buffer.alloc(4 + length, 7);
  bytes.writeUInt32BE(length);
  return bytes;
}

test("messages come whole, however they are cut", () => {
  const { socket, visit } = visitor(1);
  visit();
  const all = Buffer.concat([message(0), message(5), message(300), message(1), message(70_000)]);
  for (let at = 0, piece = 1; at < all.length; at += piece, piece = (piece * 7) % 1000 || 1) {
    socket.hears(all.subarray(at, at + piece));
  }
  expect(received.map(({ length }) => length)).toEqual([0, 5, 300, 1, 70_000]);
  expect(received.flatMap((bytes) => [...bytes]).every((byte) => byte === 7)).toBe(true);
});

test("what comes byte by byte is held as what it is, and not as so many pieces", async () => {
  const { socket, visit } = visitor(1);
  visit();
  const head = Buffer.alloc(4);
  head.writeUInt32BE(LIMITS.controlBytesMax);
  socket.hears(head);
  const before = await usedBytes();
  for (let byte = 0; byte < 300_000; byte++) socket.hears(Buffer.alloc(1));
  expect((await usedBytes()) - before).toBeLessThan(4 << 20);
  expect(received).toEqual([]);
});

test("who announces more than a message can be is cut off, and counted", () => {
  const { socket, visit } = visitor(1);
  visit();
  socket.hears(Buffer.alloc(9, 255));
  expect(socket.destroyed).toBe(true);
  expect(turnedAway).toEqual(["introduction-too-long"]);
  expect(said[1]).toMatch(/^closed: it says more than/);
});

test("nobody takes the place of who is there, nor of who is being dialled", () => {
  const [first, second] = [visitor(1), visitor(2)];
  first.visit();
  second.visit();
  expect([first.socket.destroyed, second.socket.destroyed]).toEqual([false, true]);
  link.close();
  link.dial({ interfaceName: "ded0", address: "fe80::9", port: 8647 });
  const third = visitor(3);
  third.visit();
  expect(third.socket.destroyed).toBe(true);
  expect(said).toEqual(["connected 1"]);
  expect(turnedAway).toEqual(["introduction-occupied", "introduction-occupied"]);
  // When nothing comes of it, the next one is welcome.
  dialled?.failed("it did not answer", false);
  const fourth = visitor(4);
  fourth.visit();
  expect(said).toEqual(["connected 1", "closed: it did not answer", "connected 4"]);
});

test("one that is not welcome is sent away at once, with its answer, and the place is free", () => {
  isWelcome = false;
  const unwelcome = visitor(1);
  unwelcome.visit();
  expect(turnedAway).toEqual(["introduction-unwelcome"]);
  expect(unwelcome.socket.writableEnded).toBe(true);
  isWelcome = true;
  visitor(2).visit();
  expect(said).toEqual(["connected 1", "connected 2"]);
});

test("an error of a connection is an end of it, and no more", () => {
  const { socket, visit } = visitor(1);
  visit();
  socket.destroy(new Error("reset"));
  expect(() => link.send(new Uint8Array(4))).not.toThrow();
});

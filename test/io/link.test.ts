// RawLink against a rawlink made here, which can be as wrong, slow or absent as needed.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { RawLink } from "../../daemon/io/link.ts";
import { LinkRecorder } from "../support/link-events.ts";

const LINK = Uint8Array.of(
  ...[0x81, 0, 0, 20, 1, 1, 0, 0, 0, 0, 0, 7, 0, 0, 5, 220, 2, 0, 0, 0, 0, 1, 0, 0],
);
const OPEN_LAN0 = "010000046c616e30";
const FRAME = Uint8Array.of(0x82, 0, 0, 3, 1, 2, 3);

function drops(...totals: number[]): Uint8Array {
  return Uint8Array.from([0x84, 0, 0, 16, ...totals.flatMap((total) => [0, 0, 0, total])]);
}

async function until(ready: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !ready(); waited += 2) {
    if (waited > 10_000) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

class FakeRawlink {
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  received = "";
  reads = true;
  greeting: Uint8Array | null = LINK;

  constructor(path: string) {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on("error", () => {});
      if (!this.reads) socket.pause();
      socket.on("data", (chunk) => {
        this.received += chunk.toString("hex");
      });
      if (this.greeting !== null) socket.write(this.greeting);
    });
    this.#server.listen(path);
  }

  get socket(): Socket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nobody connected");
    return socket;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

describe("RawLink", () => {
  const folder = mkdtempSync(join(tmpdir(), "tandem-link-"));
  let count = 0;
  let path: string;
  let events: LinkRecorder;
  let link: RawLink;
  let fake: FakeRawlink | null;

  beforeEach(() => {
    path = join(folder, `${count++}.sock`);
    events = new LinkRecorder();
    link = new RawLink(path, "lan0", events);
    fake = null;
  });
  afterEach(() => {
    link.close();
    fake?.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function connected(): Promise<FakeRawlink> {
    fake ??= new FakeRawlink(path);
    link.open();
    await until(() => events.states.length > 0, "a first state");
    return fake;
  }

  test("it names its interface, and hands on state and frames", async () => {
    const server = await connected();
    expect(server.received).toBe(OPEN_LAN0);
    expect(events.helpers).toEqual([[true, ""]]);
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
    expect(events.states).toEqual([{ present: true, carrier: true, ifindex: 7, mtu: 1500, mac }]);
    server.socket.write(Uint8Array.from([...FRAME, ...FRAME]));
    await until(() => events.frames.length === 2, "two frames");
    expect(events.frames).toEqual(["010203", "010203"]);
    expect(events.batches).toBe(1);
  });

  test("byte by byte it understands the same", async () => {
    const server = await connected();
    for (const byte of [...FRAME, ...LINK, ...FRAME]) {
      server.socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => events.frames.length === 2, "two frames");
    expect(events.states).toHaveLength(2);
  });

  test("who looks on sees what comes in before it is handled, and what goes out; or nothing", async () => {
    const server = await connected();
    const seen: string[] = [];
    link.tap = {
      received: (name, bytes, start, end, isReady) => {
        const frame = Buffer.from(bytes.subarray(start, end)).toString("hex");
        seen.push(`${name} in ${frame} ${isReady} ${events.frames.length}`);
      },
      sent: (name, frame) => seen.push(`${name} out ${Buffer.from(frame).toString("hex")}`),
    };
    server.socket.write(Uint8Array.from([...FRAME, 0x82, 1, 0, 1, 9]));
    await until(() => events.frames.length === 2, "two frames");
    link.send(Uint8Array.of(4, 5));
    // One that rawlink does not get is not seen either.
    link.send(new Uint8Array(4096));
    expect(seen).toEqual(["lan0 in 010203 true 0", "lan0 in 09 false 1", "lan0 out 0405"]);
    link.tap = undefined;
    server.socket.write(FRAME);
    link.send(Uint8Array.of(6));
    await until(() => events.frames.length === 3, "a third frame");
    expect(seen).toHaveLength(3);
  });

  test("frames of a batch leave together and in order, and only with flush", async () => {
    const server = await connected();
    link.send(Uint8Array.of(1, 1));
    link.send(Uint8Array.of(2));
    expect(link.backlogBytes).toBe(4 + 2 + 4 + 1);
    link.flush();
    expect(link.backlogBytes).toBe(0);
    link.send(Uint8Array.of(3));
    link.flush();
    await until(() => server.received.length >= 2 * (8 + 6 + 5 + 5), "three frames");
    expect(server.received).toBe(`${OPEN_LAN0}020000020101${"0200000102"}${"0200000103"}`);
  });

  test("a sent frame may be changed by its owner at once", async () => {
    const server = await connected();
    const frame = Uint8Array.of(9);
    link.send(frame);
    frame[0] = 0;
    link.flush();
    await until(() => server.received.endsWith("0200000109"), "the frame as it was");
  });

  test("a frame longer than the protocol allows is lost and counted, the stream stays good", async () => {
    const server = await connected();
    link.send(new Uint8Array(2049));
    link.send(Uint8Array.of(5));
    link.flush();
    await until(() => server.received.endsWith("0200000105"), "the next frame");
    server.socket.write(drops(0, 0, 0, 0));
    await until(() => events.totals.length > 0, "totals");
    expect(events.totals.at(-1)).toEqual([0, 0, 0, 1]);
  });

  test("a rawlink that is not there is named once, and found when it comes", async () => {
    link.open();
    await until(() => events.helpers.length > 0, "it says so");
    expect(events.helpers).toEqual([[false, `its socket ${path} does not exist`]]);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(events.helpers).toHaveLength(1);
    fake = new FakeRawlink(path);
    await until(() => events.states.length === 1, "connected by itself");
    expect(events.helpers.at(-1)).toEqual([true, ""]);
  });

  test("a rawlink that goes is reported with the reason, and found again", async () => {
    const server = await connected();
    for (let round = 0; round < 3; round++) {
      server.socket.destroy();
      await until(() => events.states.length === 2 + round, "connected again");
    }
    const gone = [false, "it closed the connection"];
    const back = [true, ""];
    expect(events.helpers).toEqual([back, gone, back, gone, back, gone, back]);
    server.stop();
    await until(() => !existsSync(path), "the socket is removed");
    await until(() => events.helpers.at(-1)?.[1].includes("does not exist") === true, "named");
  });

  test.each([
    ["a wrong type", Uint8Array.of(0x77, 0, 0, 0)],
    ["a wrong length", Uint8Array.of(0x81, 0, 0, 19)],
    ["a client's message", Uint8Array.of(2, 0, 0, 1, 0)],
  ])("%s from rawlink ends the connection, which is made anew", async (_, bad) => {
    const server = await connected();
    server.socket.write(Uint8Array.from([...FRAME, ...bad, ...FRAME]));
    await until(() => events.states.length === 2, "connected again");
    expect(events.frames).toEqual(["010203"]);
    expect(events.helpers[1]?.[0]).toBe(false);
    expect(events.helpers[1]?.[1]).toMatch(/^it sent a message of type /);
  });

  test("half a message of a lost connection does not spoil the next one", async () => {
    const server = await connected();
    server.socket.end(FRAME.subarray(0, 5));
    await until(() => events.states.length === 2, "connected again");
    server.socket.write(FRAME);
    await until(() => events.frames.length === 1, "a whole frame");
    expect(events.frames).toEqual(["010203"]);
  });

  test("a rawlink that never answers is given up", async () => {
    fake = new FakeRawlink(path);
    fake.greeting = null;
    link.open();
    await until(() => events.helpers.length > 0, "it is named");
    expect(events.helpers).toEqual([[false, "it does not answer"]]);
  });

  test("while rawlink does not read, at most 1 MiB waits, the rest is lost and counted", async () => {
    fake = new FakeRawlink(path);
    fake.reads = false;
    const server = await connected();
    const frame = new Uint8Array(996);
    const sent = 4000;
    for (let i = 0; i < sent; i++) {
      new DataView(frame.buffer).setUint32(0, i);
      link.send(frame);
      if (i % 10 === 9) link.flush();
      expect(link.backlogBytes).toBeLessThanOrEqual(1 << 20);
    }
    expect(link.backlogBytes).toBeGreaterThan(500_000);
    server.socket.resume();
    await until(() => link.backlogBytes === 0, "all that waited is written");
    link.send(Uint8Array.of(0xab));
    link.flush();
    await until(() => server.received.endsWith("02000001ab"), "what comes later arrives");
    const bytes = Buffer.from(server.received.slice(OPEN_LAN0.length), "hex");
    const arrived = (bytes.length - 5) / 1000;
    const numbers = Array.from({ length: arrived }, (_, i) => bytes.readUInt32BE(i * 1000 + 4));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    await until(() => events.totals.at(-1)?.[3] === sent - arrived, "the rest is counted");
    expect(events.helpers).toEqual([[true, ""]]);
  });

  test("a rawlink that stops reading for good is given up, and its frames count as lost", async () => {
    fake = new FakeRawlink(path);
    fake.reads = false;
    await connected();
    for (let i = 0; i < 1000; i++) link.send(new Uint8Array(1000));
    link.flush();
    for (let i = 0; i < 10; i++) link.send(new Uint8Array(1000));
    await until(() => events.helpers.length === 3, "given up and connected again");
    expect(events.helpers[1]).toEqual([false, "it takes no more frames"]);
    expect(link.backlogBytes).toBe(0);
    expect(events.totals.at(-1)?.[3]).toBe(1010);
  });

  test("totals go on over connections, and count what was sent while there was none", async () => {
    const server = await connected();
    server.socket.write(drops(1, 2, 3, 4));
    await until(() => events.totals.length === 1, "first totals");
    server.socket.destroy();
    await until(() => events.helpers.at(-1)?.[0] === false, "gone");
    link.send(FRAME);
    link.flush();
    await until(() => events.states.length === 2, "back");
    expect(events.totals.at(-1)).toEqual([1, 2, 3, 5]);
    server.socket.write(drops(10, 0, 0, 1));
    await until(() => events.totals.at(-1)?.[0] === 11, "sums");
    expect(events.totals.at(-1)).toEqual([11, 2, 3, 6]);
  });

  test("closed from within a frame, it says nothing more", async () => {
    const server = await connected();
    events.onFrame = () => link.close();
    server.socket.write(Uint8Array.from([...FRAME, ...FRAME, ...LINK]));
    await until(() => server.socket.destroyed, "rawlink sees it go");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(events.frames).toHaveLength(1);
    expect(events.batches).toBe(0);
    expect(events.states).toHaveLength(1);
    expect(events.helpers).toEqual([[true, ""]]);
    expect(server.sockets).toHaveLength(1);
  });

  test("closed while it waits for a rawlink, it tries no more, and can be opened again", async () => {
    link.open();
    await until(() => events.helpers.length === 1, "not there");
    link.close();
    fake = new FakeRawlink(path);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(fake.sockets).toHaveLength(0);
    link.open();
    await until(() => events.states.length === 1, "connected");
  });
});

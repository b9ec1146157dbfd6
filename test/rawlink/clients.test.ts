// Clients of the real rawlink: polite ones, slow ones, dying ones, and garbage.

import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openMessage } from "../../daemon/io/link-messages.ts";
import { Client, hex, message, udpFrame } from "./client.ts";
import { build, type Peer, type Rawlink, Room, USUAL, until } from "./room.ts";

describe.each(USUAL)("clients (%s)", (kind) => {
  let programs: string;
  let room: Room;
  let rawlink: Rawlink;
  let peer: Peer;
  let witness: Client;
  let idleFiles = 0;

  beforeAll(async () => {
    programs = build(kind);
    room = await Room.open(programs);
    rawlink = await room.rawlink();
    peer = await room.peer();
    idleFiles = rawlink.files;
  });
  afterAll(async () => {
    await rawlink.stop();
    expect(rawlink.exitCode, rawlink.log).toBe(0);
    await room.close();
    rmSync(programs, { recursive: true });
  });
  // Whatever a client does, another one's frames go on.
  beforeEach(async () => {
    witness = await Client.open(rawlink.socket, "v0");
  });
  afterEach(async () => {
    const frame = udpFrame({ source: room.mac("v1"), data: 123 });
    await peer.send(frame);
    await witness.receives(frame);
    witness.close();
    await until(() => rawlink.files === idleFiles, "all connections are given back");
  });

  test("twenty connections, one after the other, leave no descriptor behind", async () => {
    for (let i = 0; i < 20; i++) {
      const client = await Client.open(rawlink.socket, i % 2 ? "v0" : "w0");
      client.close();
    }
  });

  test("sixteen at once are served, a seventeenth is turned away, and a place that is free is given", async () => {
    const clients: Client[] = [];
    for (let i = 1; i < 16; i++) clients.push(await Client.open(rawlink.socket, "v0"));
    const frame = udpFrame({ source: room.mac("v1"), data: 44 });
    await peer.send(frame);
    for (const client of clients) await client.receives(frame);
    const surplus = new Client(rawlink.socket);
    await surplus.gone();
    expect(rawlink.log).toContain("a connection was refused: there are already 16");
    clients.pop()?.close();
    await until(() => rawlink.files === idleFiles + 15, "the place is free");
    clients.push(await Client.open(rawlink.socket, "v0"));
    for (const client of clients) client.close();
  });

  const long = new Uint8Array(2049);
  test.each([
    ["text", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
    ["an unknown type", message(3, new Uint8Array(4))],
    ["a message only rawlink sends", message(0x81, new Uint8Array(20))],
    ["a flag that does not exist", message(1, Uint8Array.of(0x76, 0x30), 1)],
    ["SEND before OPEN", message(2, new Uint8Array(60))],
    ["an empty name", message(1, new Uint8Array(0))],
    ["a long name", openMessage("sixteen-letters!")],
    ["a name with a NUL", message(1, Uint8Array.of(0x76, 0x30, 0))],
    ["a name with a newline", message(1, Uint8Array.of(0x76, 0x0a))],
    ["a second OPEN", Uint8Array.from([...openMessage("v0"), ...openMessage("v0")])],
    ["a frame beyond 2048 bytes", Uint8Array.from([...openMessage("v0"), ...message(2, long)])],
  ])("%s ends the connection", async (_, bytes) => {
    const client = new Client(rawlink.socket);
    client.socket.write(bytes);
    await client.gone();
    expect(client.violation).toBeNull();
    expect(rawlink.log.trimEnd().split("\n").at(-1)).toMatch(/closed, it sent a wrong message$/);
  });

  test("random bytes end the connection or are waited for, and never more", async () => {
    const seed = Math.floor(Math.random() * 1e9);
    console.log(`random bytes: seed ${seed}`);
    let state = seed;
    const next = () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state >>> 8;
    };
    for (let i = 0; i < 60; i++) {
      const client = new Client(rawlink.socket);
      if (i % 2) client.socket.write(openMessage("v0"));
      const bytes = Uint8Array.from({ length: 1 + (next() % 5000) }, next);
      if (i % 3) bytes.set([2, 0, next() % 9]);
      client.socket.end(bytes);
      await client.gone();
    }
  });

  test("messages may be cut anywhere", async () => {
    const client = new Client(rawlink.socket);
    const own = room.mac("v0");
    const frames = [18, 300, 301].map((data) => udpFrame({ source: own, from: 67, to: 68, data }));
    const stream = [openMessage("v0"), ...frames.map((frame) => message(2, frame))];
    const [open = new Uint8Array(0), ...sends] = stream;
    for (const byte of open) await write(client, Uint8Array.of(byte));
    await client.state((link) => link.carrier, "the name came together");
    for (const byte of sends.flatMap((each) => [...each])) await write(client, Uint8Array.of(byte));
    for (const frame of frames) await peer.sees(frame);
    client.close();
  });

  test("a client may die within a message", async () => {
    const own = udpFrame({ source: room.mac("v0"), from: 67, to: 68, data: 555 });
    for (const cut of [1, 3, 4, 5, 50, own.length + 3]) {
      const client = await Client.open(rawlink.socket, "v0");
      await write(client, message(2, own).subarray(0, cut));
      client.close();
    }
    await until(() => rawlink.log.includes("it left within a message"), "rawlink noticed");
    expect(peer.frames).not.toContain(hex(own));
  });

  test("a client that reads too slowly loses frames, is told how many, and stays in step", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    const frame = udpFrame({ source: room.mac("v1"), data: 333 });
    client.socket.pause();
    const sent = 20_000;
    for (let i = 0; i < 4; i++) await peer.command(`burst ${sent / 4} ${hex(frame)}`);
    const memory = Number.parseInt(rawlink.status("VmRSS"), 10);
    if (kind !== "sanitized") expect(memory).toBeLessThan(8000);
    client.socket.resume();
    const lost = () => (client.drops[0] ?? 0) + (client.drops[1] ?? 0);
    await until(() => client.frames.length + lost() === sent, "each came or was counted");
    expect(client.drops[1]).toBeGreaterThan(0);
    expect(client.violation).toBeNull();
    const last = udpFrame({ source: room.mac("v1"), data: 334 });
    await peer.send(last);
    await client.receives(last);
    client.close();
  });

  test("a slow client still learns what becomes of its interface", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    client.socket.pause();
    await peer.command(`burst 10000 ${hex(udpFrame({ source: room.mac("v1"), data: 333 }))}`);
    room.sh("ip link set v0 down");
    room.sh("ip link set v0 up");
    client.socket.resume();
    await until(() => client.states.length >= 3, "down and up were told");
    expect(client.states.map((state) => state.carrier).slice(0, 3)).toEqual([true, false, true]);
    await witness.state((state) => state.carrier, "carrier");
    const last = udpFrame({ source: room.mac("v1"), data: 335 });
    await peer.send(last);
    await client.receives(last);
    client.close();
  });
});

function write(client: Client, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => client.socket.write(bytes, () => resolve()));
}

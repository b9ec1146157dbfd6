// Frames through the real rawlink: what passes, unchanged, and what never does.

import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arpFrame, BROADCAST, Client, hex, icmpFrame, tagged, udpFrame } from "./client.ts";
import { BUILDS, build, type Peer, type Rawlink, Room, until } from "./room.ts";

describe.each(BUILDS)("frames (%s)", (kind) => {
  let programs: string;
  let room: Room;
  let rawlink: Rawlink;
  let peer: Peer;
  let client: Client;
  let own: Uint8Array;
  let other: Uint8Array;

  beforeAll(async () => {
    programs = build(kind);
    room = await Room.open(programs);
    rawlink = await room.rawlink();
    peer = await room.peer();
    client = await Client.open(rawlink.socket, "v0");
    own = room.mac("v0");
    other = room.mac("v1");
  });
  afterAll(async () => {
    await rawlink.stop();
    await room.close();
    rmSync(programs, { recursive: true });
  });

  /** Sends frames that must not arrive, then one that must: order shows that the former did not. */
  async function notDelivered(...frames: Uint8Array[]): Promise<void> {
    for (const frame of frames) await peer.send(frame);
    const last = udpFrame({ source: other, data: 250 + Math.floor(Math.random() * 900) });
    client.frames.length = 0;
    await peer.send(last);
    await client.receives(last);
    expect(client.frames.map((each) => each.bytes)).toEqual([hex(last)]);
  }

  test("arriving DHCP frames of any length come whole and unchanged", async () => {
    for (const data of [18, 240, 300, 548, 1472]) {
      for (const [from, to] of [
        [68, 67],
        [67, 67],
        [67, 68],
      ] as const) {
        const frame = udpFrame({ source: other, from, to, data });
        await peer.send(frame);
        expect((await client.receives(frame)).checksumReady).toBe(true);
      }
    }
    const unicast = udpFrame({ source: other, target: own, addresses: ["10.9.0.2", "10.9.0.1"] });
    await peer.send(unicast);
    await client.receives(unicast);
  });

  test("an IPv4 header with options does not hide the ports", async () => {
    const plain = udpFrame({ source: other });
    const options = Uint8Array.from([...plain.subarray(0, 34), 1, 1, 1, 0, ...plain.subarray(34)]);
    options[14] = 0x46;
    new DataView(options.buffer).setUint16(16, options.length - 14);
    await peer.send(options);
    await client.receives(options);
  });

  test("ARP comes and goes", async () => {
    await peer.send(arpFrame(other));
    await client.receives(arpFrame(other));
    client.send(arpFrame(own));
    await peer.sees(arpFrame(own));
  });

  test("echo requests go, echo replies come", async () => {
    for (const data of [0, 20, 100]) {
      client.send(icmpFrame(own, other, 8, data));
      await peer.sees(icmpFrame(own, other, 8, data));
      await peer.send(icmpFrame(other, own, 0, data));
      await client.receives(icmpFrame(other, own, 0, data));
    }
  });

  test("sent frames reach the wire unchanged", async () => {
    for (const data of [0, 18, 300, 1472]) {
      const frame = udpFrame({ source: own, from: 67, to: 68, data });
      client.send(frame);
      await peer.sees(frame);
    }
    const unicast = udpFrame({ source: own, target: other, from: 67, to: 68 });
    client.send(unicast);
    await peer.sees(unicast);
  });

  test("a frame whose checksum the sender left to its device is marked", async () => {
    room.sh("ip addr add 10.9.0.2/24 dev v1");
    client.frames.length = 0;
    await peer.command("udp");
    const frame = await until(() => client.frames[0] ?? null, "the broadcast arrives");
    expect(frame.checksumReady).toBe(false);
    expect(frame.bytes.endsWith(Buffer.from("hello").toString("hex"))).toBe(true);
    room.sh("ip addr flush dev v1");
  });

  test("a tagged frame belongs to a VLAN, not to this interface; a priority tag is no VLAN", async () => {
    const frame = udpFrame({ source: other, data: 333 });
    await notDelivered(tagged(frame, 5), tagged(frame, 4094), tagged(tagged(frame, 6), 5));
    await peer.send(tagged(frame, 0));
    await client.receives(frame);
  });

  test("other traffic is not delivered", async () => {
    const frame = udpFrame({ source: other });
    const changed = (at: number, ...bytes: number[]) => {
      const copy = frame.slice();
      copy.set(bytes, at);
      return copy;
    };
    await notDelivered(
      udpFrame({ source: other, to: 66 }),
      udpFrame({ source: other, to: 69, from: 67 }),
      udpFrame({ source: other, target: Uint8Array.of(2, 0, 0, 0, 0, 0x77) }),
      changed(12, 0x86, 0xdd),
      changed(12, 0x88, 0xb5),
      changed(23, 6),
      changed(20, 0x00, 0x01),
      changed(14, 0x44),
      changed(14, 0x55),
      frame.subarray(0, 30),
      icmpFrame(other, own, 8),
      icmpFrame(other, own, 3),
      icmpFrame(other, own, 0, 101),
      icmpFrame(other, BROADCAST, 0),
      fragment(icmpFrame(other, own, 0)),
    );
  });

  test("what the box itself sends there is not delivered", async () => {
    const local = await room.peer("v0");
    await local.send(udpFrame({ source: own }));
    await peer.sees(udpFrame({ source: own }));
    await notDelivered();
  });

  test("refused frames never reach the wire, are counted and named, and the connection stays", async () => {
    const good = udpFrame({ source: own, from: 67, to: 68, data: 77 });
    const changed = (at: number, ...bytes: number[]) => {
      const copy = good.slice();
      copy.set(bytes, at);
      return copy;
    };
    const refused = [
      udpFrame({ source: other, from: 67, to: 68 }),
      udpFrame({ source: own, from: 68, to: 67 }),
      udpFrame({ source: own, from: 67, data: 1473 }),
      arpFrame(own, other),
      arpFrame(other, own),
      changed(12, 0x86, 0xdd),
      changed(23, 6),
      changed(20, 0x20),
      changed(17, 255),
      good.subarray(0, 41),
      good.subarray(0, 3),
      new Uint8Array(0),
      tagged(good, 5),
      icmpFrame(own, other, 0),
      icmpFrame(own, other, 13),
      icmpFrame(own, BROADCAST, 8),
      icmpFrame(own, Uint8Array.of(1, 0, 0x5e, 0, 0, 1), 8),
      icmpFrame(other, other, 8),
      icmpFrame(own, other, 8, 101),
      fragment(icmpFrame(own, other, 8)),
    ];
    const [, , before = 0] = client.drops;
    peer.frames.length = 0;
    for (const frame of refused) client.send(frame);
    client.send(good);
    await peer.sees(good);
    await until(() => client.drops[2] === before + refused.length, "all are counted");
    expect(peer.frames).toEqual([hex(good)]);
    expect(client.errors.filter((text) => text.startsWith("refused to send: "))).toHaveLength(1);
    expect(client.closed).toBe(false);
  });

  test("good and refused frames of one write keep their order and their counts", async () => {
    const frames = Array.from({ length: 160 }, (_, i) =>
      i % 7 === 3
        ? udpFrame({ source: other, from: 67 })
        : i % 11 === 5
          ? arpFrame(own)
          : udpFrame({ source: own, from: 67, to: 68, data: i }),
    );
    const good = frames.filter((_, i) => i % 7 !== 3).map(hex);
    peer.frames.length = 0;
    client.socket.cork();
    for (const frame of frames) client.send(frame);
    client.socket.uncork();
    await until(() => peer.frames.length >= good.length, "all good ones are sent");
    expect(peer.frames).toEqual(good);
  });

  test("a flood arrives in order, and what does not arrive is counted", async () => {
    const frame = udpFrame({ source: other, data: 333 });
    const sent = 30_000;
    const [kernel = 0, slow = 0] = client.drops;
    client.frames.length = 0;
    await peer.command(`burst ${sent} ${hex(frame)}`);
    const lost = () => (client.drops[0] ?? 0) - kernel + (client.drops[1] ?? 0) - slow;
    await until(() => client.frames.length + lost() === sent, "each frame came or was counted");
    const numbers = client.frames.map((each) => Number.parseInt(each.bytes.slice(84, 92), 16));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(client.violation).toBeNull();
  });

  test("two connections on one interface both receive, and do not see each other's frames", async () => {
    const second = await Client.open(rawlink.socket, "v0");
    const frame = udpFrame({ source: other, data: 123 });
    await peer.send(frame);
    await Promise.all([client.receives(frame), second.receives(frame)]);
    second.frames.length = 0;
    const reply = udpFrame({ source: own, target: BROADCAST, from: 67, to: 68, data: 321 });
    client.send(reply);
    await peer.sees(reply);
    await notDelivered();
    await until(() => second.frames.length === 1, "the second client has the last frame as well");
    second.close();
  });
});

/** The same packet as the first part of a longer one. */
function fragment(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy[20] = 0x20;
  return copy;
}

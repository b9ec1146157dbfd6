// What rawlink says about interfaces that come, go, change, and are not what was hoped for.

import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client, hex, message, udpFrame } from "./client.ts";
import { build, type Rawlink, Room, USUAL, until } from "./room.ts";

describe.each(USUAL)("interfaces (%s)", (kind) => {
  let programs: string;
  let room: Room;
  let rawlink: Rawlink;

  beforeAll(() => {
    programs = build(kind);
  });
  afterAll(() => rmSync(programs, { recursive: true }));
  beforeEach(async () => {
    room = await Room.open(programs);
    rawlink = await room.rawlink();
  });
  afterEach(async () => {
    await rawlink.stop();
    expect(rawlink.exitCode, rawlink.log).toBe(0);
    await room.close();
  });

  async function passes(client: Client, from: string): Promise<void> {
    const peer = await room.peer(from);
    const frame = udpFrame({ source: room.mac(from), data: 200 + Math.floor(Math.random() * 500) });
    await peer.send(frame);
    await client.receives(frame);
    peer.child.kill();
  }

  test("a present interface is described", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    const [link] = JSON.parse(room.sh("ip -j link show v0")) as { ifindex: number; mtu: number }[];
    expect(client.states).toEqual([
      {
        present: true,
        carrier: true,
        ifindex: link?.ifindex,
        mtu: link?.mtu,
        mac: room.mac("v0"),
      },
    ]);
  });

  test("a missing interface is waited for, also again after it was deleted", async () => {
    const client = await Client.open(rawlink.socket, "w0");
    expect(client.states).toEqual([
      { present: false, carrier: false, ifindex: 0, mtu: 0, mac: new Uint8Array(6) },
    ]);
    for (let round = 0; round < 3; round++) {
      room.sh("ip link add w0 type veth peer name w1");
      await client.state(
        (state) => state.present && !state.carrier,
        "w0 is there, without carrier",
      );
      room.sh("ip link set w0 up; ip link set w1 up");
      await client.state((state) => state.carrier, "w0 has carrier");
      await passes(client, "w1");
      room.sh("ip link del w0");
      await client.state((state) => !state.present, "w0 is gone");
    }
    expect(client.errors).toEqual([]);
  });

  test("the name is followed, not the index", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    const index = client.link.ifindex;
    room.sh("ip link set v0 name old");
    await client.state((state) => !state.present, "v0 was renamed away");
    const frame = udpFrame({ source: room.mac("v1") });
    const peer = await room.peer("v1");
    await peer.send(frame);
    client.send(udpFrame({ source: room.mac("old"), from: 67, to: 68, data: 99 }));
    await until(
      () => client.drops[3] === 1,
      "a frame for a missing interface is counted as failed",
    );
    expect(client.frames).toEqual([]);
    expect(peer.frames.filter((each) => each.length === 2 * 141)).toEqual([]);

    room.sh("ip link add v0 type veth peer name w1; ip link set v0 up; ip link set w1 up");
    await client.state(
      (state) => state.carrier && state.ifindex !== index,
      "another one is v0 now",
    );
    await passes(client, "w1");
    room.sh("ip link set v0 name other; ip link set old name v0");
    await client.state(
      (state) => state.carrier && state.ifindex === index,
      "the first one is back",
    );
    await passes(client, "v1");
  });

  test("what was queued on the old interface is not shown as the new one's", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    const peer = await room.peer("v1");
    const index = client.link.ifindex;
    rawlink.signal("SIGSTOP");
    await peer.command(`burst 400 ${hex(udpFrame({ source: room.mac("v1") }))}`);
    room.sh("ip link set v0 name old");
    room.sh("ip link add v0 type veth peer name w1; ip link set v0 up; ip link set w1 up");
    rawlink.signal("SIGCONT");
    await client.state((state) => state.carrier && state.ifindex !== index, "the new v0");
    await passes(client, "w1");
    const change = client.states.findIndex((state) => !state.present);
    expect(client.frames.length).toBe((client.framesBefore[change] ?? 0) + 1);
  });

  test("carrier, MTU and address changes are told", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    room.sh("ip link set v1 down");
    await client.state((state) => state.present && !state.carrier, "no carrier");
    room.sh("ip link set v1 up");
    await client.state((state) => state.carrier, "carrier again");
    room.sh("ip link set v0 down");
    await client.state((state) => state.present && !state.carrier, "down is without carrier");
    room.sh("ip link set v0 up");
    await client.state((state) => state.carrier, "up again");
    await passes(client, "v1");
    room.sh("ip link set v0 mtu 1400");
    await client.state((state) => state.mtu === 1400, "another MTU");
    client.send(udpFrame({ source: room.mac("v0"), from: 67, data: 1373 }));
    await until(() => client.errors.at(-1)?.includes("MTU"), "one byte too many is refused");
    room.sh("ip link set v0 address 02:00:00:00:00:99");
    await client.state((state) => hex(state.mac) === "020000000099", "another address");
    const peer = await room.peer("v1");
    const frame = udpFrame({ source: room.mac("v0"), from: 67, to: 68 });
    client.send(frame);
    await peer.sees(frame);
  });

  test("a frame for an interface that is down fails, is counted and said", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    room.sh("ip link set v0 down");
    await client.state((state) => !state.carrier, "down");
    for (let i = 0; i < 100; i++) client.send(udpFrame({ source: room.mac("v0"), from: 67 }));
    await until(() => client.drops[3] === 100, "all are counted");
    expect([...new Set(client.errors)]).toHaveLength(1);
    expect(client.errors[0]).toMatch(/^sending failed: Network is down$/);
  });

  /** Puts a slow queue before v0's wire; false where the kernel has none. */
  function slows(rate: string): boolean {
    try {
      room.sh(`tc qdisc add dev v0 root tbf rate ${rate} burst 10k limit 100m 2>/dev/null`);
      return true;
    } catch {
      return false;
    }
  }

  function arrived(): number {
    const [link] = JSON.parse(room.sh("ip -j -s link show v1")) as {
      stats64: { rx: { packets: number } };
    }[];
    return link?.stats64.rx.packets ?? 0;
  }

  test("a slow interface slows the client down, and no frame is lost", async (context) => {
    if (!slows("200mbit")) context.skip("this kernel has no tbf");
    const client = await Client.open(rawlink.socket, "v0");
    const before = arrived();
    const frame = message(0x02, udpFrame({ source: room.mac("v0"), from: 67, data: 1472 }));
    const count = 6000;
    const stream = new Uint8Array(count * frame.length);
    for (let i = 0; i < count; i++) stream.set(frame, i * frame.length);
    client.socket.write(stream);
    await until(() => arrived() - before >= count, "all are on the wire");
    client.send(new Uint8Array(60));
    await until(() => client.drops[2] === 1, "what comes after is dealt with");
    expect(client.drops).toEqual([0, 0, 1, 0]);
  });

  test("an interface that goes while frames wait for it takes them along, counted", async (context) => {
    if (!slows("1mbit")) context.skip("this kernel has no tbf");
    const client = await Client.open(rawlink.socket, "v0");
    const frame = message(0x02, udpFrame({ source: room.mac("v0"), from: 67, data: 1472 }));
    const count = 6000;
    for (let i = 0; i < count; i++) client.socket.write(frame);
    const doomed = await Client.open(rawlink.socket, "v0");
    for (let i = 0; i < count; i++) doomed.socket.write(frame);
    // By then both wait; one client leaves while it does.
    await new Promise((resolve) => setTimeout(resolve, 300));
    doomed.close();
    const index = client.link.ifindex;
    room.sh("ip link set v0 name old; ip link add v0 type veth peer name w1");
    room.sh("ip link set v0 up; ip link set w1 up");
    await client.state((state) => state.carrier && state.ifindex !== index, "the new v0");
    client.send(new Uint8Array(60));
    await until(() => client.drops[2] + client.drops[3] > count / 10, "the rest is counted");
    await passes(client, "w1");
  });

  test("entering and leaving a bridge is no end, but is said", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    room.sh("ip link add br0 type bridge; ip link set br0 up; ip link set v0 master br0");
    await until(() => client.errors.length === 1, "the bridge is named");
    expect(client.errors[0]).toContain("it is a port of a bridge");
    const bridge = await Client.open(rawlink.socket, "br0");
    await bridge.state((state) => state.carrier, "the bridge has carrier");
    await passes(bridge, "v1");
    room.sh("ip link set v0 nomaster");
    await passes(client, "v1");
    expect(client.states.every((state) => state.present)).toBe(true);
  });

  test("an interface without Ethernet is refused by name", async () => {
    const client = await Client.open(rawlink.socket, "lo");
    expect(client.states.map((state) => state.present)).toEqual([false]);
    expect(client.errors).toEqual(["cannot use the interface: it is not an Ethernet interface"]);
  });

  test("lost rtnetlink events are made up for", async () => {
    const client = await Client.open(rawlink.socket, "v0");
    const late = await Client.open(rawlink.socket, "w0");
    rawlink.signal("SIGSTOP");
    const changes = Array.from({ length: 4000 }, (_, i) => `link set v1 mtu ${1400 + (i % 100)}`);
    room.sh(`ip -batch - <<'END'\n${changes.join("\n")}\nEND`);
    room.sh("ip link set v0 name old; ip link add w0 type veth peer name w1; ip link set w0 up");
    rawlink.signal("SIGCONT");
    await client.state((state) => !state.present, "the renaming was noticed");
    await late.state((state) => state.present, "the new interface was noticed");
    expect(rawlink.log).toContain("events were lost");
    room.sh("ip link set old name v0");
    await client.state((state) => state.carrier, "and so is what comes after");
    await passes(client, "v1");
  });
});

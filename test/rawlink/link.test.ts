// RawLink with the real rawlink.

import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RawLink } from "../../daemon/io/link.ts";
import { LinkRecorder } from "../support/link-events.ts";
import { hex, udpFrame } from "./client.ts";
import { build, type Peer, type Rawlink, Room, until } from "./room.ts";

describe("RawLink and rawlink", () => {
  let programs: string;
  let room: Room;
  let rawlink: Rawlink;
  let events: LinkRecorder;
  let link: RawLink;
  let peer: Peer;

  beforeAll(() => {
    programs = build("plain");
  });
  afterAll(() => rmSync(programs, { recursive: true }));
  beforeEach(async () => {
    room = await Room.open(programs);
    rawlink = await room.rawlink();
    peer = await room.peer();
    events = new LinkRecorder();
    link = new RawLink(rawlink.socket, "v0", events);
    link.open();
    await until(() => events.states.length > 0, "a first state");
  });
  afterEach(async () => {
    link.close();
    await rawlink.stop();
    await room.close();
  });

  async function passes(data: number): Promise<void> {
    const arriving = udpFrame({ source: room.mac("v1"), data });
    await peer.send(arriving);
    await until(() => events.frames.includes(hex(arriving)), "a frame arrives");
    const leaving = udpFrame({ source: room.mac("v0"), from: 67, to: 68, data });
    link.send(leaving);
    link.flush();
    await peer.sees(leaving);
  }

  test("state, frames both ways, refusals", async () => {
    expect(events.helpers).toEqual([[true, ""]]);
    expect(events.states.at(-1)?.mac).toEqual(room.mac("v0"));
    await passes(300);
    link.send(udpFrame({ source: room.mac("v1"), from: 67 }));
    link.flush();
    await until(() => events.totals.at(-1)?.[2] === 1, "the refusal is counted");
    expect(events.errors).toEqual(["refused to send: source MAC is not the interface's own"]);
    room.sh("ip link set v1 down");
    await until(() => events.states.at(-1)?.carrier === false, "no carrier");
  });

  test("rawlink killed, restarted, stopped and started again", async () => {
    rawlink.signal("SIGKILL");
    await until(() => events.helpers.length === 2, "it is gone");
    expect(events.helpers[1]?.[0]).toBe(false);
    await until(() => rawlink.exitCode !== null, "its place is free");
    rawlink = await room.rawlink([], rawlink.socket);
    await until(() => events.states.length === 2, "and back");
    await passes(301);
    await rawlink.stop();
    await until(() => events.helpers.at(-1)?.[0] === false, "stopped");
    rawlink = await room.rawlink([], rawlink.socket);
    await until(() => events.states.length === 3, "and back");
    await passes(302);
    expect(events.helpers.at(-1)).toEqual([true, ""]);
  });

  test("thousands of frames both ways, none lost unseen, order kept", async () => {
    const own = room.mac("v0");
    const reply = udpFrame({ source: own, from: 67, to: 68, data: 26 });
    const view = new DataView(reply.buffer);
    let sent = 0;
    events.onFrame = () => {
      view.setUint32(42, sent++);
      link.send(reply);
      if (sent % 32 === 0) link.flush();
    };
    events.batchEnd = () => link.flush();
    const count = 10_000;
    const rounds = 100;
    const frame = hex(udpFrame({ source: room.mac("v1"), data: 26 }));
    for (let i = 0; i < rounds; i++) await peer.command(`burst ${count / rounds} ${frame}`);
    const lost = () => (events.totals.at(-1) ?? [0, 0, 0, 0]).reduce((sum, each) => sum + each, 0);
    await until(() => events.frames.length + lost() === count, "each arrived or was counted");
    await until(() => peer.frames.length >= events.frames.length * 0.9, "replies are on the wire");
    const numbers = peer.frames.map((each) => Number.parseInt(each.slice(84, 92), 16));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });
});

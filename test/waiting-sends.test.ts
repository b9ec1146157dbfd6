// What waits for the disk leaves in order, or not at all.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../daemon/limits.ts";
import type { Link, PeerLink } from "../daemon/ports.ts";
import { WaitingSends } from "../daemon/waiting-sends.ts";

const NOW = 1_000_000;

/** Links and a partner that write down what they are given. */
class World {
  readonly seen: string[] = [];
  readonly links: readonly Link[] = [this.#link(0), this.#link(1)];
  readonly peer: PeerLink = {
    send: (connection, bytes) => void this.seen.push(`peer ${connection}: ${bytes[0]}`),
    close: (connection) => void this.seen.push(`close ${connection}`),
    flush: () => this.#never(),
    dial: () => this.#never(),
  };

  /** What was seen since the last call. */
  news(): string[] {
    return this.seen.splice(0);
  }

  #link(lan: number): Link {
    const send = (frame: Uint8Array) => void this.seen.push(`lan ${lan}: ${frame[0]}`);
    return { send, flush: () => this.#never() };
  }

  #never(): never {
    throw new Error("not asked for");
  }
}

function release(waiting: WaitingSends, world: World, through: number, now = NOW): string[] {
  waiting.release(through, now, world.links, world.peer);
  return world.news();
}

function bytesOf(number: number): Uint8Array {
  return Uint8Array.of(number);
}

describe("replies that wait for the disk", () => {
  test("leave on their LANs when the disk has their records, in the order in which they came", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addReply(0, bytesOf(1), 5, NOW);
    waiting.addReply(1, bytesOf(2), 6, NOW);
    waiting.addReply(0, bytesOf(3), 8, NOW);
    expect(waiting.replies).toBe(3);
    expect(release(waiting, world, 4)).toEqual([]);
    expect(release(waiting, world, 7)).toEqual(["lan 0: 1", "lan 1: 2"]);
    expect(waiting.replies).toBe(1);
    expect(release(waiting, world, 8)).toEqual(["lan 0: 3"]);
    expect(waiting.replies).toBe(0);
  });

  test("hold up those behind them", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addReply(0, bytesOf(1), 9, NOW);
    waiting.addReply(0, bytesOf(2), 5, NOW);
    expect(release(waiting, world, 5)).toEqual([]);
    expect(release(waiting, world, 9)).toEqual(["lan 0: 1", "lan 0: 2"]);
  });

  test("are not sent when they waited for too long, and that is counted", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    const { replyWaitMilliseconds } = LIMITS;
    waiting.addReply(0, bytesOf(1), 5, NOW - replyWaitMilliseconds - 1);
    waiting.addReply(0, bytesOf(2), 5, NOW - replyWaitMilliseconds);
    expect(release(waiting, world, 5)).toEqual(["lan 0: 2"]);
    expect(waiting.lateDrops).toBe(1);
    expect(waiting.replies).toBe(0);
  });

  test("for a LAN that is gone are passed over", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addReply(7, bytesOf(1), 5, NOW);
    waiting.addReply(1, bytesOf(2), 5, NOW);
    expect(release(waiting, world, 5)).toEqual(["lan 1: 2"]);
    expect(waiting.lateDrops).toBe(0);
  });

  test("are forgotten when their records are lost, and what is for the partner is not", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addReply(0, bytesOf(1), 5, NOW);
    waiting.addToPeer(1, bytesOf(2), 5);
    waiting.dropReplies();
    expect(waiting.replies).toBe(0);
    expect(release(waiting, world, 5)).toEqual(["peer 1: 2"]);
    waiting.addReply(0, bytesOf(3), 6, NOW);
    expect(release(waiting, world, 6)).toEqual(["lan 0: 3"]);
  });

  test("stay in order however many they are", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    for (let i = 0; i < 3000; i++) waiting.addReply(0, bytesOf(i & 255), i, NOW);
    const seen: string[] = [];
    for (let through = 0; through < 3000; through += 7) {
      seen.push(...release(waiting, world, through));
      waiting.addReply(1, bytesOf(through & 255), 3000 + through, NOW);
    }
    seen.push(...release(waiting, world, 2999));
    expect(seen).toEqual(Array.from({ length: 3000 }, (_, i) => `lan 0: ${i & 255}`));
    expect(waiting.replies).toBe(Math.ceil(3000 / 7));
  });
});

describe("messages to the partner", () => {
  test("leave when the disk has their records, in order, and wait for no reply", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addReply(0, bytesOf(9), 50, NOW);
    waiting.addToPeer(1, bytesOf(1), 5);
    waiting.addToPeer(2, bytesOf(2), 4);
    expect(waiting.hasForPeer).toBe(true);
    expect(release(waiting, world, 4)).toEqual([]);
    expect(release(waiting, world, 5)).toEqual(["peer 1: 1", "peer 2: 2"]);
    expect(waiting.hasForPeer).toBe(false);
    expect(waiting.replies).toBe(1);
  });

  test("never get too old", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addToPeer(1, bytesOf(1), 5);
    expect(release(waiting, world, 5, NOW + 1e9)).toEqual(["peer 1: 1"]);
  });

  test("leave before their connection is closed", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addToPeer(1, bytesOf(1), 5);
    waiting.addToPeer(1, undefined, 0);
    waiting.addToPeer(2, bytesOf(2), 6);
    expect(release(waiting, world, 4)).toEqual([]);
    expect(release(waiting, world, 5)).toEqual(["peer 1: 1", "close 1"]);
    expect(release(waiting, world, 6)).toEqual(["peer 2: 2"]);
  });

  test("are not sent when their records are lost, and their connections are closed all the same", () => {
    const [waiting, world] = [new WaitingSends(), new World()];
    waiting.addReply(0, bytesOf(9), 5, NOW);
    waiting.addToPeer(1, bytesOf(1), 5);
    waiting.addToPeer(1, undefined, 0);
    waiting.addToPeer(2, bytesOf(2), 6);
    waiting.dropForPeer(world.peer);
    expect(world.news()).toEqual(["close 1"]);
    expect(waiting.hasForPeer).toBe(false);
    expect(release(waiting, world, 6)).toEqual(["lan 0: 9"]);
  });

  test("are for nobody when there is no partner", () => {
    const waiting = new WaitingSends();
    waiting.addToPeer(1, bytesOf(1), 5);
    waiting.addToPeer(1, undefined, 5);
    waiting.release(5, NOW, [], undefined);
    expect(waiting.hasForPeer).toBe(false);
    waiting.addToPeer(1, undefined, 5);
    waiting.dropForPeer(undefined);
    expect(waiting.hasForPeer).toBe(false);
  });
});

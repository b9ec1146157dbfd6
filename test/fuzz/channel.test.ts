// Hostile bytes through a live session: on its own connection, and on others beside it. Nothing may be thrown,
// nothing may be held without bound, and what comes in before the greeting harms nobody else.
// `FUZZ=1000000` runs that many, `SEED=7` another sequence.

import { expect, test } from "vitest";
import { Channel } from "../../daemon/core/channel/channel.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FRAME, FRAME_BYTES_MAX, frameOf } from "../../daemon/wire/channel-frames.ts";
import { below, seeded } from "../support/random.ts";
import { mutate } from "./wire-mutation.ts";

const COUNT = Number(process.env.FUZZ ?? 30_000);
const SEED = Number(process.env.SEED ?? 20260817);
const KINDS = Object.values(FRAME);
/** What may wait for the partner, one message that is not whole, and a frame on each of a few connections. */
const HELD_MAX =
  LIMITS.peerBytesMax + LIMITS.controlBytesMax + (LIMITS.pairLinesMax + 2) * 2 * FRAME_BYTES_MAX;
const SAMPLES_MAX = 64;

/** One end, with what it wrote on each connection. */
class End {
  readonly channel: Channel;
  readonly written = new Map<number, Uint8Array[]>();
  /** The last connection that anything was said on. */
  saidOn = 0;
  readonly seen = { faults: 0, opened: 0, closed: 0, control: 0, failover: 0 };

  constructor(boot: number) {
    this.channel = new Channel(new Uint8Array(8).fill(boot), {
      write: (link, bytes) => {
        const queue = this.written.get(link) ?? [];
        queue.push(new Uint8Array(bytes));
        this.saidOn = link;
        this.written.set(link, queue);
      },
      drop: (link, _reason, isFault) => {
        if (isFault) this.seen.faults++;
        this.written.delete(link);
      },
      opened: () => this.seen.opened++,
      closed: () => this.seen.closed++,
      control: () => this.seen.control++,
      failover: () => this.seen.failover++,
      conversationOpened: () => {},
      conversationClosed: () => {},
    });
  }
}

/** The box that is attacked, and its partner, of which everything was recorded. */
class Scene {
  readonly random: () => number;
  readonly box = new End(1);
  partner = new End(2);
  /** What the partner said at some time. */
  readonly samples: Uint8Array[] = [];
  #links = 0;
  link = 0;

  constructor(random: () => number) {
    this.random = random;
  }

  connect(): void {
    this.link = ++this.#links;
    this.box.written.clear();
    this.partner.written.clear();
    this.box.channel.begin(this.link, false);
    this.partner.channel.begin(this.link, true);
    this.settle();
  }

  settle(): void {
    for (let isMoving = true; isMoving; ) {
      this.box.channel.flush();
      this.partner.channel.flush();
      const there = this.#pass(this.partner, this.box);
      isMoving = this.#pass(this.box, this.partner) || there;
    }
    this.box.channel.rest();
    this.partner.channel.rest();
  }

  /** Both speak as they should. */
  speak(): void {
    const { random } = this;
    for (const { channel } of [this.box, this.partner]) {
      if (below(random, 2) === 0) channel.send(new Uint8Array(below(random, 300)));
      if (below(random, 4) === 0) channel.sendControl(new Uint8Array(below(random, 2000)));
      if (below(random, 30) === 0) channel.sendControl(new Uint8Array(below(random, 40_000)));
      if (below(random, 20) === 0) channel.hangUp();
      if (below(random, 10) === 0) channel.call();
    }
    this.settle();
  }

  /** Something that looks like what the partner says. */
  hostile(): Uint8Array {
    const { random, samples } = this;
    const sample = () => samples[below(random, samples.length)] ?? new Uint8Array(3);
    switch (below(random, 6)) {
      case 0:
        return Uint8Array.from({ length: below(random, 80) }, () => below(random, 256));
      case 1:
        return frameOf(
          KINDS[below(random, KINDS.length)] ?? 0,
          Uint8Array.from({ length: below(random, 40) }, () => below(random, 3)),
        );
      // Of before, and out of order.
      case 2:
        return sample();
      case 3:
        return Buffer.concat([sample(), sample(), mutate(sample(), random)]);
      default:
        return mutate(sample(), random);
    }
  }

  /** On the connection of the session: it may be over then, and the partner comes back. */
  onSession(bytes: Uint8Array): void {
    this.box.channel.bytes(this.link, bytes);
  }

  /** On another one, cut anywhere. True: it was greeted as the partner is, who may move the session. */
  beside(bytes: Uint8Array): boolean {
    const { channel } = this.box;
    const [other, cut] = [++this.#links, below(this.random, bytes.length + 1)];
    channel.begin(other, false);
    channel.bytes(other, bytes.subarray(0, cut));
    channel.bytes(other, bytes.subarray(cut));
    channel.broken(other);
    return this.box.saidOn === other;
  }

  #pass(from: End, to: End): boolean {
    const queue = from.written.get(this.link) ?? [];
    from.written.delete(this.link);
    for (const bytes of queue) {
      if (from === this.partner && bytes.length < 4096) this.#record(bytes);
      to.channel.bytes(this.link, bytes);
    }
    return queue.length > 0;
  }

  #record(bytes: Uint8Array): void {
    if (this.samples.length < SAMPLES_MAX) this.samples.push(bytes);
    else this.samples[below(this.random, SAMPLES_MAX)] = bytes;
  }
}

test(`${COUNT} hostile pieces into a session, seed ${SEED}`, { timeout: 900_000 }, () => {
  const scene = new Scene(seeded(SEED));
  const { box } = scene;
  scene.connect();
  let mostHeld = 0;
  let unharmed = 0;
  for (let run = 0; run < COUNT; run++) {
    if (run % 8 === 0) {
      if (!box.channel.isOpen || box.channel.link !== scene.link) scene.connect();
      scene.speak();
    }
    const before = { isOpen: box.channel.isOpen, link: box.channel.link };
    const bytes = scene.hostile();
    if (below(scene.random, 3) > 0) scene.onSession(bytes);
    else if (!scene.beside(bytes)) {
      const after = { isOpen: box.channel.isOpen, link: box.channel.link };
      expect(after, `piece ${run}: a connection beside the session harmed it`).toEqual(before);
      unharmed++;
    }
    mostHeld = Math.max(mostHeld, box.channel.heldBytes);
    if (run % 1000 === 0) expect(worksAfterwards(scene), `piece ${run}`).toBe(true);
  }
  expect(mostHeld).toBeLessThan(HELD_MAX);
  expect(worksAfterwards(scene)).toBe(true);
  // A run in which nothing was refused, or nothing understood, would prove nothing.
  expect(box.seen.faults).toBeGreaterThan(COUNT / 50);
  for (const many of [unharmed, box.seen.failover]) expect(many).toBeGreaterThan(COUNT / 50);
});

/** The partner comes back, and is heard. */
function worksAfterwards(scene: Scene): boolean {
  scene.partner = new End(3 + below(scene.random, 200));
  scene.connect();
  const { control } = scene.box.seen;
  scene.partner.channel.sendControl(Uint8Array.of(1));
  scene.settle();
  return scene.box.channel.isOpen && scene.box.seen.control === control + 1;
}

test("calls and farewells without end, of a partner that takes nothing, are not kept without end", () => {
  const scene = new Scene(seeded(SEED));
  scene.connect();
  const { channel } = scene.box;
  const both = Buffer.concat([
    frameOf(FRAME.hangUp, new Uint8Array(0)),
    frameOf(FRAME.call, new Uint8Array(0)),
  ]);
  const most = LIMITS.peerBytesMax / 100;
  for (let turn = 0; turn <= most && channel.isOpen; turn++) channel.bytes(scene.link, both);
  expect(channel.isOpen).toBe(false);
  expect(channel.heldBytes).toBe(0);
});

test.each([0, 1, 100])(
  "a message in parts of %i bytes is none of ours: holding them would cost more than they say",
  (length) => {
    const scene = new Scene(seeded(SEED));
    scene.connect();
    scene.onSession(frameOf(FRAME.part, new Uint8Array(length)));
    expect(scene.box.channel.isOpen).toBe(false);
    expect(scene.box.seen.faults).toBe(1);
  },
);

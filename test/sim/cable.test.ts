// The cable is what the pair is judged by, so it has to be TCP and nothing kinder.

import { describe, expect, test } from "vitest";
import { Cable, type CableEnd, type PeerEvent, type Plugged } from "./cable.ts";
import { World } from "./world.ts";

class Box implements Plugged {
  readonly name: string;
  isOn = true;
  isPowered = true;
  life: object | undefined = {};
  peer: CableEnd | undefined;
  readonly events: string[] = [];
  readonly bytes: number[] = [];
  readonly open: number[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get end(): CableEnd {
    if (!this.peer) throw new Error("not plugged in");
    return this.peer;
  }

  touched(): void {}

  tellPeer(event: PeerEvent): void {
    if (!this.life) return;
    if (event.kind === "peer-bytes") this.bytes.push(...event.bytes);
    else this.events.push(event.kind === "peer-closed" ? `closed: ${event.reason}` : "open");
    if (event.kind === "peer-open") this.open.push(event.connection);
  }

  fail(kind: "process" | "power"): void {
    this.isOn = false;
    this.isPowered = kind === "process";
    this.life = undefined;
    this.end.down(kind === "power");
  }
}

function plugged(seed: number) {
  const world = new World(seed, false);
  const [a, b] = [new Box("a"), new Box("b")];
  const cable = new Cable(world, [a, b]);
  return { world, a, b, cable };
}

const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1);
const COUNT = 3000;

async function dialled(seed: number) {
  const all = plugged(seed);
  all.a.end.dial();
  await all.world.run(100);
  expect(all.a.events).toEqual(["open"]);
  expect(all.b.events).toEqual(["open"]);
  return all;
}

describe("bytes on the cable", () => {
  test.each(SEEDS)(
    "come in order and once, through cuts that end in time: seed %i",
    async (seed) => {
      const { world, a, b, cable } = await dialled(seed);
      cable.latency = 500;
      for (let number = 0; number < COUNT; number++) {
        world.after(world.between(0, 1) + number * 5, () => {
          const from = number % 2 === 0 ? a : b;
          from.end.send(from.open[0] ?? 0, Uint8Array.of(number >>> 8, number & 255, 1, 2));
          from.end.flush();
        });
      }
      world.after(3000, () => cable.cut(seed % 3 === 0 ? [a] : seed % 3 === 1 ? [b] : [a, b]));
      world.after(9000, () => cable.mend());
      await world.run(60_000);
      expect([a.events, b.events]).toEqual([["open"], ["open"]]);
      const numbers = (bytes: readonly number[]) =>
        bytes.flatMap((high, at) => (at % 4 === 0 ? [high * 256 + (bytes[at + 1] ?? 0)] : []));
      const all = Array.from({ length: COUNT }, (_, number) => number);
      expect(numbers(b.bytes)).toEqual(all.filter((number) => number % 2 === 0));
      expect(numbers(a.bytes)).toEqual(all.filter((number) => number % 2 === 1));
    },
  );
});

describe("ends of a connection", () => {
  test.each(SEEDS)("both learn of a cut, 10 to 40 s later: seed %i", async (seed) => {
    const { world, a, b, cable } = await dialled(seed);
    cable.cut([a]);
    await world.run(world.now + 9900);
    expect([a.events, b.events]).toEqual([["open"], ["open"]]);
    await world.run(world.now + 31_000);
    for (const box of [a, b]) expect(box.events).toHaveLength(2);
    cable.mend();
    await world.run(world.now + 60_000);
    for (const box of [a, b]) expect(box.events).toHaveLength(2);
    expect(cable.connections.size).toBe(0);
  });

  test.each(SEEDS)("a killed process is noticed at once: seed %i", async (seed) => {
    const { world, a, b } = await dialled(seed);
    a.fail("process");
    await world.run(world.now + 20);
    expect(b.events).toEqual(["open", "closed: reset"]);
  });

  test.each(SEEDS)("a box without power is silent: seed %i", async (seed) => {
    const { world, a, b, cable } = await dialled(seed);
    a.fail("power");
    await world.run(world.now + 9900);
    expect(b.events).toEqual(["open"]);
    await world.run(world.now + 31_000);
    expect(b.events).toHaveLength(2);
    expect(cable.connections.size).toBe(0);
  });

  test.each(SEEDS)("a box that is on again resets what it does not know: seed %i", async (seed) => {
    const { world, a, b } = await dialled(seed);
    a.fail("power");
    a.isOn = a.isPowered = true;
    a.life = {};
    await world.run(world.now + 100);
    expect(b.events).toEqual(["open"]);
    b.end.send(b.open[0] ?? 0, Uint8Array.of(1));
    b.end.flush();
    await world.run(world.now + 20);
    expect(b.events).toEqual(["open", "closed: reset"]);
    expect(a.events).toEqual(["open"]);
  });

  test.each(SEEDS)("what was sent before a close comes in before it: seed %i", async (seed) => {
    const { world, a, b } = await dialled(seed);
    a.end.send(a.open[0] ?? 0, Uint8Array.of(1, 2, 3));
    a.end.close(a.open[0] ?? 0);
    await world.run(world.now + 20);
    expect(b.bytes).toEqual([1, 2, 3]);
    expect(b.events).toEqual(["open", "closed: the partner closed it"]);
  });
});

describe("dialling", () => {
  test("is refused by a box whose process does not run", async () => {
    const { world, a, b } = plugged(1);
    b.life = undefined;
    a.end.dial();
    await world.run(100);
    expect(a.events).toEqual(["closed: refused"]);
  });

  test("times out without power or cable, and gets through when it is mended in between", async () => {
    const { world, a, b, cable } = plugged(1);
    cable.cut([b]);
    a.end.dial();
    await world.run(10_000);
    expect(a.events).toEqual(["closed: timed out"]);
    a.end.dial();
    world.after(2000, () => cable.mend());
    await world.run(20_000);
    expect(a.events).toEqual(["closed: timed out", "open"]);
    expect(b.events).toEqual(["open"]);
  });

  test("from both ends at once makes two connections", async () => {
    const { world, a, b } = plugged(1);
    a.end.dial();
    b.end.dial();
    await world.run(100);
    expect([a.open, b.open]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});

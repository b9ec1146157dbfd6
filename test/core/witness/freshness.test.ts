// Recorded beacons are of no use to anybody, whatever has been started again meanwhile.

import { beforeEach, describe, expect, test } from "vitest";
import {
  Freshness,
  type Staleness,
  TRANSIT_MILLISECONDS_MAX,
} from "../../../daemon/core/witness/freshness.ts";
import type { Beacon } from "../../../daemon/wire/beacon.ts";
import { below, seeded } from "../../support/random.ts";

type Heard = Pick<Beacon, "boot" | "sequence" | "echo">;

let now = 0;
let boots = 0;

/** A process of a box: it numbers what it says, and echoes what it heard last. */
class Process {
  readonly boot = new Uint8Array(8).fill(++boots);
  readonly freshness = new Freshness(this.boot);
  #heard: { boot: Uint8Array; sequence: number; at: number } | undefined;

  say(): Heard {
    const heard = this.#heard;
    const echo = heard && {
      ...{ boot: heard.boot, sequence: heard.sequence },
      heldMilliseconds: now - heard.at,
    };
    return { boot: this.boot, sequence: this.freshness.next(now), echo };
  }

  /** Whatever it thinks of a beacon, it echoes it: so the other one can show that it is of now. */
  hear(beacon: Heard): Staleness | undefined {
    this.#heard = { boot: beacon.boot, sequence: beacon.sequence, at: now };
    return this.freshness.judge(beacon, now);
  }
}

beforeEach(() => {
  now = 1_000_000;
  boots = 0;
});

/** Two that know each other. */
function acquainted(): [Process, Process] {
  const [a, b] = [new Process(), new Process()];
  expect(b.hear(a.say())).toBe("unproven");
  expect(a.hear(b.say())).toBeUndefined();
  expect(b.hear(a.say())).toBeUndefined();
  return [a, b];
}

test("two processes that hear each other believe each other from the second beacon on", () => {
  const [a, b] = acquainted();
  for (let turn = 0; turn < 500; turn++) {
    now += 200;
    expect(a.hear(b.say())).toBeUndefined();
    expect(b.hear(a.say())).toBeUndefined();
  }
});

test("one that hears nothing any more is believed on: only what it says counts", () => {
  const [a, b] = acquainted();
  for (let turn = 0; turn < 2000; turn++) {
    now += 200;
    b.say();
    expect(b.hear(a.say())).toBeUndefined();
  }
});

describe("not believed", () => {
  test("what was heard already", () => {
    const [a, b] = acquainted();
    const first = a.say();
    const second = a.say();
    expect(b.hear(second)).toBeUndefined();
    expect(b.hear(second)).toBe("repeated");
    expect(b.hear(first)).toBeUndefined();
    expect([b.hear(first), b.hear(second)]).toEqual(["repeated", "repeated"]);
  });

  test("what has been overtaken by too many to be remembered", () => {
    const [a, b] = acquainted();
    const late = a.say();
    for (let turn = 0; turn < 32; turn++) expect(b.hear(a.say())).toBeUndefined();
    expect(b.hear(late)).toBe("repeated");
  });

  test("what was recorded before this process began", () => {
    const [a, b] = acquainted();
    const recorded = [a.say(), a.say()];
    b.hear(recorded[0] as Heard);
    const again = new Process();
    again.say();
    for (const beacon of recorded) expect(again.hear(beacon)).toBe("unproven");
  });

  test("what the partner's process before said, once the new one is known", () => {
    const [a, b] = acquainted();
    a.hear(b.say());
    const kept = a.say();
    const restarted = new Process();
    restarted.hear(b.say());
    expect(b.hear(restarted.say())).toBeUndefined();
    expect(b.hear(kept)).toBe("unproven");
  });

  test("what was kept back, and is let through later", () => {
    const [a, b] = acquainted();
    a.hear(b.say());
    const kept = a.say();
    now += TRANSIT_MILLISECONDS_MAX + 1;
    expect(b.hear(kept)).toBe("delayed");
  });

  test("an echo of what was never said", () => {
    const [a, b] = acquainted();
    const beacon = a.say();
    const { boot } = b;
    for (const sequence of [0, 1000]) {
      const echo = { boot, sequence, heldMilliseconds: 0 };
      expect(b.hear({ ...beacon, echo })).toBe("impossible");
    }
  });

  test("and nothing of it makes what is of now less believed", () => {
    const [a, b] = acquainted();
    a.hear(b.say());
    const good = a.say();
    for (const sequence of [0, 1000]) {
      b.freshness.judge({ ...good, echo: { boot: b.boot, sequence, heldMilliseconds: 0 } }, now);
    }
    expect(b.hear(good)).toBeUndefined();
  });
});

test("a box that keeps what it heard for long says so, and is believed", () => {
  const [a, b] = acquainted();
  a.hear(b.say());
  now += 10_000;
  expect(b.hear(a.say())).toBeUndefined();
});

test("whatever is recorded, repeated and started again: believed once, and never of a process before", () => {
  const random = seeded(21);
  let count = 0;
  for (let run = 0; run < 300; run++) {
    boots = 0;
    let [a, b] = acquainted();
    const recorded: Heard[] = [];
    const believed = new Set<Heard>();
    let latest = 0;
    const hear = (beacon: Heard) => {
      if (b.hear(beacon) !== undefined) return;
      expect(believed.has(beacon)).toBe(false);
      believed.add(beacon);
      const boot = beacon.boot[0] as number;
      expect(boot).toBeGreaterThanOrEqual(latest);
      latest = boot;
      count++;
    };
    for (let step = 0; step < 200; step++) {
      now += below(random, 300);
      const what = below(random, 20);
      if (what === 0) a = new Process();
      else if (what === 1) b = new Process();
      else if (what < 8) a.hear(b.say());
      else if (what < 14) {
        const beacon = a.say();
        recorded.push(beacon);
        if (random() < 0.7) hear(beacon);
      } else if (recorded.length > 0) hear(recorded[below(random, recorded.length)] as Heard);
    }
  }
  expect(count).toBeGreaterThan(300 * 20);
});

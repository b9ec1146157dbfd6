// What a box says on each path, and what it makes of what it hears there. Signatures are taken as right.

import { beforeEach, describe, expect, test } from "vitest";
import {
  addressOn,
  type DueBeacon,
  Lookout,
  type LookoutPath,
} from "../../../daemon/core/witness/lookout.ts";
import { DEFAULT_TIMES } from "../../../daemon/core/witness/witness.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import type { Beacon } from "../../../daemon/wire/beacon.ts";

const CABLE: LookoutPath = { interfaceName: "ded0", lan: undefined };
const OFFICE: LookoutPath = { interfaceName: "lan0", lan: "office" };
const PATHS = [CABLE, OFFICE];

const DUE: DueBeacon = {
  interfaceName: "ded0",
  sequence: 0,
  lateMilliseconds: 0,
  echo: undefined,
};

let now = 0;
let boots = 0;

class Side {
  readonly id: Uint8Array;
  readonly boot = new Uint8Array(8).fill(++boots);
  readonly lookout = new Lookout(this.boot, DEFAULT_TIMES, now);
  readonly address: string;
  #partner: Uint8Array | undefined;

  constructor(number: number) {
    this.id = new Uint8Array(32).fill(number);
    this.address = `fe80::${number}`;
  }

  know(partner: Side | undefined, paths: readonly LookoutPath[] = PATHS): this {
    this.#partner = partner?.id;
    this.lookout.configure(this.id, partner?.id, paths, now);
    for (const { interfaceName } of paths) this.lookout.setCarrier(interfaceName, true);
    return this;
  }

  beacon({ sequence, lateMilliseconds, echo }: DueBeacon): Beacon {
    return {
      ...{ kind: "heartbeat", key: this.id, boot: this.boot, sequence, wall: 0, lateMilliseconds },
      ...{ port: 8647, model: "", serial: "", software: "", partner: this.#partner, echo },
      ...{ state: 0, generation: 0, gateway: 0, lans: [] },
    };
  }

  /** Says what is due, with what each hears. */
  speak(...listeners: Side[]): DueBeacon[] {
    const due = this.lookout.due(now);
    for (const one of due) for (const side of listeners) side.hear(this, one);
    return due;
  }

  hear(from: Side, due: DueBeacon, beacon = from.beacon(due)): string | undefined {
    const { lookout } = this;
    const refusal = lookout.admits(due.interfaceName, from.id, beacon, now);
    return refusal ?? lookout.heard(due.interfaceName, from.address, from.id, beacon, now);
  }
}

let a: Side;
let b: Side;

beforeEach(() => {
  now = 50_000;
  boots = 0;
  a = new Side(1);
  b = new Side(2);
  a.know(b);
  b.know(a);
});

/** Both speak and listen for so long. */
function pass(milliseconds: number): void {
  for (const end = now + milliseconds; now < end; now += 50) {
    a.speak(b);
    b.speak(a);
  }
}

describe("beacons are due", () => {
  test("at once, then five times a second on the cable and twice on a LAN", () => {
    const counts = { ded0: 0, lan0: 0 };
    for (const end = now + 10_000; now < end; now += 10) {
      for (const { interfaceName } of a.speak()) counts[interfaceName as "ded0"]++;
    }
    expect(counts).toEqual({ ded0: 50, lan0: 20 });
  });

  test("only on the cable while there is no partner", () => {
    a.know(undefined);
    expect(a.speak().map(({ interfaceName }) => interfaceName)).toEqual(["ded0"]);
  });

  test("again when something is worth saying, and with how late they are", () => {
    a.speak();
    a.lookout.hurry(now);
    expect(a.speak()).toHaveLength(2);
    now += 1200;
    expect(a.speak().map(({ lateMilliseconds }) => lateMilliseconds)).toEqual([1000, 700]);
  });
});

test("two boxes see each other on every path, with where and who", () => {
  pass(2000);
  const { conclusion, paths, partner } = a.lookout.sight(now);
  expect(conclusion).toBe("in-step");
  expect(paths.map(({ verdict, address }) => [verdict, address])).toEqual([
    ["up", b.address],
    ["up", b.address],
  ]);
  expect(partner?.boot).toEqual(b.boot);
});

test("a partner that has started again is believed within a few beacons", () => {
  pass(2000);
  const restarted = new Side(2).know(a);
  let waited = 0;
  while (a.lookout.sight(now).partner?.boot !== restarted.boot && waited < 5000) {
    a.speak(restarted);
    restarted.speak(a);
    now += 50;
    waited += 50;
  }
  expect(waited).toBeLessThanOrEqual(LIMITS.beaconEchoMilliseconds + 500);
});

describe("disregarded, with why", () => {
  test("what this box itself says: two of its ports on one wire, or a copied disk", () => {
    const [cable, lan] = a.speak();
    expect(lan && a.hear(a, lan)).toBe("own");
    expect(a.lookout.found(now)).toEqual([]);
    // Of the cable a person has to know.
    expect(cable && a.hear(a, cable)).toBe("own");
    expect(a.lookout.found(now).map(({ id }) => id)).toEqual([a.id]);
  });

  test("on a LAN whoever is not the partner, and on the cable not", () => {
    const stranger = new Side(3).know(undefined, PATHS);
    const [due] = stranger.speak();
    expect(due && a.hear(stranger, due)).toBeUndefined();
    expect(due && a.hear(stranger, { ...due, interfaceName: "lan0" })).toBe("stranger");
    expect(due && a.hear(stranger, { ...due, interfaceName: "wan0" })).toBe("unknown-path");
  });

  test("the same beacon again, and one of before", () => {
    const [due] = a.speak();
    pass(1000);
    expect(due && b.hear(a, due)).toBe("repeated");
  });

  test("more than can be checked: the partner's own few still get through a second later", () => {
    pass(1000);
    const forged = a.beacon({ ...DUE, sequence: 5000 });
    const verdicts = Array.from({ length: 1000 }, () =>
      b.lookout.admits("lan0", a.id, forged, now),
    );
    expect(verdicts.filter((one) => one === undefined)).toHaveLength(LIMITS.beaconChecksPerSecond);
    expect(verdicts.at(-1)).toBe("too-many");
    now += 1000;
    pass(1000);
    expect(b.lookout.sight(now).conclusion).toBe("in-step");
  });
});

describe("a recording", () => {
  test("of a process before, played without end beside the living one, changes nothing", () => {
    const recorded = a.speak(b).map((due) => a.beacon(due));
    const living = new Side(1).know(b);
    a = living;
    pass(3000);
    for (const end = now + 10_000; now < end; now += 20) {
      for (const beacon of recorded) {
        expect(b.hear(living, DUE, beacon)).not.toBeUndefined();
      }
      living.speak(b);
      b.speak(living);
      expect(b.lookout.sight(now).conclusion).toBe("in-step");
      expect(living.lookout.sight(now).conclusion).toBe("in-step");
    }
  });

  test("does not keep a dead partner alive", () => {
    pass(2000);
    const recorded = a.speak().map((due) => [due, a.beacon(due)] as const);
    for (let turn = 0; turn < 10; turn++) {
      now += 500;
      for (const [due, beacon] of recorded) b.hear(a, due, beacon);
    }
    expect(b.lookout.sight(now).conclusion).toBe("gone");
  });
});

describe("boxes that are not the partner", () => {
  test("are shown while they are heard, a few at most", () => {
    const strangers = Array.from({ length: 6 }, (_, index) => new Side(10 + index));
    for (const stranger of strangers) stranger.know(undefined, [CABLE]).speak(a);
    expect(a.lookout.found(now)).toHaveLength(LIMITS.strangersMax);
    now += LIMITS.strangerMilliseconds + 1;
    expect(a.lookout.found(now)).toEqual([]);
  });

  test("one that becomes the partner is seen as such, and the one before is not any more", () => {
    pass(1000);
    const other = new Side(3).know(a, [CABLE]);
    other.speak(a);
    expect(a.lookout.found(now).map(({ id }) => id)).toEqual([other.id]);
    a.know(other);
    expect(a.lookout.sight(now)).toMatchObject({ conclusion: "slow", partner: undefined });
    b = other;
    pass(1000);
    expect(a.lookout.sight(now).paths[0]).toMatchObject({ verdict: "up", address: other.address });
  });
});

test("a partner that does not know it is one is to be paired with again", () => {
  b.know(undefined, [CABLE]);
  pass(2000);
  const sight = a.lookout.sight(now);
  expect([sight.isDisowned, sight.paths[0]?.verdict]).toEqual([true, "up"]);
  expect(a.lookout.found(now).map(({ id }) => id)).toEqual([b.id]);
  expect(b.lookout.found(now).map(({ id }) => id)).toEqual([a.id]);
  b.know(a);
  pass(1000);
  expect(a.lookout.sight(now).isDisowned).toBe(false);
  expect([a.lookout.found(now), b.lookout.found(now)]).toEqual([[], []]);
});

describe("the partner can be asked something", () => {
  const asked = (side: Side, name = "lan0"): string | undefined =>
    addressOn(side.lookout.sight(now), name);

  test("on a LAN while the boxes hear each other there", () => {
    expect(asked(a)).toBeUndefined();
    pass(2000);
    expect([asked(a), asked(b)]).toEqual(["fe80::2%lan0", "fe80::1%lan0"]);
    expect([asked(a, "ded0"), asked(a, "lan1")], "not on the cable, nor elsewhere").toEqual([
      ...[undefined, undefined],
    ]);
    for (const end = now + 1500; now < end; now += 50) b.speak();
    expect(a.lookout.sight(now).paths[1]?.verdict).toBe("silent");
    expect(asked(a)).toBeUndefined();
  });

  test("not where it does not hear what it is asked", () => {
    pass(2000);
    for (const end = now + 3000; now < end; now += 50) {
      a.speak();
      b.speak(a);
    }
    expect(a.lookout.sight(now).paths[1]?.verdict).toBe("mute");
    expect(asked(a)).toBeUndefined();
  });

  test("not when it has another partner by now", () => {
    pass(2000);
    b.know(new Side(3));
    b.speak(a);
    expect(a.lookout.sight(now).isDisowned).toBe(true);
    expect(asked(a)).toBeUndefined();
  });
});

test("paths that stay keep what was heard on them", () => {
  pass(1000);
  const before = a.lookout.sight(now).paths[0];
  a.know(b, [CABLE]);
  expect(a.lookout.sight(now).paths).toEqual([before]);
});

// Two boxes, six digits, and somebody who sits between them.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type DigitsMessage,
  type DigitsOutcome,
  type Hash,
  SixDigits,
} from "../../../daemon/core/introduction/six-digits.ts";
import { seeded } from "../../support/random.ts";

const sha256: Hash = (bytes) => createHash("sha256").update(bytes).digest();

/** How often somebody sits between: RUNS=n. */
const RUNS = Number(process.env.RUNS ?? 100_000);

function bytesFrom(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
}

/** Two ends that hear each other; what each has in the end. */
function talk(a: SixDigits, b: SixDigits): [DigitsOutcome, DigitsOutcome] {
  const ends = [a, b] as const;
  const [first, second] = [a.begin(), b.begin()];
  const outcomes: [DigitsOutcome, DigitsOutcome] = [first.outcome, second.outcome];
  const queues: [DigitsMessage[], DigitsMessage[]] = [[...second.send], [...first.send]];
  for (let turn: 0 | 1 = 0; queues.some(({ length }) => length > 0); turn = turn === 0 ? 1 : 0) {
    const message = queues[turn].shift();
    if (!message) continue;
    const { send, outcome } = ends[turn].receive(message);
    outcomes[turn] = outcome;
    queues[turn === 0 ? 1 : 0].push(...send);
  }
  return outcomes;
}

function digitsOf(outcome: DigitsOutcome): string {
  if (outcome.kind !== "digits") throw new Error(`no digits: ${JSON.stringify(outcome)}`);
  return outcome.digits;
}

describe("two boxes", () => {
  test("get the same six digits, whoever is the lower one", () => {
    const random = seeded(1);
    const seen = new Set<string>();
    for (let run = 0; run < 200; run++) {
      const [a, b] = [bytesFrom(random), bytesFrom(random)];
      const [numberA, numberB] = [bytesFrom(random), bytesFrom(random)];
      const outcomes = talk(
        new SixDigits(a, b, numberA, sha256),
        new SixDigits(b, a, numberB, sha256),
      );
      const [atA, atB] = outcomes.map(digitsOf);
      expect(atA).toMatch(/^\d{6}$/);
      expect(atA).toBe(atB);
      seen.add(atA ?? "");
    }
    expect(seen.size).toBeGreaterThan(195);
  });

  test("every try has other digits", () => {
    const random = seeded(2);
    const [a, b] = [bytesFrom(random), bytesFrom(random)];
    const once = () =>
      digitsOf(
        talk(
          new SixDigits(a, b, bytesFrom(random), sha256),
          new SixDigits(b, a, bytesFrom(random), sha256),
        )[0],
      );
    expect(new Set(Array.from({ length: 20 }, once)).size).toBe(20);
  });

  test("with the same key are one box, or a copy of its disk", () => {
    const id = bytesFrom(seeded(3));
    const refused = { kind: "refused", reason: "same-box" };
    expect(new SixDigits(id, id, id, sha256).begin().outcome).toEqual(refused);
    const message = { kind: "commitment", bytes: id } as const;
    expect(new SixDigits(id, id, id, sha256).receive(message).outcome).toEqual(refused);
  });
});

describe("what is not due is refused, and ends the try", () => {
  const [low, high] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const some = new Uint8Array(32).fill(7);
  const outOfTurn = { kind: "refused", reason: "out-of-turn" };
  const committer = () => new SixDigits(low, high, some, sha256);
  const responder = () => new SixDigits(high, low, some, sha256);

  test.each([
    ["a commitment for the committer", committer, "commitment", 32],
    ["a number before the commitment", responder, "number", 32],
    ["a commitment that is too short", responder, "commitment", 31],
    ["a number that is too long", committer, "number", 33],
    ["a number without a byte", committer, "number", 0],
  ] as const)("%s", (_, make, kind, length) => {
    const end = make();
    end.begin();
    const { send, outcome } = end.receive({ kind, bytes: new Uint8Array(length) });
    expect([send, outcome]).toEqual([[], outOfTurn]);
    const next = { kind: "number", bytes: some } as const;
    expect(end.receive(next)).toEqual({ send: [], outcome: outOfTurn });
  });

  test("a second number", () => {
    const end = committer();
    end.begin();
    expect(end.receive({ kind: "number", bytes: some }).outcome.kind).toBe("digits");
    expect(end.receive({ kind: "number", bytes: some }).outcome).toEqual(outOfTurn);
  });

  test("a number that nobody committed to", () => {
    const end = responder();
    const [commitment] = new SixDigits(low, high, some, sha256).begin().send;
    if (!commitment) throw new Error("the lower one commits");
    expect(end.receive(commitment).send).toHaveLength(1);
    const other = { kind: "number", bytes: new Uint8Array(32).fill(8) } as const;
    const { send, outcome } = end.receive(other);
    expect([send, outcome]).toEqual([[], { kind: "refused", reason: "broken-commitment" }]);
  });

  test("a commitment of another box's", () => {
    const end = responder();
    const third = new Uint8Array(32);
    const [commitment] = new SixDigits(third, high, some, sha256).begin().send;
    if (!commitment) throw new Error("the lower one commits");
    end.receive(commitment);
    expect(end.receive({ kind: "number", bytes: some }).outcome).toEqual({
      kind: "refused",
      reason: "broken-commitment",
    });
  });
});

/**
 * Somebody between two boxes, with a key of their own towards each. They answer each box by the rules, for what
 * breaks them is refused, and may listen to all that one says before they say anything to the other.
 */
describe("somebody sits between", () => {
  interface Between {
    readonly a: SixDigits;
    readonly b: SixDigits;
    readonly toA: SixDigits;
    readonly toB: SixDigits;
  }

  /** Identities of the two boxes, and those that somebody has for each of them. */
  function setUp(random: () => number): Between {
    const [a, b, forA, forB] = [1, 2, 3, 4].map(() => bytesFrom(random)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    // Whether it commits or responds is theirs to choose: a key is made in no time.
    forA[0] = random() < 0.5 ? 0 : 255;
    forB[0] = random() < 0.5 ? 0 : 255;
    return {
      a: new SixDigits(a, forA, bytesFrom(random), sha256),
      b: new SixDigits(b, forB, bytesFrom(random), sha256),
      toA: new SixDigits(forA, a, bytesFrom(random), sha256),
      toB: new SixDigits(forB, b, bytesFrom(random), sha256),
    };
  }

  test(`the digits differ in ${RUNS} runs`, { timeout: 30_000 + RUNS }, () => {
    const random = seeded(4);
    let equal = 0;
    for (let run = 0; run < RUNS; run++) {
      const { a, b, toA, toB } = setUp(random);
      const [atA] = talk(a, toA);
      const [atB] = talk(b, toB);
      if (digitsOf(atA) === digitsOf(atB)) equal++;
    }
    // One in a million, by chance alone: more than a few would be a fault.
    expect(equal).toBeLessThanOrEqual(3);
  });

  test("without a commitment a machine finds equal digits: the numbers alone would not do", () => {
    const random = seeded(5);
    const [a, b, forA, forB] = [1, 2, 3, 4].map(() => bytesFrom(random)) as Uint8Array[];
    if (!a || !b || !forA || !forB) throw new Error("four identities");
    const naive = (one: Uint8Array, other: Uint8Array, x: Uint8Array, y: Uint8Array) =>
      sha256(Uint8Array.from([...one, ...other, ...x, ...y]))
        .subarray(0, 2)
        .join();
    const [numberA, numberB] = [bytesFrom(random), bytesFrom(random)];
    const wanted = naive(a, forA, numberA, bytesFrom(random));
    let tries = 0;
    while (naive(forB, b, bytesFrom(random), numberB) !== wanted) tries++;
    expect(tries).toBeLessThan(2_000_000);
  });
});

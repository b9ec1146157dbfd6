// Two boxes that tell each other how far their journals are: who has an older disk than it had finds out.

import { describe, expect, test } from "vitest";
import type { BoxFacts } from "../../../daemon/core/failover/box-facts.ts";
import { CONTACT_OPEN, type PairState } from "../../../daemon/core/failover/pair-state.ts";
import { RollbackWatch } from "../../../daemon/core/failover/rollback-watch.ts";
import { makePair } from "../../support/leases.ts";

/** The last contact ended at record 50; 70 of the partner's records and 2 losses are remembered. */
function watchOf(changes: Partial<PairState> = {}): { watch: RollbackWatch; state: PairState } {
  const remembered = { contactEnd: 50, partnerSequence: 70, epoch: 2 };
  const state = makePair(1, { ...remembered, ...changes });
  return { watch: new RollbackWatch(state, 60), state };
}

/** The partner at its record 80, which remembers record 50 of this box and the same losses. */
function factsOf(changes: Partial<BoxFacts> = {}): BoxFacts {
  const own = { boot: 1, sequence: 80, epoch: 2, partnerSequence: 50 };
  return { ...own, serverIds: [], macs: [], ...changes };
}

describe("whether this box has lost what it knew", () => {
  const isLost = (facts: Partial<BoxFacts>) => watchOf().watch.isRolledBack(factsOf(facts));

  test("not when the partner knows of no more than there was at the end of the last contact", () => {
    expect(isLost({})).toBe(false);
    expect(isLost({ partnerSequence: 7 })).toBe(false);
    expect(isLost({ partnerSequence: 0 })).toBe(false);
  });

  test("it has when the partner knows of one record more, however many there are by now", () => {
    expect(isLost({ partnerSequence: 51 })).toBe(true);
  });

  test("a contact that was open when the process ended has ended with its last record", () => {
    const { watch, state } = watchOf({ contactEnd: CONTACT_OPEN });
    expect(state.contactEnd).toBe(60);
    expect(watch.isRolledBack(factsOf({ partnerSequence: 60 }))).toBe(false);
    expect(watch.isRolledBack(factsOf({ partnerSequence: 61 }))).toBe(true);
  });

  test("it has when the partner knows of a loss that this disk does not know of", () => {
    expect(isLost({ epoch: 3, partnerSequence: 0 })).toBe(true);
  });

  test("not when it is the partner that does not know of the last loss: its disk is the old one", () => {
    expect(isLost({ epoch: 1, partnerSequence: 51 })).toBe(false);
  });
});

describe("what the partner is told", () => {
  test("is no more than it can have heard, until it is written that the boxes are in contact", () => {
    const { watch, state } = watchOf();
    expect(watch.tell(65)).toEqual({ sequence: 50, epoch: 2, partnerSequence: 70 });
    state.contactEnd = CONTACT_OPEN;
    watch.open(67);
    expect(watch.isOpen(66)).toBe(false);
    expect(watch.tell(66).sequence).toBe(50);
    expect(watch.isOpen(67)).toBe(true);
    expect(watch.tell(67).sequence).toBe(67);
    watch.close(75);
    expect(state.contactEnd).toBe(75);
    expect(watch.tell(80).sequence).toBe(75);
  });

  test("is never more than is durable", () => {
    expect(watchOf().watch.tell(40).sequence).toBe(40);
  });

  test("a contact that never was does not move its end", () => {
    const { watch, state } = watchOf();
    watch.close(90);
    expect(state.contactEnd).toBe(50);
  });
});

describe("what is remembered of the partner", () => {
  test("is the highest record that was heard of", () => {
    const { watch, state } = watchOf();
    watch.heardOf(factsOf({ sequence: 90 }));
    watch.heardOf(factsOf({ sequence: 60 }));
    expect(state.partnerSequence).toBe(90);
  });

  test("is begun anew after a loss", () => {
    const { watch, state } = watchOf();
    watch.heardOf(factsOf({ sequence: 3, epoch: 3 }));
    expect(state).toMatchObject({ partnerSequence: 3, epoch: 3 });
  });

  test("is what it has now once the boxes are in step", () => {
    const { watch, state } = watchOf();
    watch.heardOf(factsOf({ sequence: 60 }));
    watch.settle();
    expect(state.partnerSequence).toBe(60);
  });

  test("stays as it is when the boxes are in step without a word of journals", () => {
    const { watch, state } = watchOf();
    watch.settle();
    expect(state.partnerSequence).toBe(70);
  });
});

describe("a box that a person had serve before it had learnt what it lost", () => {
  test.each(["partner-down", "potential-conflict", "paused"] as const)("learns it: %s", (name) => {
    const { watch, state } = watchOf();
    Object.assign(state, { mustWait: true, state: name });
    expect(watch.meet(factsOf())).toBe(true);
  });

  test.each(["recover", "recover-wait"] as const)("%s: it does so already", (name) => {
    const { watch, state } = watchOf();
    Object.assign(state, { mustWait: true, state: name });
    expect(watch.meet(factsOf())).toBe(false);
  });
});

describe("two boxes with their watches", () => {
  /** One box and its disk. */
  class Box {
    state = makePair(1, { contactEnd: 0, partnerSequence: 0, epoch: 0 });
    watch = new RollbackWatch(this.state, 0);
    sequence = 0;

    /** Starts with a disk as it was when it had these. */
    restart(sequence: number, state: PairState): void {
      this.sequence = sequence;
      this.state = { ...state };
      this.watch = new RollbackWatch(this.state, sequence);
    }

    facts(): BoxFacts {
      return { boot: 1, ...this.watch.tell(this.sequence), serverIds: [], macs: [] };
    }

    /** Whether it finds out that it has lost what it knew. */
    hears(facts: BoxFacts): boolean {
      const isFound = this.watch.meet(facts);
      expect(this.state.mustWait).toBe(isFound || this.state.mustWait);
      if (isFound) this.state.state = "recover";
      this.watch.open(++this.sequence);
      return isFound;
    }
  }

  /** Both greet each other; who of them finds out that it has lost what it knew. */
  function greet(a: Box, b: Box): [boolean, boolean] {
    const [fromA, fromB] = [a.facts(), b.facts()];
    const found: [boolean, boolean] = [a.hears(fromB), b.hears(fromA)];
    talk(a, b);
    return found;
  }

  /** CONTACT: what they say of themselves may be another by now. */
  function talk(a: Box, b: Box): void {
    a.watch.heardOf(b.facts());
    b.watch.heardOf(a.facts());
  }

  function part(a: Box, b: Box): void {
    for (const box of [a, b]) box.watch.close(box.sequence);
  }

  /** Two that have known each other for some time, and the first one's disk as it was in between. */
  function acquainted(): { a: Box; b: Box; backup: PairState; at: number } {
    const [a, b] = [new Box(), new Box()];
    expect(greet(a, b)).toEqual([false, false]);
    a.sequence = 50;
    const [backup, at] = [{ ...a.state }, a.sequence];
    a.sequence = 90;
    b.sequence = 80;
    talk(a, b);
    part(a, b);
    return { a, b, backup, at };
  }

  test("find nothing when they meet, nor after a restart, whatever they did alone", () => {
    const { a, b } = acquainted();
    a.sequence = 300;
    expect(greet(a, b)).toEqual([false, false]);
    part(a, b);
    a.restart(400, a.state);
    expect(greet(a, b)).toEqual([false, false]);
    // Both end in the middle of it.
    a.restart(a.sequence, a.state);
    b.restart(b.sequence, b.state);
    expect(greet(a, b)).toEqual([false, false]);
  });

  test("only the one whose disk was put back finds it, and once", () => {
    const { a, b, backup, at } = acquainted();
    a.restart(at, backup);
    expect(greet(a, b)).toEqual([true, false]);
    talk(a, b);
    part(a, b);
    a.sequence = 200;
    expect(greet(a, b)).toEqual([false, false]);
  });

  test("one that has served alone since, and was started again, finds it all the same", () => {
    const { a, b, backup, at } = acquainted();
    a.restart(at, backup);
    a.restart(500, a.state);
    expect(greet(a, b)).toEqual([true, false]);
  });

  test("one that is put back once more, to before it found that out, finds it again", () => {
    const { a, b, backup, at } = acquainted();
    a.restart(at, backup);
    greet(a, b);
    talk(a, b);
    part(a, b);
    // By the number of its records alone there would be nothing to see.
    a.restart(500, { ...backup, contactEnd: 500 });
    expect(greet(a, b)).toEqual([true, false]);
  });

  test("one with an empty disk finds it, and its partner does not", () => {
    const { a } = acquainted();
    const empty = new Box();
    expect(greet(a, empty)).toEqual([false, true]);
    talk(a, empty);
    part(a, empty);
    expect(greet(a, empty)).toEqual([false, false]);
  });
});

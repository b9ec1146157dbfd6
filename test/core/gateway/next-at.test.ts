// What `nextAt` promises: if nothing else is seen before that moment, looking earlier changes nothing. Of two that see
// the same, one is looked at only when it asked to be, the other one all the time: nobody can tell them apart.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  Coordinator,
  type CoordinatorFacts,
  type CoordinatorRules,
} from "../../../daemon/core/gateway/coordinator.ts";
import { CHECK_IDS, Health, type Look } from "../../../daemon/core/gateway/health.ts";
import { HOLDINGS } from "../../../daemon/core/gateway/word.ts";

const RUNS = Number(process.env.FUZZ ?? 400);

const word = fc.record({
  holding: fc.constantFrom(...HOLDINGS),
  score: fc.constantFrom(100, 95, 60, 0),
  mayTake: fc.boolean(),
});
const facts: fc.Arbitrary<CoordinatorFacts> = fc.record({
  holding: fc.constantFrom("master", "backup", "fault", undefined),
  score: fc.constantFrom(100, 95, 60),
  partner: fc.option(word, { nil: undefined, freq: 4 }),
  isInMaintenance: fc.constantFrom(false, false, true),
  isInStep: fc.boolean(),
});
const rules: fc.Arbitrary<CoordinatorRules> = fc.record({
  isPrimary: fc.boolean(),
  preferPrimaryAfter: fc.constantFrom(undefined, 30_000),
});
/** Until the next thing is seen, with the moments at which somebody looks in between. */
const span = fc.record({
  lasts: fc.oneof(fc.nat(3000), fc.nat(60_000), fc.constant(3_700_000)),
  looks: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
});
const coordinatorStory = fc.record({
  rules,
  first: facts,
  events: fc.array(
    fc.record({ facts, span, releases: fc.constantFrom(undefined, undefined, "person", "drill") }),
    { maxLength: 12 },
  ),
});

/** Looks when it was asked for, and at `extra`; calls back at each moment. */
function pass(
  from: number,
  to: number,
  extra: readonly number[],
  nextAt: (now: number) => number,
  look: (now: number) => void,
): void {
  for (let now = from; ; ) {
    const more = Math.min(...extra.filter((at) => at > now));
    const due = nextAt(now);
    expect(due, "nothing is due that is over").toBeGreaterThan(now);
    now = Math.min(due, more);
    if (now >= to) return;
    look(now);
  }
}

/** Everything that anybody can learn of it, with the moment at which it came to be so. */
class Watched {
  readonly coordinator: Coordinator;
  readonly history: string[] = [];
  #before = "";
  #facts: CoordinatorFacts;

  constructor(ruled: CoordinatorRules, first: CoordinatorFacts) {
    this.#facts = first;
    this.coordinator = new Coordinator(ruled, first, 0);
    this.see(first, 0);
  }

  see(seen: CoordinatorFacts, now: number): void {
    const { coordinator } = this;
    this.#facts = seen;
    coordinator.see(seen, now);
    const news = coordinator.takeNews();
    const { role, roleSince, cause } = coordinator;
    const state = [coordinator.isLettingGo(now), coordinator.word(now), role, roleSince, cause];
    const text = JSON.stringify(state);
    if (text === this.#before && news.length === 0) return;
    this.#before = text;
    this.history.push(`${now} ${text} ${JSON.stringify(news)}`);
  }

  look(now: number): void {
    this.see(this.#facts, now);
  }
}

test("a coordinator looked at when it asked to be does what one does that is looked at all the time", {
  timeout: 900_000,
}, () => {
  let moments = 0;
  fc.assert(
    fc.property(coordinatorStory, ({ rules: ruled, first, events }) => {
      const seldom = new Watched(ruled, first);
      const often = new Watched(ruled, first);
      let now = 0;
      for (const event of events) {
        const { lasts, looks } = event.span;
        const end = now + lasts;
        const extra = looks.map((share) => now + share * lasts);
        for (const [one, also] of [
          [seldom, []],
          [often, extra],
        ] as const) {
          const nextAt = (at: number): number => one.coordinator.nextAt(at);
          pass(now, end, also, nextAt, (at) => one.look(at));
        }
        now = end;
        for (const one of [seldom, often]) {
          if (event.releases) one.coordinator.release(event.releases, now);
          one.see(event.facts, now);
        }
      }
      moments += seldom.history.length;
      expect(often.history).toEqual(seldom.history);
    }),
    { numRuns: RUNS },
  );
  expect(moments, "a story in which nothing happens shows nothing").toBeGreaterThan(2 * RUNS);
});

const look: fc.Arbitrary<Look> = fc.boolean().map((isGood) => ({ isGood, detail: `${isGood}` }));
const healthStory = fc.array(fc.record({ id: fc.constantFrom(...CHECK_IDS), look, span }), {
  maxLength: 20,
});

test("the number for how well a box is changes only when it was said", { timeout: 900_000 }, () => {
  let changes = 0;
  fc.assert(
    fc.property(healthStory, (events) => {
      const [seldom, often] = [new Health(), new Health()];
      const [few, many]: [string[], string[]] = [[], []];
      const write = (health: Health, history: string[], at: number): void => {
        const text = JSON.stringify([health.score(at), health.views(at)]);
        if (history.at(-1) !== text) history.push(text);
      };
      let now = 0;
      for (const { id, look: seen, span: passing } of events) {
        const end = now + passing.lasts;
        const extra = passing.looks.map((share) => now + share * passing.lasts);
        for (const [health, history, also] of [
          [seldom, few, []],
          [often, many, extra],
        ] as const) {
          health.look(id, "", seen, now);
          write(health, history, now);
          pass(
            now,
            end,
            also,
            () => health.nextAt(),
            (at) => write(health, history, at),
          );
        }
        now = end;
      }
      changes += few.length;
      expect(many).toEqual(few);
    }),
    { numRuns: RUNS },
  );
  expect(changes).toBeGreaterThan(2 * RUNS);
});

// Two boxes with a VRRP that is told in three sentences: what one does is what the other sees, some milliseconds
// later. Whatever happens in whatever order: somebody has the gateway soon, and never both for long.

import fc from "fast-check";
import { expect, test } from "vitest";
import { Coordinator, type CoordinatorFacts } from "../../../daemon/core/gateway/coordinator.ts";
import { type GatewayWord, NO_WORD } from "../../../daemon/core/gateway/word.ts";

const STEP = 10;
/** Three adverts of 100 ms; and what a backup waits when it hears that the other one lets go. */
const DEAD_AFTER = 310;
const SKEW = 10;

interface Box {
  readonly coordinator: Coordinator;
  isOn: boolean;
  isInMaintenance: boolean;
  score: number;
  holding: "master" | "backup" | "fault";
  /** When it last heard that the other one has it. */
  heardAt: number;
  /** What it said, with the time. */
  said: { readonly word: GatewayWord; readonly at: number }[];
}

/** Legend: what happens to box 0 or 1. */
const TROUBLES = ["off", "on", "worse", "well", "maintenance", "back", "handover"] as const;
type Trouble = (typeof TROUBLES)[number];

class World {
  readonly boxes: readonly [Box, Box];
  now = 0;
  canHear = true;
  /** How long nobody has had it since something happened last, and how long both have. */
  none = 0;
  both = 0;

  constructor() {
    this.boxes = [this.#box(true), this.#box(false)];
  }

  #box(isPrimary: boolean): Box {
    const facts: CoordinatorFacts = {
      ...{ holding: "backup", score: 100, partner: undefined },
      ...{ isInMaintenance: false, isInStep: true },
    };
    const coordinator = new Coordinator({ isPrimary, preferPrimaryAfter: undefined }, facts, 0);
    return {
      ...{ coordinator, isOn: true, isInMaintenance: false, score: 100 },
      ...{ holding: "backup", heardAt: 0, said: [] },
    };
  }

  happens(at: number, trouble: Trouble): void {
    // A box that is there for a moment, again and again, says each time that it would take the gateway.
    this.none = 0;
    const box = this.boxes[at as 0 | 1];
    const { coordinator } = box;
    if (trouble === "off") box.isOn = false;
    if (trouble === "on" && !box.isOn) {
      Object.assign(box, { isOn: true, holding: "backup", heardAt: this.now });
    }
    if (trouble === "worse") box.score = 60;
    if (trouble === "well") box.score = 100;
    if (trouble === "maintenance") box.isInMaintenance = true;
    if (trouble === "back") box.isInMaintenance = false;
    const partner = this.#heard(1 - at);
    if (trouble === "handover" && box.holding === "master" && partner?.mayTake) {
      coordinator.release("person", this.now);
    }
  }

  pass(): void {
    this.now += STEP;
    for (const at of [0, 1]) this.#vrrp(at);
    for (const at of [0, 1]) this.#look(at);
    const count = this.boxes.filter((box) => box.isOn && box.holding === "master").length;
    const isAnyOn = this.boxes.some((box) => box.isOn);
    this.none = isAnyOn && count === 0 ? this.none + STEP : 0;
    this.both = count === 2 && this.canHear ? this.both + STEP : 0;
  }

  /** Priority 250 and 249, nopreempt; two that have it: the higher one stays. */
  #vrrp(at: number): void {
    const box = this.boxes[at as 0 | 1];
    const other = this.boxes[(1 - at) as 0 | 1];
    if (!box.isOn) return;
    if (box.coordinator.isLettingGo(this.now)) {
      box.holding = "fault";
      if (this.canHear) other.heardAt = Math.min(other.heardAt, this.now - DEAD_AFTER + SKEW);
      return;
    }
    if (box.holding === "fault") Object.assign(box, { holding: "backup", heardAt: this.now });
    const isHeard = this.canHear && other.isOn && other.holding === "master";
    if (isHeard) box.heardAt = this.now;
    if (box.holding === "master" && isHeard && at === 1) box.holding = "backup";
    if (box.holding === "backup" && this.now - box.heardAt > DEAD_AFTER) box.holding = "master";
  }

  #look(at: number): void {
    const box = this.boxes[at as 0 | 1];
    if (!box.isOn) return;
    const { holding, score, isInMaintenance, coordinator } = box;
    const partner = this.#heard(1 - at);
    const facts = { holding, score, partner, isInMaintenance, isInStep: true };
    coordinator.see(facts, this.now);
    box.said.push({ word: coordinator.word(this.now), at: this.now });
  }

  /** Half a second of silence is a partner that is gone. */
  #heard(at: number): GatewayWord | undefined {
    const { isOn, said } = this.boxes[at as 0 | 1];
    const last = said.at(-1);
    if (!this.canHear || (!isOn && this.now - (last?.at ?? 0) > 600)) return undefined;
    return last?.word ?? NO_WORD;
  }
}

const story = fc.array(
  fc.record({
    at: fc.constantFrom(0, 1),
    trouble: fc.constantFrom(...TROUBLES),
    waits: fc.integer({ min: 0, max: 4000 }),
  }),
  { maxLength: 25, size: "max" },
);

test("somebody has it within three and a half seconds of what happened last, and both never for two", () => {
  fc.assert(
    fc.property(story, (events) => {
      const world = new World();
      let longestNone = 0;
      let longestBoth = 0;
      const wait = (milliseconds: number): void => {
        for (let passed = 0; passed < milliseconds; passed += STEP) {
          world.pass();
          longestNone = Math.max(longestNone, world.none);
          longestBoth = Math.max(longestBoth, world.both);
        }
      };
      wait(2000);
      for (const { at, trouble, waits } of events) {
        world.happens(at, trouble);
        wait(waits);
      }
      wait(5000);
      // A box in maintenance waits for two seconds before it takes it after all.
      expect(longestNone).toBeLessThan(3500);
      expect(longestBoth).toBeLessThan(2000);
    }),
    { numRuns: 2000 },
  );
});

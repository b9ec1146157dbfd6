// Any order of changes, cuts, restarts, refusals and choices: the boxes end with the same configuration, or both
// say in what they differ; nothing that a person wrote is lost, and nothing is in force that was refused.

import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMITS } from "../../../daemon/limits.ts";
import { type Adoption, makeDocument, NAMES, type Name, otherOf, TwoBoxes } from "./two-boxes.ts";

const RUNS = Number(process.env.RUNS ?? 3000);
const TIME = 10_000 + 10 * RUNS;

type Action =
  | { readonly kind: "work"; readonly at: Name }
  | { readonly kind: "deliver"; readonly at: Name }
  | { readonly kind: "restart"; readonly at: Name }
  | { readonly kind: "mend"; readonly at: Name }
  | { readonly kind: "edit"; readonly at: Name; readonly n: number; readonly badFor: Name | "" }
  | {
      readonly kind: "ask";
      readonly at: Name;
      readonly n: number;
      readonly badFor: Name | "";
      /** It was made from something else than what is in force. */
      readonly isLate: boolean;
    }
  | {
      readonly kind: "try";
      readonly at: Name;
      readonly n: number;
      readonly badFor: Name | "";
      readonly milliseconds: number;
    }
  | { readonly kind: "confirm"; readonly at: Name }
  | { readonly kind: "undo"; readonly at: Name }
  | { readonly kind: "clock"; readonly at: Name; readonly isAhead: number }
  | { readonly kind: "choose"; readonly at: Name; readonly choice: "keep" | "take" }
  | { readonly kind: "cut"; readonly fromA: number; readonly fromB: number }
  | { readonly kind: "connect" }
  | { readonly kind: "settle" }
  | { readonly kind: "wait"; readonly milliseconds: number };

const at = fc.constantFrom<Name>("a", "b");
const few = fc.nat(3);
const YEAR = 365 * 86_400_000;

/** `n` makes the document: few of them, so that changes are taken back, or one for each change. */
function actions(n: fc.Arbitrary<number>): fc.Arbitrary<Action[]> {
  const badFor = fc.constantFrom<Name | "">("", "", "", "a", "b");
  const action = fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: fc.constant("work" as const), at }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("deliver" as const), at }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("edit" as const), at, n, badFor }) },
    {
      weight: 3,
      arbitrary: fc.record({
        ...{ kind: fc.constant("ask" as const), at, n, badFor },
        isLate: fc.constantFrom(false, false, false, true),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        ...{ kind: fc.constant("try" as const), at, n, badFor },
        milliseconds: fc.constantFrom(1000, 30_000, 60_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("confirm" as const), at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("undo" as const), at }) },
    {
      weight: 1,
      arbitrary: fc.record({
        ...{ kind: fc.constant("clock" as const), at },
        isAhead: fc.constantFrom(-YEAR, 0, 45_000, YEAR),
      }),
    },
    { weight: 4, arbitrary: fc.constant({ kind: "connect" as const }) },
    { weight: 3, arbitrary: fc.constant({ kind: "settle" as const }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("cut" as const), fromA: few, fromB: few }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("mend" as const), at }) },
    {
      weight: 3,
      arbitrary: fc.record({
        ...{ kind: fc.constant("choose" as const), at },
        choice: fc.constantFrom("keep" as const, "take" as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("wait" as const),
        milliseconds: fc.constantFrom(1000, 16_000, 61_000),
      }),
    },
  );
  return fc.array(action, { maxLength: 80 });
}

/** What people wrote, and which of it they wrote over themselves before it was in force. */
class People {
  readonly #wrote = new Map<string, Name>();

  edit(world: TwoBoxes, name: Name, n: number, badFor: Name | ""): void {
    const { disk } = world.boxes[name];
    this.#wrote.delete(disk.file.hash);
    const document = makeDocument(n, badFor);
    world.boxes[name].edit(document);
    this.#wrote.set(document.hash, name);
  }

  check(world: TwoBoxes): void {
    const kept = new Set(
      NAMES.flatMap((name) => {
        const { document, file, earlier, keptAside } = world.boxes[name].disk;
        return [document.hash, file.hash, ...earlier, ...keptAside];
      }),
    );
    for (const hash of this.#wrote.keys()) expect(kept).toContain(hash);
  }
}

type Does = {
  readonly [K in Action["kind"]]: (
    world: TwoBoxes,
    action: Extract<Action, { kind: K }>,
    people: People,
  ) => void;
};

const DOES: Does = {
  work: (world, { at }) => world.boxes[at].work(),
  deliver: (world, { at }) => world.deliver(at),
  restart: (world, { at }) => world.restart(at),
  mend: (world, { at }) => {
    world.boxes[at].takesAll = true;
    world.boxes[at].do({ kind: "box-changed" }, { kind: "load" });
  },
  edit: (world, { at, n, badFor }, people) => people.edit(world, at, n, badFor),
  ask: (world, { at, n, badFor, isLate }) =>
    world.boxes[at].ask(makeDocument(n, badFor), isLate ? makeDocument(-1).hash : undefined),
  try: (world, { at, n, badFor, milliseconds }) =>
    world.boxes[at].try(makeDocument(n, badFor), milliseconds),
  confirm: (world, { at }) => world.boxes[at].confirm(),
  undo: (world, { at }) => world.boxes[at].undo(),
  clock: (world, { at, isAhead }) => {
    world.boxes[at].clockIsAhead = isAhead;
  },
  choose: (world, { at, choice }) => world.choose(at, choice),
  cut: (world, { fromA, fromB }) => world.cut(fromA, fromB),
  connect: (world) => world.connect(),
  settle: (world) => world.settle(),
  wait: (world, { milliseconds }) => {
    world.now += milliseconds;
    for (const name of NAMES) world.boxes[name].tick();
  },
};

function act(world: TwoBoxes, people: People, action: Action): void {
  (DOES[action.kind] as (world: TwoBoxes, action: Action, people: People) => void)(
    world,
    action,
    people,
  );
}

/** Nothing comes into force that may not. */
function checkAdoption({ by, before, standingBefore, event, effect }: Adoption, world: TwoBoxes) {
  const { hash } = effect.document;
  const partner = world.boxes[otherOf(by)];
  expect(world.boxes[by].objections(effect.document), "taken though it was refused").toEqual([]);
  const isAgreed = partner.approved.has(hash);
  const isAsked = ["received", "edited", "requested"].includes(event.kind);
  const isBack = standingBefore.trial?.before.lineage.hash === hash;
  if (before.relation === "same" && isAsked && !isBack) {
    expect(isAgreed, "in force before the partner was ready").toBe(true);
  }
  if (standingBefore.refused?.hash === hash && event.kind !== "chosen") {
    expect(isAgreed, "in force though the partner refused it").toBe(true);
  }
}

/** Both the same, or both say what is the matter. */
function checkEnd(world: TwoBoxes): void {
  const [a, b] = [world.view("a"), world.view("b")];
  expect([a.trial, b.trial], "every trial has an end").toEqual([undefined, undefined]);
  expect([a.isBusy, b.isBusy]).toEqual([false, false]);
  expect(NAMES.map((name) => world.boxes[name].owed.size)).toEqual([0, 0]);
  expect([a.partner, b.partner]).toEqual([b.lineage, a.lineage]);
  if (a.lineage.hash === b.lineage.hash) {
    expect([a.relation, b.relation]).toEqual(["same", "same"]);
    expect(a.lineage).toEqual(b.lineage);
    return;
  }
  expect([a.partnerDocument, b.partnerDocument]).toEqual([b.document, a.document]);
  if (a.relation === "diverged") {
    expect(b.relation).toBe("diverged");
    return;
  }
  const [newer, older] = a.relation === "newer" ? [a, b] : [b, a];
  expect([newer.relation, older.relation]).toEqual(["newer", "older"]);
  expect(newer.refusedByPartner.length, "the newer one says why").toBeGreaterThan(0);
  expect(older.refusedHere.length, "the older one says why").toBeGreaterThan(0);
}

/** Every change that was in force for good is behind what is in force now, unless a person chose between the two. */
function checkNothingLost(world: TwoBoxes): void {
  const known = new Set(
    NAMES.flatMap((name) => {
      const { lineage } = world.view(name);
      return [lineage.hash, ...lineage.ancestors.map(({ hash }) => hash)];
    }),
  );
  const forGood = world.adoptions.filter(({ effect }) => !effect.standing.trial);
  for (const { effect } of forGood) expect(known).toContain(effect.document.hash);
  for (const name of NAMES) {
    for (const hash of world.boxes[name].confirmed) expect(known).toContain(hash);
  }
}

function run(all: readonly Action[], areSame: boolean): TwoBoxes {
  const first = makeDocument(1);
  const world = new TwoBoxes({ a: first, b: areSame ? first : makeDocument(2) }, checkAdoption);
  const people = new People();
  // Most of the time two boxes do see each other.
  world.connect();
  if (areSame) world.settle();
  for (const action of all) {
    act(world, people, action);
    people.check(world);
  }
  world.cut(0, 0);
  world.settle();
  world.connect();
  world.settle();
  world.wait(LIMITS.configAnswerMilliseconds);
  world.wait(60_000 + LIMITS.configTrialGraceMilliseconds);
  people.check(world);
  checkEnd(world);
  expect(
    NAMES.flatMap((name) => world.boxes[name].closings).filter((why) => !/owes/.test(why)),
  ).toEqual([]);
  return world;
}

test(
  "after whatever happened, both have the same or both say why not",
  () => {
    fc.assert(
      fc.property(actions(fc.nat(4)), fc.boolean(), (all, areSame) => {
        run(all, areSame);
      }),
      { numRuns: RUNS },
    );
  },
  TIME,
);

test(
  "no change that was in force is lost",
  () => {
    // With a document for each change, and no more of them than a lineage holds.
    fc.assert(
      fc.property(
        actions(fc.integer({ min: 10, max: 1_000_000 })),
        fc.boolean(),
        (all, areSame) => {
          const edits = all.filter(({ kind }) => ["edit", "ask", "try"].includes(kind));
          fc.pre(edits.length <= 10);
          checkNothingLost(run(all, areSame));
        },
      ),
      { numRuns: RUNS },
    );
  },
  TIME,
);

test(
  "a choice, on whichever box, ends every difference",
  () => {
    const choices = fc.constantFrom("keep" as const, "take" as const);
    fc.assert(
      fc.property(actions(fc.nat(4)), at, choices, (all, name, choice) => {
        const world = run(all, true);
        for (const one of NAMES) act(world, new People(), { kind: "mend", at: one });
        world.settle();
        world.choose(name, choice);
        world.settle();
        checkEnd(world);
        expect(world.view("a").lineage.hash).toBe(world.view("b").lineage.hash);
      }),
      { numRuns: RUNS },
    );
  },
  TIME,
);

// Everything that is in the way of a pair: it is said with what to do about it, and nothing is written.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../../../daemon/base/bytes.ts";
import { INTRODUCTION_REFUSALS, refusalOf } from "../../../daemon/core/introduction/refusals.ts";
import {
  encodeIntroduction,
  INTRODUCTION_VERSION,
} from "../../../daemon/wire/introduction-message.ts";
import { facing, hear, NUMBER, PROFILE, said } from "../../support/facing-stranger.ts";
import {
  type BoxOptions,
  Cable,
  IntroducedBox,
  identityNumber,
  newBox,
  OFFICE,
  OFFICE_BOX,
  officeBox,
  START,
} from "../../support/two-introductions.ts";

function plugged(one: BoxOptions, other: BoxOptions): Cable {
  const cable = new Cable(one, other);
  cable.plug();
  cable.run();
  return cable;
}

/** What each box says; undefined: nothing is in the way. */
function refusals({ ends }: Cable): (string | undefined)[] {
  return ends.map(({ view }) => view.refusal?.id);
}

describe("the table", () => {
  test("each refusal has a code of its own, sentences, and what to do", () => {
    const rows = Object.entries(INTRODUCTION_REFUSALS);
    expect(new Set(rows.map(([, { code }]) => code)).size).toBe(rows.length);
    for (const [id, { code, here, there, advice }] of rows) {
      expect(here).toMatch(/^[A-Z].*\.$/);
      expect(advice).toMatch(/^[A-Z].*[.:a-z]$/);
      if (code === 0) continue;
      expect(there).toMatch(/^[A-Z][^{]*\.$/);
      expect(refusalOf(code)).toBe(id);
    }
    expect([0, 200].map(refusalOf)).toEqual(["not-understood", "not-understood"]);
  });
});

describe("what is seen before a word is said", () => {
  test("another model", () => {
    const cable = plugged(officeBox(1), newBox(2, { model: "other-board" }));
    expect(refusals(cable)).toEqual(["other-model", "other-model"]);
    expect(cable.ends[0].view.refusal?.sentence).toBe(
      "The boxes are of different models: this one is board, the other one other-board.",
    );
    expect(cable.ends[0].stage).toBe("found");
  });

  test("clocks that differ, until they do not", () => {
    const cable = plugged(officeBox(1), newBox(2, { clockOffset: -61_500 }));
    expect(refusals(cable)).toEqual(["clock", "clock"]);
    expect(cable.ends[0].view.refusal?.sentence).toContain("differ by 62 s");
    const close = plugged(officeBox(1), newBox(2, { clockOffset: 59_000 }));
    expect(refusals(close)).toEqual([undefined, undefined]);
    expect(close.ends[0].view.digits).toBeDefined();
  });

  test("the box itself: a cable from port to port, or a copied disk", () => {
    const cable = plugged(officeBox(1), officeBox(1));
    expect(refusals(cable)).toEqual(["same-box", "same-box"]);
    expect(cable.ends[0].wantsToDial).toBe(false);
  });

  test("both are in pairs with others", () => {
    const elsewhere = (id: number, partner: number) => {
      const pair = { role: "primary", partnerIdentity: hex(identityNumber(partner)) };
      return officeBox(id, { documents: { shared: OFFICE, box: { ...OFFICE_BOX, pair } } });
    };
    const cable = plugged(elsewhere(1, 11), elsewhere(2, 12));
    expect(refusals(cable)).toEqual(["has-partner", "has-partner"]);
  });

  test("two strangers at once; one of them goes, and it goes on by itself", () => {
    const cable = plugged(officeBox(1), newBox(2));
    const [a] = cable.ends;
    cable.cut();
    const third = new IntroducedBox(newBox(3)).hello();
    a.happen({ kind: "found", box: third });
    expect(a.view.refusal?.sentence).toBe(
      "More than one box was found on the pair ports: board S2, board S3.",
    );
    cable.wait(9);
    expect(a.view.digits).toBeUndefined();
    cable.wait(10);
    expect(a.view.digits).toBeDefined();
  });

  test("a flood of boxes is remembered in part", () => {
    const box = new IntroducedBox(officeBox(1));
    for (let id = 2; id < 250; id++) {
      box.happen({ kind: "found", box: new IntroducedBox(newBox(id)).hello() });
    }
    expect(box.view.refusal?.sentence.split(",")).toHaveLength(8);
  });
});

describe("what the boxes say", () => {
  test("another version of pairing, named by its software", () => {
    const box = facing(officeBox(1), 9);
    const bytes = encodeIntroduction({ ...PROFILE, software: "9.9" });
    bytes[1] = INTRODUCTION_VERSION + 1;
    box.happen({ kind: "received", bytes });
    expect(box.view.refusal?.sentence).toBe(
      "The boxes speak different versions of pairing: this one has software 1.0, the other one 9.9.",
    );
    expect(said(box).at(-1)).toEqual({ kind: "refused", code: 1 });
  });

  test.each([
    ["model", "other-model", { ...PROFILE, model: "z" }],
    ["clock", "clock", { ...PROFILE, wall: 0 }],
  ] as const)("another %s than its hello had", (_, id, profile) => {
    const box = facing(officeBox(1), 9);
    hear(box, profile);
    expect(box.view.refusal?.id).toBe(id);
  });

  test("a number that does not fit its commitment: somebody sits between, and it is loud", () => {
    const box = facing(officeBox(9), 1);
    hear(box, PROFILE);
    hear(box, { kind: "commitment", bytes: NUMBER });
    hear(box, { kind: "number", bytes: NUMBER });
    expect(box.view.refusal).toMatchObject({ id: "broken-commitment", isLoud: true });
    expect(box.view.digits).toBeUndefined();
    box.happen({ kind: "gone", identity: identityNumber(1) });
    expect(box.view.refusal?.id).toBe("broken-commitment");
    expect(box.view.acts).toEqual(["again"]);
  });

  test.each([
    { kind: "confirmed" },
    { kind: "configuration", shared: {} },
    { kind: "choice", takes: "senders" },
    { kind: "offer", role: "secondary", name: "X", shared: {}, networks: {} },
    { kind: "taken" },
    { kind: "leave" },
    { kind: "left" },
    PROFILE,
  ] as const)(
    "$kind is not due while people compare the digits of one who has not confirmed",
    (message) => {
      const box = facing(newBox(1), 9);
      hear(box, PROFILE);
      hear(box, { kind: "number", bytes: NUMBER });
      expect(box.view.digits).toBeDefined();
      hear(box, message);
      if (message.kind === "confirmed") {
        expect(box.view).toMatchObject({ isConfirmedThere: true, isConfirmedHere: false });
        hear(box, { kind: "offer", role: "secondary", name: "X", shared: {}, networks: {} });
      }
      expect(box.view.refusal?.id).toBe("not-understood");
      expect(box.pending).toEqual([]);
      expect(said(box).at(-1)).toEqual({ kind: "refused", code: 16 });
    },
  );

  test("the configuration is said to nobody whom this box's people have not confirmed", () => {
    const box = facing(officeBox(1), 9);
    hear(box, { ...PROFILE, generation: 5 });
    hear(box, { kind: "number", bytes: NUMBER });
    hear(box, { kind: "confirmed" });
    const kinds = said(box).map(({ kind }) => kind);
    expect(kinds).toEqual(["profile", "commitment", "number"]);
    expect(box.confirm().isDone).toBe(true);
    expect(said(box).map(({ kind }) => kind)).toEqual(["confirmed", "configuration"]);
  });

  test("rubbish at any moment ends it, and is never an error of this box", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 3 }), (bytes, after) => {
        const box = facing(officeBox(1), 9);
        if (after > 0) hear(box, PROFILE);
        if (after > 1) hear(box, { kind: "number", bytes: NUMBER });
        if (after > 2) hear(box, { kind: "confirmed" });
        box.happen({ kind: "received", bytes });
        expect(box.writes).toBe(0);
        expect(box.pending).toEqual([]);
      }),
    );
  });
});

describe("a box that is silent", () => {
  test("is not waited for for long", () => {
    const box = facing(officeBox(1), 9);
    box.now = { monotonic: START.monotonic + 60_000, wall: START.wall + 60_000 };
    box.happen({ kind: "found", box: new IntroducedBox(newBox(9)).hello() });
    box.happen({ kind: "tick" });
    expect(box.view.refusal?.id).toBe("no-answer");
    expect(said(box).at(-1)).toEqual({ kind: "refused", code: 19 });
  });

  test("and connects anew: what was said before counts no more", () => {
    const box = facing(officeBox(1), 9);
    hear(box, PROFILE);
    hear(box, { kind: "number", bytes: NUMBER });
    hear(box, { kind: "confirmed" });
    const number = new Uint8Array(32).fill(1);
    box.happen({ kind: "connected", partner: identityNumber(9), number });
    expect(box.view).toMatchObject({ isConfirmedThere: false, digits: undefined });
    hear(box, { kind: "confirmed" });
    expect(box.view.refusal?.id).toBe("not-understood");
  });

  test("or is another one than the one that was found: it is not spoken with", () => {
    const box = facing(officeBox(1), 9);
    said(box);
    box.happen({ kind: "connected", partner: identityNumber(8), number: NUMBER });
    expect(said(box)).toEqual([{ kind: "refused", code: 18 }]);
    expect(box.view.found?.name).toBe("");
  });
});

describe("what people say", () => {
  test("the digits differ: a loud warning on both, and only people begin it anew", () => {
    const cable = plugged(officeBox(1), newBox(2));
    const [a, b] = cable.ends;
    a.confirm();
    expect(b.act({ kind: "differ" })).toMatchObject({ isDone: true });
    cable.run();
    expect(a.view.refusal).toMatchObject({
      ...{ id: "differ", isLoud: true },
      sentence: "A person at the other box says that the digits are not the same.",
    });
    expect(b.view.refusal?.sentence).toContain("somebody may sit between them");
    cable.unplug();
    cable.plug();
    cable.wait(60);
    expect(refusals(cable)).toEqual(["differ", "differ"]);
    expect([a.writes, b.writes]).toEqual([0, 0]);
    for (const end of cable.ends) expect(end.act({ kind: "again" }).isDone).toBe(true);
    cable.wait(10);
    expect(b.view.digits).toBeDefined();
    expect(refusals(cable)).toEqual([undefined, undefined]);
  });

  test.each([0, 1] as const)(
    "cancelled at box %d: it begins again there, or by the cable",
    (at) => {
      const cable = plugged(officeBox(1), newBox(2));
      const end = cable.ends[at];
      end.act({ kind: "cancel" });
      cable.run();
      cable.wait(30);
      expect(refusals(cable)).toEqual(["cancelled", "cancelled"]);
      expect(end.view.acts).toEqual(["again"]);
      end.act({ kind: "again" });
      cable.wait(10);
      expect(cable.ends[0].view.digits).toBeDefined();
      end.act({ kind: "cancel" });
      cable.run();
      cable.unplug();
      expect(refusals(cable)).toEqual([undefined, undefined]);
      cable.plug();
      cable.wait(10);
      expect(cable.ends[1].view.digits).toBeDefined();
    },
  );

  test("nobody confirms: it ends in time, and begins with other digits", () => {
    const cable = plugged(officeBox(1), newBox(2));
    const [a] = cable.ends;
    a.confirm();
    const before = a.view.digits;
    cable.wait(599);
    expect(a.view.digits).toBe(before);
    cable.wait(12);
    expect(a.log).toContain("pairing-refused");
    expect(a.view.digits).not.toBe(before);
    expect(a.view.isConfirmedHere).toBe(false);
  });

  test("a choice that nobody makes ends in time as well", () => {
    const box = { ...OFFICE_BOX, name: "G" };
    const documents = { shared: { ...OFFICE, deny: ["02:00:5e"] }, box };
    const cable = plugged(officeBox(1), officeBox(2, { documents }));
    for (const end of cable.ends) end.confirm();
    cable.run();
    expect(cable.ends[0].view.question).toBeDefined();
    cable.wait(601);
    expect(cable.ends[0].view.question).toBeUndefined();
    expect(refusals(cable)).toEqual(["timed-out", "timed-out"]);
  });

  test("what is not asked cannot be answered", () => {
    const box = new IntroducedBox(officeBox(1));
    for (const act of [
      { kind: "confirm", digits: "" },
      { kind: "differ" },
      { kind: "choose", choice: "keep" },
      { kind: "cancel" },
      { kind: "again" },
      { kind: "button" },
    ] as const) {
      expect(box.act(act)).toMatchObject({ isDone: false });
    }
  });
});

describe("what both would have", () => {
  test("is not right at the giver: it is not offered", () => {
    const broken = { shared: { ...OFFICE, networks: [{ name: "office" }] }, box: OFFICE_BOX };
    const cable = plugged(officeBox(1, { documents: broken }), newBox(2));
    for (const end of cable.ends) end.confirm();
    cable.run();
    expect(refusals(cable)).toEqual(["not-valid", "not-valid"]);
    expect(cable.ends[0].view.refusal?.sentence).toContain("networks[0].subnet");
  });

  test("has no address left for the second box", () => {
    const networks = [
      { ...OFFICE.networks[0], pools: [{ from: "192.168.1.3", to: "192.168.1.254" }] },
    ];
    const documents = { shared: { version: 1, networks }, box: OFFICE_BOX };
    const cable = plugged(officeBox(1, { documents }), newBox(2));
    for (const end of cable.ends) end.confirm();
    cable.run();
    expect(refusals(cable)).toEqual(["no-address", "no-address"]);
    expect(cable.ends[1].view.refusal?.sentence).toBe(
      "There is no free address for this box on office.",
    );
    expect(cable.ends.map(({ writes }) => writes)).toEqual([0, 0]);
  });

  test("is too large to be sent", () => {
    const shared = { ...OFFICE, note: "x".repeat(1 << 20) };
    const box = facing(officeBox(1, { documents: { shared, box: OFFICE_BOX } }), 9);
    hear(box, { ...PROFILE, generation: 5 });
    hear(box, { kind: "number", bytes: NUMBER });
    hear(box, { kind: "confirmed" });
    box.confirm();
    expect(box.view.refusal?.id).toBe("too-large");
  });

  test.each([
    [1, "the taker", [0, 0]],
    [0, "the giver", [0, 1]],
  ] as const)("cannot be written by box %d, %s", (at, _, writes) => {
    const cable = plugged(officeBox(1), newBox(2));
    cable.ends[at].failsToWrite = true;
    for (const end of cable.ends) end.confirm();
    cable.run();
    expect(refusals(cable)).toEqual(["not-written", "not-written"]);
    expect(cable.ends.map((end) => end.writes)).toEqual(writes);
    expect(cable.ends[0].box).toEqual(OFFICE_BOX);
    cable.ends[at].failsToWrite = false;
    cable.ends[at].act({ kind: "again" });
    cable.wait(10);
    for (const end of cable.ends) end.confirm();
    cable.run();
    expect(cable.isPair).toBe(true);
  });
});

// Two boxes on a cable, and the people at them.

import { describe, expect, test } from "vitest";
import { hex } from "../../../daemon/base/bytes.ts";
import { problemIn } from "../../../daemon/document-files.ts";
import { decodeIntroduction } from "../../../daemon/wire/introduction-message.ts";
import {
  type BoxOptions,
  Cable,
  identityNumber,
  newBox,
  OFFICE,
  OFFICE_BOX,
  officeBox,
} from "../../support/two-introductions.ts";

function plugged(one: BoxOptions, other: BoxOptions): Cable {
  const cable = new Cable(one, other);
  cable.plug();
  cable.run();
  return cable;
}

function confirmed(one: BoxOptions, other: BoxOptions): Cable {
  const cable = plugged(one, other);
  for (const end of cable.ends) expect(end.confirm().isDone).toBe(true);
  cable.run();
  return cable;
}

describe.each([
  [1, 2],
  [2, 1],
])("a serving box %d and a new box %d", (first, second) => {
  test("show the same six digits, and nothing is written before both are confirmed", () => {
    const cable = plugged(officeBox(first), newBox(second));
    const [a, b] = cable.ends;
    expect(a.view.digits).toMatch(/^[0-9]{6}$/);
    expect(b.view.digits).toBe(a.view.digits);
    expect([a.stage, b.stage]).toEqual(["confirmed", "confirmed"]);
    expect(a.view.found).toMatchObject({ name: "tandem", serial: `S${second}`, software: "1.0" });
    expect(b.view.found).toMatchObject({ name: "A", model: "board" });
    a.confirm();
    cable.run();
    cable.wait(60);
    expect([a.writes, b.writes]).toEqual([0, 0]);
    expect(b.view.sentence).toBe("The digits were confirmed on Box A, and not on this one yet.");
    expect(b.view).toMatchObject({ isConfirmedHere: false, isConfirmedThere: true });
  });

  test("become a pair: the serving one is as it was and the primary, the new one its second", () => {
    const { ends, isPair } = confirmed(officeBox(first), newBox(second));
    const [a, b] = ends;
    expect(isPair).toBe(true);
    const shared = { ...OFFICE, pair: { name: "tandem" } };
    expect(a.documents).toEqual({
      shared,
      box: { ...OFFICE_BOX, pair: { role: "primary", partnerIdentity: hex(b.identity) } },
    });
    expect(b.documents).toEqual({
      shared,
      box: {
        version: 1,
        name: "B",
        role: "serving",
        networks: { office: { interface: "lan0", address: "192.168.1.3/24" } },
        pair: { role: "secondary", partnerIdentity: hex(a.identity) },
      },
    });
    expect(problemIn(b.documents)).toBeUndefined();
    expect([a.stage, b.stage]).toEqual(["configuration", "configuration"]);
    expect(a.log).toEqual(["pairing-digits", "pairing-done"]);
  });

  test("the stages go on to the end, with their times", () => {
    const cable = plugged(officeBox(first), newBox(second));
    cable.wait(42);
    for (const end of cable.ends) end.confirm();
    cable.run();
    const [a] = cable.ends;
    cable.wait(3);
    a.happen({ kind: "configuration-in-step" });
    cable.wait(5);
    expect(a.stage).toBe("leases");
    a.happen({ kind: "leases-in-step" });
    cable.wait(1);
    const { stages } = a.view;
    expect(stages.map(({ state }) => state)).toEqual(Array(8).fill("done"));
    expect(stages.map(({ milliseconds }) => milliseconds)).toEqual([
      ...[0, 0, 0, 42_000, 0, 3000, 5000, 0],
    ]);
  });
});

test("what is in step stays so, although the partner was not heard as such a second ago", () => {
  const cable = plugged(officeBox(1), newBox(2));
  for (const end of cable.ends) end.confirm();
  cable.run();
  for (const end of cable.ends) {
    end.happen({ kind: "configuration-in-step" });
    end.happen({ kind: "leases-in-step" });
    end.happen({ kind: "tick" });
    expect(end.view.stages.map(({ state }) => state)).toEqual(Array(8).fill("done"));
  }
});

test("a cable that is pulled while people compare takes the digits with it", () => {
  const [a] = plugged(officeBox(1), newBox(2)).ends;
  expect(a.view.digits).toMatch(/^\d{6}$/);
  a.happen({ kind: "carrier", port: "pair0", isUp: false });
  expect(a.view.digits).toBeUndefined();
  expect(a.act({ kind: "confirm", digits: "000000" }).isDone).toBe(false);
});

test("two new boxes: the lower one gives, the other one takes, and both serve", () => {
  const { ends, isPair } = confirmed(newBox(1), newBox(2));
  const [a, b] = ends;
  expect(isPair).toBe(true);
  expect([a.pair.role, a.box.role, a.box.name]).toEqual(["primary", "serving", "tandem"]);
  expect([b.pair.role, b.box.role, b.box.name]).toEqual(["secondary", "serving", "tandem-2"]);
});

test("two new boxes, of which the higher one serves: that one gives", () => {
  const { ends } = confirmed(newBox(1), newBox(2, { isServing: true }));
  expect(ends.map(({ pair }) => pair.role)).toEqual(["secondary", "primary"]);
});

describe("two boxes that have a configuration each", () => {
  const guests = {
    shared: { version: 1, networks: [{ ...OFFICE.networks[0], name: "guests" }] },
    box: { ...OFFICE_BOX, name: "G", networks: { guests: OFFICE_BOX.networks.office } },
  };
  const other = officeBox(2, { documents: guests });

  test("ask, and show on both how they differ, before anything is changed", () => {
    const cable = confirmed(officeBox(1), other);
    for (const end of cable.ends) {
      expect(end.view.question).toEqual(["the networks are others"]);
      expect(end.view.acts).toContain("choose");
      expect(end.writes).toBe(0);
    }
  });

  test.each([
    [0, "keep", "office"],
    [0, "take", "guests"],
    [1, "keep", "guests"],
    [1, "take", "office"],
  ] as const)("box %d says %s: both have %s", (at, choice, network) => {
    const cable = confirmed(officeBox(1), other);
    cable.ends[at].act({ kind: "choose", choice });
    cable.run();
    expect(cable.isPair).toBe(true);
    for (const { documents } of cable.ends) {
      expect(documents.shared).toMatchObject({ networks: [{ name: network }] });
      expect(problemIn(documents)).toBeUndefined();
    }
    const names = cable.ends.map(({ box }) => box.name);
    expect(names).toEqual(["A", "G"]);
    const addresses = cable.ends.map(({ box }) => JSON.stringify(box.networks));
    expect(new Set(addresses).size).toBe(2);
  });

  test.each([
    ["keep", "keep"],
    ["take", "take"],
  ] as const)("both say %s at once: neither wins, and nothing is written", (one, two) => {
    const cable = confirmed(officeBox(1), other);
    const [a, b] = cable.ends;
    a.act({ kind: "choose", choice: one });
    b.act({ kind: "choose", choice: two });
    cable.run();
    expect([a.writes, b.writes]).toEqual([0, 0]);
    for (const end of cable.ends) expect(end.view.refusal?.id).toBe("choices-differ");
    for (const end of cable.ends) end.act({ kind: "again" });
    cable.wait(10);
    expect(a.view.digits).toBeDefined();
  });

  test("both say the same at once: it is so", () => {
    const cable = confirmed(officeBox(1), other);
    const [a, b] = cable.ends;
    a.act({ kind: "choose", choice: "keep" });
    b.act({ kind: "choose", choice: "take" });
    cable.run();
    expect(cable.isPair).toBe(true);
    expect(a.pair.role).toBe("primary");
  });

  test("the same configuration is no question", () => {
    const copy = { shared: OFFICE, box: { ...OFFICE_BOX, name: "A2" } };
    const cable = confirmed(officeBox(1), officeBox(2, { documents: copy, isServing: false }));
    expect(cable.isPair).toBe(true);
    const [a, b] = cable.ends;
    expect([a.pair.role, a.box.name, b.box.name]).toEqual(["primary", "A", "A2"]);
    expect(b.box.networks).toEqual({ office: { interface: "lan0", address: "192.168.1.3/24" } });
  });
});

describe("a box whose partner is gone", () => {
  const pair = { name: "house", mode: "hot-standby" };
  const partnerIdentity = hex(identityNumber(99));
  const shared = { ...OFFICE, pair };

  test.each([
    ["primary", "secondary", "A", "B"],
    ["secondary", "primary", "B", "A"],
  ])("as the %s: the new one takes the missing part (%s)", (role, missing, name, newName) => {
    const box = { ...OFFICE_BOX, name, pair: { role, partnerIdentity } };
    const cable = confirmed(officeBox(5, { documents: { shared, box } }), newBox(2));
    const [a, b] = cable.ends;
    expect(cable.isPair).toBe(true);
    expect(a.documents).toEqual({
      shared,
      box: { ...box, pair: { role, partnerIdentity: hex(b.identity) } },
    });
    expect(b.documents.shared).toEqual(shared);
    expect([b.pair.role, b.box.name]).toEqual([missing, newName]);
  });

  test("a partner that is there is not replaced", () => {
    const box = { ...OFFICE_BOX, pair: { role: "primary", partnerIdentity } };
    const cable = new Cable(officeBox(5, { documents: { shared, box } }), newBox(2));
    const [a, b] = cable.ends;
    a.isPartnerHeard = true;
    a.refresh();
    cable.plug();
    cable.wait(30);
    expect(a.view.refusal?.id).toBe("partner-is-there");
    expect(b.view.refusal).toMatchObject({
      id: "partner-is-there",
      sentence: "The other box has a partner that is there.",
    });
    expect(a.view.digits).toBeUndefined();
    a.isPartnerHeard = false;
    a.refresh();
    cable.wait(10);
    expect(a.view.digits).toBeDefined();
  });
});

test("what a person changes on the serving box meanwhile stays", () => {
  const cable = plugged(officeBox(1), newBox(2));
  const [a, b] = cable.ends;
  for (const end of cable.ends) end.confirm();
  while (b.pending[0]?.kind !== "adopt") if (!cable.advance(0)) cable.advance(1);
  a.write({ shared: undefined, box: { ...OFFICE_BOX, http: { port: 9090 } } });
  cable.run();
  expect(cable.isPair).toBe(true);
  expect(a.box.http).toEqual({ port: 9090 });
});

test("an answer to what an earlier attempt had asked is for nothing", () => {
  const cable = plugged(officeBox(1), newBox(2));
  const [a] = cable.ends;
  const untilChecked = () => {
    for (const end of cable.ends) end.confirm();
    while (a.pending.length === 0) if (!cable.advance(1)) cable.advance(0);
    return a.pending.splice(0)[0]?.ticket ?? 0;
  };
  const earlier = untilChecked();
  cable.cut();
  cable.wait(10);
  const ticket = untilChecked();
  a.happen({ kind: "checked", ticket: earlier, problem: undefined });
  a.happen({ kind: "adopted", ticket: earlier, problem: undefined });
  const kinds = () => a.outgoing.map((bytes) => decodeIntroduction(bytes).kind);
  expect(kinds()).toEqual(["confirmed"]);
  a.happen({ kind: "checked", ticket, problem: undefined });
  expect(kinds()).toEqual(["confirmed", "offer"]);
  cable.run();
  expect(cable.isPair).toBe(true);
});

test("a confirmation counts for the digits that are shown, and for no others", () => {
  const cable = plugged(officeBox(1), newBox(2));
  const [a, b] = cable.ends;
  const before = a.view.digits ?? "";
  cable.cut();
  cable.wait(10);
  expect(a.view.digits).not.toBe(before);
  expect(a.act({ kind: "confirm", digits: before })).toEqual({
    isDone: false,
    text: "these are not the digits that are shown now",
  });
  expect(a.view.isConfirmedHere).toBe(false);
  expect(b.view.isConfirmedThere).toBe(false);
});

test("who has confirmed and is cut off has to confirm anew", () => {
  const cable = plugged(officeBox(1), newBox(2));
  const [a, b] = cable.ends;
  a.confirm();
  cable.run();
  cable.cut();
  cable.wait(10);
  expect(a.view.isConfirmedHere).toBe(false);
  b.confirm();
  cable.run();
  cable.wait(30);
  expect([a.writes, b.writes]).toEqual([0, 0]);
  a.confirm();
  cable.run();
  expect(cable.isPair).toBe(true);
});

describe("the button", () => {
  test("confirms without digits, for a box that was found a moment ago", () => {
    const cable = plugged(officeBox(1), newBox(2));
    for (const end of cable.ends) expect(end.act({ kind: "button" }).isDone).toBe(true);
    cable.run();
    expect(cable.isPair).toBe(true);
  });

  test("does nothing when the cable has been there for long", () => {
    const cable = plugged(officeBox(1), newBox(2));
    // By then there are other digits, for nobody confirmed the first ones.
    cable.wait(620);
    expect(cable.ends[0].view.digits).toBeDefined();
    expect(cable.ends[0].act({ kind: "button" }).text).toContain("too long ago");
    expect(cable.ends[0].view.isConfirmedHere).toBe(false);
    cable.unplug();
    cable.plug();
    cable.wait(6);
    expect(cable.ends[0].act({ kind: "button" }).isDone).toBe(true);
  });

  test("does nothing when there is nobody, or more than one", () => {
    const alone = new Cable(officeBox(1), newBox(2));
    expect(alone.ends[0].act({ kind: "button" }).isDone).toBe(false);
    const cable = plugged(officeBox(1), newBox(2));
    const [a, b] = cable.ends;
    a.happen({ kind: "found", box: { ...b.hello(), identity: identityNumber(7) } });
    expect(a.act({ kind: "button" }).isDone).toBe(false);
  });
});

// Somebody sits between two boxes, or has listened before.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { SixDigits } from "../../../daemon/core/introduction/six-digits.ts";
import { hear, NUMBER, PROFILE, said } from "../../support/facing-stranger.ts";
import {
  Cable,
  IntroducedBox,
  identityNumber,
  newBox,
  officeBox,
} from "../../support/two-introductions.ts";

describe("somebody between the boxes", () => {
  const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

  test("who speaks to each with a key of their own makes other digits, and people see it", () => {
    const middle = identityNumber(5);
    const [a, b] = [officeBox(1), newBox(9)].map((options) => {
      const box = new IntroducedBox(options);
      box.happen({
        kind: "found",
        box: { ...new IntroducedBox(newBox(5)).hello(), identity: middle },
      });
      box.isConnected = true;
      box.happen({
        kind: "connected",
        partner: middle,
        number: new Uint8Array(32).fill(options.id),
      });
      hear(box, PROFILE);
      return box;
    }) as [IntroducedBox, IntroducedBox];
    const toA = new SixDigits(middle, identityNumber(1), NUMBER, hash);
    const toB = new SixDigits(middle, identityNumber(9), NUMBER, hash);
    for (const [box, end] of [
      [a, toA],
      [b, toB],
    ] as const) {
      for (const message of end.begin().send) hear(box, message);
      while (box.view.digits === undefined) {
        const [first] = said(box).filter(({ kind }) => kind === "commitment" || kind === "number");
        if (first?.kind !== "commitment" && first?.kind !== "number") throw new Error("stuck");
        for (const message of end.receive(first).send) hear(box, message);
      }
    }
    expect(a.view.digits).not.toBe(b.view.digits);
    a.act({ kind: "differ" });
    expect(said(a).map(({ kind }) => kind)).not.toContain("configuration");
    expect(a.view.refusal?.isLoud).toBe(true);
  });

  test("what was recorded once is of no use again: the numbers are fresh", () => {
    const cable = new Cable(officeBox(1), newBox(2));
    const [, b] = cable.ends;
    const record: Uint8Array[] = [];
    const happen = b.happen.bind(b);
    b.happen = (event) => {
      if (event.kind === "received") record.push(event.bytes);
      happen(event);
    };
    cable.plug();
    cable.run();
    for (const end of cable.ends) end.confirm();
    cable.run();
    expect(cable.isPair).toBe(true);
    const victim = new IntroducedBox(newBox(2));
    victim.happen({ kind: "found", box: new IntroducedBox(officeBox(1)).hello() });
    victim.isConnected = true;
    victim.happen({ kind: "connected", partner: identityNumber(1), number: NUMBER });
    for (const bytes of record) victim.happen({ kind: "received", bytes });
    expect(victim.writes).toBe(0);
    expect(victim.pending).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ran, Terminal, type Wishes } from "../support/at-terminal.ts";
import { FAKE_IDENTITY, FAKE_NOW, type FakeBox, iso } from "../support/fake-box.ts";
import { fakePartner } from "../support/fake-pair.ts";

let terminal: Terminal;
let box: FakeBox;

beforeEach(async () => {
  terminal = await Terminal.begin();
  box = terminal.box;
});

afterEach(() => terminal.end());

function tandem(argv: readonly string[], wishes?: Wishes): Promise<Ran> {
  return terminal.run(argv, wishes);
}

test("tandem identity says who the box is, and nothing else: for a script, or to be copied", async () => {
  expect(await tandem(["identity"])).toEqual({ code: 0, out: `${FAKE_IDENTITY}\n`, err: "" });
  const { out } = await tandem(["identity", "--json"]);
  expect(JSON.parse(out)).toEqual({ identity: FAKE_IDENTITY });
});

test("tandem status as one of two: how they are together, and how far apart", async () => {
  box.change({ partner: fakePartner() });
  const partnerOf = (text: string) =>
    text.slice(text.indexOf("partner"), text.indexOf("\n\noffice"));
  expect(partnerOf((await tandem([])).out)).toMatchInlineSnapshot(`
    "partner  The boxes are in step: each knows what the other gave out.
             this box: in step since 2026-05-03 06:12:00 (1 hour ago)
             the other: in step since 2026-05-03 06:12:00 (1 hour ago)"
  `);
  const apart = fakePartner({
    why: "The partner is away: this box works alone, and new leases are short until it is back.",
    state: "communications-interrupted",
    stateWords: "alone",
    since: iso(FAKE_NOW - 60_000),
    connected: false,
    clockOffsetSeconds: -7,
    backlog: 12,
  });
  box.change({ partner: apart });
  expect(partnerOf((await tandem([])).out)).toMatchInlineSnapshot(`
    "partner  The partner is away: this box works alone, and new leases are short until it is back.
             this box: alone since 2026-05-03 07:11:00 (1 minute ago)
             the other, last heard: in step since 2026-05-03 06:12:00 (1 hour ago)
             changes that the partner has not acknowledged: 12
             the partner's clock is 7 s behind"
  `);
  box.change({ partner: { ...apart, inStartup: true, since: null, partnerStateWords: null } });
  expect((await tandem([])).out).toContain("this box: alone, starting\n");
});

describe("tandem partner-down", () => {
  const DONE = { isDone: true, text: "this box works without its partner from now on" };
  beforeEach(() => box.change({ partner: fakePartner({ why: "The partner is away." }) }));

  test("spells out what it means, and does it when the person says yes", async () => {
    box.partnerDownResult = DONE;
    const { code, out, err } = await tandem(["partner-down"], { types: " Yes" });
    expect(out).toMatchInlineSnapshot(`
      "The partner is away.

      Box A will count its partner as down, work alone, and give out the partner's addresses as well.

      If the partner is NOT off, and devices can still reach it, both boxes may give the same address to
      two devices.

      Is the partner off for certain? Type yes: This box works without its partner from now on.
      "
    `);
    expect([code, err, box.partnerDowns]).toEqual([0, "", 1]);
  });

  test.each(["", "y", "no"])('does nothing when the person says "%s"', async (types) => {
    const { code, err } = await tandem(["partner-down"], { types });
    expect([code, err, box.partnerDowns]).toEqual([3, "Nothing was changed.\n", 0]);
  });

  test("needs --yes where nobody can be asked", async () => {
    const { code, out, err } = await tandem(["partner-down"]);
    expect([code, out, box.partnerDowns]).toEqual([3, "", 0]);
    expect(err).toContain("--yes");
    expect(err).toContain("same address to two devices");
    box.partnerDownResult = DONE;
    const done = await tandem(["partner-down", "--yes"]);
    expect(done).toEqual({ code: 0, out: `T${DONE.text.slice(1)}.\n`, err: "" });
  });

  test("asks nothing when there is no partner", async () => {
    box.change({ partner: { paired: false, why: "This box has no partner." } });
    const { code, out, err } = await tandem(["partner-down"], { types: "yes" });
    expect([code, out, err]).toEqual([1, "", "Refused: This box is in no pair.\n"]);
  });

  test("refused: why, and the exit code", async () => {
    box.partnerDownResult = { isDone: false, text: "the partner answers, so it is not down" };
    const refused = await tandem(["partner-down", "--yes"]);
    expect(refused).toEqual({
      code: 1,
      out: "",
      err: "Refused: The partner answers, so it is not down.\n",
    });
    const json = await tandem(["partner-down", "--yes", "--json"]);
    expect([json.code, json.err]).toEqual([1, ""]);
    expect(JSON.parse(json.out)).toMatchObject({ status: 409 });
  });

  test("takes no other words and options", async () => {
    expect((await tandem(["partner-down", "b"])).code).toBe(3);
    expect((await tandem(["status", "--yes"])).code).toBe(3);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ran, Terminal, type Wishes } from "../support/at-terminal.ts";
import { fakePartner } from "../support/fake-pair.ts";
import {
  type FakePairing,
  fakeComparing,
  fakePairing,
  fakeQuestion,
  fakeRefusal,
  fakeStages,
} from "../support/fake-pairing.ts";

let terminal: Terminal;
let pairing: FakePairing;

beforeEach(async () => {
  terminal = await Terminal.begin();
  pairing = terminal.server.pairing;
});

afterEach(() => terminal.end());

function tandem(argv: readonly string[], wishes?: Wishes): Promise<Ran> {
  return terminal.run(argv, wishes);
}

describe("tandem pair", () => {
  test("with nobody there: what to do", async () => {
    const { code, out, err } = await tandem(["pair"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatchInlineSnapshot(`
      "● No second box is connected.
        To pair this box, connect its pair port with that of a second box.
      "
    `);
  });

  test("shows stages and digits, and what can be said", async () => {
    pairing.view = fakeComparing();
    const { code, out } = await tandem(["pair"]);
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "● Box tandem was found. Both boxes show six digits.
        Compare the digits on both boxes.

        ✓  cable seen          1.5 s
        ✓  box found           1.5 s   tandem · example,board · TND-0002 · Tandem 1.2.0
        ✓  six digits          1.5 s
        …  confirmed on both   42.0 s
           roles and identity
           configuration
           leases
           in step

           _       _           _   _
          | | |_|  _|       |  _|   |
          |_|   | |_        |  _|   |

          042 137

        They are the same:  tandem pair confirm 042137
        They differ:        tandem pair differ
        No pair after all:  tandem pair cancel
      "
    `);
    pairing.view = fakeComparing({ confirmedHere: true, actions: ["differ", "cancel"] });
    const confirmed = (await tandem(["pair"])).out;
    expect(confirmed).toContain("Confirmed on this box.");
    expect(confirmed).not.toContain("tandem pair confirm");
  });

  test("asks which configuration both shall have", async () => {
    pairing.view = fakeQuestion();
    const { out } = await tandem(["pair"], { columns: 60 });
    expect(out.slice(out.indexOf("  How"))).toMatchInlineSnapshot(`
      "  How they differ:
        - office: the lease time is 12 h here and 1 h there
        - guests is here only

        Both like this box:       tandem pair choose keep
        Both like the other one:  tandem pair choose take
        No pair after all:        tandem pair cancel
      "
    `);
  });

  test("says what is in the way, with exit code 1", async () => {
    pairing.view = fakeRefusal();
    const { code, out } = await tandem(["pair"]);
    expect(code).toBe(1);
    expect(out).toContain(
      "▲ The clocks of the boxes differ by 90 s; more than 60 s are not taken.",
    );
    expect(out).toContain("    Set the clocks.");
    pairing.view = fakeRefusal(true);
    const loud = await tandem(["pair"], { isTerminal: true });
    expect(loud.out).toContain("\x1b[31m▲\x1b[0m");
    expect(loud.out).toContain("tandem pair again");
  });

  test("--json is what the box says", async () => {
    pairing.view = fakeComparing();
    const { out } = await tandem(["pair", "--json"]);
    expect(JSON.parse(out)).toEqual(fakeComparing());
  });

  test("--watch follows it to the end", async () => {
    pairing.view = fakeComparing();
    const onOut = () => {
      const stages = fakeStages(7).map((stage) => ({ ...stage, state: "done" as const }));
      pairing.view = fakePairing({ paired: true, stages, sentence: "This box is in a pair." });
    };
    const { code, out } = await tandem(["pair", "--watch"], { onOut });
    expect(code).toBe(0);
    expect(out).toContain("042 137");
    expect(out).toContain("● This box is in a pair.");
  });

  test("a name from the other box is no command for the terminal", async () => {
    const found = { name: "x\x1b[2J", model: "", serial: "", version: "" };
    pairing.view = fakeComparing({ found });
    expect((await tandem(["pair"])).out).toContain("x\\u001b[2J");
  });
});

describe("what a person says", () => {
  test.each([
    [["confirm", "042137"], { kind: "confirm", digits: "042137" }],
    [["confirm", "042", "137"], { kind: "confirm", digits: "042137" }],
    [["differ"], { kind: "differ" }],
    [["choose", "take"], { kind: "choose", choice: "take" }],
    [["cancel"], { kind: "cancel" }],
    [["again"], { kind: "again" }],
    [["button"], { kind: "button" }],
  ])("%j", async (words, act) => {
    const ran = await tandem(["pair", ...words]);
    expect(ran).toEqual({ code: 0, out: "Confirmed on this box.\n", err: "" });
    expect(pairing.acts).toEqual([act]);
  });

  test("is refused with the reason, and exit code 1", async () => {
    pairing.result = { isDone: false, text: "these are not the digits that are shown now" };
    const { code, out, err } = await tandem(["pair", "confirm", "000000"]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe("Refused: These are not the digits that are shown now.\n");
  });

  test.each([
    ["confirm"],
    ["confirm 12345"],
    ["confirm 1234567"],
    ["confirm abcdef"],
    ["choose"],
    ["choose both"],
    ["choose keep take"],
    ["differ now"],
    ["toString"],
  ])("%s is not understood", async (words) => {
    const { code, err } = await tandem(["pair", ...words.split(" ")]);
    expect(code).toBe(3);
    expect(err).toContain("confirm DIGITS");
    expect(pairing.acts).toEqual([]);
  });
});

describe("tandem unpair", () => {
  const ENDED = "This box goes on alone, and the other one answers nobody.";
  beforeEach(() => {
    terminal.box.change({ partner: fakePartner({ why: "The boxes are in step." }) });
    pairing.view = fakePairing({ paired: true });
    pairing.result = { isDone: true, text: "the pair is ending; this box goes on serving" };
    pairing.onAct = () => {
      pairing.view = fakePairing({ unpaired: ENDED });
    };
  });

  test("spells out what it means, does it, and says what came of it", async () => {
    const { code, out, err } = await tandem(["unpair"], { types: "yes" });
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatchInlineSnapshot(`
      "The boxes are in step.

      This box goes on serving alone. The other one answers nobody until it is paired again, or its role
      is set to serving.

      Shall the boxes be no pair any more? Type yes: The pair is ending; this box goes on serving.
      This box goes on alone, and the other one answers nobody.
      "
    `);
    expect(pairing.acts).toEqual([{ kind: "unpair" }]);
  });

  test("does nothing unless the person says yes, or --yes", async () => {
    const no = await tandem(["unpair"], { types: "n" });
    expect([no.code, no.err]).toEqual([3, "Nothing was changed.\n"]);
    const nobody = await tandem(["unpair"]);
    expect([nobody.code, nobody.out]).toEqual([3, ""]);
    expect(nobody.err).toContain("--yes");
    expect(pairing.acts).toEqual([]);
    expect((await tandem(["unpair", "--yes"])).out).toContain(ENDED);
  });

  test("is refused to a box that is in none", async () => {
    terminal.box.change({ partner: { paired: false, why: "It has none." } });
    pairing.result = { isDone: false, text: "this box is in no pair" };
    const { code, err } = await tandem(["unpair"], { types: "yes" });
    expect([code, err]).toEqual([1, "Refused: This box is in no pair.\n"]);
  });
});

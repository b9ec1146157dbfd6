import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ran, Terminal } from "../support/at-terminal.ts";
import { type FakeBox, fakeConfigView } from "../support/fake-box.ts";

let terminal: Terminal;
let box: FakeBox;

beforeEach(async () => {
  terminal = await Terminal.begin();
  box = terminal.box;
});

afterEach(() => terminal.end());

function tandem(...argv: string[]): Promise<Ran> {
  return terminal.run(argv);
}

describe("tandem config", () => {
  test("both have the same", async () => {
    const { code, out, err } = await tandem("config");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatchInlineSnapshot(`
      "Configuration 4 is in force on both boxes.

      this box     configuration 4  abababababab
      the partner  configuration 4  abababababab
      "
    `);
  });

  test("they differ: in what, and what to do", async () => {
    box.configView = fakeConfigView({
      ...{ inStep: false, diverged: true },
      sentence:
        "Both boxes have been configured differently: each goes on with its own until a person chooses.",
      partner: { generation: 5, hash: "cd".repeat(32) },
      differences: [{ path: "networks[lan].leaseSeconds", here: "3600", partner: "7200" }],
      moreDifferences: 3,
    });
    const { code, out } = await tandem("config");
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "Both boxes have been configured differently: each goes on with its own until a person chooses.

      this box     configuration 4  abababababab
      the partner  configuration 5  cdcdcdcdcdcd

      Where they differ
        networks[lan].leaseSeconds: 3600 here, 7200 on the partner
        and 3 more

      Choose one for both boxes: tandem config keep for this box's, tandem config take for the partner's.
      The other one stays in the state folder of its box.
      "
    `);
  });

  test("a change that is refused, and one that was set aside", async () => {
    box.configView = fakeConfigView({
      refused: "The partner cannot take the change in config.json: box.json: networks is empty.",
      keptAside: ["/var/lib/tandem/config-set-aside-0123456789ab.json"],
    });
    const { code, out } = await tandem("config");
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "Configuration 4 is in force on both boxes.
      The partner cannot take the change in config.json: box.json: networks is empty.

      this box     configuration 4  abababababab
      the partner  configuration 4  abababababab
      Written into config.json, and never in force: /var/lib/tandem/config-set-aside-0123456789ab.json
      "
    `);
  });

  test("a change that is on trial", async () => {
    const sentence = "The change is undone in 43 s, unless somebody confirms it on either box.";
    box.configView = fakeConfigView({ trial: { secondsLeft: 43, sentence } });
    expect(await tandem("config")).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Configuration 4 is in force on both boxes.\n${sentence}\n`),
    });
  });

  test("for scripts", async () => {
    const { code, out } = await tandem("config", "--json");
    expect([code, JSON.parse(out)]).toEqual([0, fakeConfigView()]);
  });

  test("while the box starts there is nothing to show", async () => {
    box.configView = undefined;
    expect(await tandem("config")).toMatchObject({ code: 2, out: "" });
  });
});

describe("a choice", () => {
  test.each(["keep", "take"])("tandem config %s is told to the box", async (choice) => {
    box.choiceResult = { isDone: true, text: "the partner is asked" };
    expect(await tandem("config", choice)).toEqual({
      ...{ code: 0, out: "The partner is asked.\n", err: "" },
    });
    expect(box.choices).toEqual([choice]);
  });

  test("refused: why, and the exit code", async () => {
    expect(await tandem("config", "keep")).toEqual({
      ...{ code: 1, out: "", err: "Refused: Both boxes have the same configuration.\n" },
    });
    const { code, out } = await tandem("config", "take", "--json");
    expect([code, JSON.parse(out)]).toEqual([1, expect.objectContaining({ status: 409 })]);
  });

  test("anything else is none", async () => {
    const { code, err } = await tandem("config", "throw");
    expect([code, err]).toEqual([3, expect.stringMatching(/takes keep, take, .*, not "throw"/)]);
    expect(box.choices).toEqual([]);
  });
});

// tandem handover, maintenance and drill: what is said before, what is asked, and what comes of it.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ran, Terminal, type Wishes } from "../support/at-terminal.ts";
import { type FakeBox, fakeCondition } from "../support/fake-box.ts";
import { type FakeGatewayControl, fakeDrill, fakeGateway } from "../support/fake-gateway.ts";

let terminal: Terminal;
let box: FakeBox;
let control: FakeGatewayControl;

beforeEach(async () => {
  terminal = await Terminal.begin();
  box = terminal.box;
  control = terminal.server.gateway;
  box.change({ gateway: fakeGateway() });
});

afterEach(() => terminal.end());

function tandem(argv: readonly string[], wishes?: Wishes): Promise<Ran> {
  return terminal.run(argv, wishes);
}

const STANDBY = fakeGateway({
  ...{ role: "standby", why: "The gateway is at the partner, and box A is ready to take it." },
});
const IN_MAINTENANCE = (state: string) =>
  fakeCondition({
    ...{ id: "maintenance", subject: "", severity: "warning" },
    sentence: `This box is in maintenance since 2026-05-03 07:00 UTC: ${state}.`,
  });
const NOT_YET = IN_MAINTENANCE("it is NOT safe to switch it off yet");
const SAFE = IN_MAINTENANCE("its partner does everything, and it is safe to switch it off");
const TOO_LONG = "It takes long; look again with: tandem status\n";

/** What all of these have in common: asked for, done, and what is so when it is. */
const COMMANDS = [
  ["handover"],
  ["maintenance", "on"],
  ["maintenance", "off"],
  ["drill", "planned"],
  ["drill", "unplug"],
] as const;
const VERBS = ["handover", "maintenance-on", "maintenance-off", "drill", "unplug"] as const;

/** The box does it, in less time than anybody needs to look. */
function obey(): void {
  control.onAct = (verb) => {
    if (verb === "handover") box.change({ gateway: STANDBY });
    else if (verb === "maintenance-on") box.change({ conditions: [SAFE] });
    else if (verb === "maintenance-off") box.change({ conditions: [] });
    else control.view = { underWay: false, drills: [fakeDrill()] };
  };
}

describe.each(COMMANDS.map((words, at) => [words, VERBS[at]] as const))(
  "tandem %j",
  (words, verb) => {
    test("says what will happen, and does it when the person says yes", async () => {
      obey();
      const { code, out, err } = await tandem(words, { types: " YES " });
      expect([code, err, control.acts]).toEqual([0, "", [verb]]);
      expect(out).toMatch(
        new RegExp(`^Box A would do this: ${verb}\\.\n\nType yes to have it done: [A-Z]`),
      );
    });

    test.each(["", "y", "no", "yes please"])(
      "does nothing when the person says %j",
      async (types) => {
        const { code, err } = await tandem(words, { types });
        expect([code, err, control.acts]).toEqual([3, "Nothing was changed.\n", []]);
      },
    );

    test("needs --yes where nobody can be asked", async () => {
      obey();
      const asked = await tandem(words);
      expect([asked.code, asked.out, control.acts]).toEqual([3, "", []]);
      expect(asked.err).toBe(`tandem: Box A would do this: ${verb}. Say --yes to have it done.\n`);
      const done = await tandem([...words, "--yes"]);
      expect([done.code, done.err, control.acts]).toEqual([0, "", [verb]]);
    });

    test("refused: asks nothing, and says why", async () => {
      control.refusal = "the partner is not heard";
      for (const wishes of [{}, { types: "yes" }]) {
        const refused = await tandem(words, wishes);
        expect(refused).toEqual({ code: 1, out: "", err: "Refused: The partner is not heard.\n" });
      }
      const json = await tandem([...words, "--json", "--yes"]);
      expect([json.code, json.err]).toEqual([1, ""]);
      expect(JSON.parse(json.out)).toMatchObject({
        ...{ status: 409, detail: "The partner is not heard." },
      });
    });

    test("refused only when it is told, as something has changed meanwhile", async () => {
      control.act = (told) => {
        control.acts.push(told);
        return { isDone: false, text: "a drill is under way; it ends by itself" };
      };
      const { code, err } = await tandem([...words, "--yes"]);
      expect([code, err]).toEqual([1, "Refused: A drill is under way; it ends by itself.\n"]);
    });

    test("--json is what the box answers, when it has come to be so", async () => {
      obey();
      const { code, out, err } = await tandem([...words, "--yes", "--json"]);
      expect([code, err]).toEqual([0, ""]);
      expect(JSON.parse(out)).toEqual({ sentence: `Box A would do this: ${verb}.` });
    });

    test("that does not come to be so: says where to look", async () => {
      box.change({ conditions: [NOT_YET] });
      control.view = { underWay: true, drills: [] };
      const { code, out, err } = await tandem([...words, "--yes"], { hurry: 20_000 });
      expect([code, out, err]).toEqual([1, "", TOO_LONG]);
      expect(control.acts).toEqual([verb]);
    });

    test("ends when the box does not answer any more", async () => {
      control.onAct = () => setImmediate(() => void terminal.server.stop());
      const { code, err } = await tandem([...words, "--yes"]);
      expect(code).toBe(2);
      expect(err).toContain("Tandem does not answer on");
    });

    test("has no other options", async () => {
      expect((await tandem([...words, "--watch"])).code).toBe(3);
      expect(control.acts).toEqual([]);
    });
  },
);

describe("tandem handover", () => {
  test("waits until the gateway is at one of the boxes again", async () => {
    const seen: string[] = [];
    control.onAct = () => {
      box.change({ gateway: fakeGateway({ role: "released", why: "Box A has let go of it." }) });
    };
    const { status } = box;
    box.status = () => {
      const now = status.call(box);
      seen.push(now.gateway?.role ?? "");
      if (seen.length === 4) box.change({ gateway: STANDBY });
      return now;
    };
    const { code, out } = await tandem(["handover", "--yes"]);
    expect([code, out]).toEqual([0, `${STANDBY.why}\n`]);
    expect(new Set(seen)).toEqual(new Set(["active", "released", "standby"]));
  });

  test("from the other side: until it is here", async () => {
    box.change({ gateway: STANDBY });
    control.onAct = () => box.change({ gateway: fakeGateway() });
    expect(await tandem(["handover", "--yes"])).toEqual({
      ...{ code: 0, out: "The gateway is at box A.\n", err: "" },
    });
  });

  test("takes no words", async () => {
    const { code, err } = await tandem(["handover", "b"]);
    expect([code, err]).toEqual(
      [3, '"handover" does not take "b"'].map((one, at) =>
        at === 0 ? one : `tandem: ${one}\nTry "tandem help".\n`,
      ),
    );
  });
});

describe("tandem maintenance", () => {
  test("on waits until the box can be switched off, and says so", async () => {
    control.onAct = () => {
      box.change({ conditions: [NOT_YET] });
      setTimeout(() => box.change({ conditions: [SAFE] }), 150);
    };
    const { code, out } = await tandem(["maintenance", "on", "--yes"]);
    expect([code, out.replace("\n", " ")]).toEqual([0, `${SAFE.sentence}\n`]);
  });

  test("off says what the box does again", async () => {
    box.change({ conditions: [SAFE] });
    control.onAct = () => box.change({ conditions: [] });
    expect(await tandem(["maintenance", "off", "--yes"])).toEqual({
      ...{ code: 0, out: "Box A is serving office.\n", err: "" },
    });
  });

  test("alone says whether it is, and changes nothing", async () => {
    expect(await tandem(["maintenance"])).toEqual({
      ...{ code: 0, out: "Box A is not in maintenance.\n", err: "" },
    });
    box.change({ conditions: [NOT_YET] });
    expect((await tandem(["maintenance"])).out).toBe(`${NOT_YET.sentence}\n`);
    const maintenance = { since: "2026-05-03T07:00:00.000Z", isSafeToSwitchOff: false };
    expect(JSON.parse((await tandem(["maintenance", "--json"])).out)).toEqual({
      maintenance: null,
    });
    box.change({ gateway: fakeGateway({ maintenance }) });
    expect(JSON.parse((await tandem(["maintenance", "--json"])).out)).toEqual({ maintenance });
    expect(control.acts).toEqual([]);
  });

  test.each([["now"], ["toString"], ["ON"]])("%s is not understood", async (word) => {
    const { code, err } = await tandem(["maintenance", word, "--yes"]);
    expect([code, control.acts]).toEqual([3, []]);
    expect(err).toBe(
      'tandem: "maintenance" is followed by on, off, or nothing\nTry "tandem help".\n',
    );
  });
});

describe("tandem drill", () => {
  test("waits for a report that was not there before, and shows it", async () => {
    const old = fakeDrill({ id: 6, at: "2026-05-02T07:12:00.000Z" });
    control.view = { underWay: false, drills: [old] };
    control.onAct = () => {
      control.view = { underWay: true, drills: [old] };
      setTimeout(() => {
        control.view = { underWay: true, drills: [fakeDrill(), old] };
      }, 120);
      setTimeout(() => {
        control.view = { underWay: false, drills: [fakeDrill(), old] };
      }, 240);
    };
    const { code, out } = await tandem(["drill", "planned", "--yes"]);
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "The gateway was handed over: the other box had it after 18 ms, devices noticed 12 ms of it, and all
      after 0 ms were answered by DHCP.

        begun                       2026-05-03 07:11:00
        taken over by               box B
        noticed after               4 ms
        gateway there after         18 ms
        all devices answered after  0 ms
        longest silence             12 ms
        pings lost                  0 of 151, every 10 ms until then
        names                       48 of 49 answered, there after 22 ms
        devices with an address     42
        gateway back after          40 ms
      "
    `);
  });

  test("that ends without a report says so, and not before it has been over for a while", async () => {
    control.onAct = () => {
      control.view = { underWay: true, drills: [] };
      setTimeout(() => {
        control.view = { underWay: false, drills: [] };
      }, 150);
    };
    const { code, out, err } = await tandem(["drill", "planned", "--yes"], { hurry: 3000 });
    expect([code, out, err]).toEqual([
      ...[1, "The drill is over without a report: see tandem events on both boxes.\n", ""],
    ]);
  });

  test("alone shows what they have shown", async () => {
    const none = await tandem(["drill"]);
    expect(none).toEqual({
      ...{ code: 0, err: "" },
      out: "There has been no drill yet. Begin one with: tandem drill planned\n",
    });
    const unplugged = fakeDrill({
      ...{ id: 9, kind: "unplugged", measuredBy: "A", names: null, revertedMilliseconds: null },
      ...{ gatewayMilliseconds: null, dhcpMilliseconds: null, detectionMilliseconds: 610 },
      ...{ pingsLost: 1000, pingsSent: 1150, outageMilliseconds: 10_009 },
      sentence: "A box was as if without power, and the other box did not take the gateway.",
    });
    control.view = { underWay: true, drills: [unplugged, fakeDrill()] };
    const { code, out } = await tandem(["drill"]);
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "A drill is under way.
      A box was as if without power, and the other box did not take the gateway.

        begun                       2026-05-03 07:11:00
        taken over by               box A
        noticed after               610 ms
        gateway there after         never
        all devices answered after  never
        longest silence             10009 ms
        pings lost                  1000 of 1150, every 10 ms until then
        names                       no resolver at the gateway
        devices with an address     42
        gateway back after          never

      2026-05-03 07:11:00  unplugged  taken by A  never  out 10009 ms  lost 1000 of 1150
      2026-05-03 07:11:00  planned    taken by B  18 ms  out 12 ms     lost 0 of 151
      "
    `);
    expect(JSON.parse((await tandem(["drill", "--json"])).out)).toEqual(control.view);
    expect(control.acts).toEqual([]);
  });

  test.each([["plan"], ["toString"], ["handover"]])("%s is not understood", async (word) => {
    const { code, err } = await tandem(["drill", word, "--yes"]);
    expect([code, control.acts]).toEqual([3, []]);
    expect(err).toBe(
      'tandem: "drill" is followed by planned, unplug, or nothing\nTry "tandem help".\n',
    );
  });

  test("a name from the other box is no command for the terminal", async () => {
    control.view = { underWay: false, drills: [fakeDrill({ measuredBy: "x\x1b[2J" })] };
    expect((await tandem(["drill"])).out).toContain("x\\u001b[2J");
  });
});

describe("tandem status", () => {
  const rows = async (wishes?: Wishes): Promise<string> => {
    const { out } = await tandem([], wishes);
    const from = out.indexOf("\ngateway") + 1;
    return out.slice(from, out.indexOf("\n\noffice"));
  };

  test("of the gateway: where it is, its addresses, and how well both boxes are", async () => {
    expect(await rows()).toMatchInlineSnapshot(`
      "gateway  The gateway is at box A. since 2026-05-03 05:12:00 (2 hours ago)
               10.77.0.1/24 · health 100 of 100, the other's 100
               Open connections: kept in step with the partner."
    `);
  });

  test("alone, with what is bad, on a narrow terminal", async () => {
    const checks = [
      {
        ...{ id: "wan", subject: "", title: "way to the provider", isGood: false, weight: 40 },
        ...{ detail: "the router 10.79.0.9 does not answer", since: STANDBY.since },
      },
      ...STANDBY.health.checks,
    ];
    const guests = { ...STANDBY.lans[0], name: "guests", addresses: ["10.78.0.1/24"] };
    const lans = [...STANDBY.lans, guests as (typeof STANDBY.lans)[number]];
    box.change({
      gateway: { ...STANDBY, lans, partner: null, health: { score: 60, checks } },
    });
    expect(await rows({ columns: 60 })).toMatchInlineSnapshot(`
      "gateway  The gateway is at the partner, and box A is ready
               to take it. since 2026-05-03 05:12:00 (2 hours ago)
               10.77.0.1/24, 10.78.0.1/24 · health 60 of 100
               way to the provider: the router 10.79.0.9 does not
               answer
               Open connections: kept in step with the partner."
    `);
  });

  test("without one says nothing of it", async () => {
    box.change({ gateway: null });
    expect((await tandem([])).out).not.toMatch(/^gateway/m);
  });
});

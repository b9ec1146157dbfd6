import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ran, Terminal, type Wishes } from "../support/at-terminal.ts";
import { type FakeBox, fakeCondition, fakeLease } from "../support/fake-box.ts";
import type { FakeServer } from "../support/fake-server.ts";
import { showProblems } from "../support/fake-troubles.ts";

let terminal: Terminal;
let server: FakeServer;
let box: FakeBox;

beforeEach(async () => {
  terminal = await Terminal.begin();
  ({ server, box } = terminal);
});

afterEach(() => terminal.end());

function tandem(argv: readonly string[], wishes?: Wishes): Promise<Ran> {
  return terminal.run(argv, wishes);
}

describe("tandem status", () => {
  test("when all is fine", async () => {
    const { code, out, err } = await tandem([]);
    expect(out).toMatchInlineSnapshot(`
      "● Box A is serving office.
        fine since 2026-05-03 04:12:00 (3 hours ago)

      box      A · serving · Tandem 0.1.0
      running  for 3 hours · 48 MB of memory
      leases   12 · journal ok · 183 kB
      partner  not paired: This box has not been paired with a second one yet.

      office  10.77.0.0/24 on lan0
        serving     yes
        link        up · 02:00:5e:00:00:02 · MTU 1500
        server id   10.77.0.2
        gateway     10.77.0.1
        lease time  12 hours
        pool        10.77.0.100 to 10.77.0.199 ███░░░░░░░░░░░░░░░░░ 12 in use, 1 offered, 2 set aside, 85 of 100 free
        packets     discover 31 · offer 30 · request 44 · ack 41 · nak 1
      "
    `);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect((await tandem(["status"])).out).toBe(out);
  });

  test("when something is wrong: what, since when, what to do", async () => {
    showProblems(box);
    const { code, out } = await tandem(["status"]);
    expect(out).toMatchInlineSnapshot(`
      "● No cable or no device on lan0, so nobody on office can be reached.
        down since 2026-05-03 07:09:55 (2 minutes ago)

      box      A · serving · Tandem 0.1.0
      running  for 3 hours · 48 MB of memory
      leases   12 · journal ok · 183 kB
      partner  not paired: This box has not been paired with a second one yet.

      office  10.77.0.0/24 on lan0
        serving     no: No cable or no device on lan0, so nobody on office can be reached.
        link        no cable or no device on lan0
        server id   10.77.0.2
        gateway     (none)
        lease time  12 hours
        pool        10.77.0.100 to 10.77.0.199 ███████████████████░ 96 in use, 4 of 100 free
        packets     (none)

      To know
        ▲ No cable or no device on lan0, so nobody on office can be reached.
          Check the cable and the switch. (for 2 minutes)
        ▲ The clock of this box is wrong (1970-01-01 00:00); the time of the last lease is used instead.
          for 2 minutes

      Configuration errors
        config.json networks[0].pools[1].from: is outside the subnet
      "
    `);
    expect(code).toBe(2);
  });

  test.each([
    ["fine", 0],
    ["degraded", 1],
    ["down", 2],
  ] as const)("exits by the state: %s is %d, also with --json", async (state, code) => {
    box.change({ state });
    expect((await tandem(["status"])).code).toBe(code);
    expect((await tandem(["--json"])).code).toBe(code);
  });

  test("--json is the API's answer", async () => {
    const { out } = await tandem(["status", "--json"]);
    expect(JSON.parse(out)).toEqual(box.status());
  });

  test("colours only on a terminal that wants them", async () => {
    const isColoured = async (argv: string[], wishes: Wishes) =>
      (await tandem(argv, wishes)).out.includes("\x1b[");
    expect(await isColoured([], { isTerminal: true })).toBe(true);
    expect(await isColoured([], {})).toBe(false);
    expect(await isColoured(["--no-color"], { isTerminal: true })).toBe(false);
    expect(await isColoured([], { isTerminal: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await isColoured([], { isTerminal: true, env: { TERM: "dumb" } })).toBe(false);
  });

  test("colours do not change the columns", async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are to be removed.
    const plain = (text: string) => text.replace(/\x1b\[\d+m/g, "");
    showProblems(box);
    for (const n of [1, 2, 3]) box.book.set(fakeLease(n).address, fakeLease(n, { hostname: "" }));
    for (const command of ["status", "leases"]) {
      const coloured = (await tandem([command], { isTerminal: true })).out;
      expect(plain(coloured)).toBe((await tandem([command])).out);
    }
  });

  test("--watch shows each change, one JSON object per line", async () => {
    const ran = tandem(["status", "--watch", "--json"], {
      onOut: (out) => {
        const lines = out.trimEnd().split("\n");
        if (lines.length === 1) box.change({ why: "one change" });
        else void server.stop();
      },
    });
    const { code, out, err } = await ran;
    const sentences = out
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { why: string }).why);
    expect(sentences.slice(0, 2)).toEqual(["Box A is serving office.", "one change"]);
    expect(code).toBe(2);
    expect(err).toContain("Tandem has stopped");
  });
});

describe("tandem leases", () => {
  beforeEach(() => {
    for (const n of [0, 1, 2, 30]) box.book.set(fakeLease(n).address, fakeLease(n));
    const gone = fakeLease(3, { state: "released", hostname: "", reserved: true });
    box.book.set(gone.address, gone);
  });

  test("as a table", async () => {
    const { code, out } = await tandem(["leases"]);
    expect(out).toMatchInlineSnapshot(`
      "address      device     MAC                         network  state               heard           ends
      10.77.0.100  device-0   02:00:5e:10:00:00 (random)  office   active              just now        in 12 h 0 min
      10.77.0.101  device-1   02:00:5e:10:00:01           office   active              1 minute ago    in 11 h 59 min
      10.77.0.102  device-2   02:00:5e:10:00:02           office   active              2 minutes ago   in 11 h 58 min
      10.77.0.103  (no name)  02:00:5e:10:00:03 (random)  office   released, reserved  3 minutes ago
      10.77.0.130  device-30  02:00:5e:10:00:1e (random)  office   active              30 minutes ago  in 11 h 30 min

      5 in all, 4 active
      "
    `);
    expect(code).toBe(0);
  });

  test("--dump: tab-separated, every field, nothing empty", async () => {
    const { out } = await tandem(["leases", "--dump"]);
    const rows = out
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(rows).toHaveLength(5);
    for (const row of rows) expect(row).toHaveLength(12);
    expect(rows.flat()).not.toContain("");
    expect(rows[0]?.slice(0, 6)).toEqual([
      "10.77.0.100",
      "office",
      "active",
      "02:00:5e:10:00:00",
      "true",
      "device-0",
    ]);
  });

  test("filters by state, network and text", async () => {
    const addresses = async (...argv: string[]) =>
      (await tandem(["leases", "--dump", ...argv])).out.match(/^\S+/gm) ?? [];
    expect(await addresses("--state", "released")).toEqual(["10.77.0.103"]);
    expect(await addresses("--network", "guests")).toEqual([]);
    expect(await addresses("DEVICE-1")).toEqual(["10.77.0.101"]);
    const refused = await tandem(["leases", "--state", "sleepy"]);
    expect(refused.code).toBe(3);
    expect(refused.err).toContain("active, expired");
  });

  test("reads as many pages as there are", async () => {
    for (let n = 0; n < 2500; n++) box.book.set(fakeLease(n).address, fakeLease(n));
    const { out } = await tandem(["leases", "--json"]);
    const { total, leases } = JSON.parse(out) as { total: number; leases: unknown[] };
    expect([total, leases.length]).toEqual([2500, 2500]);
  });

  test("none at all is said, not shown as nothing", async () => {
    box.book.clear();
    expect((await tandem(["leases"])).out).toBe("No leases.\n");
    expect((await tandem(["leases", "--dump"])).out).toBe("");
  });
});

describe("tandem events", () => {
  test("oldest first, with time and level", async () => {
    box.say("10.77.0.100 on office is given to device-0.");
    box.say("The disk is slow.", "warning");
    const { code, out } = await tandem(["events"]);
    expect(out).toBe(
      "2026-05-03 07:12:00  info     10.77.0.100 on office is given to device-0.\n" +
        "2026-05-03 07:12:00  warning  The disk is slow.\n",
    );
    expect(code).toBe(0);
    expect(JSON.parse((await tandem(["events", "--json"])).out)).toEqual({ events: box.log });
  });

  test("--follow goes on with what happens", async () => {
    box.say("before");
    const { out, code } = await tandem(["events", "--follow"], {
      onOut: (text) => {
        if (text.endsWith("before\n")) box.say("after");
        else void server.stop();
      },
    });
    expect(out.match(/\w+$/gm)).toEqual(["before", "after"]);
    expect(code).toBe(2);
  });

  test("nothing yet", async () => {
    expect((await tandem(["events"])).out).toBe("Nothing has happened yet.\n");
  });
});

describe("text from devices", () => {
  const EVIL = "\x1b[2J\x07\x9b31m\r\n\t\u202eevil\u2028\u{e0041}\x7f";

  test("never reaches the terminal as anything but text", async () => {
    box.grant(fakeLease(1, { hostname: EVIL, vendorClass: EVIL, clientId: EVIL, network: EVIL }));
    box.say(`given to ${EVIL}`, "info", EVIL);
    box.change({ why: EVIL, conditions: [fakeCondition({ sentence: EVIL, advice: EVIL })] });
    const runs = await Promise.all(
      [["status"], ["leases"], ["leases", "--dump"], ["events"]].map((argv) => tandem(argv)),
    );
    for (const { out } of runs) {
      expect(out).toContain("evil");
      expect(out.replaceAll("\n", "").replaceAll("\t", "")).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u,
      );
    }
    expect(runs[2]?.out.trimEnd().split("\n")).toHaveLength(1);
    expect(runs[2]?.out.split("\t")).toHaveLength(12);
  });

  test("is escaped in --json, and reads back as it was", async () => {
    box.grant(fakeLease(1, { hostname: EVIL }));
    const { out } = await tandem(["leases", "--json"]);
    expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const { leases } = JSON.parse(out) as { leases: { hostname: string }[] };
    expect(leases[0]?.hostname).toBe(EVIL);
  });
});

describe("when there is no answer", () => {
  test.each(["status", "leases", "events"])("%s says why, in one sentence", async (command) => {
    const missing = join(terminal.folder, "none.sock");
    const { code, out, err } = await tandem([command, "--socket", missing]);
    expect(err).toBe(
      `Tandem does not answer on ${missing}: there is no such socket, so it is not running or runs with another one.\n`,
    );
    expect(out).toBe("");
    expect(code).toBe(2);
  });

  test("something else answers on the socket", async () => {
    const other = createServer((_, response) => response.end("<html>"));
    const path = join(terminal.folder, "other.sock");
    await new Promise<void>((resolve) => other.listen(path, resolve));
    const { code, err } = await tandem(["--socket", path]);
    expect(err).toBe(`What answers on ${path} is not Tandem.\n`);
    expect(code).toBe(2);
    await new Promise((resolve) => other.close(resolve));
  });

  test("a refusal is passed on", async () => {
    box.status = () => {
      throw new Error("broken");
    };
    const { code, err } = await tandem(["status"]);
    expect(err).toBe(
      "Tandem refuses: The box made a mistake while answering; its log says more.\n",
    );
    expect(code).toBe(2);
  });
});

describe("the command line itself", () => {
  test.each([
    [["frob"], 'there is no command "frob"'],
    [["constructor"], 'there is no command "constructor"'],
    [["--frob"], "--frob"],
    [["leases", "a", "b"], '"leases" does not take "b"'],
    [["events", "--watch"], '"events" has no option --watch'],
    [["status", "--state", "active"], '"status" has no option --state'],
    [["--socket"], "--socket"],
  ])("%j is wrong usage", async (argv, text) => {
    const { code, out, err } = await tandem(argv);
    expect(code).toBe(3);
    expect(err).toContain(text);
    expect(err).toContain("tandem help");
    expect(out).toBe("");
  });

  test("help and version need no daemon", async () => {
    await server.stop();
    const help = await tandem(["help"]);
    expect(help.code).toBe(0);
    expect(help.out).toContain("Exit codes");
    expect((await tandem(["leases", "--help"])).out).toBe(help.out);
    expect((await tandem(["version"])).out).toBe("tandem dev\n");
    expect(JSON.parse((await tandem(["version", "--json"])).out)).toEqual({ version: "dev" });
    for (const line of help.out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

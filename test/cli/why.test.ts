import { afterEach, beforeEach, expect, test } from "vitest";
import type { WhyView } from "../../daemon/http/api-types.ts";
import { type Ran, Terminal } from "../support/at-terminal.ts";
import { FAKE_NOW, fakeLease, fakeWhy, iso } from "../support/fake-box.ts";

let terminal: Terminal;

beforeEach(async () => {
  terminal = await Terminal.begin();
});

afterEach(() => terminal.end());

function tandem(...argv: readonly string[]): Promise<Ran> {
  return terminal.run(argv, { columns: 80 });
}

function answer(changes: Partial<WhyView>): void {
  const view = fakeWhy(changes);
  terminal.box.answers.set(view.query, view);
}

const MAC = "02:00:5e:10:00:01";

test("a device with an address", async () => {
  answer({
    query: "device-1",
    client: MAC,
    severity: "fine",
    verdict: `${MAC} (device-1) has 10.77.0.101 on office until 2026-05-03 19:11 UTC.`,
    advice: "",
    lease: fakeLease(1),
    reservation: { address: "10.77.0.101", network: "office", name: "Desk" },
    decisions: [
      {
        at: iso(FAKE_NOW - 60_000),
        message: "REQUEST",
        outcome: "ACK",
        reason: "",
        address: "10.77.0.101",
        sentence: "It asked for 10.77.0.101 (REQUEST) on office and got it (ACK).",
        count: 12,
      },
      {
        at: iso(FAKE_NOW - 90_000),
        message: "DISCOVER",
        outcome: "OFFER",
        reason: "",
        address: "10.77.0.101",
        sentence: "It looked for an address (DISCOVER) on office and was offered 10.77.0.101.",
        count: 1,
      },
    ],
  });
  const { code, out, err } = await tandem("why", "device-1");
  expect(out).toMatchInlineSnapshot(`
    "● 02:00:5e:10:00:01 (device-1) has 10.77.0.101 on office until 2026-05-03
      19:11.

    device    02:00:5e:10:00:01
    name      device-1
    class     dhcpcd-9.4.1
    lease     10.77.0.101 on office, active, ends in 11 h 59 min
    heard     1 minute ago
    reserved  10.77.0.101 on office, "Desk"

    Its messages, newest first
      2026-05-03 07:11:00  It asked for 10.77.0.101 (REQUEST) on office and got it
                           (ACK). (12 times, this was the last)
      2026-05-03 07:10:30  It looked for an address (DISCOVER) on office and was
                           offered 10.77.0.101.
    "
  `);
  expect([code, err]).toEqual([0, ""]);
  for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("a device without one: what to do, and exit code 1", async () => {
  answer({
    query: MAC,
    client: MAC,
    severity: "refused",
    verdict: `${MAC} gets no address from this box on office: no address is free on office (100 in its pools).`,
    advice: "Make the pool larger or the lease time shorter, or release leases nobody uses.",
  });
  const { code, out } = await tandem("why", MAC);
  expect(out).toMatchInlineSnapshot(`
    "● 02:00:5e:10:00:01 gets no address from this box on office: no address is
      free on office (100 in its pools).
      Make the pool larger or the lease time shorter, or release leases nobody
      uses.

    device  02:00:5e:10:00:01
    "
  `);
  expect(code).toBe(1);
});

test.each([
  ["waiting", 1],
  ["unknown", 1],
] as const)("exit code when %s", async (severity, code) => {
  answer({ query: "x", severity });
  expect((await tandem("why", "x")).code).toBe(code);
});

test("--json is the API's answer, with the same exit code", async () => {
  answer({ query: "a b&c", severity: "fine" });
  const { code, out } = await tandem("why", "a b&c", "--json");
  expect(JSON.parse(out)).toEqual(terminal.box.why("a b&c"));
  expect(JSON.parse(out)).toMatchObject({ query: "a b&c", severity: "fine" });
  expect(code).toBe(0);
});

test("text from a device is printed as text", async () => {
  answer({ query: "x", verdict: "It calls itself \u001b[2Jgone." });
  expect((await tandem("why", "x")).out).toContain("\\u001b[2Jgone.");
});

test("without a device, or with two, it is a wrong usage", async () => {
  const none = await tandem("why");
  expect(none.code).toBe(3);
  expect(none.err).toContain('"why" needs a MAC address');
  expect((await tandem("why", "a", "b")).code).toBe(3);
  expect((await tandem("why", "--help")).out).toContain("tandem why CLIENT");
  expect((await tandem("why", "")).code).toBe(2);
});

test("times are those of the box's zone, as in the list of messages", async () => {
  process.env.TZ = "Asia/Kolkata";
  answer({
    query: MAC,
    client: MAC,
    severity: "waiting",
    verdict: `${MAC} had 10.77.0.101 until 2026-05-03 19:11 UTC.`,
    advice: "Wait until 2026-05-03 20:00 UTC.",
  });
  const { out } = await tandem("why", MAC);
  expect(out).toContain("until 2026-05-04 00:41.");
  expect(out).toContain("Wait until 2026-05-04 01:30.");
  expect(out).not.toContain("UTC");
});

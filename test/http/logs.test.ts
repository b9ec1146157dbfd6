import { beforeEach, describe, expect, test } from "vitest";
import { EventLog } from "../../daemon/event-log.ts";
import { logRoutes } from "../../daemon/http/log-routes.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { Terminal } from "../support/at-terminal.ts";
import { FakeBox } from "../support/fake-box.ts";
import { type Answer, type Asked, ask } from "./ask.ts";

let log: EventLog;
let get: (query?: string, asked?: Asked) => Answer;

const TEXT_WANTED: Asked = { transport: "unix", headers: { accept: "text/plain" } };
const at = (seconds: number) => ({
  monotonic: seconds * 1000,
  wall: 1_780_000_000_000 + seconds * 1000,
});

beforeEach(() => {
  log = new EventLog({ write: () => {} }, () => {});
  log.write("config-applied", {}, at(1));
  log.write("lease-expired", { client: "02:00:5e:10:00:01", address: "10.77.0.100" }, at(2));
  log.write("journal-snapshot", { leases: 7, milliseconds: 2 }, at(3));
  log.write("surface-problem", { text: "a line\nand\tanother \u001b[31m" }, at(4));
  const app = createWebApp(new FakeBox(), { routes: logRoutes(log) });
  get = (query = "", asked = { transport: "unix" }) =>
    ask(app.answer, `/api/v1/logs${query}`, asked);
});

function ids(query: string): string[] {
  return (get(query).json() as { lines: { id: string }[] }).lines.map(({ id }) => id);
}

describe("the log of this run", () => {
  test("has lines of all levels in their order", () => {
    expect(get().json()).toMatchObject({
      total: 4,
      lines: [
        { level: "info", id: "config-applied", text: "A new configuration is in force." },
        {
          at: "2026-05-28T20:26:42.000Z",
          level: "debug",
          id: "lease-expired",
          text: "The lease of 02:00:5e:10:00:01 on 10.77.0.100 ended.",
        },
        { level: "debug", id: "journal-snapshot" },
        { level: "warning", id: "surface-problem" },
      ],
    });
  });

  test("can be had from a level on, with a text, and of the newest only", () => {
    expect(ids("?level=info")).toEqual(["config-applied", "surface-problem"]);
    expect(ids("?level=error")).toEqual([]);
    expect(ids("?contains=02:00:5E")).toEqual(["lease-expired"]);
    expect(ids("?contains=journal-")).toEqual(["journal-snapshot"]);
    expect(ids("?limit=2")).toEqual(["journal-snapshot", "surface-problem"]);
    expect(get("?limit=1").json()).toMatchObject({ total: 4 });
  });

  test("as text is one line each, whatever is said in it", () => {
    for (const asked of [get("?format=text"), get("", TEXT_WANTED)]) {
      expect(asked.header("content-type")).toContain("text/plain");
      expect(asked.text().split("\n")).toHaveLength(5);
      expect(asked.text()).toContain(
        "2026-05-28T20:26:44.000Z warning surface-problem: Not everything can be shown: a line and another  [31m.\n",
      );
    }
  });

  test.each(["?level=loud", "?limit=0", "?limit=5001", "?limit=x", "?format=xml", "?sevel=info"])(
    "%s is refused",
    (query) => {
      expect(get(query).status).toBe(400);
    },
  );

  test("is not for those who may only read", () => {
    expect(get("", { transport: "tcp" }).status).toBe(401);
  });

  test("lines for debugging do not crowd out others, nor the other way round", () => {
    for (let i = 0; i < 20_000; i++) {
      log.write("journal-snapshot", { leases: i, milliseconds: 1 }, at(10 + i));
    }
    expect(ids("?level=info")).toEqual(["config-applied", "surface-problem"]);
    for (let i = 0; i < 20_000; i++) log.write("config-applied", {}, at(50_000 + i));
    const { total } = get("?limit=5000").json() as { total: number };
    expect(total).toBeLessThan(6000);
    expect(ids("?contains=snapshot&limit=5000").length).toBeGreaterThan(500);
  });
});

test("tandem logs shows them, and nothing in them is obeyed by a terminal", async () => {
  const terminal = await Terminal.begin(logRoutes(log));
  const { code, out } = await terminal.run(["logs", "--level", "info"]);
  expect(code).toBe(0);
  expect(out).toBe(
    "2026-05-28T20:26:41.000Z info    config-applied: A new configuration is in force.\n" +
      "2026-05-28T20:26:44.000Z warning surface-problem: Not everything can be shown: a line\\u000aand\\u0009another \\u001b[31m.\n",
  );
  expect((await terminal.run(["logs", "snapshot"])).out).toContain("Snapshot of 7 leases");
  const { out: json } = await terminal.run(["logs", "snapshot", "--json"]);
  expect(JSON.parse(json)).toMatchObject({ total: 1 });
  const wrong = await terminal.run(["logs", "--level", "loud"]);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.err).toContain("must be one of: debug, info, warning, error");
  await terminal.end();
});

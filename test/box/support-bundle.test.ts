import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { supportRoutes } from "../../daemon/http/support-routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { SupportBundle, type SupportSources } from "../../daemon/support-bundle.ts";
import { askLater } from "../http/ask.ts";
import { Terminal } from "../support/at-terminal.ts";
import { FAKE_NOW, FakeBox } from "../support/fake-box.ts";
import { fakeSources } from "../support/support-sources.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-support-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function textOf(changes: Partial<SupportSources> = {}, isAnonymous = false): Promise<string> {
  return new SupportBundle(fakeSources(folder, changes)).make(isAnonymous);
}

async function made(changes: Partial<SupportSources> = {}, isAnonymous = false) {
  return JSON.parse(await textOf(changes, isAnonymous)) as Record<string, unknown>;
}

describe("a document for support", () => {
  test("has everything, and is laid out for people", async () => {
    const text = await textOf();
    expect(text.split("\n").length).toBeGreaterThan(100);
    const found = JSON.parse(text);
    expect(found).toMatchObject({
      ...{ kind: "tandem-support", format: 1, madeAt: "2026-05-03T07:12:00.000Z" },
      anonymous: false,
      software: { version: "1.2.3", node: process.version },
      board: { model: "Example 2", serial: "SN-4711" },
      clock: { time: "2026-05-03T07:12:00.000Z", leaseClock: "2026-05-03T07:12:00.000Z" },
      status: { box: { name: "A" } },
      configuration: { generation: 4 },
      drills: { underWay: false, drills: [] },
      metrics: { memory_bytes: 48_000_000 },
      stateFiles: [],
      events: [
        {
          id: "lease-granted",
          text: "10.77.0.100 on office is given to 52:54:00:ab:cd:ef (toms-old-phone) for 60 s.",
        },
      ],
      "box.json": { name: "A" },
      "config.json": { networks: [{ name: "office" }] },
    });
    expect(found.machine.kernel).toMatch(/^Linux \d/);
    expect(found.interfaces.lo).toContain("127.0.0.1/8 00:00:00:00:00:00");
    expect(found.pairing.sentence).not.toBe("");
  });

  test("names files with their sizes, and does not open them", async () => {
    writeFileSync(path.join(folder, "key"), "SECRET-KEY-BYTES");
    writeFileSync(path.join(folder, "records.json"), '{"users":{"anna":"$scrypt$SECRET"}}');
    mkdirSync(path.join(folder, "journal"));
    writeFileSync(path.join(folder, "journal", "journal-0000000000000012.tdj"), "abc");
    symlinkSync("/etc", path.join(folder, "elsewhere"));
    const text = await textOf();
    expect(JSON.parse(text).stateFiles).toMatchObject([
      { name: "journal/journal-0000000000000012.tdj", bytes: 3 },
      { name: "key", bytes: 16 },
      { name: "records.json", bytes: 35 },
    ]);
    expect(text).not.toContain("SECRET");
  });

  test("does not have the digits that two people compare", async () => {
    const view = fakeSources(folder).pairing();
    const text = await textOf({ pairing: () => ({ ...view, digits: "654321" }) });
    expect(text).not.toContain("654321");
  });

  test("has no more files and events than it may", async () => {
    for (let i = 0; i < LIMITS.supportFilesMax + 5; i++)
      writeFileSync(path.join(folder, `${i}`), "");
    const line = { wall: FAKE_NOW, id: "some", level: "info", text: "x", names: [] } as const;
    const lines = Array.from({ length: 2000 }, (_, number) => ({
      ...line,
      number,
      text: `${number}`,
    }));
    const found = await made({ logLines: () => lines });
    expect(found.stateFiles).toHaveLength(LIMITS.supportFilesMax);
    expect(found.events).toHaveLength(LIMITS.eventLogMax);
    expect(found.events).toMatchObject({ 0: { text: "1500" }, 499: { text: "1999" } });
  });

  test("leaves out what there is no room for, and says so", async () => {
    const long = "x".repeat(LIMITS.supportBytesMax / 2);
    const figures = { [long]: 1 };
    const box = new FakeBox();
    const text = await textOf({
      view: { status: () => box.status(), metrics: () => figures },
      drills: () => ({ underWay: false, drills: [], long }) as never,
    });
    expect(Buffer.byteLength(text)).toBeLessThan(1.1 * LIMITS.supportBytesMax);
    const found = JSON.parse(text);
    expect(found.metrics.leftOut).toMatch(/^There is no room for \d+ bytes\.$/);
    expect(found["config.json"]).toMatchObject({ version: 1 });
  });

  test("is made although a part of it cannot be", async () => {
    const found = await made({
      stateDir: path.join(folder, "nowhere"),
      drills: () => {
        throw new Error("a mistake");
      },
      inForce: () => undefined,
    });
    expect(found.drills).toEqual({ problem: "a mistake" });
    expect(JSON.stringify(found.stateFiles)).toContain("ENOENT");
    expect(found["config.json"]).toBeNull();
    expect(found.status).toMatchObject({ box: { name: "A" } });
  });
});

describe("an anonymous one", () => {
  const SECRET = /annas-laptop|bettys-printer|toms-old-phone|52:54:00|525400|5254:|SN-4711/i;

  function sources(): Partial<SupportSources> {
    const box = new FakeBox();
    box.current.why = "Annas-Laptop (52:54:00:12:34:56) floods this box.";
    return { view: box };
  }

  test("has no device in it, wherever it is named", async () => {
    expect(await textOf(sources())).toMatch(SECRET);
    const text = await textOf(sources(), true);
    expect(text).not.toMatch(SECRET);
    expect(text).toContain("Hardware addresses, names of devices and serial numbers are invented");
  });

  test("calls the same device the same in all places, and otherwise in the next one", async () => {
    const found = await made(sources(), true);
    const [reservation] = (found["config.json"] as Config).networks[0].reservations;
    const { why } = found.status as { why: string };
    expect(why).toContain(reservation.mac);
    expect(why).toMatch(/^device-[0-9a-f]{8} \(/);
    expect(reservation.name).toMatch(/^device-[0-9a-f]{8}\.office\.example$/);
    const random = (count: number) => new Uint8Array(count).fill(1);
    const other = await made({ ...sources(), random }, true);
    expect((other.status as { why: string }).why).not.toBe(why);
  });

  test("has addresses, times, files and words as they are", async () => {
    writeFileSync(path.join(folder, "journal-0000000000000012.tdj"), "");
    const plain = await made();
    const found = await made({}, true);
    expect(found.clock).toEqual(plain.clock);
    expect(found.stateFiles).toEqual(plain.stateFiles);
    expect(found["box.json"]).toEqual(plain["box.json"]);
    expect(found.events).toMatchObject({ 0: { id: "lease-granted", level: "info" } });
    expect(Object.keys(found)).toEqual(Object.keys(plain));
  });
});

interface Config {
  readonly networks: readonly [
    { readonly reservations: readonly [{ readonly mac: string; readonly name: string }] },
  ];
}

describe("GET /api/v1/support", () => {
  const app = (changes: Partial<SupportSources> = {}) => {
    const routes = supportRoutes(new SupportBundle(fakeSources(folder, changes)));
    return createWebApp(new FakeBox(), { routes });
  };

  test("is a file for those who may do all, and for nobody else", async () => {
    const { answer } = app();
    const local = await askLater(answer, "/api/v1/support", { transport: "unix" });
    expect(local.status).toBe(200);
    expect(local.header("content-disposition")).toContain("tandem-support.json");
    expect(local.json()).toMatchObject({ kind: "tandem-support", anonymous: false });
    expect((await askLater(answer, "/api/v1/support")).status).toBe(401);
    const names = await askLater(answer, "/api/v1/support?anonymous=yes", { transport: "unix" });
    expect(names.json()).toMatchObject({ anonymous: true });
  });

  test("says when it is asked for wrongly, or cannot be made", async () => {
    const { answer } = app({
      random: () => {
        throw new IoError("/dev/urandom gives no random numbers: ENOENT");
      },
    });
    const get = (query: string) =>
      askLater(answer, `/api/v1/support${query}`, { transport: "unix" });
    const wrong = await get("?anonymous=perhaps");
    expect(wrong.status).toBe(400);
    expect(wrong.text()).toContain("must be yes or no");
    const failed = await get("?anonymous=yes");
    expect(failed.status).toBe(503);
    expect(failed.text()).toContain("no random numbers");
    expect((await get("")).status).toBe(200);
  });
});

describe("tandem support", () => {
  test("shows it, or writes it into a file that nobody else may read", async () => {
    const routes = supportRoutes(new SupportBundle(fakeSources(folder)));
    const terminal = await Terminal.begin(routes);
    const shown = await terminal.run(["support"]);
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.out)).toMatchObject({ anonymous: false });
    const file = path.join(terminal.folder, "support.json");
    const written = await terminal.run(["support", file, "--anonymous"]);
    expect(written).toMatchObject({ code: 0, err: "" });
    expect(written.out).toBe(`${file} has everything. Look through it before you give it away.\n`);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ anonymous: true });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const failed = await terminal.run(["support", path.join(terminal.folder, "no", "where")]);
    expect(failed).toMatchObject({ code: 3, out: "" });
    expect(failed.err).toContain("ENOENT");
    await terminal.end();
  });
});

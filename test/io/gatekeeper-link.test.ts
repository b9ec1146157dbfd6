// GatekeeperLink against a gatekeeper made here, which can be as wrong, slow or absent as needed.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GatekeeperLink } from "../../daemon/io/gatekeeper-link.ts";
import { FAKE_FOLDER, FakeGatekeeper } from "../support/fake-gatekeeper.ts";
import { settled, until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "tandem-gatekeeper-"));
let count = 0;
let gatekeeper: FakeGatekeeper;
let link: GatekeeperLink;
let events: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  gatekeeper = new FakeGatekeeper(join(folder, `${count++}.sock`));
  events = [];
  link = new GatekeeperLink(gatekeeper.path, {
    opened: (where) => events.push(`opened ${where}`),
    closed: (why) => events.push(`closed: ${why}`),
    keepalived: (state, word) => events.push(`keepalived ${state} (${word})`),
    health: (value) => events.push(`health ${value}`),
    notified: (line) => events.push(`notified ${line}`),
    tracking: (text) => events.push(`tracking ${text}`),
  });
});
afterEach(() => {
  link.close();
  gatekeeper.stop();
  vi.useRealTimers();
});
afterAll(() => rmSync(folder, { recursive: true }));

const closed = (): string[] => events.filter((event) => event.startsWith("closed"));

/** Resolves when the greeting was heard; what it brought is not in `events`. */
async function opened(): Promise<void> {
  await gatekeeper.start();
  link.open();
  await until(() => link.isOpen, "it is open");
  await settled();
  events.length = 0;
}

describe("a connection", () => {
  test("is open with the first word, and hands on what is said", async () => {
    await gatekeeper.start();
    link.open();
    link.open();
    await until(() => events.length === 3, "the greeting");
    expect(events).toEqual([
      `opened ${FAKE_FOLDER}`,
      "keepalived stopped (stopped)",
      "health -254",
    ]);
    gatekeeper.say("keepalived started", 'vrrp INSTANCE "LAN" MASTER 250', "keepalived died 9");
    gatekeeper.say("keepalived plugged", "health 0", "keepalived stopped", "keepalived running");
    await until(() => events.length === 10, "what it says");
    expect(events.slice(3)).toEqual([
      "keepalived running (started)",
      'notified INSTANCE "LAN" MASTER 250',
      "keepalived stopped (died 9)",
      "keepalived plugged (plugged)",
      "health 0",
      "keepalived stopped (stopped)",
      "keepalived running (running)",
    ]);
    expect(gatekeeper.sockets).toHaveLength(1);
  });

  test("says the folder whole, whatever is in its name", async () => {
    gatekeeper.greeting = "hello 1 /run/my gate keeper\n";
    await gatekeeper.start();
    link.open();
    await until(() => link.isOpen, "it is open");
    expect(events).toEqual(["opened /run/my gate keeper"]);
  });

  test.each([
    ["hello 2 /run/gate\n", "it is of another version"],
    ["hello\n", "it is of another version"],
    ["220 mail.example ESMTP\n", "it is of another version"],
    [`${"x".repeat(300)}\n`, "it does not keep to the rules"],
    ["x".repeat(300), "it does not keep to the rules"],
  ])("is none with %j", async (greeting, why) => {
    gatekeeper.greeting = greeting;
    await gatekeeper.start();
    link.open();
    await until(() => events.length > 0, "it is left");
    expect([events, link.isOpen]).toEqual([[`closed: ${why}`], false]);
  });

  test("that says nothing is none after ten seconds", async () => {
    gatekeeper.greeting = "";
    await gatekeeper.start();
    link.open();
    await until(() => gatekeeper.sockets.length === 1, "it is connected");
    vi.advanceTimersByTime(9999);
    expect(events).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(events).toEqual(["closed: it does not answer"]);
    gatekeeper.greeting = "hello 1 /run/gate\n";
    vi.advanceTimersByTime(100);
    await until(() => link.isOpen, "it is open");
    vi.advanceTimersByTime(20_000);
    expect(link.isOpen, "an open one may be silent for ever").toBe(true);
  });
});

describe("what is told", () => {
  test("is told in its words, and answered in order", async () => {
    await opened();
    gatekeeper.answer = () => undefined;
    const answers: unknown[] = [];
    const keep = (answer: unknown): number => answers.push(answer);
    void link.config("global_defs {\n}\nü\n").then(keep);
    void link.health(-254, 2500, 0).then(keep);
    void link.respawn().then(keep);
    void link.plug(10_000).then(keep);
    void link.stop().then(keep);
    await gatekeeper.untilHeard("stop");
    expect(gatekeeper.heard).toEqual([
      ...["config 19", "health -254 2500 0", "respawn", "plug 10000", "stop"],
    ]);
    expect(gatekeeper.configs).toEqual(["global_defs {\n}\nü\n"]);
    gatekeeper.say("ok reloaded", "vrrp x", "no line 3: no", "ok", "health 0", "ok");
    await until(() => answers.length === 4, "four answers");
    gatekeeper.say("no");
    await until(() => answers.length === 5, "the last answer");
    expect(answers).toEqual([
      { isDone: true, text: "reloaded" },
      { isDone: false, text: "line 3: no" },
      { isDone: true, text: "" },
      { isDone: true, text: "" },
      { isDone: false, text: "" },
    ]);
  });

  test("to nobody, or before the greeting, is answered at once", async () => {
    const gone = { isDone: false, text: "the gatekeeper does not answer" };
    expect(await link.dump()).toEqual(gone);
    gatekeeper.greeting = "";
    await gatekeeper.start();
    link.open();
    await until(() => gatekeeper.sockets.length === 1, "it is connected");
    expect(await link.health(0, 15_000, -254)).toEqual(gone);
    expect(gatekeeper.heard).toEqual([]);
  });

  test("and not answered for ten seconds is an end of it", async () => {
    await opened();
    gatekeeper.answer = () => undefined;
    const first = link.health(0, 15_000, -254);
    await gatekeeper.untilHeard("health 0 15000 -254");
    vi.advanceTimersByTime(5000);
    const second = link.dump();
    vi.advanceTimersByTime(5000);
    const end = { isDone: false, text: "it does not answer" };
    expect(await Promise.all([first, second])).toEqual([end, end]);
    expect(closed()).toEqual(["closed: it does not answer"]);
  });

  test("without end to one that does not answer is not kept without end", async () => {
    await opened();
    gatekeeper.answer = () => undefined;
    const answers = Array.from({ length: 1000 }, () => link.health(0, 15_000, -254));
    // The last ones are answered before the first one is.
    expect(await answers.at(-1)).toEqual({ isDone: false, text: "the gatekeeper does not answer" });
    await gatekeeper.untilHeard(/health/, 64);
    await settled();
    expect(gatekeeper.heard).toHaveLength(64);
    link.close();
    const all = await Promise.all(answers);
    expect(all.filter(({ text }) => text === "closed by this program")).toHaveLength(64);
  });
});

describe("a dump", () => {
  const TEXT = JSON.stringify([{ data: { iname: "LAN", state: 2 } }, "ü\nok\nno\n"]);
  const bytes = Buffer.from(
    `vrrp before\ndump ${Buffer.byteLength(TEXT)}\n${TEXT}vrrp behind\nok done\n`,
  );

  test("comes whole wherever it is cut", async () => {
    await opened();
    gatekeeper.answer = () => undefined;
    for (let cut = 0; cut <= bytes.length; cut++) {
      const [dumped, told] = [link.dump(), link.stop()];
      gatekeeper.socket.write(bytes.subarray(0, cut));
      await settled(3);
      gatekeeper.socket.write(bytes.subarray(cut));
      expect(await dumped, `cut at ${cut}`).toEqual({ isDone: true, text: TEXT });
      expect(await told).toEqual({ isDone: true, text: "done" });
    }
    expect(new Set(events)).toEqual(new Set(["notified before", "notified behind"]));
    expect(events).toHaveLength(2 * (bytes.length + 1));
  });

  test("comes byte by byte", async () => {
    await opened();
    gatekeeper.answer = () => undefined;
    const [dumped, told] = [link.dump(), link.stop()];
    for (const byte of bytes) {
      gatekeeper.socket.write(Uint8Array.of(byte));
      await settled(1);
    }
    expect(await dumped).toEqual({ isDone: true, text: TEXT });
    expect(await told).toEqual({ isDone: true, text: "done" });
  });

  test("may be large, and may be empty", async () => {
    await opened();
    const text = "x".repeat(1 << 20);
    gatekeeper.answer = () => `dump ${text.length}\n${text}`;
    expect((await link.dump()).text === text).toBe(true);
    gatekeeper.answer = () => "dump 0\n";
    expect(await link.dump()).toEqual({ isDone: true, text: "" });
  });

  test.each(["", "-1", "1.5", "1e3", "0x10", "ten", "1048577", "99999999999999999999", "1 1"])(
    "of %j bytes is none",
    async (length) => {
      await opened();
      gatekeeper.answer = () => `dump ${length}\n[]\n`;
      const end = { isDone: false, text: "it does not keep to the rules" };
      expect(await link.dump()).toEqual(end);
      expect(events).toEqual([`closed: ${end.text}`]);
    },
  );
});

describe("what does not keep to the rules ends the connection, and another one is made", () => {
  test.each([
    ["a word that is none", "hallo\n", "it does not keep to the rules"],
    ["an empty line", "\n", "it does not keep to the rules"],
    ["bytes", Buffer.from([0xff, 0, 0x0a]), "it does not keep to the rules"],
    ["a line that is too long", `vrrp ${"x".repeat(252)}\n`, "it does not keep to the rules"],
    ["a line without end", "v".repeat(257), "it does not keep to the rules"],
    ["an answer nobody asked for", "ok\n", "it answers what it was not asked"],
    ["a refusal nobody asked for", "no way\n", "it answers what it was not asked"],
    ["a dump nobody asked for", "dump 1000000\n", "it answers what it was not asked"],
    ["a second greeting", "hello 1 /run/gate\n", "it does not keep to the rules"],
  ])("%s", async (_, bytes, why) => {
    await opened();
    gatekeeper.socket.write(bytes);
    await until(() => closed().length === 1, "it is left");
    expect(events).toEqual([`closed: ${why}`]);
    vi.advanceTimersByTime(100);
    await until(() => link.isOpen, "it is open again");
    expect(gatekeeper.sockets).toHaveLength(2);
  });

  test("the longest line is heard", async () => {
    await opened();
    gatekeeper.say(`vrrp ${"x".repeat(251)}`);
    await until(() => events.length === 1, "the line");
    expect(events).toEqual([`notified ${"x".repeat(251)}`]);
  });

  test("a state that is not known is nothing, also one that every object has", async () => {
    await opened();
    gatekeeper.say("keepalived dancing", "keepalived toString", "keepalived", "keepalived running");
    await until(() => events.length > 0, "the last one");
    expect(events).toEqual(["keepalived running (running)"]);
  });

  test("nothing that came behind it is heard", async () => {
    await opened();
    gatekeeper.say("hallo", "vrrp behind", "keepalived running");
    await until(() => closed().length === 1, "it is left");
    await settled();
    expect(events).toEqual(["closed: it does not keep to the rules"]);
  });
});

describe("when it goes", () => {
  test("everything that waits is answered, and it is looked for again", async () => {
    await opened();
    gatekeeper.answer = () => undefined;
    const all = [link.config("x"), link.dump(), link.health(0, 15_000, -254)];
    await gatekeeper.untilHeard(/health/);
    gatekeeper.socket.write("dump 100\n[");
    await settled();
    gatekeeper.socket.destroy();
    const end = { isDone: false, text: "it closed the connection" };
    expect(await Promise.all(all)).toEqual([end, end, end]);
    expect([events, link.isOpen]).toEqual([["closed: it closed the connection"], false]);
    // Half a dump of the old connection is none of the new one.
    vi.advanceTimersByTime(100);
    await until(() => link.isOpen, "it is open again");
    gatekeeper.answer = () => "ok fresh";
    expect(await link.health(0, 15_000, -254)).toEqual({ isDone: true, text: "fresh" });
  });

  test("it is looked for ever more slowly, and one reason is told once", async () => {
    const connects: number[] = [];
    link.open();
    await until(() => events.length === 1, "there is nobody");
    expect(events).toEqual(["closed: it does not run"]);
    let passed = 0;
    for (const wait of [100, 200, 400, 800, 1600, 2000, 2000, 2000]) {
      vi.advanceTimersByTime(wait - 1);
      await settled();
      expect(vi.getTimerCount(), `after ${passed}`).toBe(1);
      vi.advanceTimersByTime(1);
      passed += wait;
      connects.push(passed);
      await until(() => vi.getTimerCount() === 1, "it has tried again");
    }
    expect(events).toEqual(["closed: it does not run"]);
    await gatekeeper.start();
    vi.advanceTimersByTime(2000);
    await until(() => link.isOpen, "it is open");
    // And as fast as in the beginning after it was there; and it is told again.
    gatekeeper.stop();
    await until(() => !link.isOpen, "it is gone");
    vi.advanceTimersByTime(100);
    await until(() => closed().length === 3, "there is nobody again");
    expect(closed().slice(1)).toEqual([
      "closed: it closed the connection",
      "closed: it does not run",
    ]);
  });

  test("closed by this program it is told of nothing any more, and can be opened again", async () => {
    await opened();
    gatekeeper.answer = () => undefined;
    const waiting = link.dump();
    link.close();
    expect(await waiting).toEqual({ isDone: false, text: "closed by this program" });
    gatekeeper.say("vrrp late");
    await settled();
    vi.advanceTimersByTime(60_000);
    await settled();
    expect([events, gatekeeper.sockets.length, vi.getTimerCount()]).toEqual([[], 1, 0]);
    link.open();
    await until(() => link.isOpen, "it is open again");
  });

  test("what is no socket is nobody", async () => {
    link = new GatekeeperLink(folder, {
      opened: () => {},
      closed: (why) => events.push(why),
      keepalived: () => {},
      health: () => {},
      notified: () => {},
      tracking: () => {},
    });
    link.open();
    await until(() => events.length > 0, "it is tried");
    expect(events).toEqual(["it does not run"]);
  });
});

test("however long it lasts, nothing is kept", async () => {
  await opened();
  const text = "x".repeat(1000);
  gatekeeper.answer = (command) => (command === "dump" ? `dump 1000\n${text}` : "ok");
  const listeners = (): number => gatekeeper.socket.listenerCount("data");
  const before = [vi.getTimerCount(), listeners()];
  for (let round = 0; round < 2000; round++) {
    gatekeeper.say(`vrrp ${round}`);
    await Promise.all([link.dump(), link.health(0, 15_000, -254)]);
  }
  expect([vi.getTimerCount(), listeners()]).toEqual(before);
  expect(events).toHaveLength(2000);
});

// Two boxes with real files that become a pair, and two again.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hex } from "../daemon/base/bytes.ts";
import { DocumentFiles, problemIn } from "../daemon/document-files.ts";
import type { PairingAct } from "../daemon/http/box-view.ts";
import { PairingDesk, type SeenBox } from "../daemon/pairing-desk.ts";
import {
  differences,
  FACTORY,
  FACTORY_BOX,
  identityNumber,
  OFFICE,
  OFFICE_BOX,
  START,
} from "./support/two-introductions.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-pairing-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

class DeskBox {
  readonly identity: Uint8Array;
  readonly configDir: string;
  readonly stateDir: string;
  readonly desk: PairingDesk;
  readonly log: string[] = [];
  other: DeskBox | undefined;
  isPartnerHeard = false;
  generation: number;
  applied = 0;
  /** What it was called when it began to take what the other one has. */
  readonly joined: unknown[] = [];
  seen: SeenBox[] = [];
  now = START;

  constructor(id: number, shared: unknown, box: unknown, generation: number) {
    this.identity = identityNumber(id);
    this.generation = generation;
    this.configDir = path.join(folder, `config-${id}`);
    this.stateDir = path.join(folder, `state-${id}`);
    mkdirSync(this.configDir);
    this.put("config.json", shared);
    this.put("box.json", box);
    this.desk = this.#desk();
  }

  put(file: string, content: unknown): void {
    writeFileSync(path.join(this.configDir, file), JSON.stringify(content));
  }

  get(file: string): Record<string, unknown> {
    return JSON.parse(readFileSync(path.join(this.configDir, file), "utf8"));
  }

  /** As the other box sees it. */
  hello(): SeenBox {
    const { pair } = this.get("box.json") as { pair?: { partnerIdentity?: string } };
    const identity = pair?.partnerIdentity;
    return {
      ...{ id: this.identity, interfaceName: "pair0", address: "fe80::1" },
      beacon: {
        ...{ model: "board", serial: "S", software: "1.0", port: 8647, wall: this.now.wall },
        partner: identity ? Uint8Array.from(Buffer.from(identity, "hex")) : undefined,
      },
    };
  }

  act(act: PairingAct) {
    return this.desk.pairingAct(act);
  }

  later(milliseconds: number): void {
    const { monotonic, wall } = this.now;
    this.now = { monotonic: monotonic + milliseconds, wall: wall + milliseconds };
    this.desk.tick();
  }

  #desk(): PairingDesk {
    const other = () => this.other?.desk;
    return new PairingDesk({
      configDir: this.configDir,
      stateDir: this.stateDir,
      identity: this.identity,
      facts: () => ({
        ...{ model: "board", serial: "S", software: "1.0", isServing: this.generation > 0 },
        generation: this.generation,
        isPartnerHeard: this.isPartnerHeard,
      }),
      seen: () => this.seen,
      link: {
        dial: () =>
          queueMicrotask(() => {
            if (!this.other) return;
            this.desk.connected(this.other.identity);
            this.other.desk.connected(this.identity);
          }),
        send: (bytes) => queueMicrotask(() => other()?.received(bytes)),
        close: () => queueMicrotask(() => other()?.closed("closed")),
      },
      tellPartner: (bytes) => {
        if (this.isPartnerHeard) queueMicrotask(() => other()?.partnerSaid(bytes));
        return this.isPartnerHeard;
      },
      check: problemIn,
      differences,
      hash: (bytes) => createHash("sha256").update(bytes).digest(),
      random: (count) => Uint8Array.from({ length: count }, () => Math.floor(Math.random() * 256)),
      now: () => this.now,
      apply: async () => {
        this.applied++;
      },
      joins: async () => {
        this.joined.push(this.get("box.json").name);
      },
      log: (id) => this.log.push(id),
    });
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function met(): Promise<[DeskBox, DeskBox]> {
  const a = new DeskBox(1, OFFICE, OFFICE_BOX, 4);
  const b = new DeskBox(2, FACTORY, FACTORY_BOX, 0);
  a.other = b;
  b.other = a;
  for (const box of [a, b]) await box.desk.refresh();
  b.seen = [a.hello()];
  a.seen = [b.hello()];
  b.desk.look();
  a.desk.look();
  await until(() => b.desk.pairing().digits !== null && a.desk.pairing().digits !== null);
  return [a, b];
}

async function paired(): Promise<[DeskBox, DeskBox]> {
  const boxes = await met();
  for (const box of boxes) {
    const digits = box.desk.pairing().digits ?? "";
    expect(box.act({ kind: "confirm", digits }).isDone).toBe(true);
  }
  await until(() => boxes.every(({ applied }) => applied === 1));
  for (const box of boxes) {
    box.isPartnerHeard = true;
    box.seen = [];
    box.later(1000);
  }
  return boxes;
}

test("two boxes become a pair: both files of both are written, and put into force", async () => {
  const [a, b] = await paired();
  expect(a.get("config.json")).toEqual({ ...OFFICE, pair: { name: "tandem" } });
  expect(b.get("config.json")).toEqual(a.get("config.json"));
  expect([a.joined, b.joined]).toEqual([[], [FACTORY_BOX.name]]);
  expect(a.get("box.json")).toEqual({
    ...OFFICE_BOX,
    pair: { role: "primary", partnerIdentity: hex(b.identity) },
  });
  expect(b.get("box.json")).toMatchObject({
    ...{ name: "B", role: "serving" },
    pair: { role: "secondary", partnerIdentity: hex(a.identity) },
  });
  const { paired: isPaired, actions, stages } = b.desk.pairing();
  expect(isPaired).toBe(true);
  expect(actions).toEqual(["unpair"]);
  expect(stages.find(({ state }) => state === "now")?.id).toBe("configuration");
  b.desk.configurationInStep();
  b.desk.leasesInStep();
  expect(b.desk.pairing().stages.map(({ state }) => state)).toEqual(Array(8).fill("done"));
});

test("a clock that is set is seen by the next hello", async () => {
  const a = new DeskBox(1, OFFICE, OFFICE_BOX, 4);
  const b = new DeskBox(2, FACTORY, FACTORY_BOX, 0);
  await a.desk.refresh();
  const { beacon, ...rest } = b.hello();
  const old = { ...rest, beacon: { ...beacon, wall: beacon.wall - 90_000 } };
  for (let second = 0; second < 3; second++) {
    a.seen = [old];
    a.later(1000);
    expect(a.desk.pairing().refusal?.sentence).toContain("differ by 91 s");
  }
  b.now = a.now;
  a.seen = [b.hello()];
  a.later(1000);
  expect(a.desk.pairing().refusal).toBeNull();
});

test("a disk that takes nothing is said, and the box is as it was", async () => {
  const [a, b] = await met();
  writeFileSync(b.stateDir, "no folder");
  for (const box of [a, b]) {
    box.act({ kind: "confirm", digits: box.desk.pairing().digits ?? "" });
  }
  await until(() => b.desk.pairing().refusal !== null);
  expect(b.desk.pairing().refusal).toMatchObject({ id: "not-written" });
  expect(b.get("box.json")).toEqual(FACTORY_BOX);
  expect(a.get("box.json")).toEqual(OFFICE_BOX);
});

describe("the end of a pair", () => {
  test("the box at which it is said goes on serving, the other one answers nobody", async () => {
    const [a, b] = await paired();
    expect(b.act({ kind: "unpair" })).toEqual({
      isDone: true,
      text: "the pair is ending; this box goes on serving",
    });
    expect(b.desk.pairing().sentence).toBe("The pair is ending.");
    expect(b.act({ kind: "unpair" }).isDone).toBe(false);
    await until(() => b.applied === 2 && a.applied === 2);
    expect(a.get("box.json")).toEqual({ ...OFFICE_BOX, role: "standby" });
    expect(b.get("box.json")).toMatchObject({ name: "B", role: "serving" });
    expect(b.get("box.json").pair).toBeUndefined();
    for (const box of [a, b]) expect(box.get("config.json")).toEqual(OFFICE);
    expect(a.desk.pairing().unpaired).toContain("It was said at the other box");
    expect(b.desk.pairing().unpaired).toBe(
      "This box goes on alone, and the other one answers nobody.",
    );
    expect(b.log).toContain("unpaired");
  });

  test("said on both at once, one of them goes on serving", async () => {
    const [a, b] = await paired();
    for (const box of [a, b]) box.act({ kind: "unpair" });
    await until(() => b.applied === 2 && a.applied === 2);
    expect([a.get("box.json").role, b.get("box.json").role]).toEqual(["serving", "standby"]);
  });

  test("a partner that is not there, or says nothing, is not waited for, and that is said", async () => {
    const [a, b] = await paired();
    a.isPartnerHeard = false;
    a.act({ kind: "unpair" });
    await until(() => a.applied === 2);
    expect(a.get("box.json")).toEqual(OFFICE_BOX);
    expect(a.desk.pairing().unpaired).toContain("the other one was not reached");
    b.other = undefined;
    b.act({ kind: "unpair" });
    b.later(4000);
    expect(b.desk.pairing().sentence).toBe("The pair is ending.");
    b.later(2000);
    await until(() => b.applied === 2);
    expect(b.desk.pairing().unpaired).toContain("was not reached");
  });

  test("a box that retires answers nobody, and the other one goes on serving", async () => {
    const [a, b] = await paired();
    expect(a.act({ kind: "retire" })).toEqual({
      isDone: true,
      text: "the pair is ending; the other box goes on serving",
    });
    await until(() => b.applied === 2 && a.applied === 2);
    expect(a.get("box.json")).toEqual({ ...OFFICE_BOX, role: "standby" });
    expect(b.get("box.json")).toMatchObject({ name: "B", role: "serving" });
    expect(b.get("box.json").pair).toBeUndefined();
    expect(a.desk.pairing().unpaired).toBe(
      "The other box goes on alone, and this one answers nobody.",
    );
    expect(b.desk.pairing().unpaired).toBe(
      "The other box has left the pair, and this one goes on alone.",
    );
  });

  test("one that retires while the other one ends the pair", async () => {
    const [a, b] = await paired();
    a.act({ kind: "retire" });
    b.act({ kind: "unpair" });
    await until(() => b.applied === 2 && a.applied === 2);
    expect([a.get("box.json").role, b.get("box.json").role]).toEqual(["standby", "serving"]);
  });

  test("two that both retire do not wait for each other", async () => {
    const [a, b] = await paired();
    for (const box of [a, b]) box.act({ kind: "retire" });
    await until(() => b.applied === 2 && a.applied === 2);
    for (const box of [a, b]) expect(box.get("box.json").pair).toBeUndefined();
  });

  test("a box that retires does not wait for a partner that says nothing", async () => {
    const [a, b] = await paired();
    a.isPartnerHeard = false;
    a.act({ kind: "retire" });
    await until(() => a.applied === 2);
    expect(a.get("box.json")).toEqual({ ...OFFICE_BOX, role: "standby" });
    expect(a.desk.pairing().unpaired).toMatch(/^This box answers nobody; the other one was not/);
    b.other = undefined;
    b.act({ kind: "retire" });
    b.later(6000);
    await until(() => b.applied === 2);
    expect(b.desk.pairing().unpaired).toContain("was not reached");
  });

  test("a dhcpd is told nothing", async () => {
    const a = new DeskBox(1, OFFICE, { ...OFFICE_BOX, pair: { role: "primary" } }, 4);
    a.isPartnerHeard = true;
    await a.desk.refresh();
    a.act({ kind: "unpair" });
    await until(() => a.applied === 1);
    expect(a.get("box.json")).toEqual(OFFICE_BOX);
  });

  test("is refused to a box that is in none, and no stranger can bring it about", async () => {
    const [a] = await met();
    expect(a.act({ kind: "unpair" })).toEqual({ isDone: false, text: "this box is in no pair" });
    for (const byte of [0x39, 0x3a, 0x3b, 0x00]) a.desk.partnerSaid(Uint8Array.of(byte));
    expect(a.get("box.json")).toEqual(OFFICE_BOX);
  });
});

describe("both files as one", () => {
  test("what was there before is kept", async () => {
    const [, b] = await paired();
    const before = readFileSync(path.join(b.stateDir, "documents-before.json"), "utf8");
    expect(JSON.parse(before)).toEqual({ shared: FACTORY, box: FACTORY_BOX });
  });

  test("what is wrong with them is one sentence", () => {
    expect(problemIn({ shared: OFFICE, box: OFFICE_BOX })).toBeUndefined();
    expect(problemIn({ shared: OFFICE, box: { ...OFFICE_BOX, name: "" } })).toMatch(
      /^box.json: name must be [^;]+$/,
    );
    expect(problemIn({ shared: null, box: null })).toMatch(/^config.json: .*, and 1 more$/);
  });

  test("power that fails between them: the next start finishes", async () => {
    const a = new DeskBox(1, OFFICE, OFFICE_BOX, 4);
    mkdirSync(a.stateDir);
    const documents = { shared: FACTORY, box: FACTORY_BOX };
    writeFileSync(path.join(a.stateDir, "documents-to-write.json"), JSON.stringify(documents));
    a.put("config.json", FACTORY);
    const files = new DocumentFiles(a.configDir, a.stateDir);
    await files.finish();
    expect(await files.read()).toEqual(documents);
    a.put("box.json", OFFICE_BOX);
    await files.finish();
    expect(a.get("box.json")).toEqual(OFFICE_BOX);
  });

  test("a start with nothing to be finished, or with rubbish, changes nothing", async () => {
    const a = new DeskBox(1, OFFICE, OFFICE_BOX, 4);
    const files = new DocumentFiles(a.configDir, a.stateDir);
    await files.finish();
    expect(existsSync(a.stateDir)).toBe(false);
    mkdirSync(a.stateDir);
    for (const rubbish of ["", "{", "null", "[]", "7"]) {
      writeFileSync(path.join(a.stateDir, "documents-to-write.json"), rubbish);
      await files.finish();
    }
    expect(await files.read()).toEqual({ shared: OFFICE, box: OFFICE_BOX });
  });

  test("a file that cannot be read is not written over at the end of a pair", async () => {
    const [a] = await paired();
    writeFileSync(path.join(a.configDir, "config.json"), "{ a person is just typing");
    await a.desk.refresh();
    a.isPartnerHeard = false;
    a.act({ kind: "unpair" });
    await until(() => a.applied === 2);
    expect(readFileSync(path.join(a.configDir, "config.json"), "utf8")).toContain("just typing");
    expect(a.get("box.json")).toEqual(OFFICE_BOX);
  });
});

test("start and stop", async () => {
  const a = new DeskBox(1, OFFICE, OFFICE_BOX, 4);
  await a.desk.start();
  a.desk.carrier("pair0", true);
  expect(a.desk.pairing().sentence).toContain("A cable is plugged in");
  a.desk.carrier("pair0", false);
  a.seen = [new DeskBox(2, FACTORY, FACTORY_BOX, 0).hello()];
  a.desk.tick();
  expect(a.desk.pairing().found).toMatchObject({ model: "board", serial: "S" });
  a.seen = [];
  a.desk.look();
  expect(a.desk.pairing()).toMatchObject({
    ...{ paired: false, underWay: false, found: null, digits: null, unpaired: "" },
    sentence: "No second box is connected.",
  });
  a.desk.stop();
});

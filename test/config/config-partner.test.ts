// Two boxes with real files and a channel between them: what people do, see and are told.

import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONDITIONS, type ConditionId, type LogValues, sentence } from "../../daemon/catalogue.ts";
import { ConfigPartner } from "../../daemon/config-partner.ts";
import { Configuration, type ConfigurationResult } from "../../daemon/configuration.ts";
import { documentOf } from "../../daemon/core/sync/shared-document.ts";
import { BoxFolders, sharedConfig } from "./box-folders.ts";

/** What of an appliance counts here. */
class Side {
  readonly folders: BoxFolders;
  configuration: Configuration;
  now = 0;
  partner: ConfigPartner;
  readonly conditions = new Map<ConditionId, LogValues>();
  readonly said: string[] = [];
  readonly closings: string[] = [];
  other: Side | undefined;
  latest: ConfigurationResult | undefined;

  constructor(host: number) {
    this.folders = new BoxFolders(host);
    [this.configuration, this.partner] = this.#made();
  }

  /** As after a start: what is on the disk is all that there is. */
  begin(): void {
    [this.configuration, this.partner] = this.#made();
  }

  #made(): [Configuration, ConfigPartner] {
    const configuration = new Configuration(this.folders.config, this.folders.state);
    const partner = new ConfigPartner(configuration, {
      now: () => ({ monotonic: this.now, wall: this.now + 1000 }),
      send: (bytes) => this.other?.partner.received(bytes),
      close: (reason) => void this.closings.push(reason),
      changed: () => void this.reload(),
      say: (id) => void this.said.push(id),
      condition: (id, values) => {
        if (values) this.conditions.set(id, values);
        else this.conditions.delete(id);
      },
    });
    return [configuration, partner];
  }

  async reload(): Promise<void> {
    this.latest = await this.partner.load();
  }

  async edit(content: object | string): Promise<void> {
    this.folders.edit(content);
    await this.reload();
  }

  get leaseSeconds(): unknown {
    return this.latest?.config?.shared.networks[0]?.leaseSeconds;
  }

  sentence(id: ConditionId): string | undefined {
    const values = this.conditions.get(id);
    return values && sentence(CONDITIONS[id].text, values);
  }
}

let a: Side;
let b: Side;
beforeEach(() => {
  [a, b] = [new Side(2), new Side(3)];
});
afterEach(() => {
  for (const { folders } of [a, b]) folders.remove();
});

function connect(): void {
  [a.other, b.other] = [b, a];
  a.partner.opened(true);
  b.partner.opened(false);
}

function cut(): void {
  a.other = undefined;
  b.other = undefined;
  for (const { partner } of [a, b]) partner.closed();
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i++) await pause(5);
  expect(isSo()).toBe(true);
}

async function inStep(): Promise<void> {
  for (const side of [a, b]) await side.edit(sharedConfig(600));
  connect();
  await until(() => [a, b].every(({ partner }) => partner.view()?.inStep));
}

async function diverged(): Promise<void> {
  await inStep();
  cut();
  await a.edit(sharedConfig(700));
  await b.edit(sharedConfig(800));
  connect();
  await until(() => [a, b].every(({ partner }) => partner.view()?.differences.length === 1));
}

test("a box without a partner puts a change into force at once", async () => {
  await a.edit(sharedConfig(600));
  expect(a.latest).toMatchObject({ source: "files", issues: [], isNew: true });
  expect(a.leaseSeconds).toBe(600);
  await a.reload();
  expect(a.latest?.isNew).toBe(false);
  await a.edit(sharedConfig(700));
  expect([a.leaseSeconds, a.latest?.isNew, a.partner.view()?.generation]).toEqual([700, true, 2]);
  expect(a.conditions.size).toBe(0);
});

test("a change on one box is in force on both, and in both files", async () => {
  await inStep();
  await a.edit(sharedConfig(700));
  await until(() => a.leaseSeconds === 700 && b.leaseSeconds === 700);
  expect(b.folders.shared()).toEqual(sharedConfig(700));
  const origin = { who: "", wall: 1000, from: "config.json", box: "A", note: "" };
  expect(b.configuration.store.standing.origin).toEqual(origin);
  await until(() => a.partner.view()?.sentence === "Configuration 2 is in force on both boxes.");
  expect([a.conditions.size, b.conditions.size]).toEqual([0, 0]);
});

test("a change that the partner cannot take is in force on none: both say why, until it is mended", async () => {
  await inStep();
  const reserved = { reservations: [{ mac: "02:00:00:00:00:01", address: "10.77.0.3" }] };
  await a.edit(sharedConfig(700, reserved));
  await until(() => a.conditions.has("config-refused"));
  expect(a.sentence("config-refused")).toBe(
    'The change in config.json is not in force, because the partner cannot take it: box.json: networks.lan.address 10.77.0.3 is reserved by reservations[0] of "lan".',
  );
  expect(b.sentence("config-refused-here")).toMatch(/10\.77\.0\.3 is reserved/);
  expect(a.partner.view()?.refused).toMatch(/^The partner cannot take the change/);
  expect([a.leaseSeconds, b.leaseSeconds]).toEqual([600, 600]);
  b.folders.writeBox(4);
  await b.reload();
  await until(() => a.leaseSeconds === 700 && b.leaseSeconds === 700);
  await until(() => a.conditions.size + b.conditions.size === 0);
});

test("both change it at once: the primary's counts, and the other person is told where theirs is", async () => {
  await inStep();
  await Promise.all([a.edit(sharedConfig(700)), b.edit(sharedConfig(800))]);
  await until(() => a.leaseSeconds === 700 && b.leaseSeconds === 700);
  await until(() => b.conditions.has("config-kept-aside"));
  expect(b.sentence("config-kept-aside")).toMatch(
    /kept in .*config-set-aside-[0-9a-f]{12}\.json\.$/,
  );
  expect(b.folders.stored(/^config-set-aside/)).toEqual([JSON.stringify(sharedConfig(800))]);
});

describe("over the API", () => {
  const EVA = { by: "eva", from: "192.168.1.20", note: "longer" };
  const wish = () => ({ ...EVA, expectedHash: a.partner.inForce()?.hash ?? "", trialSeconds: 0 });

  test("a change is in force on both, with who made it, and what was before is in the history", async () => {
    await inStep();
    expect(await a.partner.apply(documentOf(sharedConfig(700)), wish())).toEqual({
      ...{ kind: "applied", sentence: "configuration 2 is in force on both boxes" },
    });
    await until(() => a.leaseSeconds === 700 && b.leaseSeconds === 700);
    for (const { folders, partner } of [a, b]) {
      expect(folders.shared()).toEqual(sharedConfig(700));
      const at = "1970-01-01T00:00:01.000Z";
      expect(partner.inForce()?.origin).toEqual({ ...EVA, box: "A", at });
      await until(() => partner.history().length === 1);
      expect(partner.history()).toMatchObject([
        {
          generation: 1,
          hash: documentOf(sharedConfig(600)).hash,
          origin: { from: "config.json" },
        },
      ]);
      expect(await partner.earlier(1)).toEqual(documentOf(sharedConfig(600)));
      expect(await partner.earlier(7)).toBeUndefined();
    }
  });

  test("a box without a partner takes it at once", async () => {
    await a.edit(sharedConfig(600));
    expect(await a.partner.apply(documentOf(sharedConfig(700)), wish())).toMatchObject({
      sentence: "configuration 2 is in force",
    });
    await until(() => a.leaseSeconds === 700);
    expect(await a.partner.apply(documentOf(sharedConfig(700)), wish())).toMatchObject({
      sentence: "this configuration was in force already",
    });
  });

  test("one on trial is shown on both, and confirmed on the other box", async () => {
    await inStep();
    await a.partner.apply(documentOf(sharedConfig(700)), { ...wish(), trialSeconds: 60 });
    const sentence = "The change is undone in 60 s, unless somebody confirms it on either box.";
    await until(() => b.partner.inForce()?.trial !== null && b.conditions.has("config-on-trial"));
    for (const { partner } of [a, b]) {
      expect(partner.view()?.trial).toEqual({ secondsLeft: 60, sentence });
      expect(partner.inForce()?.trial).toEqual({ secondsLeft: 60, sentence });
    }
    expect(await b.partner.apply(documentOf(sharedConfig(800)), wish())).toMatchObject({
      text: "a change is on trial: confirm it, or undo it, first",
    });
    await b.edit(sharedConfig(800));
    expect(b.partner.view()?.pending).toBe(
      "The change in config.json waits until the change on trial is confirmed or undone.",
    );
    expect(await b.partner.confirm({ name: "eva", from: "192.168.1.20" })).toEqual({
      ...{ isDone: true, text: "the other box, where the change was made, is told that it stays" },
    });
    await until(() => a.leaseSeconds === 800 && b.leaseSeconds === 800);
    expect((await a.partner.undo({ name: "eva", from: "" })).isDone).toBe(false);
    await until(() => a.conditions.size + b.conditions.size === 0);
  });

  test("one on trial is undone in time on both boxes and in both files, also after a restart", async () => {
    await inStep();
    await a.partner.apply(documentOf(sharedConfig(700)), { ...wish(), trialSeconds: 60 });
    await until(() => b.leaseSeconds === 700);
    cut();
    // Everything that was asked for is done then.
    for (const side of [a, b]) await side.reload();
    b.now = 60_000;
    b.begin();
    await b.reload();
    expect(b.leaseSeconds).toBe(700);
    a.now = 60_000;
    a.begin();
    await a.reload();
    expect([a.leaseSeconds, a.folders.shared()]).toEqual([600, sharedConfig(600)]);
    connect();
    await until(() => b.leaseSeconds === 600);
    expect(b.folders.shared()).toEqual(sharedConfig(600));
    expect(b.partner.inForce()).toMatchObject({
      generation: 3,
      origin: { from: "undone by itself" },
    });
    await until(() => b.partner.history().length === 2);
    expect(b.partner.history().map(({ generation }) => generation)).toEqual([2, 1]);
  });

  test("one on trial is undone by a person who does not wait", async () => {
    await a.edit(sharedConfig(600));
    await a.partner.apply(documentOf(sharedConfig(700)), { ...wish(), trialSeconds: 60 });
    expect(a.partner.view()?.trial?.sentence).toBe(
      "The change is undone in 60 s, unless somebody confirms it.",
    );
    expect(await a.partner.undo({ name: "eva", from: "192.168.1.20" })).toEqual({
      ...{ isDone: true, text: "what was in force before is in force again" },
    });
    // Without waiting: it is so, and on the disk, when that is said.
    expect(a.partner.inForce()?.trial).toBeNull();
    expect(a.partner.inForce()?.origin).toMatchObject({ by: "eva", note: "a trial was undone" });
    await a.reload();
    expect(a.folders.shared()).toEqual(sharedConfig(600));
  });

  test("one that the partner cannot take is refused with its reasons, and nothing stays of it", async () => {
    await inStep();
    const reserved = { reservations: [{ mac: "02:00:00:00:00:01", address: "10.77.0.3" }] };
    expect(await a.partner.apply(documentOf(sharedConfig(700, reserved)), wish())).toEqual({
      kind: "refused",
      text: "the partner cannot take it, so it is in force on none",
      issues: [expect.objectContaining({ file: "box.json", path: "networks.lan.address" })],
    });
    expect(a.folders.shared()).toEqual(sharedConfig(600));
    await until(() => a.conditions.size + b.conditions.size === 0);
  });

  test("the second of two that were made from the same is told that it comes too late", async () => {
    await inStep();
    const both = [sharedConfig(700), sharedConfig(800)].map((value) =>
      a.partner.apply(documentOf(value), wish()),
    );
    const [first, second] = await Promise.all(both);
    expect([first?.kind, second?.kind]).toEqual(["applied", "refused"]);
    const late = { ...wish(), expectedHash: documentOf(sharedConfig(600)).hash };
    expect(await b.partner.apply(documentOf(sharedConfig(800)), late)).toEqual({
      kind: "overtaken",
    });
  });
});

describe("both were changed apart", () => {
  test("both say so, and in what they differ", async () => {
    await diverged();
    expect(a.sentence("config-differs")).toBe(
      "Both boxes have been configured differently, in networks[lan].leaseSeconds: each goes on with its own.",
    );
    expect(a.partner.view()).toMatchObject({
      ...{ inStep: false, diverged: true, moreDifferences: 0 },
      differences: [{ path: "networks[lan].leaseSeconds", here: "700", partner: "800" }],
    });
    expect([a.leaseSeconds, b.leaseSeconds]).toEqual([700, 800]);
  });

  test.each([
    ["keep", 700],
    ["take", 800],
  ] as const)("a person says %s", async (choice, seconds) => {
    await diverged();
    expect(a.partner.choose(choice).isDone).toBe(true);
    await until(() => a.leaseSeconds === seconds && b.leaseSeconds === seconds);
    await until(() => [a, b].every(({ conditions }) => conditions.size === 0));
    for (const { folders } of [a, b]) expect(folders.shared()).toEqual(sharedConfig(seconds));
    expect(a.partner.choose(choice)).toEqual({
      isDone: false,
      text: "both boxes have the same configuration",
    });
  });
});

test("a box that starts anew goes on where it was", async () => {
  await diverged();
  const again = new Configuration(a.folders.config, a.folders.state);
  await again.load();
  expect(again.store.standing.lineage).toMatchObject({ generation: 2 });
  expect(again.store.standing.agreed).toMatchObject({ generation: 1 });
});

test("nothing is sent on a channel that the partner's answer did not come on", async () => {
  await inStep();
  let sent = 0;
  a.other = undefined;
  const partner = new ConfigPartner(new Configuration(a.folders.config, a.folders.state), {
    ...{
      now: () => ({ monotonic: 0, wall: 0 }),
      close: () => {},
      changed: () => {},
      say: () => {},
      condition: () => {},
    },
    send: () => void sent++,
  });
  partner.opened(true);
  partner.closed();
  await partner.load();
  expect(sent).toBe(0);
});

test("a partner that says more than can be listened to, or rubbish, is closed", async () => {
  await inStep();
  for (let i = 0; i < 100; i++) a.partner.received(Uint8Array.of(0x21));
  expect(a.closings).toEqual(["it says more of its configuration than can be listened to"]);
  b.partner.received(Uint8Array.of(0x2f));
  await until(() => b.closings.length > 0);
  expect(b.said).toContain("config-partner-wrong");
});

test("there is nothing to see or to choose before the files were read", () => {
  expect(a.partner.view()).toBeUndefined();
  expect(a.partner.choose("keep").isDone).toBe(false);
});

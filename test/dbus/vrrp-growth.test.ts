// Days of signals, reloads and restarts: nothing is lost on the way, and nothing of it stays behind.

import { expect, test, vi } from "vitest";
import { VrrpBus } from "../../daemon/io/vrrp-bus.ts";
import { describeUnless } from "../support/unless.ts";
import { usedBytes } from "../support/used-bytes.ts";
import {
  BACKUP,
  FakeKeepalived,
  instance,
  LAN0_PATH,
  LAN1_PATH,
  withFake,
} from "./fake-keepalived.ts";
import { missing, type PrivateBus } from "./private-bus.ts";

const PATHS = [LAN0_PATH, LAN1_PATH];
/** So many are sent before it is waited until they have arrived. */
const BATCH = 500;
/** On a busy machine; two or three seconds are usual. */
const MILLISECONDS_MAX = 40_000;

describeUnless(missing(), "what lasts for long", () => {
  test(
    "100,000 signals: each arrives once and in order, and no memory is left behind",
    () =>
      withFake(async ({ bus, fake, observed }) => {
        // It writes everything down.
        await observed.bus.stop();
        fake.objects.set(LAN1_PATH, instance("LAN1", BACKUP));
        const counted = new Counted(bus);
        await counted.until(1);
        await send(fake, counted, 20_000);
        const before = await usedBytes();
        const start = performance.now();
        await send(fake, counted, 100_000);
        const seconds = (performance.now() - start) / 1000;
        const grown = (await usedBytes()) - before;
        console.log(`${grown} bytes more after 80,000 signals in ${seconds.toFixed(1)} s`);
        expect(counted.wrong).toBe(0);
        expect(counted.news).toBe(100_001);
        expect(grown).toBeLessThan(1 << 20);
        await counted.bus.stop();
      }),
    MILLISECONDS_MAX,
  );

  test(
    "1,000 reloads and 200 restarts leave no memory, no waiting call and no rule behind",
    () =>
      withFake(async ({ bus, fake, observed }) => {
        const rules = await matchRules(bus);
        if (rules) expect(rules).toHaveLength(2);
        await reloads(fake, observed.news, 200);
        let last = await restarts(bus, fake, observed.news, 20);
        observed.news.length = 0;
        observed.times.length = 0;
        const before = await usedBytes();
        await reloads(last, observed.news, 800);
        last = await restarts(bus, last, observed.news, 180);
        observed.news.length = 0;
        observed.times.length = 0;
        expect((await usedBytes()) - before).toBeLessThan(1 << 20);
        expect(await matchRules(bus)).toEqual(rules);
        await last.quit();
      }),
    MILLISECONDS_MAX,
  );
});

/** An observer whose news are checked and forgotten. */
class Counted {
  news = 0;
  /** Changes that were not the next one that was sent. */
  wrong = 0;
  readonly bus: VrrpBus;

  constructor(bus: PrivateBus) {
    this.bus = new VrrpBus(bus.address, {
      news: (news) => {
        const number = this.news++ - 1;
        if (news.kind === "states") return;
        const isNext =
          news.kind === "state" &&
          news.instance === `LAN${number % 2}` &&
          news.state === (["init", "backup", "master", "fault"] as const)[number % 4];
        if (!isNext) this.wrong++;
      },
    });
    this.bus.start();
  }

  async until(news: number): Promise<void> {
    await vi.waitUntil(() => this.news >= news, { timeout: MILLISECONDS_MAX, interval: 1 });
  }
}

/** Sends signals until there have been so many in all. */
async function send(fake: FakeKeepalived, counted: Counted, until: number): Promise<void> {
  while (counted.news - 1 < until) {
    const from = counted.news - 1;
    for (let i = from; i < from + BATCH; i++) fake.say(PATHS[i % 2] ?? "", i % 4);
    await counted.until(from + BATCH + 1);
  }
}

async function reloads(fake: FakeKeepalived, news: readonly unknown[], times: number) {
  for (let i = 0; i < times; i++) {
    const before = news.length;
    fake.calls.length = 0;
    fake.reloaded();
    await vi.waitUntil(() => news.length > before, { timeout: MILLISECONDS_MAX, interval: 1 });
  }
}

/** Ends it and starts another one, again and again; returns the last one. */
async function restarts(
  bus: PrivateBus,
  first: FakeKeepalived,
  news: readonly unknown[],
  times: number,
): Promise<FakeKeepalived> {
  let fake = first;
  for (let i = 0; i < times; i++) {
    const before = news.length;
    await fake.quit();
    fake = await FakeKeepalived.start(bus, { [LAN0_PATH]: instance("LAN0", BACKUP) });
    await vi.waitUntil(() => news.length >= before + 2, { timeout: MILLISECONDS_MAX, interval: 1 });
  }
  return fake;
}

/** Every rule that a connection has at the bus; undefined where it was not built to tell. */
async function matchRules(bus: PrivateBus): Promise<string[] | undefined> {
  const member = "org.freedesktop.DBus.Debug.Stats.GetAllMatchRules";
  const target = ["--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", member];
  const { ok, output } = await bus.run("dbus-send", ["--system", "--print-reply", ...target]);
  if (!ok) return undefined;
  return Array.from(output.matchAll(/string "(type=.*)"/g), ([, rule = ""]) => rule);
}

import { describe, expect, test } from "vitest";
import { hashBytes } from "../../daemon/base/bytes.ts";
import { ClientLimiter, DeclineLimiter, LanLimiter } from "../../daemon/core/rate-limits.ts";
import { LIMITS } from "../../daemon/limits.ts";

const SEED = 0x5eed;
const { clientBurst, clientPerSecond } = LIMITS;

function mac(n: number): Uint8Array {
  return Uint8Array.of(2, 0, (n >> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255);
}

/** Asks as the server does: charged is what got through. */
function passes(limiter: ClientLimiter, client: Uint8Array, now: number): boolean {
  const hash = hashBytes(client, SEED);
  if (!limiter.allows(hash, client, client.length, "office", now)) return false;
  limiter.charge(hash, now);
  return true;
}

/** `perSecond` packets of each client for some seconds; returns how many got through. */
function send(
  limiter: ClientLimiter,
  clients: readonly Uint8Array[],
  perSecond: number,
  from: number,
  seconds: number,
): number {
  let passed = 0;
  for (let i = 0; i < perSecond * seconds; i++) {
    const now = from + (i * 1000) / perSecond;
    for (const client of clients) if (passes(limiter, client, now)) passed++;
    limiter.flood(now);
  }
  return passed;
}

describe("one client", () => {
  test.each([0, 7.3, 86_400_000.123])("has its burst at once, then its rate, at %d ms", (start) => {
    const limiter = new ClientLimiter();
    const client = mac(1);
    let passed = 0;
    for (let i = 0; i < clientBurst * 3; i++) if (passes(limiter, client, start)) passed++;
    expect(passed).toBe(clientBurst);
    expect(send(limiter, [client], 100, start + 1, 10)).toBe(10 * clientPerSecond);
  });

  test("at its rate is never refused", () => {
    expect(send(new ClientLimiter(), [mac(1)], clientPerSecond, 0, 600)).toBe(
      600 * clientPerSecond,
    );
  });

  test("takes nothing from others", () => {
    const limiter = new ClientLimiter();
    send(limiter, [mac(1)], 1000, 0, 10);
    expect(passes(limiter, mac(1), 10_000)).toBe(false);
    expect(passes(limiter, mac(2), 10_000)).toBe(true);
  });

  test("what other limits refuse is not charged", () => {
    const limiter = new ClientLimiter();
    const client = mac(1);
    for (let i = 0; i < 1000; i++) limiter.allows(hashBytes(client, SEED), client, 6, "office", 5);
    expect(passes(limiter, client, 5)).toBe(true);
  });
});

describe("a request flood", () => {
  test("is told with its MAC, rate and network after two seconds", () => {
    const limiter = new ClientLimiter();
    send(limiter, [mac(7)], 200, 0, 1.9);
    expect(limiter.flood(1999)).toBeUndefined();
    send(limiter, [mac(7)], 200, 1900, 3.1);
    expect(limiter.flood(5000)).toMatchObject({ mac: "02:00:00:00:00:07", network: "office" });
    expect(limiter.flood(5000)?.rate).toBeGreaterThan(150);
    expect(limiter.flood(5000)?.rate).toBeLessThan(210);
  });

  test("is over 30 s after it stopped, and not before", () => {
    const limiter = new ClientLimiter();
    send(limiter, [mac(7)], 200, 0, 10);
    expect(limiter.flood(10_500)).toBeDefined();
    expect(limiter.flood(38_000)).toBeDefined();
    expect(limiter.flood(42_000)).toBeUndefined();
  });

  test("is told in the same words until the rate changes by much", () => {
    const limiter = new ClientLimiter();
    send(limiter, [mac(7)], 200, 0, 5);
    const said = limiter.flood(5500);
    send(limiter, [mac(7)], 250, 6000, 5);
    expect(limiter.flood(11_500)).toBe(said);
    send(limiter, [mac(7)], 1000, 12_000, 5);
    expect(limiter.flood(17_500)?.rate).toBeGreaterThan(900);
  });

  test("of two clients the worse is told first, and stays the one that is told", () => {
    const limiter = new ClientLimiter();
    const early = mac(1);
    const late = mac(2);
    send(limiter, [early], 100, 0, 5);
    expect(limiter.flood(5000)?.mac).toBe("02:00:00:00:00:01");
    for (let second = 5; second < 10; second++) {
      send(limiter, [late], 400, second * 1000, 1);
      send(limiter, [early], 100, second * 1000, 1);
    }
    expect(limiter.flood(10_000)?.mac).toBe("02:00:00:00:00:01");
    send(limiter, [late], 400, 10_000, 5);
    expect(limiter.flood(15_000)?.mac).toBe("02:00:00:00:00:02");
  });

  test("is found among more clients over their limit than are watched", () => {
    const limiter = new ClientLimiter();
    const many = Array.from({ length: 50 }, (_, n) => mac(n));
    send(limiter, many, 50, 0, 6);
    expect(limiter.flood(6000)?.rate).toBeGreaterThan(40);
  });

  test("a burst at boot, or a client a little over its rate, is none", () => {
    const limiter = new ClientLimiter();
    for (let i = 0; i < 500; i++) passes(limiter, mac(1), 0);
    send(limiter, [mac(2)], clientPerSecond + 2, 0, 120);
    for (let now = 0; now < 120_000; now += 1000) expect(limiter.flood(now)).toBeUndefined();
  });
});

describe("unknown clients of a LAN", () => {
  test("come in as many as the pools have at once, then a quarter of them a second", () => {
    const limiter = new LanLimiter(1000);
    const passed = (from: number, seconds: number) => {
      let count = 0;
      for (let i = 0; i < seconds * 5000; i++) if (limiter.allowsNew(from + i / 5)) count++;
      return count;
    };
    let first = 0;
    for (let i = 0; i < 5000; i++) if (limiter.allowsNew(0)) first++;
    expect(first).toBe(1000);
    expect(Math.abs(passed(0, 4) - 1000)).toBeLessThanOrEqual(1);
  });

  test("of a tiny LAN too get the least rate", () => {
    const limiter = new LanLimiter(2);
    let passed = 0;
    for (let i = 0; i < 10_000; i++) if (limiter.allowsNew(i)) passed++;
    const expected = 10 * LIMITS.newClientsPerSecondMin + LIMITS.newClientsPerSecondMin;
    expect(Math.abs(passed - expected)).toBeLessThanOrEqual(1);
  });

  test("a smaller pool takes what was saved up with it", () => {
    const limiter = new LanLimiter(4000);
    limiter.setPoolSize(100);
    let passed = 0;
    for (let i = 0; i < 5000; i++) if (limiter.allowsNew(0)) passed++;
    expect(passed).toBe(100);
  });

  test("too many for seconds are starvation, until 30 s after it stopped", () => {
    const limiter = new LanLimiter(100);
    for (let now = 0; now < 1999; now++) limiter.allowsNew(now);
    expect(limiter.starvation(1999)).toBeUndefined();
    for (let now = 2000; now < 5000; now++) limiter.allowsNew(now);
    const rate = limiter.starvation(5000);
    expect(rate).toBeGreaterThan(900);
    expect(rate).toBeLessThan(1000);
    expect(limiter.starvation(30_000)).toBe(rate);
    expect(limiter.starvation(36_000)).toBeUndefined();
  });

  test("turned away for want of addresses count as well", () => {
    const limiter = new LanLimiter(100);
    for (let now = 0; now < 5000; now += 10) limiter.refused(now);
    expect(limiter.starvation(5000)).toBe(100);
  });

  test("devices that come all at once are no starvation", () => {
    const limiter = new LanLimiter(50);
    for (let i = 0; i < 3000; i++) limiter.refused(1500 + i / 10);
    for (let now = 1500; now < 60_000; now += 500) {
      expect(limiter.starvation(now)).toBeUndefined();
    }
  });
});

describe("declines", () => {
  const hour = LIMITS.declineWindowSeconds * 1000;

  test("are limited within any window", () => {
    const limiter = new DeclineLimiter();
    const asked = (at: number) => limiter.allows(99, 5000 + at);
    for (let i = 0; i < LIMITS.declinesMax; i++) expect(asked(i * 1000)).toBe(true);
    expect(asked(6000)).toBe(false);
    expect(asked(hour - 1)).toBe(false);
    expect(asked(hour)).toBe(true);
    expect(asked(hour + 1)).toBe(false);
    expect(asked(hour + 1000)).toBe(true);
  });

  test("of another client are counted apart, also at the same place", () => {
    const limiter = new DeclineLimiter();
    for (let i = 0; i < LIMITS.declinesMax; i++) limiter.allows(99, 0);
    expect(limiter.allows(99, 1)).toBe(false);
    expect(limiter.allows(99 + 1024, 1)).toBe(true);
    expect(limiter.allows(100, 1)).toBe(true);
  });

  test("of many clients do not push out the one that declined last", () => {
    const limiter = new DeclineLimiter();
    for (let n = 0; n < 100_000; n++) limiter.allows(hashBytes(mac(n), SEED), n);
    for (let i = 0; i < LIMITS.declinesMax; i++) limiter.allows(99, 100_000);
    expect(limiter.allows(99, 100_001)).toBe(false);
  });
});

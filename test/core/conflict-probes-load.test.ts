import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { ConflictProbes } from "../../daemon/core/conflict-probes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { client, WAIT, wish } from "./probe-wishes.ts";

describe("under load", () => {
  test("no more than so many questions are under way; then offers are sent at once", () => {
    const probes = new ConflictProbes();
    for (let i = 0; i < LIMITS.probesMax; i++) {
      expect(probes.isOpenTo(client(i), 1000)).toBe(true);
      expect(probes.begin(wish({ client: client(i), address: at(i) }), 1000)).toBe("ask");
    }
    const next = wish({ client: client(999), address: at(999) });
    expect(probes.isOpenTo(next.client, 1000)).toBe(false);
    expect(probes.begin(next, 1000)).toBe("send");
    expect([probes.size, probes.has(next.client)]).toEqual([LIMITS.probesMax, false]);
    // One that waits already is still handled, and makes room when its time is over.
    expect(probes.isOpenTo(client(5), 1000)).toBe(true);
    expect(probes.begin(wish({ client: client(5), address: at(5) }), 1000)).toBe("wait");
    expect(probes.due(1000 + WAIT)).toBeDefined();
    expect(probes.begin(next, 1000 + WAIT)).toBe("ask");
  });

  test("a flood of DISCOVERs stops the questions until a second is quiet", () => {
    const probes = new ConflictProbes();
    for (let i = 0; i < LIMITS.probeRateMax; i++) probes.noteDiscover(5000 + i);
    expect(probes.isBusy(5900)).toBe(false);
    expect(probes.begin(wish(), 5900)).toBe("ask");
    probes.noteDiscover(5900);
    expect(probes.isBusy(5900)).toBe(true);
    expect(probes.begin(wish({ client: client(1), address: at(1) }), 5900)).toBe("send");
    // The client whose OFFER waits is not offered the address unchecked.
    expect(probes.begin(wish(), 5950)).toBe("wait");
    expect([probes.isBusy(6000), probes.isBusy(6999), probes.isBusy(7000)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(probes.begin(wish({ client: client(1), address: at(1) }), 7000)).toBe("ask");
  });

  test("what was long ago does not count as the second before", () => {
    const probes = new ConflictProbes();
    for (let i = 0; i <= LIMITS.probeRateMax; i++) probes.noteDiscover(5000);
    expect(probes.isBusy(5000)).toBe(true);
    probes.noteDiscover(60_000);
    expect(probes.isBusy(60_000)).toBe(false);
  });

  test("a client that is to get another address, but finds it busy, waits for nothing", () => {
    const probes = new ConflictProbes();
    expect(probes.begin(wish(), 1000)).toBe("ask");
    for (let i = 0; i <= LIMITS.probeRateMax; i++) probes.noteDiscover(1000);
    expect(probes.begin(wish({ address: at(1) }), 1010)).toBe("send");
    expect(probes.size).toBe(0);
  });

  function at(number: number) {
    return ipv4(`10.77.${number >>> 8}.${number & 255}`);
  }
});

// What becomes of leases, told from the book: nothing that changed is passed over, and no more is told than may be.

import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Lease } from "../../daemon/core/lease.ts";
import { LeaseBook } from "../../daemon/core/lease-book.ts";
import type { LeaseChange } from "../../daemon/http/box-view.ts";
import { LeaseFollower } from "../../daemon/lease-follower.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { makeLease } from "../support/leases.ts";

const TICK = 200;

/** A book, and what its follower tells of it. */
class Scene {
  readonly book = new LeaseBook(7);
  readonly listener = {
    isThere: true,
    isTaking: true,
    tellLeases: (changes: readonly LeaseChange[], skipped: number) => {
      this.told.push(...changes);
      this.skipped.push(skipped);
    },
  };
  readonly follower = new LeaseFollower(this.listener);
  readonly told: LeaseChange[] = [];
  readonly skipped: number[] = [];
  #now = 1000;
  #sequence = 0;

  /** As the core does it: the book first, then the one who is told of what was written. */
  write(address: number, more: Partial<Lease> = {}): void {
    const lease = makeLease(++this.#sequence, address, more);
    this.book.apply(lease);
    this.follower.changed(lease);
  }

  /** An end that is no event. */
  expire(address: number): void {
    const entry = this.book.at(makeLease(0, address).address);
    if (entry) entry.state = "expired";
  }

  tick(times = 1): void {
    for (let i = 0; i < times; i++) {
      this.#now += TICK;
      this.follower.tick(this.#now);
    }
  }

  /** Kind and last byte of the address of all that was told since the last time. */
  take(): string[] {
    return this.told.splice(0).map(({ kind, address }) => `${kind} ${address.split(".")[3]}`);
  }

  get skippedSum(): number {
    return this.skipped.reduce((sum, count) => sum + count, 0);
  }
}

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
  scene.follower.attach(scene.book);
});

describe("what is told of a lease", () => {
  test("given, renewed and given back, each with what people know of it", () => {
    scene.write(5);
    scene.tick();
    scene.write(5, { expiresAt: 1_780_100_000 });
    scene.tick();
    scene.write(5, { state: "released", expiresAt: 1_780_000_009 });
    scene.tick(3);
    const device = { network: "office", address: "10.77.0.5", mac: "02:00:5e:00:00:05" };
    expect(scene.told).toEqual([
      { kind: "added", ...device, hostname: "phone-5", expires: "2026-05-29T08:26:41.000Z" },
      { kind: "updated", ...device, hostname: "phone-5", expires: "2026-05-30T00:13:20.000Z" },
      { kind: "removed", ...device, hostname: "phone-5", expires: "2026-05-28T20:26:49.000Z" },
    ]);
    expect(scene.skippedSum).toBe(0);
  });

  test("several changes between two looks are one, of the last content", () => {
    for (let i = 0; i < 5; i++) scene.write(5, { hostname: `name-${i}` });
    scene.write(6);
    scene.tick();
    expect(scene.told.map(({ kind, hostname }) => `${kind} ${hostname}`)).toEqual([
      "added name-4",
      "added phone-6",
    ]);
  });

  test("one that came and went between two looks is none", () => {
    scene.write(5);
    scene.write(5, { state: "released" });
    scene.tick(2);
    expect(scene.told).toEqual([]);
  });

  test("an end that is no event is found", () => {
    scene.write(5);
    scene.write(6);
    scene.tick();
    scene.take();
    scene.expire(5);
    scene.tick();
    expect(scene.take()).toEqual(["removed 5"]);
  });

  test("another client on the same address: the lease of the one ends, that of the other begins", () => {
    scene.write(5);
    scene.tick();
    scene.take();
    scene.write(5, { client: Uint8Array.of(1, 9, 9), chaddr: Uint8Array.of(2, 0, 0, 0, 0, 9) });
    scene.tick(2);
    expect(scene.told.map(({ kind, mac, hostname }) => [kind, mac, hostname])).toEqual([
      ["removed", "", ""],
      ["added", "02:00:00:00:00:09", "phone-5"],
    ]);
  });

  test("an address that is set aside, and one that the book forgets", () => {
    scene.write(5);
    scene.write(6);
    scene.tick();
    scene.take();
    const nobody = { client: new Uint8Array(0), chaddr: Uint8Array.of(6, 6, 6, 6, 6, 6) };
    scene.write(5, { state: "abandoned", ...nobody });
    const entry = scene.book.at(makeLease(0, 6).address);
    if (entry) scene.book.remove(entry);
    scene.tick(2);
    expect(scene.told).toEqual([
      {
        kind: "removed",
        network: "office",
        address: "10.77.0.5",
        mac: "",
        hostname: "",
        expires: "",
      },
      { kind: "removed", network: "", address: "10.77.0.6", mac: "", hostname: "", expires: "" },
    ]);
  });

  test("a lease for good never ends, other hardware than Ethernet is hexadecimal", () => {
    scene.write(5, { leaseSeconds: 0xffff_ffff, htype: 32, chaddr: Uint8Array.of(1, 2, 255) });
    scene.tick();
    expect(scene.told[0]).toMatchObject({ expires: "never", mac: "0102ff" });
  });
});

describe("who can listen", () => {
  test("while nobody can, nothing is noted; whoever comes is told of what changes from then on", () => {
    scene.listener.isThere = false;
    scene.tick();
    scene.write(5);
    scene.write(6);
    scene.listener.isThere = true;
    scene.follower.begin();
    scene.tick(3);
    expect(scene.take()).toEqual([]);
    scene.write(5);
    scene.write(7);
    scene.tick();
    expect(scene.take()).toEqual(["updated 5", "added 7"]);
  });

  test("before the leases are read, whoever is there is told of nothing", () => {
    const early = new Scene();
    early.follower.begin();
    early.write(5);
    early.tick();
    early.follower.attach(early.book);
    early.tick(2);
    expect(early.take()).toEqual([]);
  });

  test("who goes and comes back is told of nothing that happened meanwhile", () => {
    scene.write(5);
    scene.listener.isThere = false;
    scene.tick();
    scene.write(6);
    scene.expire(5);
    scene.listener.isThere = true;
    scene.follower.begin();
    scene.tick(3);
    expect(scene.take()).toEqual([]);
  });

  test("nor is who was gone for so short a time that nobody noticed", () => {
    scene.write(5);
    scene.tick();
    scene.take();
    scene.write(6);
    scene.expire(5);
    scene.follower.begin();
    scene.tick(3);
    expect(scene.take()).toEqual([]);
    scene.write(6);
    scene.tick();
    expect(scene.take()).toEqual(["updated 6"]);
  });

  test("who does not take anything for a while is told later of what is so then", () => {
    scene.write(6);
    scene.tick();
    scene.take();
    scene.listener.isTaking = false;
    for (let i = 0; i < 50; i++) {
      scene.write(5, { hostname: `name-${i}` });
      scene.write(6, { state: "released" });
      scene.tick();
    }
    expect(scene.told).toEqual([]);
    scene.listener.isTaking = true;
    scene.tick(3);
    expect(scene.told.map(({ kind, hostname }) => `${kind} ${hostname}`)).toEqual([
      "added name-49",
      "removed phone-6",
    ]);
  });
});

describe("how much is told", () => {
  const bound = LIMITS.busLeaseSignalsPerSecond;

  test("of a flood so many a second, and how many there were besides", () => {
    let written = 0;
    for (let tick = 0; tick < 50; tick++) {
      for (let i = 0; i < 300; i++) scene.write(written++ % 2000);
      scene.tick();
    }
    scene.tick(10);
    // What was saved up before, and so many for each of the twelve seconds.
    expect(scene.told.length).toBeLessThanOrEqual(13 * bound);
    expect(scene.told.length).toBeGreaterThanOrEqual(10 * bound);
    expect(scene.told.length + scene.skippedSum).toBe(written);
    // Once a second is enough to know that something is missing.
    expect(scene.skipped.filter((count) => count > 0).length).toBeLessThanOrEqual(12);
  });

  test("who was told that something is missing has all that changes later", () => {
    for (let i = 0; i < 5000; i++) scene.write(i);
    scene.tick(10);
    scene.take();
    for (const address of [4000, 4999]) scene.write(address);
    scene.expire(3000);
    scene.tick(10);
    expect(new Set(scene.told.map(({ kind, address }) => `${kind} ${address}`))).toEqual(
      new Set(["updated 10.77.15.160", "updated 10.77.19.135", "removed 10.77.11.184"]),
    );
  });

  test("many leases are looked at in slices, those that have changed and those that have ended", () => {
    const slice = LIMITS.busLeasesSlice;
    for (let i = 0; i < 2500; i++) scene.write(i);
    scene.tick();
    expect(scene.told.length + scene.skippedSum).toBe(slice);
    scene.tick(6);
    expect(scene.told.length + scene.skippedSum).toBe(2500);
    scene.take();
    const before = scene.skippedSum;
    for (let i = 0; i < 2500; i++) scene.expire(i);
    scene.tick();
    const found = scene.told.length + scene.skippedSum - before;
    expect(found).toBeLessThanOrEqual(slice);
    scene.tick(10);
    expect(scene.told.length + scene.skippedSum - before).toBe(2500);
  });
});

test("whatever happens to leases, who adds up what is told has what the book has", () => {
  const step = fc.record({
    kind: fc.constantFrom("write", "release", "expire", "tick"),
    address: fc.integer({ min: 0, max: 5 }),
    client: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const played = new Scene();
      played.follower.attach(played.book);
      for (const { kind, address, client } of steps) {
        const who = { client: Uint8Array.of(1, client), chaddr: Uint8Array.of(client) };
        if (kind === "write") played.write(address, who);
        else if (kind === "release") played.write(address, { ...who, state: "released" });
        else if (kind === "expire") played.expire(address);
        else if (kind === "tick") played.tick();
      }
      played.tick(2);
      const listed = new Set<string>();
      for (const { kind, address } of played.told) {
        if (kind === "added") expect(listed.has(address)).toBe(false);
        else expect(listed.has(address)).toBe(true);
        if (kind === "removed") listed.delete(address);
        else listed.add(address);
      }
      const active = Array.from(played.book.leases()).filter(({ state }) => state === "active");
      expect(played.skippedSum).toBe(0);
      expect(listed.size).toBe(active.length);
    }),
    { numRuns: 300 },
  );
});

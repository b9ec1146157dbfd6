// Faults that need no network: a wrong or jumping clock, a slow or broken disk, bad configuration.
// Each is induced on the real daemon, the sentence read, and the recovery seen.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Status } from "../../daemon/http/api-types.ts";
import { judgeAllSent } from "../support/sent.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";
import { Exchanges } from "./exchange.ts";
import { PacketPeer } from "./packet-peer.ts";
import { BOX, RealDaemon, SHARED } from "./real-daemon.ts";

judgeAllSent();

const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const MAC = "00:16:3e:00:00:01";
const OTHER = "00:16:3e:00:00:02";
const DAY = 86_400;

let daemon: RealDaemon;
let peer: PacketPeer;
let clients: Exchanges;

beforeEach(async () => {
  daemon = new RealDaemon();
  clients = new Exchanges();
  peer = await PacketPeer.listen(daemon.rawlinkSocket, clients.onFrame);
});

afterEach(async () => {
  await daemon.remove();
  await peer.close();
});

const isServing = (status: Status) => status.networks[0]?.serving === true;
const says = (id: string) => (status: Status) => status.conditions.some((c) => c.id === id);
const saysNot = (id: string) => (status: Status) => !says(id)(status);

function sentenceOf(status: Status, id: string): string {
  const condition = status.conditions.find((candidate) => candidate.id === id);
  // The log says the same words.
  expect(daemon.output).toContain(condition?.sentence);
  return condition?.sentence ?? "";
}

describe("configuration", () => {
  test("invalid: all errors at once, the last good one stays in force, and it heals", async () => {
    daemon.start();
    await daemon.until(isServing);
    daemon.configure({ version: 1, networks: [{ name: "office", subnet: "nonsense" }] });
    const bad = await daemon.until(says("config-invalid"));
    expect(sentenceOf(bad, "config-invalid")).toContain("2 errors");
    expect(sentenceOf(bad, "config-invalid")).toContain("the last good one stays in force");
    expect(bad.state).toBe("degraded");
    expect(bad.configuration.issues.map((issue) => issue.path)).toEqual([
      "networks[0].subnet",
      "networks[0].pools",
    ]);
    expect(await clients.join(peer, MAC)).toMatchObject({ leaseSeconds: 3600 });
    const [network] = SHARED.networks;
    daemon.configure({ version: 1, networks: [{ ...network, leaseSeconds: 1800 }] });
    await daemon.until(saysNot("config-invalid"));
    expect(await clients.join(peer, OTHER)).toMatchObject({ leaseSeconds: 1800 });
  });

  test("invalid at the start: the last good one is used", async () => {
    daemon.start();
    await daemon.until(isServing);
    await daemon.end("SIGTERM");
    daemon.configure("{ this is not JSON");
    daemon.start();
    const bad = await daemon.until((status) => isServing(status) && says("config-invalid")(status));
    expect(sentenceOf(bad, "config-invalid")).toContain("is not JSON");
    expect(await clients.join(peer, MAC)).toBeDefined();
  });

  test("invalid and none before: nothing is served, it is said, and it heals", async () => {
    daemon.configure(SHARED, { ...BOX, role: "boss" });
    daemon.start();
    const bad = await daemon.until(says("config-invalid"));
    expect(bad.state).toBe("down");
    expect(sentenceOf(bad, "config-invalid")).toContain("no network is served");
    daemon.configure(SHARED);
    await daemon.until(isServing);
    expect(await clients.join(peer, MAC)).toBeDefined();
  });
});

describeUnless(withoutProgram(existsSync(FAKETIME), "faketime"), "the clock", () => {
  test("before 2020 at the start: said, leases kept, and corrected when the time arrives", async () => {
    const clock = startWithClock("+0");
    await daemon.until(isServing);
    const first = await clients.join(peer, MAC);
    expect(first).toBeDefined();
    await daemon.end("SIGKILL");

    startWithClock("-20y");
    const wrong = await daemon.until((status) => isServing(status) && says("clock-wrong")(status));
    expect(sentenceOf(wrong, "clock-wrong")).toMatch(/The clock of this box is wrong \(200[67]/);
    expect(await clients.join(peer, OTHER)).toBeDefined();
    // The first client still has its address, and nobody else gets it.
    expect(await clients.renew(peer, MAC, first?.address ?? "")).toMatchObject({
      address: first?.address,
    });

    writeFileSync(clock, "+0");
    await daemon.until(saysNot("clock-wrong"), 20_000);
    for (const lease of await daemon.leases()) {
      const left = Date.parse(lease.expiresAt) / 1000 - Date.now() / 1000;
      expect(left).toBeGreaterThan(3500);
      expect(left).toBeLessThan(3700);
    }
  });

  test.each([
    ["forward", "+3d", 3 * DAY],
    ["back", "-3d", -3 * DAY],
  ])("jumps %s while serving: leases move with it", async (_, offset, seconds) => {
    const clock = startWithClock("+0");
    await daemon.until(isServing);
    const first = await clients.join(peer, MAC);
    writeFileSync(clock, offset);
    const stepped = () => daemon.output.includes("clock-stepped: The clock jumped by");
    await daemon.until(stepped, 20_000);
    expect(await clients.renew(peer, MAC, first?.address ?? "")).toEqual(first);
    const [lease] = await daemon.leases();
    const left = Date.parse(lease?.expiresAt ?? "") / 1000 - (Date.now() / 1000 + seconds);
    expect(Math.abs(left - 3600)).toBeLessThan(60);
  });

  function startWithClock(offset: string): string {
    const file = path.join(daemon.folder, "clock");
    writeFileSync(file, offset);
    daemon.start([], {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
    return file;
  }
});

const STRACE = works("strace", ["-V"]);

describeUnless(withoutProgram(STRACE, "strace"), "the disk", () => {
  test("slow: said, answers wait for it, and over when it is", async () => {
    daemon.start();
    await daemon.until(isServing);
    const end = await inject("delay_enter=2500000");
    const joining = clients.join(peer, MAC, 15_000);
    const slow = await daemon.until(says("disk-slow"), 15_000);
    expect(sentenceOf(slow, "disk-slow")).toContain("The disk is slow");
    await end();
    expect(await joining).toBeDefined();
    await daemon.until(saysNot("disk-slow"), 15_000);
  });

  test("an error: known devices keep their addresses, new ones wait, and it heals", async () => {
    daemon.start();
    await daemon.until(isServing);
    const first = await clients.join(peer, MAC);
    const end = await inject("error=EIO");
    expect(await clients.join(peer, OTHER)).toBeUndefined();
    const broken = await daemon.until(says("disk-error"), 15_000);
    expect(sentenceOf(broken, "disk-error")).toContain("known devices keep their addresses");
    const renewed = await clients.renew(peer, MAC, first?.address ?? "");
    expect(renewed?.address).toBe(first?.address);
    expect(renewed?.leaseSeconds).toBeLessThanOrEqual(3600);
    await end();
    await daemon.until(saysNot("disk-error"), 15_000);
    expect(await clients.join(peer, OTHER)).toBeDefined();
  });

  /** Tampers with every write to a file of the daemon, from outside, until the returned call. */
  async function inject(fault: string): Promise<() => Promise<void>> {
    const calls = "pwrite64,pwritev,fdatasync,fsync";
    const argv = ["-f", "-p", String(daemon.pid), "-e", `trace=${calls}`];
    const tracer = spawn("strace", [...argv, "-e", `inject=${calls}:${fault}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await new Promise<void>((resolve) => tracer.stderr.once("data", () => resolve()));
    tracer.stderr.resume();
    return () =>
      new Promise((resolve) => {
        tracer.once("exit", () => resolve());
        tracer.kill("SIGTERM");
      });
  }
});

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

// A real process that writes to a real folder and is killed with SIGKILL at random moments.

import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FolderDisk } from "../../daemon/io/disk.ts";
import { recover } from "../../daemon/journal/recover.ts";
import type { Recovery } from "../../daemon/journal/replay.ts";
import { seeded } from "../support/random.ts";
import { addressOf, leaseOf } from "./kill-leases.ts";

const KILLS = 20;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-kill-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the writer until it is killed; resolves with the last sequence it had said to be durable. */
function writeUntilKilled(milliseconds: number): Promise<number> {
  const script = new URL("kill-writer.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8");
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk: string) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), milliseconds);
      output += chunk;
    });
    child.once("close", (_, signal) => {
      const lines = output.split("\n").slice(0, -1);
      if (signal !== "SIGKILL") reject(new Error(`ended by itself: ${errors}`));
      else resolve(Number(lines.at(-1) ?? 0));
    });
  });
}

async function found(): Promise<Recovery> {
  const disk = await FolderDisk.open(folder);
  const { recovery } = await recover(disk);
  await disk.close();
  return recovery;
}

describe("kill -9", () => {
  test(`${KILLS} times, nothing durable is lost`, { timeout: 120_000 }, async () => {
    const random = seeded(20);
    let before = 0;
    for (let kill = 1; kill <= KILLS; kill++) {
      const durable = await writeUntilKilled(random() ** 2 * 150);
      expect(durable).toBeGreaterThanOrEqual(before);
      const recovery = await found();
      expect(recovery.lastSequence, `kill ${kill}`).toBeGreaterThanOrEqual(durable);
      const sequences = new Map<number, number>();
      for (const lease of recovery.leases) {
        expect(lease).toEqual(leaseOf(lease.sequence));
        sequences.set(lease.address, lease.sequence);
      }
      for (let sequence = Math.max(1, durable - 999); sequence <= durable; sequence++) {
        const got = sequences.get(addressOf(sequence)) ?? 0;
        if (got < sequence) expect.fail(`kill ${kill}: ${sequence} of ${durable} is lost`);
      }
      before = durable;
    }
    expect(before).toBeGreaterThan(1000);
  });
});

// The lab for tests: one per test file, and what tests ask of it again and again.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { isolated } from "../../board/virtual/enter.ts";
import { type RunningLab, type StartOptions, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import type { ConditionId } from "../../daemon/catalogue.ts";
import type { Condition, LeasePage, Status } from "../../daemon/http/api-types.ts";
import { judgeSent } from "./tshark.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Why no lab can run on this machine; "" when one can. */
export function labProblem(): string {
  try {
    isolated(["true"]);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Starts one lab for all tests of the file and ends it behind them; skips them where none can run. What
 * is asked of box a, a second one would answer as well, so it serves alone unless the test wants both.
 */
export function useLab(options: StartOptions): { readonly lab: RunningLab } {
  const problem = labProblem();
  const holder: { lab: RunningLab | undefined } = { lab: undefined };
  let capture = "";
  beforeAll(async () => {
    if (problem) return;
    holder.lab = await startLab({ alone: true, ...options });
    capture = await startCapture(holder.lab);
    await holder.lab.untilUp();
  });
  beforeEach((context) => {
    if (problem) context.skip(problem);
  });
  afterAll(async () => {
    if (!holder.lab) return;
    const pid = `$(cat ${capture}.pid)`;
    const end = `kill -INT ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.05; done`;
    await holder.lab.exec("lab", ["sh", "-c", end]);
    const judged = judgeSent(capture, BOX_A_ADDRESS);
    await holder.lab.stop();
    expect(judged.problems, "what tshark says of the packets that box a sent").toEqual([]);
    process.stdout.write(`  tshark finds nothing wrong with ${judged.frames} packets of box a\n`);
  });
  return {
    get lab(): RunningLab {
      if (!holder.lab) throw new Error("the lab did not start");
      return holder.lab;
    },
  };
}

const BOX_A_ADDRESS = "10.77.0.2";

/** Records all DHCP that crosses the switch, where no power cut of a box ends it. */
async function startCapture(lab: RunningLab): Promise<string> {
  const file = join(lab.folder, `sent-${process.pid}.pcap`);
  const dump = `dumpcap -q -i any -f "udp port 67 or udp port 68" -w ${file} >/dev/null 2>&1`;
  await lab.exec("lab", ["sh", "-c", `${dump} & echo $! > ${file}.pid`]);
  await lab.waitFor("the capture", () => existsSync(file));
  return file;
}

/** The condition of that id in the box's status, if it holds now. */
export async function condition(
  lab: RunningLab,
  id: ConditionId,
  box: BoxName = "a",
): Promise<Condition | undefined> {
  const { conditions } = await lab.boxStatus(box);
  return conditions.find((candidate) => candidate.id === id);
}

/** Waits until box a says so, and checks that it says the same sentence in every place. */
export async function untilSaid(lab: RunningLab, id: ConditionId): Promise<Condition> {
  let found: Condition | undefined;
  await lab.waitFor(`the condition ${id}`, async () => {
    found = await condition(lab, id);
    return found !== undefined;
  });
  if (!found) throw new Error(`the condition ${id} has ended at once`);
  const { sentence } = found;
  expect(sentence).toMatch(/^[A-Z].*\.$/);
  const shown = (await cliStatus(lab)).conditions.map((candidate) => candidate.sentence);
  expect(shown, "the command line").toContain(sentence);
  await lab.waitFor(`"${sentence}" in the log`, async () =>
    (await lab.cmd("logs a")).includes(sentence),
  );
  return found;
}

/** Waits until the condition of box a is over. */
export async function untilOver(lab: RunningLab, id: ConditionId): Promise<void> {
  await lab.waitFor(`the end of ${id}`, async () => (await condition(lab, id)) === undefined);
}

/** What `tandem status --json` of box a prints, as a person at the box would get it. */
async function cliStatus(lab: RunningLab): Promise<Status> {
  const cli = join(lab.folder, "program", "dist", "tandem.js");
  const argv = [join(lab.folder, "program", "node"), cli, "--socket", lab.socket("a")];
  const { out } = await lab.try(["exec", "a", ...argv, "status", "--json"]);
  return JSON.parse(out) as Status;
}

/** Asks the client to renew and waits until it has an address that was confirmed behind that. */
export async function confirmed(lab: RunningLab, name: string): Promise<string> {
  const before = (await lab.client(name)).confirmedAt;
  await lab.cmd(`renew ${name}`);
  await lab.waitFor(`a confirmed address of ${name}`, async () => {
    const now = await lab.client(name);
    return now.address !== "" && now.confirmedAt > before;
  });
  return (await lab.client(name)).address;
}

/** Addresses of all clients by name. */
export async function addresses(lab: RunningLab): Promise<Record<string, string>> {
  const { clients } = await lab.status();
  return Object.fromEntries(clients.map((client) => [client.name, client.address]));
}

/** What the lease book of box a says about the address. */
export async function leaseState(lab: RunningLab, address: string): Promise<string | undefined> {
  const page = await lab.api<LeasePage>("a", "/api/v1/leases?limit=500");
  return page.leases.find((lease) => lease.address === address)?.state;
}

/** Changes the configuration file of box a as a person with an editor would. */
export function editConfig(lab: RunningLab, change: (config: SharedFile) => void): void {
  const file = join(lab.boxDir("a"), "config.json");
  const config = JSON.parse(readFileSync(file, "utf8")) as SharedFile;
  change(config);
  writeFileSync(file, JSON.stringify(config));
}

/** As much of config.json as tests touch. */
export interface SharedFile {
  gateway?: Record<string, unknown>;
  networks: Record<string, unknown>[];
}

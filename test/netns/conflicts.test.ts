// A device with a fixed address inside the pool: nobody else is given its address.

import { beforeAll, expect, test } from "vitest";
import type { LeasePage, PoolStatus } from "../../daemon/http/api-types.ts";
import { Crowd } from "../support/crowd.ts";
import { editConfig, labProblem, useLab } from "../support/lab.ts";
import { addHost, restartDaemon, Udhcpc } from "../support/lab-hosts.ts";

const used = useLab({ clients: 0 });
const NEWCOMER = "02:0e:00:00:00:01";
const SECOND = "02:0e:00:00:00:02";
let crowd: Crowd;

beforeAll(async () => {
  if (labProblem()) return;
  crowd = new Crowd(used.lab, await addHost(used.lab, "crowd", [{ on: "lan" }]));
});

async function pool(): Promise<PoolStatus> {
  const { networks } = await used.lab.boxStatus("a");
  const found = networks[0]?.pools[0];
  if (!found) throw new Error("no pool in the status");
  return found;
}

/** Somebody has set by hand, at a device of his own, the address that `mac` would be offered next. */
async function squat(name: string, mac: string): Promise<string> {
  const taken = await crowd.offered(mac);
  expect(taken).toMatch(/^10\.77\.0\.1\d\d$/);
  // The box forgets its offer with its memory, so that it has to choose again.
  await restartDaemon(used.lab);
  const port = { on: "lan", addresses: [`${taken}/24`] };
  await addHost(used.lab, name, [port]);
  return taken;
}

test("a device gets another address within a second, and the squatted one rests", async () => {
  const { lab } = used;
  const taken = await squat("squat1", NEWCOMER);
  const device = await addHost(lab, "newcomer", [{ on: "lan", mac: NEWCOMER }]);
  const started = Date.now();
  const client = await Udhcpc.start(device, ["-C"]);
  const { address, at } = await client.until("bound");
  expect(address).toMatch(/^10\.77\.0\.1\d\d$/);
  expect(address).not.toBe(taken);
  expect(at - started).toBeLessThan(1000);

  expect((await pool()).abandoned).toBe(1);
  const page = await lab.api<LeasePage>("a", "/api/v1/leases?limit=500");
  const resting = page.leases.find((lease) => lease.address === taken);
  expect(resting?.state).toBe("abandoned");
  const rest = (Date.parse(resting?.expiresAt ?? "") - Date.now()) / 1000;
  expect(rest).toBeGreaterThan(3000);
  expect(rest).toBeLessThan(4000);
  const log = await lab.cmd("logs a");
  expect(log).toMatch(new RegExp(`address-conflict: ${taken} on lan answers`));
});

test("nobody is offered the squatted address again, even over a restart", async () => {
  const before = await pool();
  await restartDaemon(used.lab);
  expect((await pool()).abandoned).toBe(before.abandoned);
});

test("without the probe the device itself finds out, and its DECLINE does the same", async () => {
  const { lab } = used;
  editConfig(lab, (config) => {
    for (const network of config.networks) network.probe = false;
  });
  const taken = await squat("squat2", SECOND);
  const device = await addHost(lab, "second", [{ on: "lan", mac: SECOND }]);
  const before = (await pool()).abandoned;
  // `-a` makes udhcpc ask by ARP for what it was given.
  const client = await Udhcpc.start(device, ["-C", "-a200"]);
  const { address } = await client.until("bound");
  expect(address).not.toBe(taken);
  expect((await pool()).abandoned).toBe(before + 1);
  expect(await lab.cmd("logs a")).toMatch(new RegExp(`lease-declined: ${SECOND}.*${taken}`));
});

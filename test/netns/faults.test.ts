// Faults of the world around the daemon, each induced in the lab: it says what is wrong, does the most
// it safely can, and recovers by itself.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { RunningLab } from "../../board/virtual/lab-api.ts";
import {
  condition,
  confirmed,
  leaseState,
  repository,
  untilOver,
  untilSaid,
  useLab,
} from "../support/lab.ts";

const used = useLab({ clients: 1 });

vi.setConfig({ testTimeout: 180_000 });

/**
 * Serving, without any complaint. A keepalived that a port which came back has left waiting is started anew ever more
 * seldom when that happens again and again, once a minute at last.
 */
async function untilFine(lab: RunningLab): Promise<void> {
  const isFine = async () => (await lab.boxStatus("a")).state === "fine";
  await lab.waitFor("box a fine", isFine, 80_000);
}

/** Requests of new devices that stayed unanswered because nothing can be written. */
async function refusals(lab: RunningLab): Promise<number> {
  const { networks } = await lab.boxStatus("a");
  return networks[0]?.counters["refused-disk-not-writable"] ?? 0;
}

async function isBound(lab: RunningLab, name: string): Promise<boolean> {
  return (await lab.client(name)).address !== "";
}

// Each test undoes its fault itself; this is for the ones that failed half-way.
afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  const { lab } = used;
  const undo = ["disk a free", "disk a writable", "fault a lan0 back", "plug lan-a", "clients 1"];
  for (const command of [...undo, "start a"]) await lab.try(command.split(" "));
  await untilFine(lab);
});

test("an interface that is missing at the start, and comes later", async () => {
  const { lab } = used;
  await lab.cmd("kill a");
  await lab.cmd("fault a lan0 missing");
  await lab.cmd("start a");
  const said = await untilSaid(lab, "interface-missing");
  expect(said.sentence).toContain("lan0");
  expect((await lab.boxStatus("a")).state).toBe("down");
  await lab.cmd("fault a lan0 back");
  await untilOver(lab, "interface-missing");
  await untilFine(lab);
  await confirmed(lab, "c1");
});

test("an interface that goes away and comes back while serving", async () => {
  const { lab } = used;
  await lab.cmd("fault a lan0 missing");
  await untilSaid(lab, "interface-missing");
  await lab.cmd("fault a lan0 back");
  await untilFine(lab);
  await confirmed(lab, "c1");
});

test("an interface that is renamed, and gets its name back", async () => {
  const { lab } = used;
  await lab.cmd("fault a lan0 renamed");
  await untilSaid(lab, "interface-missing");
  await lab.cmd("fault a lan0 back");
  await untilFine(lab);
  await confirmed(lab, "c1");
});

test("no carrier", async () => {
  const { lab } = used;
  await lab.cmd("unplug lan-a");
  const said = await untilSaid(lab, "interface-no-carrier");
  expect(said.sentence).toContain("lan0");
  await lab.cmd("plug lan-a");
  await untilFine(lab);
  await confirmed(lab, "c1");
});

test("the packet helper gone and back", async () => {
  const { lab } = used;
  await lab.cmd("rawlink a stop");
  await untilSaid(lab, "helper-gone");
  expect((await lab.boxStatus("a")).state).toBe("down");
  await lab.cmd("rawlink a start");
  await untilFine(lab);
  await confirmed(lab, "c1");
});

test("the packet helper killed: it is started again without a person", async () => {
  const { lab } = used;
  const before = (await lab.status()).boxes.a.services.rawlink;
  await lab.exec("lab", ["kill", "-9", String(before.pid)]);
  await lab.waitFor("another rawlink", async () => {
    const { restarts, state } = (await lab.status()).boxes.a.services.rawlink;
    return restarts > before.restarts && state === "running";
  });
  await untilFine(lab);
  await confirmed(lab, "c1");
});

test("no system bus: addresses are served all the same", async () => {
  const { lab } = used;
  await lab.cmd("bus a stop");
  await untilSaid(lab, "bus-absent");
  await confirmed(lab, "c1");
  await lab.cmd("bus a start");
  await untilOver(lab, "bus-absent");
  await lab.waitFor("the name on the bus", async () => {
    const address = `unix:path=${join(lab.boxDir("a"), "run", "bus")}`;
    const call = ["org.freedesktop.DBus.Properties.Get", "string:org.tandem.Appliance1"];
    const to = ["--dest=org.tandem.Appliance1", "/org/tandem/Appliance1"];
    const flags = [`--bus=${address}`, "--print-reply"];
    const asked = await lab.try([
      "exec",
      "a",
      "dbus-send",
      ...flags,
      ...to,
      ...call,
      "string:Role",
    ]);
    return asked.out.includes("serving");
  });
});

test("no system bus at the start", async () => {
  const { lab } = used;
  await lab.cmd("bus a stop");
  await lab.cmd("kill a");
  await lab.cmd("gatekeeper a stop");
  await lab.cmd("tandemd a start");
  await untilSaid(lab, "bus-absent");
  await confirmed(lab, "c1");
  await lab.cmd("start a");
  await untilOver(lab, "bus-absent");
});

test("a full disk: known devices keep their addresses, new ones wait", async () => {
  const { lab } = used;
  const { address } = await lab.client("c1");
  await lab.cmd("disk a small");
  await untilFine(lab);
  expect(await leaseState(lab, address)).toBe("active");
  await lab.cmd("disk a full");
  // The journal still has the space that it took ahead.
  const { mac } = await lab.client("c1");
  const flood = join(repository, "test", "support", "renew-flood.ts");
  const node = join(lab.folder, "program", "node");
  await lab.exec("c1", [node, flood, address, mac, "10.77.0.2", "4000"]);
  await untilSaid(lab, "disk-full");
  expect(await confirmed(lab, "c1")).toBe(address);
  const refused = await refusals(lab);
  await lab.cmd("clients 2");
  await lab.waitFor("three unanswered requests", async () => (await refusals(lab)) >= refused + 3);
  expect(await isBound(lab, "c2")).toBe(false);
  await lab.cmd("disk a free");
  await untilOver(lab, "disk-full");
  await lab.waitFor("an address for the new device", () => isBound(lab, "c2"));
  expect(await confirmed(lab, "c1")).toBe(address);
  await lab.cmd("clients 1");
});

test("a full disk at the start", async () => {
  const { lab } = used;
  const { address } = await lab.client("c1");
  await lab.cmd("disk a small");
  await lab.cmd("kill a");
  await lab.cmd("disk a full");
  await lab.cmd("start a");
  await untilSaid(lab, "disk-full");
  await lab.cmd("disk a free");
  await untilOver(lab, "disk-full");
  await untilFine(lab);
  expect(await leaseState(lab, address)).toBe("active");
  expect(await confirmed(lab, "c1")).toBe(address);
});

test("a read-only disk at the start", async () => {
  const { lab } = used;
  const { address } = await lab.client("c1");
  await lab.cmd("disk a small");
  await lab.cmd("disk a read-only");
  await untilSaid(lab, "disk-read-only");
  const refused = await refusals(lab);
  // c2 had an address before and gets it again; c3 is new.
  await lab.cmd("clients 3");
  await lab.waitFor("three unanswered requests", async () => (await refusals(lab)) >= refused + 3);
  expect(await isBound(lab, "c3")).toBe(false);
  await lab.cmd("disk a writable");
  await untilOver(lab, "disk-read-only");
  await lab.waitFor("an address for the new device", () => isBound(lab, "c3"));
  expect(await confirmed(lab, "c1")).toBe(address);
  await lab.cmd("clients 1");
});

test("a configuration with errors: the last good one stays in force", async () => {
  const { lab } = used;
  const file = join(lab.boxDir("a"), "config.json");
  const good = readFileSync(file, "utf8");
  const wrong = JSON.parse(good) as { networks: Record<string, unknown>[]; colour?: string };
  wrong.colour = "red";
  for (const network of wrong.networks) network.subnet = "10.77.0.0/33";
  writeFileSync(file, JSON.stringify(wrong));
  const said = await untilSaid(lab, "config-invalid");
  expect(said.sentence).toContain("2 errors");
  await confirmed(lab, "c1");
  await lab.cmd("kill a");
  await lab.cmd("start a");
  await lab.waitFor("the complaint after a new start", async () => {
    return (await condition(lab, "config-invalid")) !== undefined;
  });
  await confirmed(lab, "c1");
  writeFileSync(file, good);
  await untilOver(lab, "config-invalid");
  await untilFine(lab);
});

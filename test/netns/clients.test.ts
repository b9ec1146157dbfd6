// Real DHCP clients and the real daemon: get, renew, release, and what they notice of faults.

import { describe, expect, test } from "vitest";
import { addresses, condition, confirmed, editConfig, leaseState, useLab } from "../support/lab.ts";

const used = useLab({ clients: 4 });
const kinds = [
  ["udhcpc", "c1"],
  ["dhclient", "c3"],
  ["dhcpcd", "c4"],
] as const;

describe.each(kinds)("%s", (kind, name) => {
  test("gets an address of the pool, and the lease book knows", async () => {
    const { lab } = used;
    const client = await lab.client(name);
    expect(client.kind).toBe(kind);
    expect(client.address).toMatch(/^10\.77\.0\.1\d\d$/);
    expect(client.server).toBe("10.77.0.1");
    expect(client.leaseSeconds).toBe(3600);
    expect(await leaseState(lab, client.address)).toBe("active");
    const shown = await lab.exec(name, ["ip", "-4", "-o", "addr", "show", "dev", "eth0"]);
    expect(shown).toContain(`${client.address}/24`);
  });

  test("reaches the WAN side through the virtual gateway", async () => {
    const { lab } = used;
    await lab.waitFor("an answer from the WAN host", async () => {
      const ping = ["ping", "-c", "1", "-W", "1", "10.79.0.9"];
      return (await lab.try(["exec", name, ...ping])).code === 0;
    });
  });

  test("keeps its address when it asks again", async () => {
    const { address } = await used.lab.client(name);
    expect(await confirmed(used.lab, name)).toBe(address);
  });

  test("gives its address back and gets the same one later", async () => {
    const { lab } = used;
    const { address } = await lab.client(name);
    await lab.cmd(`release ${name}`);
    await lab.waitFor(
      `${name} without address`,
      async () => (await lab.client(name)).address === "",
    );
    await lab.waitFor("the release in the lease book", async () =>
      ["released", "free"].includes((await leaseState(lab, address)) ?? "free"),
    );
    expect(await confirmed(lab, name)).toBe(address);
  });
});

test("all renew by themselves at half of a short lease", async () => {
  const { lab } = used;
  editConfig(lab, (config) => {
    for (const network of config.networks) network.leaseSeconds = 60;
  });
  await lab.waitFor("the short lease in the status", async () => {
    const { networks } = await lab.boxStatus("a");
    return networks[0]?.leaseSeconds === 60;
  });
  const names = kinds.map(([, name]) => name);
  const before = await addresses(lab);
  for (const name of names) await confirmed(lab, name);
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (await lab.client(name)).renewals);
  for (const name of names) {
    const renewed = async (): Promise<boolean> =>
      (await lab.client(name)).renewals > (counts.get(name) ?? 0);
    await lab.waitFor(`a renewal of ${name}`, renewed, 50_000);
    expect((await lab.client(name)).address).toBe(before[name]);
  }
  editConfig(lab, (config) => {
    for (const network of config.networks) network.leaseSeconds = 3600;
  });
}, 120_000);

test("all keep their addresses over a killed daemon", async () => {
  const { lab } = used;
  const before = await addresses(lab);
  await lab.cmd("kill a");
  await expect(lab.boxStatus("a")).rejects.toThrow();
  await lab.cmd("start a");
  await lab.waitFor("box a serving again", async () => (await lab.boxStatus("a")).state === "fine");
  for (const name of Object.keys(before)) {
    expect(await leaseState(lab, before[name] ?? "")).toBe("active");
    expect(await confirmed(lab, name)).toBe(before[name]);
  }
});

test("all keep their addresses over a power cut", async () => {
  const { lab } = used;
  const before = await addresses(lab);
  await lab.cmd("power-cut a");
  await lab.cmd("start a");
  await lab.waitFor("box a serving again", async () => (await lab.boxStatus("a")).state === "fine");
  for (const name of Object.keys(before)) expect(await confirmed(lab, name)).toBe(before[name]);
});

test("the box that stands by answers nobody", async () => {
  const { lab } = used;
  const refused = async (): Promise<number> => {
    const { networks } = await lab.boxStatus("b");
    return networks[0]?.counters["refused-not-serving"] ?? 0;
  };
  await lab.cmd("kill a");
  const before = await refused();
  await lab.cmd("clients 5");
  await lab.waitFor(
    "three unanswered requests at box b",
    async () => (await refused()) >= before + 3,
  );
  expect((await lab.client("c5")).address).toBe("");
  const status = await lab.boxStatus("b");
  expect(status.role).toBe("standby");
  expect(await condition(lab, "standby", "b")).toBeDefined();
  await lab.cmd("start a");
  await lab.waitFor("an address for c5", async () => (await lab.client("c5")).address !== "");
  await lab.cmd("clients 4");
});

test("the LAN cable of the box out and in again", async () => {
  const { lab } = used;
  const { address } = await lab.client("c1");
  await lab.cmd("unplug lan-a");
  await lab.waitFor("the cable in the status", async () => {
    return (await condition(lab, "interface-no-carrier")) !== undefined;
  });
  await lab.cmd("plug lan-a");
  await lab.waitFor("box a fine", async () => (await lab.boxStatus("a")).state === "fine");
  expect(await confirmed(lab, "c1")).toBe(address);
});

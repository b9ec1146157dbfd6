// Devices behind real relay agents, on networks that the box has no interface in.

import { existsSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { LeasePage } from "../../daemon/http/api-types.ts";
import { Crowd } from "../support/crowd.ts";
import { hasDnsmasq, startDnsmasq } from "../support/dnsmasq.ts";
import { editConfig, labProblem, leaseState, useLab } from "../support/lab.ts";
import {
  addHost,
  addSwitch,
  type Background,
  type Host,
  restartDaemon,
  Udhcpc,
} from "../support/lab-hosts.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";

const used = useLab({ clients: 1 });
const BOX = "10.77.0.2";
const SERVER = "10.77.0.1";
const hasDhcrelay = existsSync("/usr/sbin/dhcrelay");

interface Far {
  /** Names the network, its switch and the hosts. */
  readonly name: string;
  readonly subnet: string;
  /** First three numbers of its addresses. */
  readonly prefix: string;
  /** The relay's address on the box's LAN. */
  readonly near: string;
  readonly missing: string | undefined;
  startRelay(router: Host): Promise<Background>;
}

const relays: readonly Far[] = [
  {
    name: "isc",
    subnet: "10.88.0.0/24",
    prefix: "10.88.0",
    near: "10.77.0.20",
    missing: withoutProgram(hasDhcrelay, "dhcrelay"),
    startRelay: async (router) => {
      // `-a` adds option 82 with the circuit and the router.
      const ports = ["-iu", "eth0", "-id", "eth1"];
      const program = await router.start(["dhcrelay", "-4", "-d", "-a", ...ports, BOX]);
      await program.says("Sending on");
      return program;
    },
  },
  {
    name: "masq",
    subnet: "10.89.0.0/24",
    prefix: "10.89.0",
    near: "10.77.0.21",
    missing: withoutProgram(hasDnsmasq, "dnsmasq"),
    startRelay: (router) => startDnsmasq(router, [`--dhcp-relay=10.89.0.1,${BOX}`]),
  },
];

beforeAll(async () => {
  if (labProblem()) return;
  editConfig(used.lab, (config) => {
    for (const { name, subnet, prefix } of relays) {
      config.networks.push({
        name,
        relayed: true,
        subnet,
        gateway: `${prefix}.1`,
        pools: [{ from: `${prefix}.100`, to: `${prefix}.199` }],
        leaseSeconds: 3600,
      });
    }
  });
  await used.lab.waitFor("the relayed networks in the status", async () => {
    return (await used.lab.boxStatus("a")).networks.length === 1 + relays.length;
  });
});

describe.each(relays)("behind $name", (far) => {
  describeUnless(far.missing, far.subnet, () => {
    let relay: Background;
    let device: Host;
    let client: Udhcpc;
    const own = new RegExp(`^${far.prefix.replaceAll(".", "\\.")}\\.1\\d\\d$`);

    async function lease(address: string): Promise<LeasePage["leases"][number] | undefined> {
      const page = await used.lab.api<LeasePage>("a", "/api/v1/leases?limit=500");
      return page.leases.find((each) => each.address === address);
    }

    test("a device gets an address of its own network", async () => {
      const { lab } = used;
      await addSwitch(lab, `${far.name}-far`);
      const near = { on: "lan", addresses: [`${far.near}/24`] };
      const behind = { on: `${far.name}-far`, addresses: [`${far.prefix}.1/24`] };
      const router = await addHost(lab, `${far.name}-r`, [near, behind]);
      await router.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
      // The router's way back to the box is its own LAN; the box's way there is this router.
      await lab.exec("a", ["ip", "route", "add", far.subnet, "via", far.near]);
      relay = await far.startRelay(router);
      device = await addHost(lab, `${far.name}-c`, [{ on: `${far.name}-far` }]);
      client = await Udhcpc.start(device);
      const { address, server, seconds, prefix } = await client.until("bound");
      expect(address).toMatch(own);
      expect([server, seconds, prefix]).toEqual([SERVER, 3600, 24]);
      expect(await lease(address)).toMatchObject({ network: far.name, state: "active" });
    });

    test("it renews by unicast through the router", async () => {
      const { address } = client;
      const before = (await lease(address))?.expiresAt ?? "";
      // Whole seconds are kept.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect((await client.renew()).address).toBe(address);
      expect(((await lease(address))?.expiresAt ?? "") > before).toBe(true);
      await device.run(["ping", "-c", "1", "-W", "2", BOX]);
    });

    test("it gives its address back by unicast", async () => {
      const { address } = client;
      await client.release();
      await used.lab.waitFor("the release in the lease book", async () => {
        return ["released", "free"].includes((await leaseState(used.lab, address)) ?? "free");
      });
      await client.program.stop("KILL");
    });

    test("an address that a device there has set by hand is given to nobody", async () => {
      const { lab } = used;
      const mac = "02:0e:00:00:00:07";
      const there = { on: `${far.name}-far` };
      const crowd = new Crowd(lab, await addHost(lab, `${far.name}-w`, [there]));
      const taken = await crowd.offered(mac);
      expect(taken).toMatch(own);
      // The box forgets its offer with its memory, so that it has to choose again.
      await restartDaemon(lab);
      const squatter = await addHost(lab, `${far.name}-s`, [
        { ...there, addresses: [`${taken}/24`] },
      ]);
      await squatter.run(["ip", "route", "add", "default", "via", `${far.prefix}.1`]);
      // It is in use, so the router knows it, and asks nobody for a second who has this address.
      await squatter.run(["ping", "-c", "1", "-W", "2", BOX]);
      const newcomer = await addHost(lab, `${far.name}-n`, [{ ...there, mac }]);
      const started = Date.now();
      const second = await Udhcpc.start(newcomer, ["-C"]);
      const { address, at } = await second.until("bound");
      expect(address).toMatch(own);
      expect(address).not.toBe(taken);
      expect(at - started).toBeLessThan(1000);
      expect((await lease(taken))?.state).toBe("abandoned");
      await second.program.stop("KILL");
      await relay.stop();
    });
  });
});

test("a device on the box's own LAN is not disturbed", async () => {
  const { address } = await used.lab.client("c1");
  expect(address).toMatch(/^10\.77\.0\.1\d\d$/);
});

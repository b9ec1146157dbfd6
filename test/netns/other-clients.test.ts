// Programs that ask for addresses in their own ways: systemd's client, a monitoring probe, a scanner.

import { existsSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import type { LeasePage } from "../../daemon/http/api-types.ts";
import { editConfig, labProblem, leaseState, useLab } from "../support/lab.ts";
import { addHost, type Background, type Host, Udhcpc } from "../support/lab-hosts.ts";
import { hasNetworkd, startNetworkd } from "../support/networkd.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";

const used = useLab({ clients: 0 });
const MAC = { networkd: "02:0e:00:00:00:01", dhcping: "02:0e:00:00:00:02" } as const;
const SERVER = "10.77.0.1";

beforeAll(async () => {
  if (labProblem()) return;
  const { lab } = used;
  editConfig(lab, (config) => {
    for (const network of config.networks) network.leaseSeconds = 60;
  });
  await lab.waitFor("the short lease in the status", async () => {
    const { networks } = await lab.boxStatus("a");
    return networks[0]?.leaseSeconds === 60;
  });
});

describeUnless(withoutProgram(hasNetworkd, "systemd-networkd"), "systemd-networkd", () => {
  let host: Host;
  let program: Background;
  let address = "";

  async function bound(): Promise<string> {
    await used.lab.waitFor("an address for networkd", async () => {
      return (await host.addresses()).length === 1;
    });
    return (await host.addresses())[0] ?? "";
  }

  async function lease(): Promise<LeasePage["leases"][number] | undefined> {
    const page = await used.lab.api<LeasePage>("a", "/api/v1/leases?limit=500");
    return page.leases.find((each) => each.mac === MAC.networkd && each.address === address);
  }

  test("gets an address and the default route", async () => {
    host = await addHost(used.lab, "networkd", [{ on: "lan", mac: MAC.networkd }]);
    program = await startNetworkd(host);
    address = await bound();
    expect(address).toMatch(/^10\.77\.0\.1\d\d$/);
    expect(await leaseState(used.lab, address)).toBe("active");
    // Its client identifier is one of RFC 4361: type 255, an IAID and a DUID.
    expect((await lease())?.clientId).toMatch(/^ff/);
    await used.lab.waitFor("the route", async () => {
      return (await host.run(["ip", "-4", "route"])).includes("default via 10.77.0.1");
    });
  });

  test("renews by itself at half of the lease", async () => {
    const before = (await lease())?.expiresAt ?? "";
    const renewed = async (): Promise<boolean> => ((await lease())?.expiresAt ?? "") > before;
    await used.lab.waitFor("a renewal", renewed, 45_000);
    expect(await host.addresses()).toEqual([address]);
    expect(program.printed).toContain("REQUEST (renewing)");
  });

  test("gives its address back at its end, and gets the same one again", async () => {
    await program.stop();
    await used.lab.waitFor("the release", async () => {
      return ["released", "free"].includes((await leaseState(used.lab, address)) ?? "free");
    });
    expect(await host.addresses()).toEqual([]);
    program = await startNetworkd(host);
    expect(await bound()).toBe(address);
    await program.stop("KILL");
  });
});

const hasDhcping = existsSync("/usr/sbin/dhcping");
describeUnless(withoutProgram(hasDhcping, "dhcping"), "dhcping", () => {
  let host: Host;
  let address = "";

  function ping(...options: string[]): Promise<string> {
    return host.run(["dhcping", "-v", "-t", "3", "-s", SERVER, ...options]);
  }

  test("is answered about a device's own address, and releases it as it always does", async () => {
    host = await addHost(used.lab, "dhcping", [{ on: "lan", mac: MAC.dhcping }]);
    // Without a client identifier, because dhcping sends none.
    const client = await Udhcpc.start(host, ["-C"]);
    address = (await client.until("bound")).address;
    await client.program.stop("KILL");
    expect(await ping("-c", address, "-h", MAC.dhcping)).toContain(`Got answer from: ${SERVER}`);
    await used.lab.waitFor("the release", async () => {
      return ["released", "free"].includes((await leaseState(used.lab, address)) ?? "free");
    });
  });

  test("is answered when it only asks for settings", async () => {
    expect(await ping("-i", "-c", address, "-h", MAC.dhcping)).toContain("Got answer from");
  });

  test("is told that an address outside the pool is not its own", async () => {
    const before = await naks();
    await ping("-c", "10.77.0.99", "-h", "02:0e:00:00:00:77");
    expect(await naks()).toBe(before + 1);
  });
});

const hasNmap = existsSync("/usr/bin/nmap");
describeUnless(withoutProgram(hasNmap, "nmap"), "nmap", () => {
  test("finds the server with broadcast-dhcp-discover", async () => {
    // Its packets leave by an interface that has an address.
    const port = { on: "lan", addresses: ["10.77.0.30/24"] };
    const host = await addHost(used.lab, "nmap", [port]);
    const script = ["--script", "broadcast-dhcp-discover", "-e", "eth0"];
    const wait = ["--script-args", "broadcast-dhcp-discover.timeout=2"];
    const found = await host.run(["nmap", ...script, ...wait]);
    expect(found).toContain("Response 1 of 1");
    expect(found).toMatch(/IP Offered: 10\.77\.0\.1\d\d\n/);
    expect(found).toContain("DHCP Message Type: DHCPOFFER");
    expect(found).toContain(`Server Identifier: ${SERVER}`);
    expect(found).toContain("Subnet Mask: 255.255.255.0");
    expect(found).toContain("Router: 10.77.0.1");
    expect(found).toContain("Domain Name: lab.example");
  });
});

async function naks(): Promise<number> {
  const { networks } = await used.lab.boxStatus("a");
  return networks[0]?.counters["sent-nak"] ?? 0;
}

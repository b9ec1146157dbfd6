// A second DHCP server on the LAN: the box says so at once, with all that helps to find it.

import { expect, test } from "vitest";
import type { Condition } from "../../daemon/http/api-types.ts";
import { hasDnsmasq, startDnsmasq } from "../support/dnsmasq.ts";
import { condition, editConfig, untilOver, untilSaid, useLab } from "../support/lab.ts";
import { addHost, type Background, type Host, Udhcpc } from "../support/lab-hosts.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";

const used = useLab({ clients: 0 });
const ROGUE = { mac: "02:0e:00:00:00:99", address: "10.77.0.50" };

describeUnless(withoutProgram(hasDnsmasq, "dnsmasq"), "a second server", () => {
  let device: Host;
  let rogue: Background;

  function hasAll(said: Condition): void {
    expect(said.severity).toBe("error");
    expect(said.subject).toBe("lan");
    expect(said.sentence).toContain(ROGUE.mac);
    expect(said.sentence).toContain(ROGUE.address);
    expect(said.sentence).toMatch(/offers 10\.77\.0\.2[12]\d\b/);
    expect(said.sentence).toContain("router 10.77.0.51");
    expect(said.advice).toContain("trustedServers");
  }

  async function askOnce(): Promise<void> {
    // With the broadcast flag, so that every port of the switch gets the answers.
    const client = await Udhcpc.start(device, ["-B"]);
    await client.until("bound");
    await client.program.stop("KILL");
  }

  test("is silent as long as the box is alone", async () => {
    device = await addHost(used.lab, "device", [{ on: "lan", mac: "02:0e:00:00:00:01" }]);
    await askOnce();
    expect(await condition(used.lab, "rogue-server")).toBeUndefined();
  });

  test("is reported within a second of its first answer", async () => {
    const port = { on: "lan", mac: ROGUE.mac, addresses: [`${ROGUE.address}/24`] };
    const host = await addHost(used.lab, "rogue", [port]);
    const range = "--dhcp-range=10.77.0.210,10.77.0.229,255.255.255.0,5m";
    const router = "--dhcp-option=option:router,10.77.0.51";
    rogue = await startDnsmasq(host, [range, router, "--no-ping", "--dhcp-authoritative"]);
    const asked = Date.now();
    await askOnce();
    expect(rogue.printed).toContain("DHCPOFFER");
    const said = await untilSaid(used.lab, "rogue-server");
    hasAll(said);
    expect(Date.parse(said.since) - asked).toBeLessThan(1000);
    expect((await used.lab.boxStatus("a")).state).not.toBe("down");
  });

  test("is found by the box itself, without any device that asks", async () => {
    const { lab } = used;
    await lab.cmd("kill a");
    await lab.cmd("start a");
    hasAll(await untilSaid(lab, "rogue-server"));
  });

  test("is no trouble when it is meant to be there", async () => {
    const { lab } = used;
    editConfig(lab, (config) => {
      for (const network of config.networks) network.trustedServers = [ROGUE.address];
    });
    await untilOver(lab, "rogue-server");
    await askOnce();
    expect(await condition(lab, "rogue-server")).toBeUndefined();
    await rogue.stop();
  });
});

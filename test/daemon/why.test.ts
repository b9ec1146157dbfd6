// `tandem why` for every usual trouble: what it says of a real daemon that saw the trouble, at 80 columns.

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { MESSAGE_TYPE } from "../../daemon/wire/dhcp4-message.ts";
import { address, text } from "../support/client-frame.ts";
import { judgeAllSent } from "../support/sent.ts";
import { behind, type Saying } from "./lan-peer.ts";
import { DAEMON } from "./real-daemon.ts";
import { Office, OLD_SCANNER, PRINTER, SCANNER, SQUATTER, UNHEARD } from "./why-office.ts";

judgeAllSent();

const { discover, request, decline, release, inform } = MESSAGE_TYPE;
const office = new Office();
const { lan } = office;

beforeAll(() => office.open());
afterAll(() => office.close());

describe("an address in use", () => {
  test("found by the probe: another one is offered, and who uses it is named", async () => {
    lan.users.set("10.77.0.150", SQUATTER);
    const mac = office.newMac();
    const offer = await lan.ask(mac, discover, { options: { 50: address("10.77.0.150") } });
    const offered = formatIpv4(offer.yiaddr);
    expect(offered).not.toBe("10.77.0.150");
    const { says, all } = await office.why(mac);
    expect(says).toBe(
      `${mac} was offered ${offered} on office at TIME and has not asked for it since. When this stays, the offer does not reach it, or it took that of another server: check the VLAN, the DHCP snooping of the switch, the relay, and for a second DHCP server.`,
    );
    expect(all).toContain(
      "It looked for an address (DISCOVER) on office, and 10.77.0.150 was found to be in use.",
    );
    expect(all).not.toContain("offered 10.77.0.150");
    const { all: ofAddress, ...answer } = await office.why("10.77.0.150");
    expect(answer).toEqual({
      code: 1,
      says: `10.77.0.150 on office is set aside until TIME: a device that it was not given to uses it (${SQUATTER} answers from it). Find that device and give it a reservation, or take its fixed address out of the pool.`,
    });
    expect(ofAddress).toContain("lease 10.77.0.150 on office, set aside, ends in");
    expect((await office.why(SQUATTER)).says).toBe(
      `${SQUATTER} uses 10.77.0.150 on office, which this box did not give to it, and has not asked for an address since this box started (TIME). Have it ask for its address by DHCP, and reserve that address for it when it must be the same one; or take the address out of the pool.`,
    );
  });

  test("whichever is tried", async () => {
    const mac = office.newMac();
    lan.userOfAll = SQUATTER;
    await lan.tell(mac, discover);
    const conflicts = async () =>
      (await office.why(mac)).all.split("was found to be in use").length - 1;
    await expect.poll(conflicts, { timeout: 5000 }).toBe(LIMITS.probeTriesMax);
    lan.userOfAll = undefined;
    expect((await office.why(mac)).says).toMatch(
      /gets no address from this box on office: 10\.77\.0\.\d+ is in use by another device and set aside until TIME\. Find the device that uses the address: give it a reservation, or take its fixed address out of the pool\.$/,
    );
  });

  test("declined", async () => {
    const mac = office.newMac();
    const laptop = { options: { 12: text("laptop") } };
    const got = await lan.join(mac, laptop);
    await lan.tell(mac, decline, { options: { 50: address(got), 54: address("10.77.0.2") } });
    const find =
      "Find the device that uses the address: give it a reservation, or take its fixed address out of the pool.";
    expect((await office.why(mac)).says).toBe(
      `${mac} declined ${got} on office at TIME, because another device uses it. ${got} is set aside until TIME. It has not asked for another one since. ${find}`,
    );
    const { says, all } = await office.why(got);
    expect(says).toContain(
      `${got} on office is set aside until TIME: a device that it was not given to uses it (${mac} found that out).`,
    );
    // The name is that of who was given the address, not of who uses it.
    expect(all).not.toContain("laptop");
    const other = office.newMac();
    const nak = await lan.ask(other, request, { options: { 50: address(got) } });
    expect(nak.u8(53)).toBe(MESSAGE_TYPE.nak);
    expect(await office.why(other)).toMatchObject({
      code: 1,
      says: `${other} gets no address from this box on office: ${got} is in use by another device and set aside until TIME. ${find}`,
    });
    const next = await lan.join(mac, laptop);
    expect(next).not.toBe(got);
    expect(await office.why("laptop")).toMatchObject({
      code: 0,
      says: `${mac} (laptop) has ${next} on office until TIME.`,
    });
  });
});

describe("no address", () => {
  const cases: readonly (readonly [string, Saying, string])[] = [
    [
      "few are left, and kept",
      behind("10.80.0.1"),
      "on lab: the last free addresses are kept for devices that were here before (80 per cent of the pools of lab). Make the pool larger, reserve an address for this device, or lower the share kept for known devices.",
    ],
    [
      "all are taken",
      behind("10.78.0.1"),
      "on tiny: none of the 2 addresses in its pools is free. Make the pool larger, or the lease time shorter, so that addresses that nobody uses come back sooner.",
    ],
    [
      "as many as may be are behind the port",
      behind("10.82.0.1", "eth0/1"),
      "on flats: its port of the switch has as many leases as it may have (1). Remove devices at this port of the switch or wait for their leases to end, or raise the limit of leases per port.",
    ],
  ];
  test.each(cases)("%s", async (_, saying, says) => {
    const free = saying.giaddr === "10.82.0.1" ? 1 : 2;
    for (let i = 0; i < free; i++) await lan.join(office.newMac(), saying);
    const mac = office.newMac();
    await lan.tell(mac, discover, saying, 3);
    const answer = await office.why(mac);
    expect(answer).toMatchObject({ code: 1, says: `${mac} gets no address from this box ${says}` });
    expect(answer.all).toContain("(3 times, this was the last)");
  });

  const elsewhere = {
    ...behind("10.78.0.1"),
    options: { 82: Uint8Array.of(5, 4, 10, 98, 0, 0) },
  };
  const relay =
    "Add the network behind the relay to the configuration, or the relay's address to `relays` of its network; or correct what the relay sends.";
  const deny = "Take it off the deny list, or out of the denied class, when it may be here.";
  const refused: readonly (readonly [string, string, number, Saying, string])[] = [
    [
      "the pools are for others",
      office.newMac(),
      discover,
      behind("10.81.0.1"),
      "on voice: no pool with a free address is open to this device. Put this device into a class that a pool with free addresses allows, reserve an address for it, or make a pool that is open to all.",
    ],
    [
      "denied by its MAC",
      "02:00:5e:10:00:dd",
      discover,
      {},
      `on office: it is on the deny list of office. ${deny}`,
    ],
    [
      "denied by the maker in its MAC",
      "02:00:5e:dd:00:01",
      discover,
      {},
      `on office: all devices whose MAC begins with 02:00:5e:dd are on the deny list of office. ${deny}`,
    ],
    [
      "denied by a class",
      office.newMac(),
      discover,
      { options: { 60: text("acme-console-3") } },
      `on office: it is in the class game-consoles, which is denied. ${deny}`,
    ],
    [
      "an unknown relay",
      office.newMac(),
      discover,
      behind("10.99.0.1"),
      `: it came through the relay 10.99.0.1, which belongs to no network of this box. ${relay}`,
    ],
    [
      "a known relay for an unknown subnet",
      office.newMac(),
      discover,
      elsewhere,
      `: it came through the relay 10.78.0.1, which asks for a subnet that no network of this box has. ${relay}`,
    ],
    [
      "it chose another server",
      office.newMac(),
      request,
      { options: { 50: address("10.77.0.60"), 54: address("10.77.0.9") } },
      "on office: it chose another DHCP server, 10.77.0.9, and asked that one for 10.77.0.60. When that one is not meant to be there, find it and switch it off; `tandem status` names the other servers that were heard.",
    ],
  ];
  test.each(refused)("%s", async (_, mac, type, saying, says) => {
    await lan.tell(mac, type, saying);
    const prefix = says.startsWith(":") ? "" : " ";
    expect(await office.why(mac)).toMatchObject({
      code: 1,
      says: `${mac} gets no address from this box${prefix}${says}`,
    });
  });

  test("the class it is denied for is in its messages too", async () => {
    const mac = office.newMac();
    await lan.tell(mac, discover, { options: { 60: text("acme-console-3") } });
    expect((await office.why(mac)).all).toContain(
      "It looked for an address (DISCOVER) on office and was not answered: it is in the class game-consoles, which is denied.",
    );
  });

  test("it sends too much", async () => {
    const mac = office.newMac();
    await lan.tell(mac, discover, behind("10.82.0.1"), 60);
    expect((await office.why(mac)).says).toMatch(
      /gets no address from this box on flats: it sends more requests than a device has reason to \(\d+ were not answered\)\. Look at the device: it is broken, loops, or means harm\. It is answered again within seconds once it is calm\.$/,
    );
  });
});

describe("a reservation", () => {
  test("of another device", async () => {
    const mac = office.newMac();
    const nak = await lan.ask(mac, request, { options: { 50: address("10.77.0.50") } });
    expect(nak.u8(53)).toBe(MESSAGE_TYPE.nak);
    expect((await office.why(mac)).says).toBe(
      `${mac} gets no address from this box on office: 10.77.0.50 is reserved for ${PRINTER} (printer). It asks for a new address by itself. To give it this very one, reserve it for this device.`,
    );
    expect((await office.why("10.77.0.50")).says).toBe(
      `No device has a lease of 10.77.0.50 on office now. It is reserved for ${PRINTER} (printer). Nothing was heard from ${PRINTER} since this box started (TIME). ${UNHEARD} It was also asked for by ${mac}.`,
    );
    expect((await office.why("printer")).says).toBe(
      `Nothing was heard from ${PRINTER} (printer) since this box started (TIME). Its reserved address 10.77.0.50 on office is free. ${UNHEARD}`,
    );
  });

  test("whose address another device holds", async () => {
    const restart =
      "Restart the network connection of the device that holds it: that one is given another address, and this one gets its own when it asks again.";
    const holder = `${OLD_SCANNER} (old-scanner) until TIME.`;
    expect((await office.why("scanner")).says).toBe(
      `Nothing was heard from ${SCANNER} (scanner) since this box started (TIME). Its reserved address 10.77.0.51 is held by ${holder} ${restart}`,
    );
    await lan.ask(SCANNER, request, { options: { 50: address("10.77.0.51") } });
    expect((await office.why(SCANNER)).says).toBe(
      `${SCANNER} (scanner) gets no address from this box on office: 10.77.0.51, which is reserved for it, is leased to ${holder} ${restart}`,
    );
    const got = await lan.join(SCANNER);
    expect(await office.why(SCANNER)).toMatchObject({
      code: 0,
      says: `${SCANNER} (scanner) has ${got} on office until TIME. Its reserved address 10.77.0.51 is held by ${holder} ${restart}`,
    });
    expect((await office.why("10.77.0.51")).says).toBe(
      `${OLD_SCANNER} (old-scanner) has 10.77.0.51 on office until TIME. It cannot renew that: the address is reserved for ${SCANNER} (scanner) now. It is given another address when it tries; restart its network connection to have it do so now.`,
    );
    // It does as the advice says.
    const refusal = await lan.ask(OLD_SCANNER, request, { ciaddr: "10.77.0.51" });
    expect(refusal.u8(53)).toBe(MESSAGE_TYPE.nak);
    await lan.tell(OLD_SCANNER, release, { ciaddr: "10.77.0.51", destinationIp: "10.77.0.2" });
    expect((await office.why(SCANNER)).says).toBe(
      `${SCANNER} (scanner) has ${got} on office until TIME. Its reserved address 10.77.0.51 on office is free. It gets that one when it renews its lease; restart its network connection to have it do so now.`,
    );
    const renewal = await lan.ask(SCANNER, request, { ciaddr: got });
    expect(renewal.u8(53)).toBe(MESSAGE_TYPE.nak);
    expect(await lan.join(SCANNER)).toBe("10.77.0.51");
    expect((await office.why(SCANNER)).says).toBe(
      `${SCANNER} (scanner) has 10.77.0.51 on office until TIME.`,
    );
  });
});

describe("how it is asked for", () => {
  test("a device that is fine, by MAC, address and name, then gone", async () => {
    const mac = office.newMac();
    const got = await lan.join(mac, { options: { 12: text("desk-pc"), 60: text("MSFT 5.0") } });
    for (const query of [mac, mac.replaceAll(":", "-").toUpperCase(), got, "desk-pc", "Desk-PC"]) {
      expect(await office.why(query), query).toMatchObject({
        code: 0,
        says: `${mac} (desk-pc) has ${got} on office until TIME.`,
      });
    }
    await lan.tell(mac, release, { ciaddr: got, destinationIp: "10.77.0.2" });
    const gone = `${mac} (desk-pc) gave ${got} on office back at TIME and has not asked for one since.`;
    expect(await office.why("desk-pc")).toMatchObject({ code: 1, says: gone });
    expect((await office.why(got)).says).toBe(
      `No device has a lease of ${got} on office now. ${gone}`,
    );
  });

  test("an address set by hand", async () => {
    const mac = office.newMac();
    await lan.ask(mac, inform, { ciaddr: "10.77.0.240" });
    const set = `${mac} uses 10.77.0.240 on office, which was set by hand: it asked for settings only.`;
    expect(await office.why(mac)).toMatchObject({ code: 0, says: set });
    expect((await office.why("10.77.0.240")).says).toBe(
      `No device has a lease of 10.77.0.240 on office now. It is in no pool, so it is given to nobody. ${set}`,
    );
  });

  const none: readonly (readonly [string, string])[] = [
    [
      "02:00:5e:77:77:77",
      `Nothing was heard from 02:00:5e:77:77:77 since this box started (TIME). ${UNHEARD}`,
    ],
    [
      "nobody-here",
      'No device that calls itself "nobody-here" has a lease or a reservation. Ask with its hardware address (MAC, such as 02:00:5e:10:00:01) or its IPv4 address; a device need not tell its name.',
    ],
    [
      "10.77.0.5",
      "No device has a lease of 10.77.0.5 on office now. It is in no pool, so it is given to nobody. Nobody asked for it since this box started (TIME).",
    ],
    ["10.77.0.1", "10.77.0.1 is the router that devices on office are told, and is given to none."],
    ["10.77.0.2", "10.77.0.2 is the address of this box on office."],
    [
      "192.168.1.1",
      "192.168.1.1 does not belong to any network of this box (office 10.77.0.0/24, tiny 10.78.0.0/24, shared 10.79.0.0/24, lab 10.80.0.0/24, voice 10.81.0.0/24, flats 10.82.0.0/24). Check the address; a device that has it got it elsewhere, or it was set by hand.",
    ],
  ];
  test.each(none)("%s", async (query, says) => {
    expect((await office.why(query)).says).toBe(says);
  });

  test("of the program itself", async () => {
    const program = path.join(path.dirname(DAEMON), "tandem.js");
    const argv = [program, "why", "10.77.0.2", "--socket", office.socket];
    const { stdout } = await promisify(execFile)(process.execPath, argv);
    expect(stdout).toBe("● 10.77.0.2 is the address of this box on office.\n");
  });
});

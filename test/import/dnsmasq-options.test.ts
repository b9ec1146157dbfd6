// Options of dnsmasq, with the names and shapes that they have here.

import { describe, expect, test } from "vitest";
import { issues } from "./devices.ts";
import { conf } from "./dnsmasq-lines.ts";
import { notesOf } from "./reading.ts";

describe("options", () => {
  test.each([
    ["3,192.168.0.4", { gateway: "192.168.0.4" }],
    [
      "3,192.168.0.4,192.168.0.5",
      { gateway: "192.168.0.4", options: { router: ["192.168.0.4", "192.168.0.5"] } },
    ],
    ["option:router,10.9.9.9", { options: { router: ["10.9.9.9"] } }],
    ["option:dns-server,0.0.0.0", { dns: ["192.168.0.1"] }],
    ["6,1.1.1.1,9.9.9.9", { dns: ["1.1.1.1", "9.9.9.9"] }],
    ["15,office.example", { domain: "office.example" }],
    ["42,0.0.0.0", { options: { "ntp-servers": ["192.168.0.1"] } }],
  ])("%s of a network", (option, settings) => {
    const imported = conf(`dhcp-option=${option}`);
    expect(imported.shared.networks[0]).toMatchObject(settings);
    expect(issues(imported)).toEqual([]);
  });

  test.each([
    ["26,1400", { "interface-mtu": 1400 }],
    ["2,-3600", { "time-offset": -3600 }],
    ["19,1", { "ip-forwarding": true }],
    ["66,boot.example", { "tftp-server-name": "boot.example" }],
    ["66,192.168.0.9", { "tftp-server-name": "192.168.0.9" }],
    ["67,a\\b.efi", { "bootfile-name": "a\\b.efi" }],
    ['252,"\\n"', { "web-proxy-auto-discovery": "\n" }],
    ['224,"a, b",c', { "option-224": "612c20622c63" }],
    ["224,7", { "option-224": "07" }],
    ["224,300", { "option-224": "012c" }],
    ["224,70000", { "option-224": "00011170" }],
    ["224,1i", { "option-224": "00000001" }],
    ["224,1.2.3.4", { "option-224": "01020304" }],
    ["120,sip.example", { "sip-servers": { names: ["sip.example"] } }],
    ["120,1.2.3.4", { "sip-servers": { addresses: ["1.2.3.4"] } }],
    [
      "121,0.0.0.0/0,1.2.3.4",
      { "classless-static-route": [{ destination: "0.0.0.0/0", router: "1.2.3.4" }] },
    ],
    ["option:domain-search,a.example,b.example", { "domain-search": ["a.example", "b.example"] }],
    ["encap:175,1,5b", { "option-175": "010105" }],
  ])("%s of everybody", (option, options) => {
    const imported = conf(`dhcp-option=${option}`);
    expect(imported.shared.options).toEqual(options);
    expect(notesOf(imported)).toEqual([]);
    expect(issues(imported)).toEqual([]);
  });

  test.each([
    ["", "left-out: It names no option."],
    ["option:colour,red", 'left-out: dnsmasq has no option of the name "colour".'],
    ["option6:23,[::]", "left-out: It is for IPv6, which is not served here."],
    [
      "vi-encap:9,1,x",
      "left-out: Options by the number of an enterprise (option 125) are not taken over.",
    ],
    ["3,router.example", "unreadable: It is not a list of IPv4 addresses."],
    [
      "54,1.2.3.4",
      "left-out: Option 54 cannot be set: this option is not set by configuration; the server or a client fills it.",
    ],
    ["224", "left-out: Without it being set the option is not told to anybody."],
    ["0,1", "left-out: Option 0 cannot be set: there is no DHCP option of this name."],
    ["tag:nobody,42,1.2.3.4", 'left-out: No statement that was taken over sets the tag "nobody".'],
    [
      `224,${"x".repeat(256)}`,
      "unreadable: It is longer than the 255 bytes that an option of dnsmasq may have.",
    ],
    ["58,never", "unreadable: It is not a length of time."],
  ])("%s is noted", (option, note) => {
    const imported = conf(`dhcp-option=${option}`);
    expect(notesOf(imported)).toEqual([`4 ${note}`]);
    expect(issues(imported)).toEqual([]);
  });

  test("times, and those that cannot be", () => {
    const imported = conf("dhcp-option=option:T1,1h", "dhcp-option=59,2h", "dhcp-option=51,1d");
    expect(imported.shared).toMatchObject({
      leaseSeconds: 86_400,
      renewSeconds: 3600,
      rebindSeconds: 7200,
    });
    expect(issues(imported)).toEqual([]);
    const wrong = conf("dhcp-option=option:T1,3h", "dhcp-option=59,2h");
    const reason = "When clients renew is left out: it does not fit the length of leases.";
    expect(notesOf(wrong)).toEqual([`4 left-out: ${reason}`, `5 left-out: ${reason}`]);
    expect(issues(wrong)).toEqual([]);
  });

  test("of a range's tag the pool has them, or the network where that is all of it", () => {
    const red = "dhcp-range=set:red,192.168.1.5,192.168.1.9,255.255.255.0,12h";
    const more = "dhcp-range=set:blue,192.168.1.15,192.168.1.19,255.255.255.0,12h";
    const option = "dhcp-option=tag:red,42,1.2.3.4";
    const whole = conf(red, option).shared.networks[1];
    expect(whole).toMatchObject({ options: { "ntp-servers": ["1.2.3.4"] }, pools: [{}] });
    const part = conf(red, more, option).shared.networks[1];
    expect(part?.pools[0]).toMatchObject({ options: { "ntp-servers": ["1.2.3.4"] } });
    expect(part).not.toHaveProperty("options");
  });
});

test("an option without a value is taken from those with the tag, if it is one to be set", () => {
  const imported = conf("dhcp-option=tag:known,42", "dhcp-option=tag:known,1");
  expect(imported.shared.classes).toEqual([
    { name: "known", match: { known: true }, options: { "ntp-servers": null } },
  ]);
  expect(notesOf(imported)).toEqual([
    "5 left-out: Option 1 cannot be set: this option is not set by configuration; the server or a client fills it.",
  ]);
  expect(issues(imported)).toEqual([]);
});

test("an option that is set twice counts as it is set last", () => {
  const imported = conf(
    ...["dhcp-option=6,1.1.1.1", "dhcp-option=6,9.9.9.9", "dhcp-option=19,1", "dhcp-option=19,7"],
  );
  expect(imported.shared.networks[0]?.dns).toEqual(["9.9.9.9"]);
  expect(imported.shared.options).toEqual({ "option-19": "07" });
  const instead = "changed: It counts instead of an earlier statement for the same option.";
  expect(notesOf(imported)).toEqual([`5 ${instead}`, `7 ${instead}`]);
  expect(issues(imported)).toEqual([]);
});

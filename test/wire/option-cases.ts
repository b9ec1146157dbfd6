// One list of options by value shape: value, bytes and configuration, tested in every direction.

import { ipv4, parseSubnet, type Subnet } from "../../daemon/base/address.ts";
import { OPTION, type OptionRow } from "../../daemon/wire/dhcp4-options.ts";
import type { Plain } from "../../daemon/wire/option-codecs.ts";
import { fromHex } from "./messages.ts";

export interface OptionCase {
  readonly name: string;
  readonly row: OptionRow<unknown>;
  readonly value: unknown;
  readonly bytes: Uint8Array;
  readonly plain: Plain;
}

function one<T>(row: OptionRow<T>, hex: string, value: T, plain: Plain): OptionCase {
  return { name: row.name, row, value, bytes: fromHex(hex), plain };
}

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

export const OPTION_CASES: readonly OptionCase[] = [
  one(OPTION.subnetMask, "ff ff ff 00", ipv4("255.255.255.0"), "255.255.255.0"),
  one(OPTION.timeOffset, "ff ff f1 f0", -3600, -3600),
  one(OPTION.timeOffset, "7f ff ff ff", 0x7fffffff, 0x7fffffff),
  one(OPTION.router, "0a 4d 00 01", [ipv4("10.77.0.1")], ["10.77.0.1"]),
  one(
    OPTION.domainNameServer,
    "0a 4d 00 01 ff ff ff ff",
    [ipv4("10.77.0.1"), ipv4("255.255.255.255")],
    ["10.77.0.1", "255.255.255.255"],
  ),
  one(OPTION.hostName, "6c 61 70", "lap", "lap"),
  one(OPTION.hostName, "c3 bc", "ü", "ü"),
  one(OPTION.bootFileSize, "ff fe", 0xfffe, 0xfffe),
  one(OPTION.ipForwarding, "01", true, true),
  one(OPTION.ipForwarding, "00", false, false),
  one(
    OPTION.policyFilter,
    "0a 00 00 00 ff 00 00 00",
    [{ address: ipv4("10.0.0.0"), mask: ipv4("255.0.0.0") }],
    [{ address: "10.0.0.0", mask: "255.0.0.0" }],
  ),
  one(OPTION.defaultIpTtl, "40", 64, 64),
  one(OPTION.pathMtuPlateauTable, "00 44 05 dc", [68, 1500], [68, 1500]),
  one(
    OPTION.staticRoute,
    "0a 00 00 01 0a 4d 00 01",
    [{ destination: ipv4("10.0.0.1"), router: ipv4("10.77.0.1") }],
    [{ destination: "10.0.0.1", router: "10.77.0.1" }],
  ),
  one(OPTION.vendorSpecificInformation, "01 02 ff", Uint8Array.of(1, 2, 255), "0102ff"),
  one(OPTION.netbiosNodeType, "08", 8, 8),
  one(OPTION.ipAddressLeaseTime, "ff ff ff ff", 0xffffffff, 0xffffffff),
  one(OPTION.parameterRequestList, "01 03 79", [1, 3, 121], [1, 3, 121]),
  one(
    OPTION.clientIdentifier,
    "01 02 00 5e 00 01 11",
    { type: 1, id: fromHex("02005e000111") },
    { type: 1, id: "02005e000111" },
  ),
  one(OPTION.mobileIpHomeAgent, "", [], []),
  one(
    OPTION.userClass,
    "03 61 62 63  01 64", // RFC 3004 §4: each class behind its length
    { isRaw: false, classes: [fromHex("616263"), fromHex("64")] },
    { isRaw: false, classes: ["616263", "64"] },
  ),
  one(
    OPTION.userClass,
    "69 50 58 45", // "iPXE", as iPXE sends it: its first byte is no length
    { isRaw: true, classes: [fromHex("69505845")] },
    { isRaw: true, classes: ["69505845"] },
  ),
  one(
    OPTION.slpDirectoryAgent,
    "01  0a 4d 00 01", // mandatory; one agent
    { isMandatory: true, addresses: [ipv4("10.77.0.1")] },
    { isMandatory: true, addresses: ["10.77.0.1"] },
  ),
  one(
    OPTION.slpServiceScope,
    "00  61 2c 62",
    { isMandatory: false, scopes: "a,b" },
    { isMandatory: false, scopes: "a,b" },
  ),
  one(OPTION.rapidCommit, "", true, true),
  one(
    OPTION.clientFqdn,
    "05 00 00  06 6c 61 70 74 6f 70  02 65 78 00", // S and E; fully qualified
    {
      serverUpdates: true,
      serverOverrides: false,
      noServerUpdates: false,
      isWireForm: true,
      rcode1: 0,
      rcode2: 0,
      name: "laptop.ex.",
    },
    {
      serverUpdates: true,
      serverOverrides: false,
      noServerUpdates: false,
      isWireForm: true,
      rcode1: 0,
      rcode2: 0,
      name: "laptop.ex.",
    },
  ),
  one(
    OPTION.clientFqdn,
    "0e ff ff  03 6c 61 70", // O, E and N; a partial name has no root label
    {
      serverUpdates: false,
      serverOverrides: true,
      noServerUpdates: true,
      isWireForm: true,
      rcode1: 255,
      rcode2: 255,
      name: "lap",
    },
    {
      serverUpdates: false,
      serverOverrides: true,
      noServerUpdates: true,
      isWireForm: true,
      rcode1: 255,
      rcode2: 255,
      name: "lap",
    },
  ),
  one(
    OPTION.clientFqdn,
    "00 00 00  6c 61 70 2e 65 78", // ASCII form
    {
      serverUpdates: false,
      serverOverrides: false,
      noServerUpdates: false,
      isWireForm: false,
      rcode1: 0,
      rcode2: 0,
      name: "lap.ex",
    },
    {
      serverUpdates: false,
      serverOverrides: false,
      noServerUpdates: false,
      isWireForm: false,
      rcode1: 0,
      rcode2: 0,
      name: "lap.ex",
    },
  ),
  one(
    OPTION.clientFqdn,
    "05 00 00", // no name: the server shall choose one
    {
      serverUpdates: true,
      serverOverrides: false,
      noServerUpdates: false,
      isWireForm: true,
      rcode1: 0,
      rcode2: 0,
      name: "",
    },
    {
      serverUpdates: true,
      serverOverrides: false,
      noServerUpdates: false,
      isWireForm: true,
      rcode1: 0,
      rcode2: 0,
      name: "",
    },
  ),
  one(
    OPTION.relayAgentInformation,
    `01 04 65 74 68 30   # circuit "eth0"
     05 04 0a 4e 00 00   # link selection 10.78.0.0
     13 00               # relay source port
     c8 01 07            # one without a name`,
    [
      { code: 1, data: fromHex("65746830") },
      { code: 5, data: fromHex("0a4e0000") },
      { code: 19, data: fromHex("") },
      { code: 200, data: fromHex("07") },
    ],
    [
      { suboption: "agent-circuit-id", value: "65746830" },
      { suboption: "link-selection", value: "10.78.0.0" },
      { suboption: "relay-source-port", value: true },
      { suboption: 200, value: "07" },
    ],
  ),
  one(
    OPTION.authentication,
    "03 01 00  00 00 00 00 00 00 00 2a  02 aa", // reconfigure key, HMAC-MD5, counter 42
    {
      protocol: 3,
      algorithm: 1,
      replayMethod: 0,
      replayDetection: fromHex("000000000000002a"),
      information: fromHex("02aa"),
    },
    {
      protocol: 3,
      algorithm: 1,
      replayMethod: 0,
      replayDetection: "000000000000002a",
      information: "02aa",
    },
  ),
  one(OPTION.clientSystemArchitecture, "00 07 00 09", [7, 9], [7, 9]),
  one(
    OPTION.clientNetworkInterface,
    "01 03 10",
    { type: 1, major: 3, minor: 16 },
    { type: 1, major: 3, minor: 16 },
  ),
  one(
    OPTION.clientMachineIdentifier,
    "00 fe5de6a0 1122 3344 5566 778899aabbcc",
    fromHex("fe5de6a0112233445566778899aabbcc"),
    "fe5de6a0-1122-3344-5566-778899aabbcc",
  ),
  one(
    OPTION.dhcp4o6SourceAddress,
    "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01",
    fromHex("20010db8000000000000000000000001"),
    "2001:db8::1",
  ),
  one(
    OPTION.domainSearch,
    `06 6f 66 66 69 63 65  02 65 78  00   # office.ex at 0
     03 6c 61 62  c0 00                   # lab, then a pointer to 0
     c0 07                                # just a pointer, to "ex" at 7`,
    ["office.ex", "lab.office.ex", "ex"],
    ["office.ex", "lab.office.ex", "ex"],
  ),
  one(
    OPTION.sipServers,
    "00  03 73 69 70 02 65 78 00",
    { names: ["sip.ex"] },
    { names: ["sip.ex"] },
  ),
  one(
    OPTION.sipServers,
    "01  0a 4d 00 01",
    { addresses: [ipv4("10.77.0.1")] },
    { addresses: ["10.77.0.1"] },
  ),
  one(
    OPTION.classlessStaticRoute,
    `00              0a 4d 00 01   # default route
     08 0a           0a 4d 00 02   # 10.0.0.0/8
     19 0a 4e 01 80  00 00 00 00   # 10.78.1.128/25, on the link
     20 0a 4e 01 01  0a 4d 00 02   # a host`,
    [
      { destination: subnet("0.0.0.0/0"), router: ipv4("10.77.0.1") },
      { destination: subnet("10.0.0.0/8"), router: ipv4("10.77.0.2") },
      { destination: subnet("10.78.1.128/25"), router: ipv4("0.0.0.0") },
      { destination: subnet("10.78.1.1/32"), router: ipv4("10.77.0.2") },
    ],
    [
      { destination: "0.0.0.0/0", router: "10.77.0.1" },
      { destination: "10.0.0.0/8", router: "10.77.0.2" },
      { destination: "10.78.1.128/25", router: "0.0.0.0" },
      { destination: "10.78.1.1/32", router: "10.77.0.2" },
    ],
  ),
  one(
    OPTION.cablelabsClientConfiguration,
    "01 04 0a 4d 00 01",
    [{ code: 1, data: fromHex("0a4d0001") }],
    [{ code: 1, data: "0a4d0001" }],
  ),
  one(
    OPTION.vendorIdentifyingVendorClass,
    "00 00 00 09  03 02 61 62   00 00 0d e9  00",
    [
      { enterprise: 9, data: fromHex("026162") },
      { enterprise: 3561, data: fromHex("") },
    ],
    [
      { enterprise: 9, data: "026162" },
      { enterprise: 3561, data: "" },
    ],
  ),
  one(OPTION.lostServer, "04 6c 6f 73 74 02 65 78 00", "lost.ex", "lost.ex"),
  one(
    OPTION.sztpRedirect,
    "00 0a 68 74 74 70 73 3a 2f 2f 61 2f  00 0a 68 74 74 70 73 3a 2f 2f 62 2f",
    ["https://a/", "https://b/"],
    ["https://a/", "https://b/"],
  ),
  one(
    OPTION.rdnssSelection,
    "01  0a 4d 00 01  00 00 00 00  02 65 78 00  00", // high; ex and the root
    {
      preference: 1,
      primary: ipv4("10.77.0.1"),
      secondary: ipv4("0.0.0.0"),
      domains: ["ex", "."],
    },
    { preference: 1, primary: "10.77.0.1", secondary: "0.0.0.0", domains: ["ex", "."] },
  ),
  one(OPTION.statusCode, "02  6e 6f", { code: 2, message: "no" }, { code: 2, message: "no" }),
  one(
    OPTION.pcpServer,
    "04 0a 4d 00 01  08 0a 4d 00 02 0a 4d 00 03", // two servers, the second with two addresses
    [[ipv4("10.77.0.1")], [ipv4("10.77.0.2"), ipv4("10.77.0.3")]],
    [["10.77.0.1"], ["10.77.0.2", "10.77.0.3"]],
  ),
  one(
    OPTION.portParameters,
    "06 08 34 00",
    { offset: 6, psidLength: 8, psid: 0x3400 },
    { offset: 6, psidLength: 8, psid: 0x3400 },
  ),
  one(
    OPTION.designatedResolvers,
    `00 16                          # length of the first instance
     00 01                          # priority 1
     08  03 64 6e 73 02 65 78 00    # dns.ex
     04  0a 4d 00 01                # one address
     00 01 00 02 68 32              # service parameters: alpn
     00 0b                          # length of the second instance: its name only
     00 02  08  03 64 6e 73 02 65 78 00`,
    [
      {
        priority: 1,
        name: "dns.ex",
        addresses: [ipv4("10.77.0.1")],
        parameters: fromHex("000100026832"),
      },
      { priority: 2, name: "dns.ex", addresses: [], parameters: fromHex("") },
    ],
    [
      { priority: 1, name: "dns.ex", addresses: ["10.77.0.1"], parameters: "000100026832" },
      { priority: 2, name: "dns.ex", addresses: [], parameters: "" },
    ],
  ),
  one(
    OPTION.ipv6RapidDeployment,
    "08 20  20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 00  0a 4d 00 01",
    {
      ipv4MaskLength: 8,
      prefixLength: 32,
      prefix: fromHex("20010db8000000000000000000000000"),
      borderRelays: [ipv4("10.77.0.1")],
    },
    { ipv4MaskLength: 8, prefixLength: 32, prefix: "2001:db8::", borderRelays: ["10.77.0.1"] },
  ),
  one(
    OPTION.virtualSubnetSelection,
    "00 72 65 64",
    { type: 0, id: fromHex("726564") },
    { type: 0, id: "726564" },
  ),
];

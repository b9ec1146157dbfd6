// The pair in both files: what it becomes, and what cannot stand together.

import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { coreOf, issues, office } from "./loading.ts";

const BOX_PAIR = { role: "primary", address: "10.99.0.1", partner: "10.99.0.2" };

type Changes = Record<string, unknown>;

/** The smallest pair with these settings in config.json, in box.json, and at their tops. */
function paired(shared: Changes = {}, box: Changes = {}, network: Changes = {}, file = {}) {
  return office(
    network,
    { pair: { name: "office", ...shared }, ...file },
    { pair: { ...BOX_PAIR, ...box } },
  );
}

function linkOf(result: ReturnType<typeof paired>) {
  if ("issues" in result) throw new Error(issues(result).join("\n"));
  const link = result.config.pairLink;
  if (link?.kind !== "fixed") throw new Error("the partner has no address");
  const { address, port, partner, partnerPort } = link;
  return `${formatIpv4(address)}:${port} ${formatIpv4(partner)}:${partnerPort}`;
}

describe("a pair", () => {
  test("is nobody's by default", () => {
    const result = office({});
    expect(coreOf(result).pair).toBeUndefined();
    expect("config" in result && result.config.pairLink).toBeUndefined();
  });

  test("has defaults for all that need not be said", () => {
    expect(coreOf(paired()).pair).toEqual({
      name: "office",
      role: "primary",
      dialect: "tandem",
      mode: { kind: "load-balancing", primaryPercent: 50 },
      mcltSeconds: 600,
      partnerWaitMilliseconds: 50,
      loadBalanceSecondsMax: 3,
      receiveTimerSeconds: 20,
      safeSeconds: 0,
    });
    expect(linkOf(paired())).toBe("10.99.0.1:8647 10.99.0.2:8647");
  });

  test("takes every setting over", () => {
    const said = {
      mode: "hot-standby",
      reservePercent: 25,
      mcltSeconds: 3600,
      partnerWaitMilliseconds: 0,
      loadBalanceSecondsMax: 0,
      receiveTimerSeconds: 60,
      safeSeconds: 86_400,
    };
    const result = paired(said, { role: "secondary", port: 1, partnerPort: 65_535 });
    const { mode: _, reservePercent: __, ...same } = said;
    expect(coreOf(result).pair).toEqual({
      name: "office",
      role: "secondary",
      dialect: "tandem",
      mode: { kind: "hot-standby", reservePercent: 25 },
      ...same,
    });
    expect(linkOf(result)).toBe("10.99.0.1:1 10.99.0.2:65535");
    expect(coreOf(paired({ primaryPercent: 99 })).pair?.mode).toEqual({
      kind: "load-balancing",
      primaryPercent: 99,
    });
    expect(coreOf(paired({ mode: "hot-standby" })).pair?.mode).toEqual({
      kind: "hot-standby",
      reservePercent: 10,
    });
  });

  test("with dhcpd: its port, its names, and no wait for its late acknowledgements", () => {
    const result = paired({ protocol: "isc", name: "dhcp failover.example/1" });
    expect(coreOf(result).pair).toMatchObject({
      name: "dhcp failover.example/1",
      dialect: "isc",
      partnerWaitMilliseconds: 0,
    });
    expect(linkOf(result)).toBe("10.99.0.1:647 10.99.0.2:647");
    expect(linkOf(paired({ protocol: "isc" }, { port: 1647 }))).toBe(
      "10.99.0.1:1647 10.99.0.2:647",
    );
  });

  test("knows its partner by its key, if it is told it", () => {
    const digits = "0123456789abcdefABCDEF0123456789".repeat(2);
    const result = paired({}, { partnerIdentity: digits });
    const link = "config" in result ? result.config.pairLink : undefined;
    expect(Buffer.from(link?.partnerIdentity ?? []).toString("hex")).toBe(digits.toLowerCase());
    const plain = paired();
    expect("config" in plain && plain.config.pairLink?.partnerIdentity).toBeUndefined();
  });

  test("may have one machine for both boxes, as trials do", () => {
    expect(linkOf(paired({}, { address: "127.0.0.2", partner: "127.0.0.3" }))).toBe(
      "127.0.0.2:8647 127.0.0.3:8647",
    );
  });
});

describe("a partner that is looked for", () => {
  const partnerIdentity = "ab".repeat(32);
  const found = (shared: Changes = {}, box: Changes = {}) =>
    office({}, { pair: { name: "office", ...shared } }, { pair: { role: "primary", ...box } });

  test("needs nothing but its identity, and is declared down by itself after half an hour", () => {
    const result = found({}, { partnerIdentity });
    expect("config" in result && result.config.pairLink).toEqual({
      ...{ kind: "found", port: 8647 },
      partnerIdentity: new Uint8Array(32).fill(0xab),
    });
    expect(coreOf(result).pair?.safeSeconds).toBe(1800);
    expect(coreOf(found({ safeSeconds: 0 }, { partnerIdentity })).pair?.safeSeconds).toBe(0);
  });

  test("may be known before the boxes share their work: this one serves alone until then", () => {
    const result = office({}, {}, { pair: { role: "secondary", partnerIdentity } });
    expect(coreOf(result).pair).toBeUndefined();
    expect("config" in result && result.config.pairLink?.kind).toBe("found");
  });

  test.each<[Changes, Changes, string]>([
    [{}, {}, "box.json pair.partnerIdentity: is missing, and so are pair.address and pair.partner"],
    [{}, { address: "10.99.0.1" }, "box.json pair.partner: is missing, but pair.address is there"],
    [{}, { partner: "10.99.0.1" }, "box.json pair.address: is missing, but pair.partner is there"],
    [
      {},
      { partnerIdentity, partnerPort: 1 },
      "box.json pair.partnerPort: is of a partner with an address; this one says its port itself (found 1)",
    ],
    [
      { protocol: "isc" },
      { partnerIdentity },
      "box.json pair: needs address and partner; a dhcpd is not looked for (see pair.protocol)",
    ],
  ])("%j %j: %s", (shared, box, issue) => {
    expect(issues(found(shared, box))).toEqual([issue]);
  });
});

describe("is refused", () => {
  test("in one file only", () => {
    expect(issues(office({}, { pair: { name: "office" } }))).toEqual([
      'box.json pair: is missing, but config.json has the pair "office"',
    ]);
    expect(issues(office({}, {}, { pair: BOX_PAIR }))).toEqual([
      "config.json pair: is missing, but box.json has a partner",
    ]);
  });

  test("an identity that is none, or of a dhcpd", () => {
    expect(issues(paired({}, { partnerIdentity: "12ab" }))).toEqual([
      'box.json pair.partnerIdentity: must be the 64 hex digits that tandem identity says on the partner (found "12ab")',
    ]);
    const partnerIdentity = "0".repeat(64);
    expect(issues(paired({ protocol: "isc" }, { partnerIdentity }))).toEqual([
      'box.json pair.partnerIdentity: is of a box; a dhcpd has none (see pair.protocol) (found "00000000000000000000000000000000000000000000000000000000...)',
    ]);
  });

  test("on a box that answers nobody", () => {
    const shared = { pair: { name: "office" } };
    expect(issues(office({}, shared, { role: "standby", pair: BOX_PAIR }))).toEqual([
      'box.json role: "standby" answers nobody; a box of a pair is "serving" (see pair.mode)',
    ]);
  });

  const range = (low: number, high: number, what: string) =>
    `must be ${what} from ${low} to ${high}`;
  test.each<[Changes, string]>([
    [{ name: "" }, "must be 1 to 64 letters, digits or signs"],
    [{ name: " office" }, "without a space at either end"],
    [{ name: "büro" }, "of ASCII"],
    [{ name: "x".repeat(65) }, "must be 1 to 64"],
    [{ mode: "both" }, 'must be "load-balancing" or "hot-standby"'],
    [{ primaryPercent: 0 }, range(1, 99, "a whole number")],
    [{ primaryPercent: 100 }, range(1, 99, "a whole number")],
    [{ mode: "hot-standby", reservePercent: 51 }, range(1, 50, "a whole number")],
    [{ mcltSeconds: 59 }, range(60, 86_400, "a whole number of seconds")],
    [{ mcltSeconds: 86_401 }, range(60, 86_400, "a whole number of seconds")],
    [{ partnerWaitMilliseconds: 1001 }, range(0, 1000, "a whole number of milliseconds")],
    [{ partnerWaitMilliseconds: 0.5 }, range(0, 1000, "a whole number of milliseconds")],
    [{ loadBalanceSecondsMax: 256 }, range(0, 255, "a whole number of seconds")],
    [{ receiveTimerSeconds: 4 }, range(5, 600, "a whole number of seconds")],
    [{ safeSeconds: 59 }, "must be 0, or a whole number of seconds from 60 to 86400"],
    [{ safeSeconds: -1 }, "must be 0, or a whole number of seconds from 60 to 86400"],
    [{ protocol: "kea" }, 'must be "tandem" or "isc"'],
    [{ secret: "x" }, "is not a known setting"],
  ])("with %j in config.json", (changes, reason) => {
    const found = issues(paired(changes));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      new RegExp(`^config\\.json pair\\.${Object.keys(changes).at(-1)}: .*${reason}`),
    );
  });

  test.each<[Changes, string]>([
    [{ role: "serving" }, 'must be "primary" or "secondary"'],
    [{ address: "10.99.0" }, "is not an IPv4 address"],
    [{ partner: "10.99.0.2/24" }, "is not an IPv4 address"],
    [{ port: 0 }, range(1, 65_535, "a port number")],
    [{ partnerPort: 65_536 }, range(1, 65_535, "a port number")],
    [{ address: "0.0.0.0" }, "0.0.0.0 is not an address that a box can have"],
    [{ partner: "224.0.0.18" }, "224.0.0.18 is a multicast or broadcast address, or reserved"],
    [{ partner: "255.255.255.255" }, "is a multicast or broadcast address, or reserved"],
    [{ partner: "10.99.0.1" }, "10.99.0.1 is pair.address, that of this box"],
    [{ partner: "127.0.0.1" }, "127.0.0.1 is known inside one box only"],
    [{ address: "127.0.0.1" }, "127.0.0.1 is known inside one box only"],
    [{ partner: "10.77.0.2" }, "10.77.0.2 is this box's own address in networks.office"],
    [{ partner: "10.77.0.1" }, '10.77.0.1 is the gateway of "office"'],
    [{ address: "10.77.0.199" }, 'is inside pools[0] of "office" (10.77.0.100-10.77.0.199)'],
    [{ partner: "10.77.0.100" }, 'is inside pools[0] of "office" (10.77.0.100-10.77.0.199)'],
    [{ partner: "10.77.0.20" }, 'is reserved by reservations[0] of "office"'],
    [{ port: 6926 }, "6926 is also leasequery.bulkPort of config.json"],
    [{ address: "127.0.0.2", partner: "127.0.0.3", port: 8080 }, "8080 is also http.port"],
    [{ address: "10.77.0.2", port: 8443 }, "8443 is also http.httpsPort"],
  ])("with %j in box.json", (changes, reason) => {
    const reservations = [{ mac: "02:00:5e:10:00:01", address: "10.77.0.20" }];
    const result = office(
      { gateway: "10.77.0.1", reservations },
      { pair: { name: "office" }, leasequery: { from: ["10.77.0.9"], bulkPort: 6926 } },
      { pair: { ...BOX_PAIR, ...changes }, http: { port: 8080 } },
    );
    const found = issues(result);
    expect(found).toHaveLength(1);
    const key = reason.includes("is known") ? Object.keys(changes)[0] : Object.keys(changes).at(-1);
    expect(found[0]?.startsWith(`box.json pair.${key}: `)).toBe(true);
    expect(found[0]).toContain(reason);
  });

  test("with settings of the other mode, or of the other protocol", () => {
    expect(issues(paired({ mode: "hot-standby", primaryPercent: 50 }))).toEqual([
      'config.json pair.primaryPercent: is of load balancing, but mode is "hot-standby" (found 50)',
    ]);
    expect(issues(paired({ reservePercent: 10 }))).toEqual([
      'config.json pair.reservePercent: is of hot standby, but mode is "load-balancing" (found 10)',
    ]);
    expect(issues(paired({ protocol: "isc", partnerWaitMilliseconds: 50 }))).toEqual([
      "config.json pair.partnerWaitMilliseconds: must be 0 with dhcpd, which acknowledges seconds later (found 50)",
    ]);
    expect(issues(paired({ protocol: "isc", partnerWaitMilliseconds: 0 }))).toEqual([]);
  });

  test("with an MCLT longer than every lease, wherever leases are set", () => {
    const short = { leaseSeconds: 300 };
    expect(issues(paired({ mcltSeconds: 301 }, {}, short))).toEqual([
      "config.json pair.mcltSeconds: 301 is longer than the longest lease of any network (300)",
    ]);
    expect(issues(paired({ mcltSeconds: 300 }, {}, short))).toEqual([]);
    expect(issues(paired({ mcltSeconds: 301 }, {}, {}, short))).toHaveLength(1);
    expect(issues(paired({ mcltSeconds: 43_201 }))).toHaveLength(1);
    const pools = [{ from: "10.77.0.100", to: "10.77.0.199", maxLeaseSeconds: 600 }];
    expect(issues(paired({ mcltSeconds: 600 }, {}, { ...short, pools }))).toEqual([]);
    const classes = [{ name: "phones", match: { known: true }, leaseSeconds: "infinite" }];
    expect(issues(paired({ mcltSeconds: 600 }, {}, short, { classes }))).toEqual([]);
    // Nobody asked for the default to be that long.
    expect(issues(paired({}, {}, short))).toEqual([]);
  });

  test("with all that is wrong at once, beside what else is", () => {
    const result = office(
      { gateway: "10.1.1.1" },
      { pair: { name: "office", reservePercent: 10, mcltSeconds: 86_400 } },
      { pair: { ...BOX_PAIR, partner: "10.77.0.150" }, role: "standby" },
    );
    expect(issues(result).map((issue) => issue.split(": ")[0])).toEqual([
      "config.json networks[0].gateway",
      "config.json pair.reservePercent",
      "config.json pair.mcltSeconds",
      "box.json pair.partner",
      "box.json role",
    ]);
  });
});

// What each level may set, and which level wins while the configuration is read.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { hex } from "../../daemon/base/bytes.ts";
import { FOREVER_SECONDS, type LevelConfig } from "../../daemon/core/config-view.ts";
import { optionByCode } from "../../daemon/wire/dhcp4-options.ts";
import { coreOf, firstOf, issues, nth, OFFICE, office } from "./loading.ts";

const RANGE = nth(OFFICE.pools, 0);
const PRINTER = { mac: "02:00:5e:10:00:01", address: "10.77.0.20" };

function optionsOf(level: LevelConfig): Record<number, string> {
  return Object.fromEntries(level.options.map(({ code, data }) => [code, hex(data)]));
}

describe("options", () => {
  test("of the file are in every network, which may replace them or take them away", () => {
    const network = firstOf(
      office(
        { dns: ["10.77.0.1"], options: { "ntp-servers": "10.77.0.9", "time-offset": null } },
        {
          options: {
            "domain-name-server": ["10.1.1.1"],
            "ntp-servers": ["10.1.1.1"],
            "time-offset": 3600,
            "log-server": "10.1.1.2",
          },
        },
      ),
    );
    expect(optionsOf(network)).toEqual({
      1: "ffffff00",
      6: "0a4d0001",
      7: "0a010102",
      42: "0a4d0009",
    });
  });

  test("of the network may take away what its other settings say", () => {
    const network = firstOf(office({ gateway: "10.77.0.1", options: { router: null } }));
    expect(optionsOf(network)).toEqual({ 1: "ffffff00" });
  });

  test("that closer levels take away are empty there", () => {
    const gone = { options: { "ntp-servers": null } };
    const core = coreOf(
      office(
        { pools: [{ ...RANGE, ...gone }], reservations: [{ ...PRINTER, ...gone }] },
        { classes: [{ name: "a", match: { known: true }, ...gone }] },
      ),
    );
    const network = nth(core.networks, 0);
    for (const level of [network.pools[0], network.reservations[0], core.classes[0]]) {
      expect(level && optionsOf(level)).toEqual({ 42: "" });
    }
  });

  test("are checked at every level, with the path", () => {
    const wrong = { options: { "ntp-servers": "soon" } };
    const found = issues(
      office(
        { ...wrong, pools: [{ ...RANGE, ...wrong }], reservations: [{ ...PRINTER, ...wrong }] },
        { ...wrong, classes: [{ name: "a", match: { known: true }, ...wrong }] },
      ),
    );
    expect(found.map((one) => one.split(":")[0])).toEqual([
      "config.json options.ntp-servers",
      "config.json networks[0].options.ntp-servers",
      "config.json networks[0].pools[0].options.ntp-servers",
      "config.json networks[0].reservations[0].options.ntp-servers",
      "config.json classes[0].options.ntp-servers",
    ]);
  });

  test.each([
    ["vendor-class-identifier", "HTTPClient", "60=48545450436c69656e74"],
    ["vendor-specific-information", "0a0b", "43=0a0b"],
    ["vendor-specific-information", [{ code: 6, data: "08" }], "43=060108"],
    ["option-224", "0a:0b", "224=0a0b"],
    ["option-42", "0a4d0001", "42=0a4d0001"],
  ])("%s may be %j", (name, value, expected) => {
    const found = Object.entries(optionsOf(firstOf(office({ options: { [name]: value } }))));
    expect(found.map(([code, data]) => `${code}=${data}`)).toContain(expected);
  });

  test.each([
    [{ "option-53": "05" }, "the server or a client fills it"],
    [{ "option-82": "010161" }, "the server or a client fills it"],
    [{ "option-255": "01" }, "no DHCP option of this name"],
    [{ "ip-address-lease-time": 60 }, "the setting for it is leaseSeconds"],
    [{ "option-58": "0000003c" }, "the setting for it is renewSeconds"],
    [{ "rapid-commit": true }, "the setting for it is rapidCommit"],
    [{ "forcerenew-nonce-capable": [1] }, "the setting for it is forceRenew"],
    [{ "mobile-ip-home-agent": [] }, "an option without content cannot be set"],
    [{ "option-224": "" }, "an option without content cannot be set"],
    [{ "ntp-servers": "10.0.0.1", "option-42": "0a000001" }, 'the same option as "ntp-servers"'],
  ])("%j is refused", (options, reason) => {
    const found = issues(office({ options }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(reason);
  });

  test("no name or code leads to one that the table keeps for others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 254 }), (code) => {
        const sender = optionByCode(code)?.sender ?? "network";
        const result = office({ options: { [`option-${code}`]: "00" } });
        if (sender !== "network" && sender !== "both") expect(issues(result)).toHaveLength(1);
      }),
    );
  });
});

describe("options of one's own", () => {
  const custom = (...customOptions: unknown[]) => ({ customOptions });

  test.each([
    ["text", "abc", "616263"],
    ["ipv4-list", ["10.0.0.1", "10.0.0.2"], "0a0000010a000002"],
    ["u16", 258, "0102"],
    ["u32-list", [1, 2], "0000000100000002"],
    ["bool", true, "01"],
    ["bytes", "0a0b", "0a0b"],
    ["domain-search", ["a.b"], "0161016200"],
    ["ipv6", "2001:db8::1", "20010db8000000000000000000000001"],
    ["suboptions", [{ code: 1, data: "ff" }], "0101ff"],
  ])("of type %s", (type, value, expected) => {
    const file = { ...custom({ code: 224, name: "own", type }), options: { own: value } };
    expect(optionsOf(firstOf(office({}, file)))[224]).toBe(expected);
    const wrong = { ...file, options: { own: { no: "such" } } };
    expect(issues(office({}, wrong))).toHaveLength(1);
  });

  test("may not take a name or code that there is", () => {
    const file = custom(
      { code: 42, name: "own-time", type: "text" },
      { code: 224, name: "ntp-servers", type: "text" },
      { code: 225, name: "option-9", type: "text" },
      { code: 226, name: "own", type: "text" },
      { code: 226, name: "own", type: "u8" },
    );
    expect(issues(office({}, file))).toEqual([
      'config.json customOptions[0]: option 42 is already known as "ntp-servers"',
      'config.json customOptions[1]: "ntp-servers" is already the name of option 42',
      'config.json customOptions[2]: "option-9" is already the name of option 9',
      "config.json customOptions[4].code: 226 is also the code of customOptions[3]",
      'config.json customOptions[4].name: "own" is also the name of customOptions[3]',
    ]);
  });

  test("have a code, a name and a type that there can be", () => {
    const file = custom({ code: 255, name: "Own", type: "float" });
    const found = issues(office({}, file));
    expect(found).toHaveLength(3);
    expect(found[2]).toContain("is not a type of option; there are ipv4, ");
  });
});

describe("lease times", () => {
  const times = ({ leaseSeconds, minLeaseSeconds, maxLeaseSeconds }: LevelConfig) => [
    minLeaseSeconds,
    leaseSeconds,
    maxLeaseSeconds,
  ];

  test.each([
    ["nothing set", {}, {}, [120, 43_200, 43_200]],
    ["the file's", {}, { leaseSeconds: 600, maxLeaseSeconds: 900 }, [120, 600, 900]],
    ["the network's", { leaseSeconds: 600 }, { leaseSeconds: 60 }, [60, 600, 600]],
    [
      "a cap that is the network's own",
      { leaseSeconds: 600 },
      { maxLeaseSeconds: 86_400 },
      [120, 600, 600],
    ],
    ["shorter than the usual minimum", { leaseSeconds: 60 }, {}, [60, 60, 60]],
    ["for ever", { leaseSeconds: "infinite" }, {}, [120, FOREVER_SECONDS, FOREVER_SECONDS]],
    ["for ever on request", { maxLeaseSeconds: "infinite" }, {}, [120, 43_200, FOREVER_SECONDS]],
  ])("%s", (_, network, file, expected) => {
    expect(times(firstOf(office(network, file)))).toEqual(expected);
  });

  test("closer levels say only what they set, and cap what they shorten", () => {
    const network = firstOf(office({ pools: [{ ...RANGE, leaseSeconds: 600, renewSeconds: 60 }] }));
    const pool = nth(network.pools, 0);
    expect(times(pool)).toEqual([undefined, 600, 600]);
    expect([pool.renewSeconds, pool.rebindSeconds]).toEqual([60, undefined]);
  });

  test.each([
    [
      { leaseSeconds: 600, minLeaseSeconds: 601 },
      "minLeaseSeconds: 601 is more than leaseSeconds (600)",
    ],
    [
      { leaseSeconds: "infinite", maxLeaseSeconds: 600 },
      'maxLeaseSeconds: 600 is less than leaseSeconds ("infinite")',
    ],
    [
      { leaseSeconds: 600, renewSeconds: 525 },
      "renewSeconds: renewSeconds (525) must be less than rebindSeconds (525), which follows from leaseSeconds",
    ],
    [
      { leaseSeconds: 600, rebindSeconds: 600 },
      "rebindSeconds: rebindSeconds (600) must be less than leaseSeconds (600)",
    ],
    [
      { leaseSeconds: 600, rebindSeconds: 300 },
      "rebindSeconds: renewSeconds (300) must be less than rebindSeconds (300), which",
    ],
    [
      { renewSeconds: 500, rebindSeconds: 400 },
      "renewSeconds: renewSeconds (500) must be less than rebindSeconds (400)",
    ],
    [{ leaseSeconds: 59 }, "leaseSeconds: must be 60 seconds or more (found 59)"],
    [
      { leaseSeconds: "never" },
      'leaseSeconds: must be a number of seconds or "infinite" (found "never")',
    ],
    [{ minLeaseSeconds: "infinite" }, "minLeaseSeconds: must be a number of seconds"],
    [{ renewSeconds: 0 }, "renewSeconds: must be 1 second or more"],
    [
      { randomisedMacLeaseSeconds: 60 },
      "randomisedMacLeaseSeconds: 60 is less than minLeaseSeconds (120)",
    ],
  ])("%j is refused", (network, reason) => {
    const found = issues(office(network));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`networks[0].${reason}`);
  });

  test("are compared with those of wider levels, and only where one is set", () => {
    const found = issues(
      office(
        {
          pools: [
            { ...RANGE, leaseSeconds: 900 },
            { from: "10.77.0.50", to: "10.77.0.60" },
          ],
        },
        { renewSeconds: 1000, rebindSeconds: 2000 },
      ),
    );
    expect(found).toEqual([
      "config.json networks[0].pools[0].leaseSeconds: rebindSeconds (2000) must be less than leaseSeconds (900)",
    ]);
  });

  test("of a class are compared with each other", () => {
    const one = (times: object) =>
      office({}, { classes: [{ name: "a", match: { known: true }, ...times }] });
    expect(issues(one({ leaseSeconds: 60, renewSeconds: 20 }))).toEqual([]);
    expect(issues(one({ minLeaseSeconds: 600 }))).toEqual([]);
    expect(issues(one({ minLeaseSeconds: 600, maxLeaseSeconds: 300 }))).toEqual([
      "config.json classes[0].minLeaseSeconds: 600 is more than maxLeaseSeconds (300)",
    ]);
  });

  test("that pass are in order, whatever was written", () => {
    const some = fc.option(fc.integer({ min: 60, max: 5000 }), { nil: undefined, freq: 1 });
    const level = fc.record({
      leaseSeconds: some,
      minLeaseSeconds: some,
      maxLeaseSeconds: some,
      renewSeconds: some,
      rebindSeconds: some,
    });
    let passed = 0;
    fc.assert(
      fc.property(level, level, (network, file) => {
        const result = office(network, file);
        if ("issues" in result) return;
        passed++;
        const { leaseSeconds, minLeaseSeconds, maxLeaseSeconds, ...at } = firstOf(result);
        expect(minLeaseSeconds).toBeLessThanOrEqual(leaseSeconds);
        expect(leaseSeconds).toBeLessThanOrEqual(maxLeaseSeconds);
        expect(at.renewSeconds ?? 0).toBeLessThan(at.rebindSeconds ?? leaseSeconds);
        expect(at.rebindSeconds ?? 0).toBeLessThan(leaseSeconds);
      }),
      { numRuns: 500 },
    );
    expect(passed).toBeGreaterThan(0);
  });
});

describe("boot", () => {
  test("is merged field by field, and null takes away", () => {
    const file = { boot: { server: "10.77.0.5", serverName: "boot", file: "a" } };
    const pools = [{ ...RANGE, boot: { server: null, file: null } }];
    const network = firstOf(office({ boot: { serverName: null, file: "b" }, pools }, file));
    expect(network.nextServer && formatIpv4(network.nextServer)).toBe("10.77.0.5");
    expect(network.serverName).toBeUndefined();
    expect(network.bootFile).toEqual(new TextEncoder().encode("b"));
    const pool = nth(network.pools, 0);
    expect([pool.nextServer, pool.serverName, pool.bootFile]).toEqual([
      0,
      undefined,
      new Uint8Array(0),
    ]);
  });

  test.each([
    [{ server: "boot.example" }, "boot.server: is not an IPv4 address"],
    [{ serverName: "x".repeat(64) }, "boot.serverName: must be 1 to 63 bytes of text"],
    [{ file: "é".repeat(64) }, "boot.file: must be 1 to 127 bytes of text"],
    [{ file: "" }, "boot.file: must be 1 to 127 bytes of text"],
    [{ file: "a\0b" }, "boot.file: must be 1 to 127 bytes of text"],
  ])("%j is refused", (boot, reason) => {
    expect(issues(office({ boot }))[0]).toContain(reason);
  });
});

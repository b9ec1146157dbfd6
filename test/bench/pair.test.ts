import { describe, expect, test } from "vitest";
import { loadConfig } from "../../daemon/config/load.ts";
import { parseOptions, UsageError } from "./options.ts";
import type { Exchange, FleetReport } from "./pair-fleet.ts";
import { dhcpdActiveLeases, keaActiveLeases } from "./pair-leases.ts";
import type { PairResult } from "./pair-plan.ts";
import { pairVerdicts, renderPairs } from "./pair-report.ts";
import { judgeTakeover, type Takeover } from "./pair-takeover.ts";
import type { ServerResult } from "./plan.ts";
import { pairBoxConfig, pairConfig } from "./tandem-config.ts";

describe("leases in other servers' databases", () => {
  test("Kea: the last line of an address counts, over all files", () => {
    const head = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,state";
    const line = (address: string, lifetime: number, state: number): string =>
      `${address},00:0c:01:02:03:04,,${lifetime},1700000000,1,0,${state}`;
    const older = [head, line("10.0.1.1", 4000, 0), line("10.0.1.2", 4000, 0), ""].join("\n");
    const newer = [head, line("10.0.1.1", 4000, 0), line("10.0.1.2", 0, 0), ""].join("\n");
    expect(keaActiveLeases([older])).toBe(2);
    expect(keaActiveLeases([older, newer])).toBe(1);
    expect(keaActiveLeases([`${head}\n${line("10.0.1.3", 4000, 1)}\n`])).toBe(0);
  });

  test("Kea: a file that is something else is not counted as empty", () => {
    expect(() => keaActiveLeases(["<html>"])).toThrow("not a lease file");
  });

  test("dhcpd: the last entry of an address counts", () => {
    const lease = (address: string, state: string): string =>
      `lease ${address} {\n  starts 2 2026/11/24 04:00:00;\n  binding state ${state};\n` +
      "  next binding state expired;\n  hardware ethernet 00:0c:01:02:03:04;\n}\n";
    const text =
      'failover peer "bench" state {\n  my state normal at 2 2026/11/24 04:00:00;\n}\n' +
      lease("10.0.1.1", "backup") +
      lease("10.0.1.1", "active") +
      lease("10.0.1.2", "active") +
      lease("10.0.1.3", "active") +
      lease("10.0.1.3", "free");
    expect(dhcpdActiveLeases(text)).toBe(2);
  });
});

describe("the command line for pairs", () => {
  test("names are those of pairs, and results have a file of their own", () => {
    const options = parseOptions(["--pair", "--servers", "x-pair"], ["kea"], ["x-pair"]);
    expect(options).toMatchObject({ servers: ["x-pair"], json: "dist/bench-pair.json" });
    expect(parseOptions(["--takeover"], ["kea"], ["x-pair"])).toMatchObject({
      ...{ servers: ["x-pair"], pair: false, takeover: true },
    });
    expect(() => parseOptions(["--pair", "--servers", "kea"], ["kea"], ["x"])).toThrow(UsageError);
    expect(() => parseOptions(["--servers", "x"], ["kea"], ["x"])).toThrow(UsageError);
  });
});

describe("the configurations of a pair", () => {
  test.each(["load-balancing", "hot-standby"] as const)("%s is accepted", (mode) => {
    for (const [role, own, partner] of [
      ["primary", 1, 2],
      ["secondary", 2, 1],
    ] as const) {
      const ends = { address: `10.1.0.${own}`, partner: `10.1.0.${partner}` };
      for (const found of [ends, { partnerIdentity: "ab".repeat(32) }]) {
        const lanAddress = `10.0.0.${own}`;
        const box = pairBoxConfig({ name: "A", role, lanAddress, partner: found });
        const result = loadConfig(pairConfig(mode), box);
        if ("issues" in result) throw new Error(JSON.stringify(result.issues));
        expect(result.config.core.pair).toMatchObject({
          ...{ role, mode: { kind: mode }, dialect: "tandem" },
        });
      }
    }
  });
});

describe("what clients noticed of a death", () => {
  const [dead, other] = ["10.0.0.1", "10.0.0.3"];
  const killedAt = 10_000;

  test("only clients of the dead server say when it was replaced", () => {
    const takeover = judge([
      exchange(2, 10_001, 10_002, other),
      exchange(0, 9_990, 10_500, other),
      exchange(1, 10_100, 10_900, other),
    ]);
    expect(takeover).toMatchObject({ firstKnown: 500, firstNewcomer: 900, ofTheDead: 2 });
    expect(takeover).toMatchObject({ longestWait: 800, longestIsOpen: false, unanswered: 0 });
    expect(takeover).toMatchObject({ inFlight: 1, longestInFlight: 510 });
  });

  test("an answer that the dead server sent just before is none of its successor's", () => {
    expect(judge([exchange(0, 9_999, 10_001, dead)]).firstKnown).toBeNull();
  });

  test("who still waits has waited longest", () => {
    const takeover = judge([exchange(0, 10_100, null, null), exchange(1, 10_200, 10_300, other)]);
    expect(takeover).toMatchObject({ longestWait: 9_900, longestIsOpen: true, unanswered: 1 });
    expect(takeover).toMatchObject({ firstKnown: null, firstNewcomer: 300, waitedASecond: 1 });
  });

  function judge(exchanges: readonly Exchange[]): Takeover {
    const report: FleetReport = {
      servedBy: [[dead], [dead], [other], [dead, other]],
      ...{ known: 1, firstLeases: [], exchanges, naks: 0, duplicates: 0, ended: 20_000 },
    };
    return judgeTakeover(report, killedAt, dead);
  }

  function exchange(
    client: number,
    begun: number,
    ended: number | null,
    server: string | null,
  ): Exchange {
    return { client, begun, ended, server, leaseSeconds: ended === null ? null : 4000 };
  }
});

describe("the report of pairs", () => {
  const takeover: Takeover = {
    ...{ firstKnown: 12, firstNewcomer: 15, longestWait: 900, longestIsOpen: false },
    ...{ waitP50: 1, waitP99: 800, waitedASecond: 0, clients: 2000, ofTheDead: 1000 },
    ...{
      unanswered: 0,
      naks: 0,
      duplicates: 0,
      inFlight: 1,
      longestInFlight: 4000,
      shortestLease: 600,
      observedSeconds: 12,
    },
  };

  test("says what holds", () => {
    const said = pairVerdicts([pair("tandem-pair", 6000, takeover), pair("kea-x", 2000, null)]);
    expect(said).toEqual([
      "holds: rate: 3.00x the best other pair (goal 3x)",
      "holds: first leases are full: 4000 s of 4000 s",
      "holds: every lease is on both boxes: 100 acknowledged, 100 and 100 stored",
      "holds: takeover: longest wait 0.900 s (goal 1 s)",
      "holds: takeover: 0 refused, 0 addresses given twice",
      "holds: the dead box is back in 1.500 s: 0 of 100 addresses differ",
    ]);
  });

  test("says what does not hold", () => {
    const us: PairResult = {
      ...pair("tandem-pair", 5000, { ...takeover, longestWait: 1001, duplicates: 1 }),
      back: { inStep: 1500, addresses: 100, differing: 2 },
      firstLease: { min: 600, max: 4000 },
      databases: { acknowledged: 100, onA: 100, onB: 99 },
    };
    const said = pairVerdicts([us, pair("kea-x", 2000, null)]);
    expect(said).toHaveLength(6);
    for (const line of said) expect(line).toMatch(/^DOES NOT HOLD: /);
  });

  test("has a line for each pair, also for one that failed", () => {
    const failed = pair("kea-x", 0, null);
    const dead = {
      ...failed,
      server: { ...failed.server, highest: null, failure: "it did not answer" },
    };
    const machine = { cpu: "c", cores: 2, kernel: "6", node: "24", perfdhcp: "2", loadBefore: 0 };
    const disk = { folder: "/", fileSystem: "ext4", device: "sda", syncsPerSecond: 5000 };
    const text = renderPairs([pair("tandem-pair", 6000, takeover), dead], machine, disk);
    expect(text).toMatch(/^tandem-pair +1 +6000 /m);
    expect(text).toMatch(/^kea-x +1 +- /m);
    expect(text).toContain("measured: it did not answer");
    expect(text).toMatch(/^tandem-pair +0\.012 +0\.015 /m);
  });

  function pair(name: string, rate: number, taken: Takeover | null): PairResult {
    const stage = { sent: rate, received: rate, delays: null, percentiles: null };
    const server: ServerResult = {
      ...{ name, version: "1", note: "n", isCeiling: false, variantOf: null, failure: null },
      ...{ driverLimited: false, search: [], paced: [], resident: null },
      highest: {
        ...{ asked: rate, started: rate, completed: rate, loss: 0, cpuPer10k: 5, othersCpus: 0 },
        ...{ driverOverflows: 0, memory: [{ name, peakMiB: 20, residentMiB: 20 }] },
        report: { offer: stage, ack: stage, malformed: 0, rejected: 0 },
      },
    };
    return {
      ...{ syncs: "both", server, takeover: taken, firstLease: { min: 4000, max: 4000 } },
      databases: { acknowledged: 100, onA: 100, onB: 100 },
      back: taken && { inStep: 1500, addresses: 100, differing: 0 },
    };
  }
});

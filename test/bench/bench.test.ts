import { describe, expect, test } from "vitest";
import { mountOf } from "./disk.ts";
import type { Run } from "./measure.ts";
import { parseOptions, UsageError } from "./options.ts";
import type { ServerResult } from "./plan.ts";
import { summarizeProfile } from "./profile.ts";
import { formatTable, ratioToBestOther, renderReport, verdicts } from "./report.ts";
import { findHighest, nextConfirmation, nextRate, type Trial } from "./search.ts";
import { parseBusyTicks, parseStatTicks, parseStatusKiB, parseUdpOverflows } from "./usage.ts";

describe("the search", () => {
  const options = { start: 1000, floor: 10, maxLoss: 0.01, resolution: 0.05 };

  test.each([12, 99, 1000, 1024, 7431, 40_000])("finds a limit of %i", async (limit) => {
    const result = await findHighest(serverWithLimit(limit), options);
    expect(result.best?.asked).toBeLessThanOrEqual(limit);
    expect(result.best?.asked).toBeGreaterThan(limit / 1.05 - 1);
    expect(result.driverLimited).toBe(false);
  });

  test("a server slower than the floor has no rate", async () => {
    const result = await findHighest(serverWithLimit(5), options);
    expect(result.best).toBeNull();
    expect(result.trials.every(({ asked }) => asked >= 10)).toBe(true);
  });

  test("a single hiccup near the limit is forgiven, a second one is not", async () => {
    const hiccups = new Map([[2000, 1]]);
    const run = async (rate: number): Promise<Trial> => {
      const left = hiccups.get(rate) ?? 0;
      hiccups.set(rate, left - 1);
      return trial(rate, rate > 2500 || left > 0 ? 0.04 : 0);
    };
    const result = await findHighest(run, options);
    expect(result.best?.asked).toBeGreaterThanOrEqual(2000);
    expect(result.trials.filter(({ asked }) => asked === 2000)).toHaveLength(2);
  });

  test("it stops where perfdhcp cannot start more", async () => {
    const run = async (rate: number): Promise<Trial> => ({
      asked: rate,
      started: Math.min(rate, 14_000),
      completed: Math.min(rate, 14_000),
      loss: 0,
    });
    const result = await findHighest(run, options);
    expect(result).toMatchObject({ driverLimited: true, best: { completed: 14_000 } });
    expect(result.trials.map(({ asked }) => asked)).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  test("it ends even when a faster trial completes less than a slower one", async () => {
    const run = async (rate: number): Promise<Trial> => {
      return { ...trial(rate, rate > 3000 ? 0.5 : 0), completed: 3000 - rate / 10 };
    };
    const result = await findHighest(run, options);
    expect(result.best?.asked).toBe(1000);
    expect(result.trials.length).toBeLessThan(20);
  });

  test("next rates", () => {
    const bounds = { floor: 10, resolution: 0.05 };
    expect(nextRate(null, 25, bounds)).toBe(12);
    expect(nextRate(null, 19, bounds)).toBe(10);
    expect(nextRate(null, 10, bounds)).toBeNull();
    expect(nextRate(100, Number.POSITIVE_INFINITY, bounds)).toBe(200);
    expect(nextRate(100, 200, bounds)).toBe(150);
    expect(nextRate(100, 105, bounds)).toBeNull();
    expect(nextRate(3, 4, bounds)).toBeNull();
  });

  test("next confirming rates: down far or near, up while nothing fails, then the middle", () => {
    expect(nextConfirmation(null, 1000, 0.3)).toBe(800);
    expect(nextConfirmation(null, 1000, 0.02)).toBe(950);
    expect(nextConfirmation(1000, Number.POSITIVE_INFINITY, 0)).toBe(1050);
    expect(nextConfirmation(800, 1000, 0)).toBe(900);
    expect(nextConfirmation(950, 1000, 0)).toBeNull();
  });
});

describe("/proc", () => {
  test("CPU ticks, with a program name that holds blanks and parentheses", () => {
    const line = "42 (a) b (c) S 1 42 42 0 -1 4194304 90 0 0 0 311 22 0 0 20 0 5 0 1 2 3";
    expect(parseStatTicks(line)).toBe(333);
    expect(parseStatTicks(line.replace("22 0 0", "22 4 6"), "with ended children")).toBe(343);
    expect(() => parseStatTicks("42 (x) S")).toThrow("/proc/PID/stat");
  });

  test("busy ticks of the machine leave out idle and waiting for the disk", () => {
    const stat = "cpu  100 20 30 9000 500 4 5 1 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
    expect(parseBusyTicks(stat)).toBe(160);
    expect(() => parseBusyTicks("intr 1")).toThrow("cpu line");
  });

  test("memory lines", () => {
    const status = "Name:\tnode\nVmHWM:\t   70120 kB\nVmRSS:\t   65000 kB\n";
    expect(parseStatusKiB(status, "VmHWM")).toBe(70120);
    expect(parseStatusKiB(status, "VmRSS")).toBe(65000);
    expect(() => parseStatusKiB(status, "VmSwap")).toThrow("VmSwap");
  });

  test("datagrams that found a socket full", () => {
    const head = "Ip: Forwarding DefaultTTL\nIp: 1 64\n";
    const udp = "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\n";
    expect(parseUdpOverflows(`${head}${udp}Udp: 900 1 42 800 41 0\nUdpLite: 1\n`)).toBe(41);
    expect(() => parseUdpOverflows(head)).toThrow("RcvbufErrors");
  });

  test("the mount of a folder is the longest above it, the last of those stacked", () => {
    const mounts = [
      "/dev/vda / ext4 rw 0 0",
      "tmpfs /run tmpfs rw 0 0",
      "/dev/vdb /srv/a\\040b xfs rw 0 0",
      "tmpfs /srv/stack tmpfs rw 0 0",
      "/dev/vdc /srv/stack btrfs rw 0 0",
    ].join("\n");
    expect(mountOf("/home/x", mounts).type).toBe("ext4");
    expect(mountOf("/run", mounts).type).toBe("tmpfs");
    expect(mountOf("/runner", mounts).type).toBe("ext4");
    expect(mountOf("/srv/a b/c", mounts)).toEqual({ type: "xfs", device: "/dev/vdb" });
    expect(mountOf("/srv/stack/c", mounts).type).toBe("btrfs");
  });
});

describe("options", () => {
  const known = ["tandem", "kea"];

  test("defaults, quick, and a fixed rate", () => {
    const normal = parseOptions([], known);
    expect(normal).toMatchObject({ servers: known, seconds: 10, rate: null, paced: [200, 2000] });
    expect(parseOptions(["--quick"], known)).toMatchObject({ seconds: 4, paced: [] });
    const fixed = parseOptions(["--rate", "700", "--servers", "kea"], known);
    expect(fixed).toMatchObject({ rate: 700, servers: ["kea"], memoryLeases: 0 });
  });

  test.each([
    [["--servers", "named"], 'no server "named"'],
    [["--rate", "fast"], "--rate"],
    [["--seconds", "0"], "--seconds"],
    [["--clients", "70000"], "--clients"],
    [["--nonsense"], "--nonsense"],
  ])("%j is refused and the message says why", (args, message) => {
    expect(() => parseOptions(args, known)).toThrow(UsageError);
    expect(() => parseOptions(args, known)).toThrow(message);
  });
});

describe("the report", () => {
  test("columns line up", () => {
    expect(
      formatTable(
        ["a", "num"],
        [
          ["long name", "1"],
          ["b", "1234.5"],
        ],
      ),
    ).toBe(
      ["a             num", "---------  ------", "long name       1", "b          1234.5"].join(
        "\n",
      ),
    );
  });

  test("ratios compare with the best other server and ignore the do-nothing one", () => {
    const all = [
      result("tandem", 12_000, 0.5),
      result("kea", 8000, 1),
      result("dhcpd", 500, 4),
      { ...result("do-nothing", 14_000, 0.1), isCeiling: true },
    ];
    const rate = (of: ServerResult): number => of.highest?.completed ?? Number.NaN;
    expect(ratioToBestOther(all, "tandem", rate, "higher")).toBe(1.5);
    expect(ratioToBestOther(all, "kea", rate, "higher")).toBe(8000 / 12_000);
    expect(ratioToBestOther(all, "tandem", rate, "lower")).toBe(24);
    expect(ratioToBestOther(all.slice(0, 1), "tandem", rate, "higher")).toBeNaN();
  });

  test("a variant is compared with the server it is one of, and competes with nobody", () => {
    const rich = { ...result("tandem-rich", 9000, 0.6), variantOf: "tandem" };
    const all = [result("tandem", 10_000, 0.5), rich, result("kea", 5000, 1)];
    const rate = (of: ServerResult): number => of.highest?.completed ?? Number.NaN;
    expect(ratioToBestOther(all, "tandem", rate, "higher")).toBe(2);
    expect(ratioToBestOther(all, "tandem-rich", rate, "higher")).toBe(0.9);
    expect(ratioToBestOther([rich], "tandem-rich", rate, "higher")).toBeNaN();
    expect(verdicts(all).at(-1)).toBe(
      "tandem-rich: 0.90x the rate of tandem, 1.20x its CPU per exchange",
    );
    expect(verdicts([rich])).toEqual([]);
  });

  test("goals: rate or ceiling, CPU against Kea, memory", () => {
    const ceiling = { ...result("do-nothing", 10_000, 0.1), isCeiling: true };
    const kea = result("kea", 9000, 1);
    const fast = { ...result("tandem", 9600, 0.9), resident: resident(60) };
    expect(verdicts([fast, kea, ceiling]).map((line) => line.split(":")[0])).toEqual([
      "holds",
      "holds",
      "holds",
    ]);
    const slow = { ...result("tandem", 9000, 1.2), resident: resident(91) };
    expect(verdicts([slow, kea, ceiling]).map((line) => line.split(":")[0])).toEqual([
      "DOES NOT HOLD",
      "DOES NOT HOLD",
      "DOES NOT HOLD",
    ]);
    expect(verdicts([kea, ceiling])).toEqual([]);
  });

  test("a ceiling measured on a busy machine excuses nobody", () => {
    const quiet = result("do-nothing", 9000, 0.1);
    const busy = quiet.highest === null ? null : { ...quiet.highest, othersCpus: 0.9 };
    const ceiling = { ...quiet, isCeiling: true, highest: busy };
    const said = verdicts([result("tandem", 9000, 1), result("kea", 9000, 1), ceiling]);
    expect(said[0]).toMatch(/^NOISY: other work kept 0.90 CPUs busy while do-nothing/);
    expect(said[1]).toMatch(/^DOES NOT HOLD: rate: 1.00x/);
  });

  test("a server that failed is named with its reason, beside the others' numbers", () => {
    const machine = { cpu: "X", cores: 2, kernel: "6", node: "24", perfdhcp: "2.2", loadBefore: 0 };
    const disk = { folder: "/x", fileSystem: "ext4", device: "/dev/x", syncsPerSecond: 5000.4 };
    const dead = { ...result("dnsmasq", 1, 1), highest: null, failure: "it did not answer" };
    const text = renderReport([result("kea", 9000, 1), dead], machine, disk);
    expect(text).toContain("5000 fdatasync per second");
    expect(text).toMatch(/^kea .* 9000 /m);
    expect(text).toContain("not measured: it did not answer");
  });
});

test("a CPU profile is summed by function, idle time left out", () => {
  const frame = (functionName: string, url: string, lineNumber: number) => ({
    callFrame: { functionName, url, lineNumber },
  });
  const profile = {
    nodes: [
      { id: 1, ...frame("(idle)", "", -1) },
      { id: 2, ...frame("encode", "file:///x/tandemd.js", 9) },
      { id: 3, ...frame("", "file:///x/tandemd.js", 19) },
      { id: 4, ...frame("encode", "file:///x/tandemd.js", 9) },
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [5000, 1000, 1000, 2000],
  };
  expect(summarizeProfile(profile, 5)).toEqual([
    { where: "encode tandemd.js:10", selfMs: 3, share: 0.75 },
    { where: "(anonymous) tandemd.js:20", selfMs: 1, share: 0.25 },
  ]);
  expect(() => summarizeProfile({ nodes: [] }, 5)).toThrow("no CPU profile");
});

function trial(rate: number, loss: number): Trial {
  return { asked: rate, started: rate, completed: rate * (1 - loss), loss };
}

function serverWithLimit(limit: number): (rate: number) => Promise<Trial> {
  return async (rate) => trial(rate, rate <= limit ? 0 : 1 - limit / rate + 0.01);
}

function run(rate: number, cpuPer10k: number): Run {
  const stage = { sent: rate, received: rate, delays: null, percentiles: null };
  const report = { offer: stage, ack: stage, malformed: 0, rejected: 0 };
  const memory = [{ name: "x", peakMiB: 10, residentMiB: 9 }];
  return { ...trial(rate, 0), report, cpuPer10k, othersCpus: 0, driverOverflows: 0, memory };
}

function result(name: string, rate: number, cpuPer10k: number): ServerResult {
  return {
    ...{ name, version: "1", note: "", isCeiling: false, variantOf: null, driverLimited: false },
    ...{ search: [], paced: [], resident: null, failure: null },
    highest: run(rate, cpuPer10k),
  };
}

function resident(mebibytes: number): NonNullable<ServerResult["resident"]> {
  const memory = [{ name: "tandemd", peakMiB: mebibytes + 10, residentMiB: mebibytes }];
  return { leases: 10_000, memory };
}

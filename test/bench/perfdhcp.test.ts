import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type LoadReport,
  lossOf,
  mergeReports,
  parsePerfdhcp,
  percentile,
  perfdhcpArguments,
  shareOf,
} from "./perfdhcp.ts";

describe("perfdhcp's report", () => {
  test("a run without loss", () => {
    const report = parsePerfdhcp(fixture("perfdhcp-rate.txt"));
    expect(report.offer.sent).toBe(1999);
    expect(report.ack).toEqual({
      sent: 1999,
      received: 1999,
      delays: { minMs: 0.019, meanMs: 0.065, maxMs: 1.185 },
      percentiles: null,
    });
    expect(lossOf(report)).toBe(0);
  });

  test("losses of both stages count against the DISCOVERs that began them", () => {
    const report = parsePerfdhcp(fixture("perfdhcp-overload.txt"));
    expect(report.offer).toMatchObject({ sent: 74724, received: 63376 });
    expect(report.ack).toMatchObject({ sent: 63376, received: 62959 });
    expect(lossOf(report)).toBeCloseTo(1 - 62959 / 74724, 12);
  });

  test("a server that never answers is all loss, without delays", () => {
    const report = parsePerfdhcp(fixture("perfdhcp-silent.txt"));
    expect(report.offer).toEqual({ sent: 99, received: 0, delays: null, percentiles: null });
    expect(report.ack.delays).toBeNull();
    expect(lossOf(report)).toBe(1);
  });

  test("timers give percentiles of each stage that lie within its delays", () => {
    const report = parsePerfdhcp(fixture("perfdhcp-timers.txt"));
    for (const stage of [report.offer, report.ack]) {
      const { p50, p95, p99 } = stage.percentiles ?? { p50: NaN, p95: NaN, p99: NaN };
      expect(p50).toBeGreaterThanOrEqual(stage.delays?.minMs ?? NaN);
      expect(p95).toBeGreaterThanOrEqual(p50);
      expect(p99).toBeGreaterThanOrEqual(p95);
      // perfdhcp prints delays in thousandths, rounded.
      expect(p99).toBeLessThanOrEqual((stage.delays?.maxMs ?? NaN) + 0.001);
    }
    expect(report.offer.percentiles?.p50).toBeCloseTo(medianOffer(), 6);
  });

  test("no report at all is an error that shows what was printed", () => {
    expect(() => parsePerfdhcp("Error opening socket: veth-c")).toThrow("veth-c");
  });

  test("nothing started is all loss", () => {
    const empty = { sent: 0, received: 0, delays: null, percentiles: null };
    const report: LoadReport = { offer: empty, ack: empty, malformed: 0, rejected: 0 };
    expect(lossOf(report)).toBe(1);
  });

  test("arguments", () => {
    const load = { rate: 500, seconds: 3, clients: 40, base: "00:0c:01:02:03:04" };
    expect(perfdhcpArguments("veth-c", load).join(" ")).toBe(
      "-4 -l veth-c -r 500 -p 3 -R 40 -b mac=00:0c:01:02:03:04 -W 100000",
    );
    const more = perfdhcpArguments("veth-c", { ...load, exchanges: 7, timers: true });
    expect(more.slice(-4)).toEqual(["-n", "7", "-x", "t"]);
  });

  test("percentile by nearest rank", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([0, 10, 50, 51, 99, 100].map((p) => percentile(values, p))).toEqual([
      1, 1, 5, 6, 10, 10,
    ]);
    expect(percentile([], 50)).toBeNaN();
  });
});

describe("several perfdhcp", () => {
  const load = { rate: 9001, seconds: 4, clients: 50_000, base: "00:0c:f1:02:03:04" };

  test("have all of the load between them, and other clients each", () => {
    const [first, second] = [0, 1].map((index) => shareOf({ ...load, exchanges: 7 }, index, 2));
    expect(first).toEqual({ ...load, rate: 4500, clients: 25_000, exchanges: 3 });
    expect(second).toMatchObject({ rate: 4501, clients: 25_000, exchanges: 4 });
    expect(second?.base).toBe("00:0c:f3:02:03:04");
  });

  test("give one report", () => {
    const one = parsePerfdhcp(fixture("perfdhcp-rate.txt"));
    const two = parsePerfdhcp(fixture("perfdhcp-overload.txt"));
    const both = mergeReports([one, two]);
    expect(both.ack.received).toBe(one.ack.received + two.ack.received);
    expect(both.offer.sent).toBe(one.offer.sent + two.offer.sent);
    const [low, high] = [one, two]
      .map(({ ack }) => ack.delays?.meanMs ?? 0)
      .toSorted((a, b) => a - b);
    expect(both.ack.delays?.meanMs).toBeGreaterThan(low ?? 0);
    expect(both.ack.delays?.meanMs).toBeLessThan(high ?? 0);
    expect(both.ack.delays?.maxMs).toBe(
      Math.max(one.ack.delays?.maxMs ?? 0, two.ack.delays?.maxMs ?? 0),
    );
    expect(mergeReports([one])).toBe(one);
  });

  test("of which none had an answer have no delays", () => {
    const silent = parsePerfdhcp(fixture("perfdhcp-silent.txt"));
    expect(mergeReports([silent, silent]).ack.delays).toBeNull();
  });
});

function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, "..", "fixtures", "bench", name), "utf8");
}

/** The median OFFER delay of the timers fixture, worked out in another way than the parser's. */
function medianOffer(): number {
  const text = fixture("perfdhcp-timers.txt");
  const part = text.slice(
    text.indexOf("packets: DISCOVER-OFFER"),
    text.indexOf("packets: REQUEST"),
  );
  const delays = part
    .split("\n")
    .filter((line) => line.startsWith("sent / received"))
    .map((line) => line.split(" ").filter((word) => /^\d{6}\./.test(word)))
    .map(([sent, received]) => (Number(received) - Number(sent)) * 1000)
    .sort((a, b) => a - b);
  return delays[Math.floor((delays.length - 1) / 2)] ?? Number.NaN;
}

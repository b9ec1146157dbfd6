// Asking the wire before an offer, through the whole core: what is sent when, and what becomes of addresses
// that somebody uses already.

import { describe, expect, test } from "vitest";
import { formatIpv4, ipv4, parseSubnet } from "../../daemon/base/address.ts";
import { hex } from "../../daemon/base/bytes.ts";
import type { Effect } from "../../daemon/core/effect.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { ARP_REPLY, buildArp, parseArp } from "../../daemon/wire/arp.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { macBytes, SERVER_MAC } from "../support/client-frame.ts";
import {
  ACK,
  CoreBench,
  configOf,
  network,
  OFFER,
  poolOf,
  repliesIn,
  reserve,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";

judgeAllSent();

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const SQUATTER = "02:00:00:00:00:99";

function probing(changes: Parameters<typeof network>[0] = {}): CoreBench {
  return new CoreBench([network({ probe: true, ...changes })]);
}

/** The addresses that ARP probes in these effects ask for. */
function asked(effects: readonly Effect[]): string[] {
  return arps(effects).map((arp) => formatIpv4(arp.targetIp));
}

function arps(effects: readonly Effect[]) {
  return effects.flatMap((effect) => {
    if (effect.kind !== "send") return [];
    const frame = new Frame();
    parseFrame(frame, effect.frame, 0, effect.frame.length, true);
    return frame.kind === "arp"
      ? [parseArp(effect.frame, frame.payloadStart, frame.payloadEnd)]
      : [];
  });
}

/** A DISCOVER; the address asked about. */
function ask(bench: CoreBench, mac: string, more = {}): string {
  bench.frameOf({ type: 1, mac, ...more });
  const [address] = asked(bench.effects);
  return address ?? "";
}

function answer(bench: CoreBench, address: string, mac = SQUATTER): Effect[] {
  return bench.frame(
    buildArp(macBytes(SERVER_MAC), {
      operation: ARP_REPLY,
      senderMac: macBytes(mac),
      senderIp: ipv4(address),
      targetMac: macBytes(SERVER_MAC),
      targetIp: ipv4("0.0.0.0"),
    }),
  );
}

/** The alarm that comes when nobody answered. */
function wait(bench: CoreBench, milliseconds: number = LIMITS.probeMilliseconds) {
  bench.monotonic += milliseconds;
  return bench.step({ kind: "alarm" });
}

describe("before an offer", () => {
  test("the wire is asked, and the offer leaves when nobody answered within 100 ms", () => {
    const bench = probing();
    const address = ask(bench, A);
    expect(address).toMatch(/^10\.77\.0\.1/);
    expect(bench.effects.find(({ kind }) => kind === "alarm")).toMatchObject({
      atMonotonic: bench.monotonic + LIMITS.probeMilliseconds,
    });
    const [arp] = arps(bench.effects);
    expect(arp && [formatIpv4(arp.senderIp), hex(arp.senderMac)]).toEqual([
      "0.0.0.0",
      SERVER_MAC.replaceAll(":", ""),
    ]);
    expect(repliesIn(wait(bench, 99))).toEqual([]);
    const [offer] = repliesIn(wait(bench, 1));
    expect([offer?.type, offer?.yiaddr]).toEqual([OFFER, address]);
    expect(bench.select(A, address)?.type).toBe(ACK);
    expect(bench.core.counters(0)["sent-offer"]).toBe(1);
  });

  test("somebody uses the address: it is set aside with who and why, and the client gets another", () => {
    const bench = probing();
    const taken = ask(bench, A);
    const effects = answer(bench, taken);
    const [another] = asked(effects);
    expect(another).not.toBe(taken);
    expect(effects.filter(({ kind }) => kind === "log")).toMatchObject([
      { id: "address-conflict", values: { address: taken, mac: SQUATTER } },
    ]);
    expect(bench.at(taken)).toMatchObject({ state: "abandoned", network: "office" });
    expect(repliesIn(wait(bench)).map(({ type, yiaddr }) => [type, yiaddr])).toEqual([
      [OFFER, another],
    ]);
    expect(bench.core.poolCounters(0, 0)).toMatchObject({ conflicts: 1, offers: 1 });
    expect(bench.core.counters(0)).toMatchObject({ "received-discover": 1, "sent-offer": 1 });
  });

  test("the address comes back by itself, is asked about again, and is given if it is silent", () => {
    const bench = probing({ pool: ["10.77.0.100", "10.77.0.100"] });
    const taken = ask(bench, A);
    answer(bench, taken);
    expect(bench.discover(A)).toBeUndefined();
    expect(bench.conditions()).toContain("pool-full office");
    bench.pass(LIMITS.abandonedSeconds + LIMITS.expiryGraceSeconds + 1);
    expect(bench.at(taken)?.state).toBe("free");
    expect(ask(bench, A)).toBe(taken);
    expect(repliesIn(wait(bench))[0]?.yiaddr).toBe(taken);
  });

  test("the client itself may answer: it has the address already", () => {
    const bench = probing();
    const address = ask(bench, A);
    expect(answer(bench, address, A).filter(({ kind }) => kind === "persist")).toEqual([]);
    expect(repliesIn(wait(bench))[0]?.yiaddr).toBe(address);
  });

  test("a client that had the address lately is not made to wait", () => {
    const bench = probing();
    const address = ask(bench, A);
    wait(bench);
    bench.select(A, address);
    bench.durable();
    expect(bench.discover(A)?.yiaddr).toBe(address);
    bench.release(A, address);
    expect(bench.discover(A)?.yiaddr).toBe(address);
    bench.pass(LIMITS.probeTrustSeconds + 10_000);
    expect(ask(bench, A)).toBe(address);
  });

  test("an offer that was checked is repeated at once", () => {
    const bench = probing();
    const address = ask(bench, A);
    wait(bench);
    expect(bench.discover(A)?.yiaddr).toBe(address);
  });

  test("whoever holds all addresses gets at most some tries per request, then the client asks again", () => {
    const bench = probing();
    let address = ask(bench, A);
    let conflicts = 0;
    while (address !== "") {
      const effects = answer(bench, address);
      conflicts++;
      address = asked(effects)[0] ?? "";
    }
    expect(conflicts).toBe(LIMITS.probeTriesMax);
    bench.pass(2);
    expect(bench.conditions()).toContain("conflicts-many office");
    expect(repliesIn(wait(bench))).toEqual([]);
  });

  test("a reserved address that a stranger uses is not given to anybody", () => {
    const bench = probing({ reservations: [reserve(A, "10.77.0.20")] });
    expect(ask(bench, A)).toBe("10.77.0.20");
    const [another] = asked(answer(bench, "10.77.0.20"));
    expect(another).toMatch(/^10\.77\.0\.1[0-9][0-9]$/);
    expect(bench.at("10.77.0.20")?.state).toBe("abandoned");
  });

  test("when many ask at once, nobody is made to wait", () => {
    const bench = probing();
    let offers = 0;
    for (let i = 0; i < 90; i++) {
      const mac = `02:00:00:00:01:${i.toString(16).padStart(2, "0")}`;
      bench.frameOf({ type: 1, mac });
      offers += repliesOnly(bench.effects);
    }
    expect(offers).toBe(90 - LIMITS.probeRateMax);
    expect(repliesIn(wait(bench)).length).toBe(LIMITS.probeRateMax);
  });

  test("an offer whose client asked elsewhere meanwhile is not sent, and a new configuration forgets all", () => {
    const bench = probing();
    ask(bench, A);
    ask(bench, B);
    bench.step({ kind: "config", config: configOf([network({ probe: true })]) });
    expect(repliesIn(wait(bench))).toEqual([]);
  });

  test("a LAN may do without", () => {
    expect(new CoreBench([network({ probe: false })]).discover(A)?.type).toBe(OFFER);
  });

  function repliesOnly(effects: readonly Effect[]): number {
    return effects.filter(({ kind }) => kind === "send").length - arps(effects).length;
  }
});

test("behind a relay the question is an echo request to where the relayed packet came from", () => {
  const subnet = parseSubnet("10.90.0.0/24");
  if (!subnet) throw new Error("bad subnet");
  const any = ipv4("0.0.0.0");
  const far = network({
    name: "far",
    interfaceName: "",
    subnet,
    ownAddress: any,
    serverId: any,
    probe: true,
    pools: [poolOf("10.90.0.100", "10.90.0.199")],
  });
  const bench = new CoreBench([network(), far]);
  bench.frameOf({
    type: 1,
    mac: A,
    giaddr: "10.90.0.1",
    sourceMac: SQUATTER,
    destinationIp: "10.77.0.2",
  });
  const sent = bench.effects.flatMap((effect) => (effect.kind === "send" ? [effect.frame] : []));
  expect(sent.length).toBe(1);
  const frame = new Frame();
  parseFrame(frame, sent[0] ?? new Uint8Array(), 0, sent[0]?.length ?? 0, true);
  expect(frame.kind).toBe("icmp");
  expect(hex(frame.dstMac)).toBe(SQUATTER.replaceAll(":", ""));
  expect(formatIpv4(frame.sourceIp)).toBe("10.77.0.2");
  expect(formatIpv4(frame.destinationIp)).toMatch(/^10\.90\.0\.1/);
  const [offer] = repliesIn(wait(bench));
  expect([offer?.type, offer?.yiaddr, offer?.destinationIp]).toEqual([
    OFFER,
    formatIpv4(frame.destinationIp),
    "10.90.0.1",
  ]);
});

describe("what is remembered", () => {
  function remembered(bench: CoreBench, mac: string) {
    const decisions = bench.core.history.of(macBytes(mac));
    return decisions.map(({ sent, reason, address }) => [sent, reason, formatIpv4(address)]);
  }

  test("an offer when it left, not while it waits; a conflict when it was heard", () => {
    const bench = probing();
    const first = ask(bench, A);
    expect(remembered(bench, A)).toEqual([]);
    const [second = ""] = asked(answer(bench, first));
    expect(remembered(bench, A)).toEqual([[0, "address-in-use", first]]);
    wait(bench);
    expect(remembered(bench, A)).toEqual([
      [OFFER, undefined, second],
      [0, "address-in-use", first],
    ]);
  });

  test("nothing of who had the address before it was found in use", () => {
    const bench = probing();
    const held = ask(bench, A);
    wait(bench);
    bench.select(A, held, "10.77.0.2", { options: { 12: new TextEncoder().encode("laptop") } });
    expect(bench.at(held)?.hostname).toBe("laptop");
    bench.decline(A, held);
    expect(bench.at(held)).toMatchObject({ state: "abandoned", hostname: "", vendorClass: "" });
  });
});

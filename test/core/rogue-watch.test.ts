import { describe, expect, test } from "vitest";
import { formatMac, ipv4, parseMac } from "../../daemon/base/address.ts";
import { CONDITIONS, LOG, sentence } from "../../daemon/catalogue.ts";
import { RogueWatch, rogueDoing, serverOf } from "../../daemon/core/rogue-watch.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { type MessageParts, messageBytes, option, u32, udpFrame } from "../wire/messages.ts";

const MAC = parseMac("02:00:5e:00:01:66") ?? new Uint8Array(6);
const OWN_MAC = parseMac("02:00:5e:00:01:01") ?? new Uint8Array(6);
const OFFER = 2;
const ACK = 5;
const NAK = 6;
const NOW = { monotonic: 50_000, wall: 1_700_000_000_000 };

interface Reply {
  readonly type?: number;
  readonly server?: string | undefined;
  readonly sourceIp?: string;
  readonly mac?: Uint8Array;
  readonly yiaddr?: string;
  readonly routers?: readonly string[];
  readonly parts?: MessageParts;
}

/** Sends a reply of a server into the watch. */
function hear(watch: RogueWatch, reply: Reply = {}, trusted: readonly string[] = [], now = NOW) {
  const { frame, message } = decoded(reply);
  return watch.reply(frame, message, trusted.map(ipv4), now);
}

function decoded(reply: Reply) {
  const server = "server" in reply ? reply.server : "10.0.0.9";
  const options = [
    ...option(53, [reply.type ?? OFFER]),
    ...(server === undefined ? [] : option(54, u32(ipv4(server)))),
    ...(reply.routers
      ? option(
          3,
          reply.routers.flatMap((one) => u32(ipv4(one))),
        )
      : []),
    255,
  ];
  const yiaddr = ipv4(reply.yiaddr ?? "10.0.0.50");
  const bytes = udpFrame(
    {
      sourceMac: reply.mac ?? MAC,
      sourceIp: ipv4(reply.sourceIp ?? "10.0.0.9"),
      sourcePort: 67,
      destinationPort: 68,
    },
    messageBytes({ op: 2, yiaddr, options, ...reply.parts }),
  );
  const frame = new Frame();
  parseFrame(frame, bytes, 0, bytes.length, true);
  return { frame, message: decodeDhcp4(bytes, frame.payloadStart, frame.payloadEnd) };
}

function conditionText(watch: RogueWatch): string {
  const values = watch.conditionValues();
  if (!values) return "";
  return sentence(CONDITIONS["rogue-server"].text, { ...values, subject: "lan" });
}

function at(monotonic: number) {
  return { monotonic, wall: NOW.wall };
}

describe("a stranger's reply", () => {
  test("is new once and known from then on", () => {
    const watch = new RogueWatch(1);
    expect(watch.conditionValues()).toBeUndefined();
    expect(hear(watch, { routers: ["10.0.0.9", "10.0.0.8"] })).toBe("new");
    expect(hear(watch, { type: ACK, routers: ["10.0.0.9"] }, [], at(60_000))).toBe("known");
    expect(watch.servers).toMatchObject([
      {
        server: ipv4("10.0.0.9"),
        mac: MAC,
        offered: ipv4("10.0.0.50"),
        router: ipv4("10.0.0.9"),
        type: ACK,
        firstWall: NOW.wall,
        lastMonotonic: 60_000,
        count: 2,
      },
    ]);
    expect(watch.latest).toBe(watch.servers[0]);
  });

  test("from another hardware address or with another identifier is another server", () => {
    const watch = new RogueWatch(1);
    expect(hear(watch)).toBe("new");
    expect(hear(watch, { mac: OWN_MAC })).toBe("new");
    expect(hear(watch, { server: "10.0.0.10" })).toBe("new");
    expect(watch.servers.length).toBe(3);
  });

  test("keeps its hardware address when the packet's memory is used again", () => {
    const watch = new RogueWatch(1);
    const { frame, message } = decoded({});
    watch.reply(frame, message, [], NOW);
    frame.bytes.fill(0xee);
    expect(watch.servers[0]?.mac).toEqual(MAC);
  });

  test("is ignored when the server is trusted", () => {
    const watch = new RogueWatch(1);
    expect(hear(watch, {}, ["10.0.0.7", "10.0.0.9"])).toBe("ignored");
    expect(hear(watch, {}, ["10.0.0.7"])).toBe("new");
  });

  test("is known by its source address when it names no server", () => {
    const watch = new RogueWatch(1);
    const nameless = { server: undefined, sourceIp: "10.0.0.3" };
    expect(serverOf(decoded(nameless).frame, decoded(nameless).message)).toBe(ipv4("10.0.0.3"));
    expect(hear(watch, nameless, ["10.0.0.3"])).toBe("ignored");
    expect(hear(watch, nameless)).toBe("new");
    expect(hear(watch, { server: "0.0.0.0", sourceIp: "10.0.0.3" })).toBe("known");
  });

  test.each<[string, Reply]>([
    ["a request", { parts: { op: 1 } }],
    ["a reply to a relay", { parts: { giaddr: 0x0a000001 } }],
    ["a forced renewal", { type: 9 }],
    ["a client's message", { type: 3 }],
    ["a reply without a type", { parts: { options: [255] } }],
    ["a reply with a malformed type", { parts: { options: [...option(53, [2, 2]), 255] } }],
  ])("is not %s", (_, reply) => {
    const watch = new RogueWatch(1);
    expect(hear(watch, reply)).toBe("ignored");
    expect(watch.servers).toEqual([]);
  });

  test("with a malformed router has none", () => {
    const watch = new RogueWatch(1);
    const options = [...option(53, [OFFER]), ...option(54, u32(9)), ...option(3, [1, 2]), 255];
    expect(hear(watch, { parts: { options } })).toBe("new");
    expect(watch.servers[0]?.router).toBe(0);
  });
});

describe("what is said", () => {
  const opening = "Another DHCP server answers on lan: 10.0.0.9 (02:00:5e:00:01:66)";

  test.each<[string, Reply, string, string]>([
    [
      "an offer with a router",
      { routers: ["10.0.0.1"] },
      "offers 10.0.0.50 with the router 10.0.0.1",
      "it offers 10.0.0.50",
    ],
    ["an offer without one", {}, "offers 10.0.0.50 without a router", "it offers 10.0.0.50"],
    [
      "an acknowledgement",
      { type: ACK, routers: ["10.0.0.1"] },
      "offers 10.0.0.50 with the router 10.0.0.1",
      "it gives 10.0.0.50",
    ],
    [
      "a refusal, whatever address it names",
      { type: NAK },
      "refuses what devices ask for",
      "it refuses the request of a device",
    ],
    [
      "an answer to INFORM",
      { type: ACK, yiaddr: "0.0.0.0" },
      "tells devices settings",
      "it tells settings to a device",
    ],
  ])("of %s", (_, reply, state, event) => {
    const watch = new RogueWatch(1);
    hear(watch, reply);
    expect(conditionText(watch)).toBe(`${opening} ${state}.`);
    const one = watch.latest;
    if (!one) throw new Error("not heard");
    const values = { mac: formatMac(one.mac), server: "10.0.0.9", network: "lan" };
    expect(sentence(LOG["rogue-seen"].text, { ...values, ...rogueDoing(one) })).toBe(
      `02:00:5e:00:01:66 answers as DHCP server 10.0.0.9 on lan: ${event}.`,
    );
  });

  test("names the one that gives addresses, and counts the others", () => {
    const watch = new RogueWatch(1);
    hear(watch, { type: NAK, server: "10.0.0.7", mac: OWN_MAC });
    hear(watch);
    expect(conditionText(watch)).toBe(
      `${opening} offers 10.0.0.50 without a router, and there is another one.`,
    );
    hear(watch, { server: "10.0.0.8" });
    expect(conditionText(watch)).toContain("router, and there are 2 others.");
  });

  test("does not change with every address that is given", () => {
    const watch = new RogueWatch(1);
    hear(watch, { routers: ["10.0.0.1"] });
    const { revision } = watch;
    const values = watch.conditionValues();
    hear(watch, { routers: ["10.0.0.1"], yiaddr: "10.0.0.51" }, [], at(70_000));
    expect([watch.revision, watch.conditionValues()]).toEqual([revision, values]);
    hear(watch, { routers: ["10.0.0.2"], yiaddr: "10.0.0.52" }, [], at(80_000));
    expect(watch.revision).toBeGreaterThan(revision);
    expect(watch.conditionValues()).toMatchObject({ offered: "10.0.0.50", router: "10.0.0.2" });
  });

  test("learns the address of a server that only refused so far", () => {
    const watch = new RogueWatch(1);
    hear(watch, { type: NAK });
    expect(watch.conditionValues()).toMatchObject({ offered: "", router: "" });
    const { revision } = watch;
    expect(hear(watch)).toBe("known");
    expect(watch.revision).toBeGreaterThan(revision);
    expect(watch.conditionValues()).toMatchObject({ offered: "10.0.0.50" });
    // A later refusal takes nothing back.
    hear(watch, { type: NAK });
    expect(conditionText(watch)).toBe(`${opening} offers 10.0.0.50 without a router.`);
  });
});

describe("so many servers", () => {
  test("are remembered, and that there are more", () => {
    const watch = new RogueWatch(1);
    for (let i = 0; i < LIMITS.rogueServersMax; i++) {
      expect(hear(watch, { server: `10.0.1.${i + 1}` })).toBe("new");
    }
    const { revision } = watch;
    for (let i = 0; i < 100; i++) {
      expect(hear(watch, { server: `10.0.2.${i + 1}` }, [], at(60_000))).toBe("known");
      expect(watch.latest).toBeUndefined();
    }
    expect(watch.servers.length).toBe(LIMITS.rogueServersMax);
    expect(watch.revision).toBe(revision + 1);
    expect(conditionText(watch)).toContain("there are more than 7 others.");
    expect(hear(watch, { server: "10.0.1.3" })).toBe("known");
    expect(watch.latest?.server).toBe(ipv4("10.0.1.3"));
    // Those that found no room are forgotten as well.
    expect(watch.nextAt).toBe(NOW.monotonic + LIMITS.rogueForgetMilliseconds);
    watch.forget(60_000 + LIMITS.rogueForgetMilliseconds);
    expect(watch.servers).toEqual([]);
    expect([watch.conditionValues(), watch.nextAt]).toEqual([undefined, undefined]);
  });
});

describe("forgetting", () => {
  test("comes some time after the last reply", () => {
    const watch = new RogueWatch(1);
    hear(watch, {}, [], at(1000));
    hear(watch, { server: "10.0.0.8" }, [], at(2000));
    hear(watch, {}, [], at(3000));
    const time = LIMITS.rogueForgetMilliseconds;
    expect(watch.nextAt).toBe(2000 + time);
    expect(watch.forget(1999 + time)).toBe(false);
    const { revision } = watch;
    expect(watch.forget(2000 + time)).toBe(true);
    expect(watch.revision).toBeGreaterThan(revision);
    expect(watch.servers.map((one) => one.server)).toEqual([ipv4("10.0.0.9")]);
    expect(watch.forget(3000 + time)).toBe(true);
    expect(watch.conditionValues()).toBeUndefined();
    expect(hear(watch, {}, [], at(4000 + time))).toBe("new");
  });

  test("is at once for a server that is trusted from now on", () => {
    const watch = new RogueWatch(1);
    hear(watch);
    hear(watch, { server: "10.0.0.8" });
    expect(watch.trust([ipv4("10.0.0.1")])).toBe(false);
    expect(watch.trust([ipv4("10.0.0.9")])).toBe(true);
    expect(watch.servers.map((one) => one.server)).toEqual([ipv4("10.0.0.8")]);
    expect(watch.trust([], [OWN_MAC])).toBe(false);
    expect(watch.trust([], [OWN_MAC, MAC])).toBe(true);
    expect(watch.servers).toEqual([]);
  });
});

describe("asking", () => {
  test("begins some seconds after the link came up, and goes on", () => {
    const watch = new RogueWatch(1);
    expect([watch.nextAt, watch.isProbeDue(1e9)]).toEqual([undefined, false]);
    watch.linkUp(1000);
    expect(watch.nextAt).toBe(6000);
    expect([watch.isProbeDue(5999), watch.isProbeDue(6000)]).toEqual([false, true]);
    watch.probe(OWN_MAC, 6010);
    expect(watch.isProbeDue(6010)).toBe(false);
    expect(watch.nextAt).toBe(6010 + LIMITS.rogueProbeMilliseconds);
    watch.linkDown();
    expect([watch.nextAt, watch.isProbeDue(1e9)]).toEqual([undefined, false]);
    watch.linkUp(900_000);
    expect(watch.nextAt).toBe(905_000);
  });

  test("asks from port 67 with our own hardware address, to be answered to everyone", () => {
    const bytes = new RogueWatch(1).probe(OWN_MAC, 0);
    const frame = new Frame();
    parseFrame(frame, bytes, 0, bytes.length, true);
    const message = decodeDhcp4(bytes, frame.payloadStart, frame.payloadEnd);
    expect([frame.sourcePort, frame.destinationPort, frame.isBroadcast]).toEqual([67, 67, true]);
    expect(frame.srcMac).toEqual(OWN_MAC);
    expect(message.chaddr.slice(0, 6)).toEqual(OWN_MAC);
    expect([message.op, message.flags, message.u8(53)]).toEqual([1, 0x8000, 1]);
    expect(Array.from(message.raw(55) ?? [])).toContain(3);
  });

  test("uses an xid of its own each time, the same for the same seed", () => {
    const xids = (seed: number) => {
      const watch = new RogueWatch(seed);
      return Array.from({ length: 100 }, () => {
        const bytes = watch.probe(OWN_MAC, 0);
        return decodeDhcp4(bytes, 42, bytes.length).xid;
      });
    };
    expect(xids(5)).toEqual(xids(5));
    expect(new Set([...xids(5), ...xids(6)]).size).toBe(200);
  });
});

import { describe, expect, test } from "vitest";
import { parseSubnet } from "../../daemon/base/address.ts";
import { REFUSALS, type RefusalReason } from "../../daemon/catalogue.ts";
import { FOREVER_SECONDS } from "../../daemon/core/config-view.ts";
import { REFUSAL_ADVICE } from "../../daemon/refusal-advice.ts";
import { MESSAGE_TYPE } from "../../daemon/wire/dhcp4-message.ts";
import { macBytes } from "../support/client-frame.ts";
import { network, reserve } from "../support/core-bench.ts";
import { FAKE_NOW, fakeNetwork } from "../support/fake-box.ts";
import { type Changes, MAC, OTHER, Past, SECONDS } from "../support/past.ts";

const { discover, offer, request, decline, ack, nak, release, inform } = MESSAGE_TYPE;

test("every refusal comes with something to do, or the word that nothing needs doing", () => {
  expect(Object.keys(REFUSAL_ADVICE).sort()).toEqual(Object.keys(REFUSALS).sort());
  for (const advice of Object.values(REFUSAL_ADVICE)) expect(advice).toMatch(/^[A-Z].{20,}\.$/);
});

describe("a device with a lease", () => {
  test("whose last request was left to the partner", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120");
    past.decided(MAC, discover, { reason: "partner-answers" });
    expect(past.why(MAC)).toMatchObject({
      severity: "fine",
      verdict: `${MAC} has 10.77.0.120 on office until 2026-05-03 19:11 UTC. Its last request was left to the partner, as the boxes share the devices between them.`,
      advice: "",
    });
    past.pair = { role: "primary", state: "normal" };
    const serverId = "10.77.0.3";
    past.decided(MAC, request, { reason: "other-server", serverId, address: "10.77.0.120" });
    expect(past.why(MAC).verdict).toContain("was left to the partner");
    past.decided(MAC, request, { reason: "other-server", serverId, address: "10.77.0.121" });
    expect(past.why(MAC).verdict).toContain("it chose another DHCP server, 10.77.0.3");
  });

  test("has it until when", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120", { hostname: "printer" });
    past.decided(MAC, discover, { at: FAKE_NOW - 61_000, sent: offer, address: "10.77.0.120" });
    past.decided(MAC, request, {
      at: FAKE_NOW - 60_000,
      sent: ack,
      address: "10.77.0.120",
      serverId: "10.77.0.2",
    });
    const answer = past.why(MAC);
    expect(answer).toMatchObject({
      query: MAC,
      client: MAC,
      severity: "fine",
      verdict: `${MAC} (printer) has 10.77.0.120 on office until 2026-05-03 19:11 UTC.`,
      advice: "",
      lease: { address: "10.77.0.120", hostname: "printer", state: "active", reserved: false },
    });
    expect(answer.reservation).toBeUndefined();
    expect(answer.decisions).toEqual([
      {
        at: "2026-05-03T07:11:00.000Z",
        message: "REQUEST",
        outcome: "ACK",
        reason: "",
        address: "10.77.0.120",
        sentence:
          "It asked for 10.77.0.120 of the server 10.77.0.2 (REQUEST) on office and got it (ACK).",
        count: 1,
      },
      {
        at: "2026-05-03T07:10:59.000Z",
        message: "DISCOVER",
        outcome: "OFFER",
        reason: "",
        address: "10.77.0.120",
        sentence: "It looked for an address (DISCOVER) on office and was offered 10.77.0.120.",
        count: 1,
      },
    ]);
  });

  test("for good", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120", { leaseSeconds: FOREVER_SECONDS });
    expect(past.why(MAC).verdict).toBe(`${MAC} has 10.77.0.120 on office for good.`);
  });

  test("whose last request was refused is told both", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120");
    past.decided(MAC, request, { reason: "rate-limited", address: "10.77.0.120" });
    const { severity, verdict, advice } = past.why(MAC);
    expect(severity).toBe("fine");
    expect(verdict).toContain(
      "refused all the same: it sends more requests than a device has reason to (one was not answered).",
    );
    expect(advice).toBe(REFUSAL_ADVICE["rate-limited"]);
  });

  test("on one of two networks with a reservation for it", () => {
    const past = new Past();
    past.networks = [
      network({ reservations: [reserve(MAC, "10.77.0.50")] }),
      network({ name: "annex", reservations: [reserve(MAC, "10.78.0.50", { name: "desk" })] }),
    ];
    past.lease(MAC, "10.78.0.50", { network: "annex" });
    expect(past.why(MAC)).toMatchObject({
      verdict: `${MAC} (desk) has 10.78.0.50 on annex until 2026-05-03 19:11 UTC.`,
      reservation: { network: "annex" },
    });
  });

  test("on a network that is not served cannot renew it", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120");
    past.states = [fakeNetwork({ serving: false, why: "No cable on lan0." })];
    expect(past.why(MAC).verdict).toMatch(/It cannot renew it now: No cable on lan0\.$/);
  });
});

describe("a device that is refused", () => {
  test("no free address", () => {
    const past = new Past();
    const [pool] = fakeNetwork().pools;
    if (pool) past.states = [fakeNetwork({ pools: [{ ...pool, free: 0 }] })];
    expect(past.refusal("no-free-address")).toBe("none of the 100 addresses in its pools is free.");
  });

  test("no free address then, but now", () => {
    expect(new Past().refusal("no-free-address")).toBe(
      "no address was free on office at 2026-05-03 07:12 UTC; 85 of 100 are free now, and it may get one when it asks again.",
    );
  });

  test("no free address in any network of the same wire", () => {
    const past = new Past();
    const annex = parseSubnet("10.78.0.0/24");
    if (annex) past.networks.push(network({ name: "annex", segment: "office", subnet: annex }));
    past.states = [fakeNetwork({ pools: [] }), fakeNetwork({ name: "annex" })];
    expect(past.refusal("no-free-address")).toContain("85 of 100 are free now");
  });

  test("denied by the list, of whichever network has it", () => {
    const past = new Past();
    const deny = [Uint8Array.of(2, 0, 0x5e)];
    past.networks = [network(), network({ name: "annex", segment: "office", deny })];
    expect(past.refusal("denied")).toBe(
      "all devices whose MAC begins with 02:00:5e are on the deny list of annex.",
    );
    past.networks = [network({ deny: [macBytes(MAC)] })];
    expect(past.refusal("denied")).toBe("it is on the deny list of office.");
    past.networks = [network()];
    expect(past.refusal("denied")).toBe(`${REFUSALS.denied}.`);
  });

  test("denied by a class", () => {
    expect(new Past().refusal("denied", discover, { className: "game consoles" })).toBe(
      "it is in the class game consoles, which is denied.",
    );
  });

  test("an unknown relay", () => {
    const changes = { network: "", relay: "10.9.0.1" };
    const past = new Past();
    expect(past.refusal("relay-unknown", discover, changes)).toBe(
      "it came through the relay 10.9.0.1, which belongs to no network of this box.",
    );
    expect(past.why(MAC).decisions[0]?.sentence).toBe(
      `It looked for an address (DISCOVER) through the relay 10.9.0.1 and was not answered: ${REFUSALS["relay-unknown"]}.`,
    );
  });

  test("another server", () => {
    const changes = { serverId: "10.77.0.9", address: "10.77.0.55" };
    expect(new Past().refusal("other-server", request, changes)).toBe(
      "it chose another DHCP server, 10.77.0.9, and asked that one for 10.77.0.55.",
    );
  });

  test("the state of the pair", () => {
    const past = new Past();
    expect(past.refusal("pair-not-serving")).toBe(`${REFUSALS["pair-not-serving"]}.`);
    const why = "This box learns the leases from its partner before it answers anybody.";
    past.states = [fakeNetwork({ serving: false, why })];
    expect(past.refusal("pair-not-serving")).toBe(why);
  });

  test("the partner's share of the pool", () => {
    expect(new Past().refusal("partner-owns", request, { address: "10.77.0.150" })).toBe(
      "10.77.0.150 belongs to the partner's share of the pool.",
    );
  });

  test("an address reserved for another", () => {
    const past = new Past();
    past.networks = [
      network({ reservations: [reserve(OTHER, "10.77.0.50", { name: "printer" })] }),
    ];
    expect(past.refusal("address-taken", request, { sent: nak, address: "10.77.0.50" })).toBe(
      `10.77.0.50 is reserved for ${OTHER} (printer).`,
    );
  });

  test("an address leased to another", () => {
    const past = new Past();
    past.lease(OTHER, "10.77.0.120", { hostname: "scanner" });
    expect(past.refusal("address-taken", request, { sent: nak, address: "10.77.0.120" })).toBe(
      `10.77.0.120 is leased to ${OTHER} (scanner) until 2026-05-03 19:11 UTC.`,
    );
  });

  test("another address is reserved for it, and a third device holds that", () => {
    const past = new Past();
    past.networks = [network({ reservations: [reserve(MAC, "10.77.0.50")] })];
    past.lease(OTHER, "10.77.0.50");
    past.decided(MAC, request, { sent: nak, reason: "reserved-elsewhere", address: "10.77.0.120" });
    const { verdict, advice } = past.why(MAC);
    expect(verdict).toBe(
      `${MAC} gets no address from this box on office: it asked for 10.77.0.120, but 10.77.0.50 is reserved for it. Its reserved address 10.77.0.50 is held by ${OTHER} until 2026-05-03 19:11 UTC.`,
    );
    expect(advice).toMatch(/^Restart the network connection of the device that holds it/);
    expect(past.why(MAC).reservation).toEqual({
      address: "10.77.0.50",
      network: "office",
      name: "",
    });
  });

  test("what it is refused for comes before where its reserved address is", () => {
    const past = new Past();
    past.networks = [network({ reservations: [reserve(MAC, "10.77.0.50")] })];
    past.lease(OTHER, "10.77.0.50");
    expect(past.refusal("rate-limited")).toBe(
      `it sends more requests than a device has reason to (one was not answered). Its reserved address 10.77.0.50 is held by ${OTHER} until 2026-05-03 19:11 UTC.`,
    );
  });

  test("all addresses are in use by others, or the partner's", () => {
    const past = new Past();
    const [pool] = fakeNetwork().pools;
    if (pool) past.states = [fakeNetwork({ pools: [{ ...pool, free: 0, partners: 40 }] })];
    past.lease(OTHER, "10.77.0.120", { state: "abandoned" });
    expect(past.refusal("no-free-address")).toBe(
      "none of the 100 addresses in its pools is free (in use by other devices and set aside: 1; left to the partner: 40).",
    );
    past.states = [fakeNetwork({ pools: [] })];
    expect(past.refusal("no-free-address")).toBe("office has no pool.");
  });

  test("a known relay, for an unknown subnet", () => {
    expect(new Past().refusal("relay-unknown", discover, { network: "", relay: "10.77.0.1" })).toBe(
      "it came through the relay 10.77.0.1, which asks for a subnet that no network of this box has.",
    );
  });

  test("its reserved address is set aside", () => {
    const past = new Past();
    past.networks = [network({ reservations: [reserve(MAC, "10.77.0.50")] })];
    past.lease(OTHER, "10.77.0.50", { state: "abandoned" });
    expect(past.refusal("address-in-use", discover, { address: "10.77.0.50" })).toContain(
      "10.77.0.50, which is reserved for it, is in use by another device and set aside until 2026-05-03 19:11 UTC.",
    );
  });

  test("the wrong network", () => {
    expect(
      new Past().refusal("wrong-network", request, { sent: nak, address: "192.168.1.5" }),
    ).toBe("192.168.1.5 does not belong to office (10.77.0.0/24).");
  });

  test("the last addresses are kept, the port is full", () => {
    const past = new Past();
    past.networks = [network({ keptForKnownPercent: 10, leasesPerCircuitMax: 4 })];
    expect(past.refusal("kept-for-known")).toBe(
      `${REFUSALS["kept-for-known"]} (10 per cent of the pools of office).`,
    );
    expect(past.refusal("port-full")).toBe(`${REFUSALS["port-full"]} (4).`);
  });

  test("not serving", () => {
    const past = new Past();
    past.states = [fakeNetwork({ serving: false, why: "No cable on lan0." })];
    expect(past.refusal("not-serving")).toBe("No cable on lan0.");
  });

  test.each([
    "too-many-new",
    "declined-too-often",
    "pool-closed",
    "disk-not-writable",
    "unknown-client",
    "overloaded",
  ] as const)("%s", (reason) => {
    expect(new Past().refusal(reason)).toBe(`${REFUSALS[reason]}.`);
  });

  test.each(Object.keys(REFUSALS) as RefusalReason[])("%s without any particulars", (reason) => {
    const past = new Past();
    past.networks = [];
    past.decided(MAC, request, { reason, network: "gone" });
    const { verdict, decisions } = past.why(MAC);
    expect(verdict).toMatch(/^02:00:5e:10:00:01 gets no address from this box on gone: \S.*\.$/);
    expect(verdict).not.toMatch(/undefined|0\.0\.0\.0/);
    expect(decisions[0]?.sentence).not.toMatch(/undefined|0\.0\.0\.0/);
  });

  test("by a NAK before it was offered the same again", () => {
    const past = new Past();
    past.decided(MAC, request, {
      at: FAKE_NOW - 2000,
      sent: nak,
      reason: "address-taken",
      address: "10.77.0.120",
    });
    past.decided(MAC, discover, { sent: offer, address: "10.77.0.121" });
    expect(past.why(MAC)).toMatchObject({ severity: "refused" });
    past.decided(MAC, request, { sent: ack, address: "10.77.0.121" });
    past.decided(MAC, discover, { sent: offer, address: "10.77.0.121" });
    expect(past.why(MAC)).toMatchObject({ severity: "waiting" });
  });

  test("but does without IPv4 is fine", () => {
    const past = new Past();
    past.decided(MAC, discover, { reason: "ipv6-only" });
    expect(past.why(MAC).severity).toBe("fine");
  });
});

describe("a device that something is under way for", () => {
  const cases: readonly (readonly [string, number, Changes, string])[] = [
    ["offered", discover, { sent: offer, address: "10.77.0.120" }, "has not asked for it since."],
    ["the partner's", discover, { reason: "partner-answers" }, `${REFUSALS["partner-answers"]}.`],
    ["checked", discover, { reason: "being-checked" }, `${REFUSALS["being-checked"]}.`],
    ["released", release, { address: "10.77.0.120" }, "has not asked for one since."],
    ["declined", decline, { address: "10.77.0.120" }, "has not asked for another one since."],
  ];
  test.each(cases)("%s", (_, type, changes, end) => {
    const past = new Past();
    past.decided(MAC, type, changes);
    const { severity, verdict } = past.why(MAC);
    expect(severity).toBe("waiting");
    expect(verdict.endsWith(end), verdict).toBe(true);
  });

  test("declined: until when the address is set aside", () => {
    const past = new Past();
    past.lease(OTHER, "10.77.0.120", { state: "abandoned" });
    past.decided(MAC, decline, { address: "10.77.0.120" });
    expect(past.why(MAC).verdict).toContain("set aside until 2026-05-03 19:11 UTC");
  });

  test("the lease it had has ended", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120", { state: "expired", expiresAt: SECONDS - 600 });
    past.decided(MAC, request, { sent: ack, address: "10.77.0.120" });
    expect(past.why(MAC)).toMatchObject({
      severity: "waiting",
      verdict: `${MAC} has no address now: it had 10.77.0.120 on office and held it until 2026-05-03 07:02 UTC.`,
      lease: { state: "expired" },
    });
  });

  test("set by hand", () => {
    const past = new Past();
    past.decided(MAC, inform, { sent: ack, address: "10.77.0.10" });
    expect(past.why(MAC)).toMatchObject({ severity: "fine" });
  });
});

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { REFUSAL_ADVICE } from "../../daemon/refusal-advice.ts";
import { notYet } from "../../daemon/why.ts";
import { MESSAGE_TYPE } from "../../daemon/wire/dhcp4-message.ts";
import { network, reserve } from "../support/core-bench.ts";
import { fakeNetwork } from "../support/fake-box.ts";
import { MAC, OTHER, Past, SECONDS } from "../support/past.ts";

const { discover, offer, request, decline, nak } = MESSAGE_TYPE;

describe("a device that nothing was heard of", () => {
  test("since the start, and what to check", () => {
    expect(new Past().why(MAC)).toEqual({
      query: MAC,
      client: MAC,
      severity: "unknown",
      verdict: `Nothing was heard from ${MAC} since this box started (2026-05-03 04:12 UTC).`,
      advice: expect.stringMatching(/cable.*VLAN.*relay/),
      decisions: [],
    });
  });

  test("with a reservation, a past lease, a network that is not served", () => {
    const past = new Past();
    past.networks = [network({ reservations: [reserve(MAC, "10.77.0.50")] })];
    expect(past.why(MAC).verdict).toContain("Its reserved address 10.77.0.50 on office is free.");
    past.lease(MAC, "10.77.0.50", { state: "released" });
    expect(past.why(MAC).verdict).toContain("it had 10.77.0.50 on office and gave it back.");
    past.states = [fakeNetwork({ serving: false, why: "No cable on lan0." })];
    const { verdict, advice } = past.why(MAC);
    expect(verdict).toMatch(/office is not served now: No cable on lan0\.$/);
    expect(advice).toBe(REFUSAL_ADVICE["not-serving"]);
  });

  test("while the box still starts", () => {
    expect(notYet(MAC, "Tandem is starting.")).toMatchObject({
      severity: "unknown",
      verdict: "Tandem is starting.",
    });
  });
});

describe("how a device is asked for", () => {
  test.each([
    "02:00:5E:10:00:01",
    "02-00-5e-10-00-01",
    "2:0:5e:10:0:1",
    "0200.5e10.0001",
    "02005E100001",
    " 02:00:5e:10:00:01 ",
    "10.77.0.120",
    "printer",
    "Printer.example.org",
  ])("%s", (query) => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120", { hostname: "printer" });
    expect(past.why(query)).toMatchObject({ query, client: MAC, severity: "fine" });
  });

  test("a name that could be a MAC, until a MAC is known that could be it", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120", { hostname: "deadbeefcafe" });
    expect(past.why("deadbeefcafe").client).toBe(MAC);
    past.decided("de:ad:be:ef:ca:fe", discover, { sent: offer, address: "10.77.0.121" });
    expect(past.why("deadbeefcafe").client).toBe("de:ad:be:ef:ca:fe");
  });

  test("a name of several devices: the one with a lease, and the others by MAC", () => {
    const past = new Past();
    past.lease(OTHER, "10.77.0.121", { hostname: "phone", state: "expired" });
    past.lease(MAC, "10.77.0.120", { hostname: "phone", seenAt: SECONDS - 9000 });
    const { client, advice } = past.why("phone");
    expect(client).toBe(MAC);
    expect(advice).toBe(`The same name is used by ${OTHER}.`);
  });

  test("a name that only a reservation has", () => {
    const past = new Past();
    past.networks = [network({ reservations: [reserve(MAC, "10.77.0.50", { name: "Printer" })] })];
    expect(past.why("printer")).toMatchObject({
      client: MAC,
      severity: "unknown",
      verdict: expect.stringContaining(
        `Nothing was heard from ${MAC} (Printer) since this box started`,
      ),
    });
  });

  test("a name that nobody has", () => {
    expect(new Past().why('"\n').verdict).toBe(
      'No device that calls itself "\\"" has a lease or a reservation.',
    );
  });

  test("a device that sends a client identifier only", () => {
    const past = new Past();
    past.lease("", "10.77.0.120", {
      client: Uint8Array.of(1, 0xff, 0xab),
      chaddr: new Uint8Array(0),
      hostname: "cluster",
    });
    const verdict = "client id ffab (cluster) has 10.77.0.120 on office";
    expect(past.why("10.77.0.120").verdict).toContain(verdict);
    expect(past.why("cluster").verdict).toContain(verdict);
  });
});

describe("an address", () => {
  test("of no network", () => {
    expect(new Past().why("192.168.1.1").verdict).toBe(
      "192.168.1.1 does not belong to any network of this box (office 10.77.0.0/24).",
    );
  });

  test("that is set aside", () => {
    const past = new Past();
    past.lease(OTHER, "10.77.0.120", { state: "abandoned" });
    const { severity, verdict, lease } = past.why("10.77.0.120");
    expect(severity).toBe("refused");
    expect(verdict).toMatch(/^10\.77\.0\.120 on office is set aside until 2026-05-03 19:11 UTC/);
    expect(lease?.state).toBe("abandoned");
  });

  test("that nobody has or wants", () => {
    expect(new Past().why("10.77.0.120")).toMatchObject({
      severity: "unknown",
      client: "",
      verdict:
        "No device has a lease of 10.77.0.120 on office now. Nobody asked for it since this box started (2026-05-03 04:12 UTC).",
    });
    expect(new Past().why("10.77.0.5").verdict).toContain("It is in no pool");
  });

  test("of the partner's share, of this box itself", () => {
    const past = new Past();
    const [client, chaddr] = [new Uint8Array(0), new Uint8Array(0)];
    past.lease(MAC, "10.77.0.120", { state: "backup", client, chaddr });
    const isPartners = (address: string) =>
      past.why(address).verdict.includes("It belongs to the partner's share");
    past.pair = { role: "primary", state: "normal" };
    expect([isPartners("10.77.0.120"), isPartners("10.77.0.121")]).toEqual([true, false]);
    past.pair = { role: "secondary", state: "communications-interrupted" };
    expect([isPartners("10.77.0.120"), isPartners("10.77.0.121")]).toEqual([false, true]);
    past.pair = { role: "secondary", state: "partner-down" };
    expect([isPartners("10.77.0.120"), isPartners("10.77.0.121")]).toEqual([false, false]);
    expect(past.why("10.77.0.2").verdict).toBe("10.77.0.2 is the address of this box on office.");
  });

  test("that moves between the boxes", () => {
    const past = new Past();
    past.networks = [network({ serverId: ipv4("10.77.0.1") })];
    expect(past.why("10.77.0.1")).toMatchObject({
      severity: "fine",
      verdict:
        "10.77.0.1 is the address by which devices on office know this box, as router and DHCP server; no device is given it.",
    });
    past.pair = { role: "primary", state: "normal" };
    expect(past.why("10.77.0.1").verdict).toContain("office know either of the two boxes, as");
    expect(past.why("10.77.0.2").verdict).toBe("10.77.0.2 is the address of this box on office.");
  });

  test("that is set aside: who uses it, who found that out, or that nobody knows which", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120", { state: "abandoned" });
    expect(past.why("10.77.0.120").verdict).toContain(`(${MAC} answers from it)`);
    expect(past.why(MAC).verdict).toContain(`${MAC} uses 10.77.0.120 on office`);
    past.decided(MAC, decline, { address: "10.77.0.120" });
    expect(past.why("10.77.0.120").verdict).toContain(`(${MAC} found that out)`);
    past.lease(OTHER, "10.77.0.121", { state: "abandoned", seenAt: SECONDS - 20_000 });
    const either = `(${OTHER} answered from it, or found that out)`;
    expect(past.why("10.77.0.121").verdict).toContain(either);
    expect(past.why(OTHER).verdict).toContain("Nothing was heard");
  });

  test("that is reserved for another than its holder", () => {
    const past = new Past();
    past.networks = [
      network({ reservations: [reserve(OTHER, "10.77.0.50", { name: "printer" })] }),
    ];
    past.lease(MAC, "10.77.0.50");
    expect(past.why("10.77.0.50").verdict).toContain(
      `It cannot renew that: the address is reserved for ${OTHER} (printer) now.`,
    );
  });

  test("that is reserved: how the device fares that may have it", () => {
    const past = new Past();
    past.networks = [network({ reservations: [reserve(MAC, "10.77.0.50", { name: "printer" })] })];
    past.decided(MAC, discover, { reason: "rate-limited" });
    past.decided(OTHER, discover, { reason: "address-taken", address: "10.77.0.50" });
    const { severity, client, verdict, advice } = past.why("10.77.0.50");
    expect([severity, client]).toEqual(["refused", MAC]);
    expect(verdict).toContain(`It is reserved for ${MAC} (printer).`);
    expect(verdict).toContain("it sends more requests than a device has reason to");
    expect(advice).toContain(`It was also asked for by ${OTHER}.`);
  });

  test("that was asked for: how the device fares that wanted it", () => {
    const past = new Past();
    past.decided(MAC, request, { sent: nak, reason: "not-in-pool", address: "10.77.0.20" });
    const { severity, verdict } = past.why("10.77.0.20");
    expect(severity).toBe("refused");
    expect(verdict).toContain("10.77.0.20 is neither in a pool nor reserved for this client.");
  });

  test("that its former holder has no more is not fine, even if that has another one", () => {
    const past = new Past();
    past.lease(MAC, "10.77.0.120", { state: "released" });
    past.lease(MAC, "10.77.0.121");
    const { severity, verdict } = past.why("10.77.0.120");
    expect(severity).toBe("unknown");
    expect(verdict).toMatch(
      /^No device has a lease of 10\.77\.0\.120 on office now\. .*has 10\.77\.0\.121/,
    );
  });
});

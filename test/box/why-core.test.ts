// Questions about real decisions: what the core kept of the messages that it answered, or did not.

import { describe, expect, test } from "vitest";
import { NOTHING_SET } from "../../daemon/core/config-view.ts";
import type { CoreOptions } from "../../daemon/core/core.ts";
import type { WhyView } from "../../daemon/http/api-types.ts";
import { explain } from "../../daemon/why.ts";
import { address, CoreBench, configOf, network, reserve } from "../support/core-bench.ts";
import { fakeNetwork } from "../support/fake-box.ts";

const MAC = "00:00:5e:10:00:01";
const OTHER = "00:00:5e:10:00:02";

function setUp(changes: Parameters<typeof network>[0] = {}, options: Partial<CoreOptions> = {}) {
  const networks = [network(changes)];
  const bench = new CoreBench(networks, options);
  const startedAt = bench.now.wall;
  const why = (query: string): WhyView => {
    const { book, history } = bench.core;
    return explain(query, { startedAt, networks, book, history, status: () => fakeNetwork() });
  };
  return { bench, why };
}

describe("why", () => {
  test("it has an address", () => {
    const { bench, why } = setUp();
    const held = bench.lease(MAC);
    const { severity, verdict, decisions } = why(MAC);
    expect(severity).toBe("fine");
    expect(verdict).toContain(`${MAC} has ${held} on office until`);
    expect(decisions.map(({ message, outcome, address: of }) => [message, outcome, of])).toEqual([
      ["REQUEST", "ACK", held],
      ["DISCOVER", "OFFER", held],
    ]);
    expect(why(held).client).toBe(MAC);
  });

  test("no address is free", () => {
    const { bench, why } = setUp({ pool: ["10.77.0.100", "10.77.0.100"] });
    bench.lease(OTHER);
    bench.discover(MAC);
    const { severity, verdict } = why(MAC);
    expect(severity).toBe("refused");
    expect(verdict).toContain("no address was free on office");
    expect(why(MAC).decisions[0]?.reason).toBe("no-free-address");
  });

  test("it is on the deny list", () => {
    const { bench, why } = setUp({ deny: [Uint8Array.of(0, 0, 0x5e)] });
    bench.discover(MAC);
    expect(why(MAC).verdict).toContain(
      "all devices whose MAC begins with 00:00:5e are on the deny list of office.",
    );
  });

  test("it is in a class that is denied", () => {
    const match = { kind: "mac", prefix: Uint8Array.of(0, 0, 0x5e) } as const;
    const denied = { ...NOTHING_SET, name: "lab devices", match, isDenied: true };
    const config = configOf([network()], { classes: [denied] });
    const { bench, why } = setUp({}, { config });
    bench.discover(MAC);
    expect(why(MAC).verdict).toContain("it is in the class lab devices, which is denied.");
  });

  test("its relay is unknown, and nothing of the message before is mixed in", () => {
    const { bench, why } = setUp();
    bench.reboot(OTHER, "10.77.0.150");
    bench.discover(MAC, { giaddr: "192.168.9.1" });
    const { verdict, decisions } = why(MAC);
    expect(verdict).toContain("it came through the relay 192.168.9.1");
    expect(decisions).toMatchObject([{ reason: "relay-unknown", address: "" }]);
  });

  test("it chose another server", () => {
    const { bench, why } = setUp();
    bench.discover(MAC);
    bench.select(MAC, "10.77.0.77", "10.77.0.9");
    expect(why(MAC).verdict).toContain("it chose another DHCP server, 10.77.0.9, ");
  });

  test("it asks too often", () => {
    const { bench, why } = setUp();
    for (let i = 0; i < 200; i++) bench.discover(MAC);
    expect(why(MAC)).toMatchObject({ severity: "refused" });
    expect(why(MAC).decisions[0]?.reason).toBe("rate-limited");
  });

  test("the address it wants is reserved for another device", () => {
    const { bench, why } = setUp({
      reservations: [reserve(OTHER, "10.77.0.50", { name: "printer" })],
    });
    bench.reboot(MAC, "10.77.0.50");
    expect(why(MAC).verdict).toContain(`10.77.0.50 is reserved for ${OTHER} (printer).`);
  });

  test("it declined its address, or gave it back", () => {
    const { bench, why } = setUp();
    const first = bench.lease(MAC);
    bench.decline(MAC, first);
    expect(why(MAC).verdict).toContain(`declined ${first} on office`);
    expect(why(first).verdict).toContain(`${first} on office is set aside until`);
    const second = bench.lease(MAC);
    bench.release(MAC, second);
    expect(why(MAC).verdict).toContain(`gave ${second} on office back`);
  });

  test("its network is not served", () => {
    const { bench, why } = setUp();
    bench.link(0, { carrier: false });
    bench.reboot(MAC, "10.77.0.120", { options: { 50: address("10.77.0.120") } });
    expect(why(MAC).decisions).toMatchObject([{ reason: "not-serving" }]);
  });

  test("a test of the box by itself is no message of a device", () => {
    const { bench, why } = setUp();
    bench.discover(OTHER);
    bench.pass(300);
    expect(why(OTHER).decisions).toHaveLength(1);
  });
});

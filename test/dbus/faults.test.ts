// The bus comes, goes, is full, refuses or talks nonsense: the box says so once and heals by itself.

import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describeUnless } from "../support/unless.ts";
import { usedBytes } from "../support/used-bytes.ts";
import { box, MAIN, OFFICE, Recorded, ROOT } from "./appliance.ts";
import { missing, PrivateBus } from "./private-bus.ts";
import { flood, sendLarge } from "./raw-client.ts";

const why = missing();

let bus: PrivateBus;
const services: Recorded[] = [];

beforeEach(() => {
  if (!why) bus = new PrivateBus();
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(services.splice(0).map((service) => service.bus.stop()));
  if (!why) await bus.end();
});

function started(address: string): Recorded {
  const service = new Recorded(address);
  services.push(service);
  service.bus.start(box());
  return service;
}

describeUnless(why, "a bus that comes and goes", () => {
  test("absent at start: one reason, then on the bus when it appears", async () => {
    const service = started(bus.address);
    await service.until(/lost: there is no bus at .*\/bus/);
    // Long enough for a second attempt, which must not say it again.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(service.said).toHaveLength(1);
    service.bus.update(box({ role: "standby" }));
    await bus.start();
    await service.until(/connected/);
    expect(await bus.property(ROOT, MAIN, "Role")).toBe("standby");
  });

  test("killed and started again, three times: the name and the objects are back", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    for (const role of ["standby", "serving", "standby"]) {
      await bus.stop();
      await service.until(/lost: the bus closed the connection/);
      service.bus.update(box({ role }));
      await bus.start();
      await service.until(/connected/);
      expect(await bus.property(ROOT, MAIN, "Role")).toBe(role);
      expect(await bus.property(`${ROOT}/network/office`, `${MAIN}.Network`, "Name")).toBe(
        "office",
      );
    }
    expect(service.said).toHaveLength(7);
  });

  test("signals flow again after a restart of the bus", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    await bus.stop();
    await service.until(/lost/);
    await bus.start();
    await service.until(/connected/);
    const seen = await bus.monitor(`type='signal',interface='${MAIN}'`);
    service.bus.update(box({ state: "down", why: "No cable." }));
    await vi.waitUntil(() => seen().includes("StateChanged"), { timeout: 10_000 });
  });

  test("stop gives the name back, and nothing is said or tried afterwards", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    await service.bus.stop();
    await service.bus.stop();
    service.bus.update(box({ role: "standby" }));
    const second = started(bus.address);
    await second.until(/connected/);
    await bus.stop();
    await second.until(/lost/);
    expect(service.said).toEqual(["connected"]);
  });

  test("stop while the bus is absent, and before it was started", async () => {
    const service = started(bus.address);
    await service.until(/lost/);
    await service.bus.stop();
    const never = new Recorded(bus.address);
    await never.bus.stop();
    expect(never.said).toEqual([]);
  });

  test("stop ends although the bus does not read", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    bus.pause();
    await service.bus.stop();
    bus.resume();
  });
});

describeUnless(why, "a name that cannot be had", () => {
  test("owned by another: says by whom, and gets it when that one ends", async () => {
    await bus.start();
    const first = started(bus.address);
    await first.until(/connected/);
    const second = started(bus.address);
    await second.until(/lost/);
    expect(second.said).toEqual([
      `lost: org.tandem.Appliance1 belongs to process ${process.pid} until that ends`,
    ]);
    second.bus.update(box({ name: "B" }));
    expect(await bus.property(ROOT, MAIN, "Name")).toBe("A");
    await first.bus.stop();
    await second.until(/connected/);
    expect(await bus.property(ROOT, MAIN, "Name")).toBe("B");
  });

  test("forbidden by the policy: says so, tries slowly, and gets it when it is allowed", async () => {
    const policy = readFileSync(bus.policyFile, "utf8");
    writeFileSync(bus.policyFile, policy.replace(/<allow own="[^"]+"\/>/g, ""));
    await bus.start();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const service = started(bus.address);
    vi.advanceTimersByTime(0);
    await settled(() => service.said.length > 0);
    expect(service.said[0]).toMatch(
      /^lost: the bus does not let this program be org\.tandem\.Appliance1 \(.+\)$/,
    );
    writeFileSync(bus.policyFile, policy);
    await bus.reload();
    vi.advanceTimersByTime(9_999);
    expect(service.said).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await settled(() => service.said.length > 1);
    expect(service.said.slice(1)).toEqual(["connected"]);
  });
});

describeUnless(why, "many changes", () => {
  test("10,000 updates leave no memory behind, and the last one is what is seen", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    const seen = await bus.monitor(`type='signal',path_namespace='${ROOT}'`);
    await updates(service, 0, 2000);
    await vi.waitUntil(() => seen().includes('"Update no-1999."'), { timeout: 30_000 });
    const before = await usedBytes();
    await updates(service, 2000, 12_000);
    await vi.waitUntil(() => seen().includes('"Update no-11999."'), { timeout: 30_000 });
    const after = await usedBytes();
    expect(await bus.property(ROOT, MAIN, "Why")).toBe("Update no-11999.");
    console.log(`heap ${before} bytes before and ${after} after 10,000 updates`);
    expect(after - before).toBeLessThan(1 << 20);
    expect(service.said).toEqual(["connected"]);
  });

  test("a bus that does not read for a while: memory stays, the last state arrives", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    const seen = await bus.monitor(`type='signal',path_namespace='${ROOT}'`);
    bus.pause();
    await updates(service, 0, 5000);
    const before = await usedBytes();
    await updates(service, 5000, 15_000);
    expect((await usedBytes()) - before).toBeLessThan(1 << 20);
    bus.resume();
    await vi.waitUntil(() => seen().includes('"Update no-14999."'), { timeout: 30_000 });
    expect(service.said).toEqual(["connected"]);
  });
});

describeUnless(why, "many leases", () => {
  test("are not told to a bus that does not read, and are again when it does", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    const seen = await bus.monitor(`type='signal',interface='${MAIN}'`);
    const lease = {
      kind: "updated",
      network: "office",
      mac: "",
      hostname: "",
      expires: "",
    } as const;
    let told = 0;
    bus.pause();
    while (service.bus.isTaking && told < 50_000) {
      service.bus.tellLeases([{ ...lease, address: `${told++}` }], 0);
    }
    expect(told).toBeLessThan(50_000);
    expect(service.bus.isThere).toBe(true);
    bus.resume();
    await vi.waitUntil(() => service.bus.isTaking, { timeout: 10_000 });
    service.bus.tellLeases([], 9);
    await vi.waitUntil(() => seen().includes("LeasesSkipped"), { timeout: 10_000 });
    expect(service.said).toEqual(["connected"]);
  });

  test("are told to nobody while the name is another's, or there is no bus", async () => {
    await bus.start();
    const first = started(bus.address);
    await first.until(/connected/);
    const second = started(bus.address);
    await second.until(/belongs to/);
    expect([second.bus.isThere, second.bus.isTaking]).toEqual([false, false]);
    await first.bus.stop();
    expect([first.bus.isThere, first.bus.isTaking]).toEqual([false, false]);
    await second.until(/connected/);
    expect([second.bus.isThere, second.bus.isTaking]).toEqual([true, true]);
    await bus.stop();
    await second.until(/lost: the bus/);
    expect([second.bus.isThere, second.bus.isTaking]).toEqual([false, false]);
  });
});

describeUnless(why, "callers that mean harm", () => {
  test("a call of two megabytes costs one reconnection, not the service", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    await sendLarge(bus, 2 << 20);
    await service.until(/lost: the bus sent what cannot be read \(.*maximum size.*\)/);
    await service.until(/connected/);
    expect(await bus.property(ROOT, MAIN, "Role")).toBe("serving");
  });

  test("calls without end whose answers nobody takes do not fill the memory", async () => {
    await bus.start();
    const service = started(bus.address);
    await service.until(/connected/);
    const calls = await flood(bus, 20_000);
    await vi.waitUntil(() => calls.sent() === 20_000, { timeout: 30_000 });
    expect(await bus.property(ROOT, MAIN, "Role")).toBe("serving");
    calls.end();
    expect(service.said).toEqual(["connected"]);
  });
});

describe("something else at the address", () => {
  let server: Server;
  let socketPath: string;
  const peers: Socket[] = [];

  async function listen(talk: (peer: Socket) => void): Promise<string> {
    server = createServer((peer) => {
      peers.push(peer);
      peer.on("error", () => {});
      talk(peer);
    });
    socketPath = `\0tandem-test-${process.pid}-${peers.length}`;
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    return `unix:abstract=${socketPath.slice(1)}`;
  }

  afterEach(async () => {
    for (const peer of peers) peer.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Logs the client in as a bus does, then goes on. */
  function login(peer: Socket, then: () => void): void {
    let text = "";
    peer.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.endsWith("\r\n") && !text.includes("BEGIN")) peer.write("OK 1234deadbeef\r\n");
      if (text.includes("BEGIN")) then();
    });
  }

  test("silence is given up after a while", async () => {
    let accepted = 0;
    const address = await listen(() => {
      accepted += 1;
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const service = started(address);
    vi.advanceTimersByTime(0);
    await settled(() => accepted === 1);
    vi.advanceTimersByTime(4999);
    expect(service.said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(service.said).toEqual([
      expect.stringMatching(/^lost: the bus at @\S+ does not answer$/),
    ]);
    vi.advanceTimersByTime(100);
    await settled(() => accepted === 2);
  });

  test("a bus that never answers Hello is given up and tried again", async () => {
    let greeted = 0;
    const address = await listen((peer) => {
      login(peer, () => {
        greeted += 1;
      });
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const service = started(address);
    vi.advanceTimersByTime(0);
    await settled(() => greeted > 0);
    vi.advanceTimersByTime(5000);
    expect(service.said).toEqual([expect.stringMatching(/does not answer$/)]);
  });

  test("a refused login", async () => {
    const address = await listen((peer) => peer.on("data", () => peer.write("REJECTED\r\n")));
    const service = started(address);
    await service.until(/lost: the bus at @\S+ does not let this user in/);
  });

  test.each([
    ["a wrong byte order", Buffer.from("xxxxxxxxxxxxxxxx")],
    ["a wrong version", Buffer.from("6c0400090000000001000000", "hex")],
    ["a message of 4 GB", Buffer.from("6c04000100000000ffffffffffffffff", "hex")],
    [
      "fields that run past the end",
      Buffer.from(`6c040001000000000100000008000000${"ff".repeat(8)}`, "hex"),
    ],
    ["nothing but noise", Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 197) & 0xff))],
  ])("%s ends the connection with a reason and is tried again", async (_, bytes) => {
    let connections = 0;
    const address = await listen((peer) => {
      connections += 1;
      login(peer, () => peer.write(Buffer.concat([bytes, Buffer.alloc(16)])));
    });
    const service = started(address);
    await service.until(/lost: the bus sent what cannot be read \(.+\)/);
    await vi.waitUntil(() => connections > 1, { timeout: 10_000 });
    expect(service.said).toHaveLength(1);
  });

  test("an address without a Unix socket is said and not tried", async () => {
    await listen(() => {});
    const service = started("tcp:host=localhost,port=1");
    await service.until(/lost: the bus address "tcp:host=localhost,port=1" names no Unix socket/);
  });

  test("the second address of a list is tried when the first fails", async () => {
    if (why) return;
    await listen(() => {});
    await bus.start();
    const service = started(`unix:path=/nonexistent/bus;${bus.address}`);
    await service.until(/connected/);
    expect(service.said).toEqual([expect.stringMatching(/^lost: there is no bus at/), "connected"]);
  });
});

async function updates(service: Recorded, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const role = i % 2 === 0 ? "serving" : "standby";
    const networks = i % 3 === 0 ? [OFFICE] : [OFFICE, { ...OFFICE, name: `lan-${i % 7}` }];
    // Not a figure: those are told seldom, and the last one only with the next look.
    service.bus.update(box({ role, why: `Update no-${i}.`, networks }));
    if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Waits in turns of the event loop, for tests whose timers stand still. */
async function settled(reached: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200_000 && !reached(); turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(reached()).toBe(true);
}

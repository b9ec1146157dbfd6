import { describe, expect, test } from "vitest";
import { ipv4 } from "../daemon/base/address.ts";
import type { Now } from "../daemon/base/time.ts";
import { Core } from "../daemon/core/core.ts";
import { Driver } from "../daemon/driver.ts";
import { Journal } from "../daemon/journal/journal.ts";
import { LIMITS } from "../daemon/limits.ts";
import type { Link } from "../daemon/ports.ts";
import { buildArp } from "../daemon/wire/arp.ts";
import { ETHERTYPE_ARP } from "../daemon/wire/frame.ts";
import { readU16 } from "../daemon/wire/reader.ts";
import { clientFrame, macBytes, SERVER_MAC } from "./support/client-frame.ts";
import {
  ACK,
  address,
  configOf,
  network,
  OFFER,
  type Reply,
  readReply,
} from "./support/core-bench.ts";
import { FakeClock, settle } from "./support/fake-clock.ts";
import { FakeDisk } from "./support/fake-disk.ts";
import { seeded } from "./support/random.ts";

const A = "02:00:00:00:00:0a";

class FakeLink implements Link {
  readonly sent: Reply[] = [];
  /** Addresses that were asked for by ARP. */
  readonly asked: string[] = [];
  #filling: Uint8Array[] = [];

  send(frame: Uint8Array): void {
    this.#filling.push(frame);
  }

  flush(): void {
    for (const frame of this.#filling) {
      if (readU16(frame, 12) === ETHERTYPE_ARP) this.asked.push(frame.subarray(38, 42).join("."));
      else this.sent.push(readReply(0, frame));
    }
    this.#filling = [];
  }
}

async function makeBox(of = network()) {
  const disk = new FakeDisk({ random: seeded(1) });
  const clock = new FakeClock();
  const journalClock = new FakeClock();
  const link = new FakeLink();
  const log: string[] = [];
  let driver: Driver | undefined;
  let core: Core | undefined;
  const opened = await Journal.open(disk, {
    clock: journalClock,
    salt: 1,
    book: () => core?.book.leases() ?? [],
    events: {
      durable: (through) => driver?.durable(through),
      state: (state) => driver?.journalState(state),
      log: () => {},
    },
  });
  core = new Core({
    config: configOf([of]),
    hashSeed: 1,
    leases: opened.leases,
    lastSequence: opened.lastSequence,
    wallFloor: opened.lastWall,
    now: clock.now(),
  });
  driver = new Driver(core, clock, {
    leaseChanged: () => {},
    log: (id: string, _: unknown, now: Now) => log.push(`${now.monotonic} ${id}`),
  });
  driver.attach(opened.journal, [link]);
  const mac = macBytes(SERVER_MAC);
  driver.event({
    kind: "link",
    lan: 0,
    helper: true,
    present: true,
    carrier: true,
    mac,
    mtu: 1500,
  });
  await settle();
  const send = (type: number, options: Record<number, Uint8Array>, more = {}): void => {
    const frame = clientFrame({ type, mac: A, options, ...more });
    driver.frame(0, frame, 0, frame.length, true);
    driver.batchEnd();
  };
  return { disk, clock, journalClock, link, driver, core, send };
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

describe("driver", () => {
  test("an offer leaves at once, an ACK when its record is on disk", async () => {
    const { disk, link, send, journalClock } = await makeBox();
    send(1, {});
    expect(link.sent.map(({ type }) => type)).toEqual([OFFER]);
    disk.fault = () => "hang";
    send(3, { 50: address(link.sent[0]?.yiaddr ?? ""), 54: address("10.77.0.2") });
    await journalClock.advance(10);
    expect(link.sent.length).toBe(1);
    disk.fault = undefined;
    disk.wake();
    await settle();
    expect(link.sent.map(({ type }) => type)).toEqual([OFFER, ACK]);
  });

  test("a question about an address waits for no record: its time runs", async () => {
    const { disk, link, send, driver } = await makeBox(network({ probe: true }));
    send(1, {});
    const [first = ""] = link.asked;
    disk.fault = () => "hang";
    const sender = { senderMac: macBytes("00:5e:66:00:00:01"), senderIp: ipv4(first) };
    const target = { targetMac: macBytes(SERVER_MAC), targetIp: ipv4("10.77.0.2") };
    const answer = buildArp(macBytes(SERVER_MAC), { operation: 2, ...sender, ...target });
    driver.frame(0, answer, 0, answer.length, true);
    driver.batchEnd();
    expect(link.asked).toHaveLength(2);
    expect(link.asked[1]).not.toBe(first);
    disk.fault = undefined;
    disk.wake();
    await settle();
    expect([link.asked.length, link.sent.length]).toEqual([2, 0]);
  });

  test("an ACK that waited too long is not sent; the client asks again and is told of what is left", async () => {
    const { disk, link, send, clock, journalClock, driver } = await makeBox();
    disk.fault = () => "hang";
    send(3, { 50: address("10.77.0.150"), 54: address("10.77.0.2") });
    await journalClock.advance(LIMITS.replyWaitMilliseconds + 1);
    clock.monotonic += LIMITS.replyWaitMilliseconds + 1;
    clock.wall += LIMITS.replyWaitMilliseconds + 1;
    disk.fault = undefined;
    disk.wake();
    await settle();
    expect([link.sent.length, driver.lateDrops, driver.waitingReplies]).toEqual([0, 1, 0]);
    send(3, { 50: address("10.77.0.150"), 54: address("10.77.0.2") });
    await journalClock.advance(10);
    expect(link.sent.map(({ type }) => type)).toEqual([ACK]);
  });

  test("a journal that gives up in the middle of a step does not confuse the step", async () => {
    const { disk, link, send, driver, core, journalClock, clock } = await makeBox();
    const options = {
      50: address("10.77.0.150"),
      61: new Uint8Array(255).fill(7),
      12: new Uint8Array(63).fill(0x61),
      60: new Uint8Array(64).fill(0x62),
    };
    const conditions = () => core.conditions.active().map(({ id }) => id);
    disk.fault = () => "hang";
    // More records wait than can be kept, while there is still room for more replies.
    let count = 0;
    while (conditions().length === 0 && count < LIMITS.waitingRepliesMax) {
      // One device with many faces: a single one would be stopped as a flood.
      const mac = `02:00:00:00:${hexByte(count >> 8)}:${hexByte(count & 255)}`;
      send(3, options, { mac });
      count++;
    }
    expect(conditions()).toEqual(["disk-error"]);
    expect([driver.waitingReplies, link.sent.length]).toEqual([0, 0]);
    send(3, options);
    expect(core.counters(0)["refused-disk-not-writable"]).toBe(1);
    disk.fault = undefined;
    disk.wake();
    await settle();
    clock.monotonic += 2000;
    clock.wall += 2000;
    await journalClock.advance(2000);
    expect(conditions()).toEqual([]);
    send(3, options);
    await journalClock.advance(10);
    expect(link.sent.map(({ type }) => type)).toEqual([ACK]);
  });
});

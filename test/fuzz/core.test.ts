// Damaged and hostile packets through decoder and core: nothing may throw, no count may go wrong, and
// nothing may grow. `FUZZ=1000000` runs that many, `SEED=7` another sequence.

import { expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { type ClientMessage, clientFrame } from "../support/client-frame.ts";
import {
  address,
  CoreBench,
  network,
  poolOf,
  reserve,
  seconds,
  text,
} from "../support/core-bench.ts";
import { bookComplaints, effectComplaints } from "../support/core-invariants.ts";
import { below, seeded } from "../support/random.ts";
import { usedBytes } from "../support/used-bytes.ts";
import { repairIpHeader } from "./wire-mutation.ts";

const COUNT = Number(process.env.FUZZ ?? 30_000);
const SEED = Number(process.env.SEED ?? 20260301);
const CLIENTS = 300;
const DHCP_START = 42;

test(`${COUNT} mutated packets through decoder and core, seed ${SEED}`, {
  timeout: 600_000,
}, async () => {
  const random = seeded(SEED);
  const bench = makeBench();
  let heapBefore = 0;
  for (let i = 0; i < COUNT; i++) {
    const frame = mutate(anyFrame(random), random);
    bench.monotonic += below(random, 20) === 0 ? below(random, 20_000) : below(random, 30);
    const effects = bench.frame(frame, below(random, 3));
    if (i % 7 === 0) bench.durable();
    if (i % 50 === 0) expect(effectComplaints(effects, true), `packet ${i}`).toEqual([]);
    if (i % 2000 === 0) expect(bookComplaints(bench.core, 2), `packet ${i}`).toEqual([]);
    if (i === Math.floor(COUNT / 2)) heapBefore = await usedBytes();
  }
  expect(bookComplaints(bench.core, 2)).toEqual([]);
  // A run that reached nothing would prove nothing.
  const counters = bench.core.counters(0);
  for (const name of ["sent-offer", "sent-ack", "sent-nak", "refused-dhcp-malformed"]) {
    expect(counters[name], name).toBeGreaterThan(COUNT / 2000);
  }
  if (COUNT >= 500_000) {
    const grown = (await usedBytes()) - heapBefore;
    console.log(
      `heap after half and after all: ${heapBefore} and ${heapBefore + grown} bytes`,
      counters,
    );
    expect(grown).toBeLessThan(4 << 20);
  }
});

function makeBench(): CoreBench {
  const reservations = [reserve(macOf(1), "10.77.0.20"), reserve(macOf(2), "10.77.0.110")];
  const pools = [poolOf("10.77.0.100", "10.77.0.250")];
  const far = network({
    name: "far",
    interfaceName: "lan1",
    subnet: { address: ipv4("10.78.0.0"), prefix: 24, mask: ipv4("255.255.255.0") },
    ownAddress: ipv4("10.78.0.2"),
    serverId: ipv4("10.78.0.2"),
    pool: ["10.78.0.100", "10.78.0.120"],
    authoritative: false,
  });
  return new CoreBench([network({ reservations, pools }), far]);
}

function macOf(number: number): string {
  const hex = number.toString(16).padStart(4, "0");
  return `02:5e:10:00:${hex.slice(0, 2)}:${hex.slice(2)}`;
}

/** A message that a real client could send, in any state, right or wrong. */
function anyFrame(random: () => number): Uint8Array {
  const pick = <T>(...items: T[]): T => items[below(random, items.length)] as T;
  const held = `10.${pick(77, 77, 77, 78)}.0.${pick(2, 20, 90) + below(random, 160)}`;
  const options: Record<number, Uint8Array> = {};
  const type = pick(1, 1, 3, 3, 3, 3, 4, 7, 8, 10, 2, undefined);
  if (random() < 0.5) options[50] = address(held);
  if (random() < 0.4)
    options[54] = address(pick("10.77.0.2", "10.77.0.2", "10.78.0.2", "10.77.0.3"));
  if (random() < 0.3) options[61] = text(`id-${below(random, CLIENTS)}`);
  if (random() < 0.3) options[12] = text(pick("pc", "Annas-Phone", "a.b.c", "<b>", "x".repeat(80)));
  if (random() < 0.2) options[60] = text(pick("MSFT 5.0", "udhcp 1.36", "\u0001\u0002"));
  if (random() < 0.3) options[51] = seconds(below(random, 100_000));
  if (random() < 0.3)
    options[55] = Uint8Array.from({ length: below(random, 40) }, () => below(random, 256));
  if (random() < 0.1) options[57] = Uint8Array.from([below(random, 8), below(random, 256)]);
  if (random() < 0.1)
    options[82] = Uint8Array.from({ length: below(random, 300) }, () => below(random, 256));
  const message: ClientMessage = {
    type,
    mac: macOf(below(random, CLIENTS)),
    options,
    broadcast: random() < 0.2,
    ...(random() < 0.3 ? { ciaddr: held } : {}),
    ...(random() < 0.1 ? { giaddr: pick("10.77.0.9", "10.78.0.9", "172.16.0.1") } : {}),
    ...(random() < 0.3 ? { destinationIp: "10.77.0.2" } : {}),
  };
  return clientFrame(message);
}

/** Nothing, a few wrong bytes, another length, or options moved about; mostly with a right IP header. */
function mutate(frame: Uint8Array, random: () => number): Uint8Array {
  const choice = random();
  if (choice < 0.35) return frame;
  let damaged = frame.slice();
  if (choice < 0.75) {
    const from = random() < 0.8 ? DHCP_START : 0;
    for (let count = 1 + below(random, 6); count > 0; count--) {
      damaged[from + below(random, damaged.length - from)] = below(random, 256);
    }
  } else if (choice < 0.85) {
    damaged = damaged.slice(0, below(random, damaged.length + 1));
  } else {
    const options = DHCP_START + 240;
    const at = options + below(random, Math.max(1, damaged.length - options));
    const piece = damaged.slice(at, at + below(random, 40));
    const into = options + below(random, Math.max(1, damaged.length - options - piece.length));
    if (into + piece.length <= damaged.length) damaged.set(piece, into);
  }
  if (random() < 0.9) repairIpHeader(damaged);
  return damaged;
}

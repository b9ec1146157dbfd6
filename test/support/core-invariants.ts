// What must hold in a core at any time, worked out anew from the leases themselves.

import { formatIpv4 } from "../../daemon/base/address.ts";
import type { Core } from "../../daemon/core/core.ts";
import type { Effect } from "../../daemon/core/effect.ts";
import { PLACE } from "../../daemon/core/pool.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { ACK, readReply } from "./core-bench.ts";

/** Complaints about the book and the pools of a core with `networks` networks; none when all is well. */
export function bookComplaints(core: Core, networks: number): string[] {
  const complaints: string[] = [];
  const sequences = new Set<number>();
  const byPool = new Map<unknown, { active: number; abandoned: number; listed: number }>();
  for (const lease of core.book.leases()) {
    const name = formatIpv4(lease.address);
    if (sequences.has(lease.sequence))
      complaints.push(`${name}: sequence ${lease.sequence} is used twice`);
    sequences.add(lease.sequence);
    if (core.book.at(lease.address) !== lease)
      complaints.push(`${name} is not found by its address`);
    if (lease.state === "active" && lease.queuedFor === 0) complaints.push(`${name} never ends`);
    if (lease.state === "active" && lease.client.length < 3)
      complaints.push(`${name} has no client`);
    if (lease.hostname !== "" && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(lease.hostname)) {
      complaints.push(`${name} has the host name ${JSON.stringify(lease.hostname)}`);
    }
    if (!lease.pool || lease.slot < 0) continue;
    const counts = byPool.get(lease.pool) ?? { active: 0, abandoned: 0, listed: 0 };
    byPool.set(lease.pool, counts);
    if (lease.state === "active") counts.active++;
    if (lease.state === "abandoned") counts.abandoned++;
    if (lease.place !== PLACE.nowhere) {
      counts.listed++;
      if (lease.state === "active" || lease.state === "abandoned")
        complaints.push(`${name} is up for choice`);
    }
  }
  for (const [pool, counts] of byPool) {
    const { ranges, free, size } = pool as NonNullable<ReturnType<typeof poolType>>;
    const listed = ranges.reduce((total, { freed, rested }) => total + freed.size + rested.size, 0);
    const sum = (key: "active" | "abandoned" | "offered" | "free") =>
      ranges.reduce((total, range) => total + range[key], 0);
    if (sum("active") !== counts.active)
      complaints.push(`active: ${sum("active")} counted, ${counts.active} there`);
    if (sum("abandoned") !== counts.abandoned)
      complaints.push("abandoned addresses are counted wrong");
    if (listed !== counts.listed) complaints.push("the free lists are not what the leases say");
    if (sum("free") !== free) complaints.push("free addresses are counted wrong");
    if (sum("active") + sum("abandoned") + free > size)
      complaints.push("more addresses than the pool has");
  }
  if (core.offers.waiting > LIMITS.offersMax) complaints.push("too many offers");
  for (let lan = 0; lan < networks; lan++) {
    const counts = core.poolCounts(lan, 0);
    if (Object.values(counts).some((count) => count < 0)) complaints.push("a negative count");
  }
  return complaints;
}

/** Frames, messages of clients and refusals, over all networks. */
export interface Counts {
  readonly frames: number;
  readonly received: number;
  readonly refused: number;
}

export function totalCounts(core: Core, networks: number): Counts {
  const total = { frames: 0, received: 0, refused: 0 };
  for (let index = 0; index < networks; index++) {
    for (const [name, count] of Object.entries(core.counters(index))) {
      if (name === "frames") total.frames += count;
      else if (name.startsWith("received-")) total.received += count;
      else if (name.startsWith("refused-")) total.refused += count;
    }
  }
  return total;
}

/**
 * Complaints about what one frame was counted as: once as a frame, and then as a message of a client, as
 * refused, or, if it is ARP or ICMP, not at all. A NAK is a refusal too. `refusedMax`: earlier ones may be
 * answered now as well.
 */
export function countComplaints(
  frame: Uint8Array,
  before: Counts,
  after: Counts,
  refusedMax = 1,
): string[] {
  const frames = after.frames - before.frames;
  const received = after.received - before.received;
  const refused = after.refused - before.refused;
  const isIp = frame[12] === 0x08 && frame[13] === 0x00;
  const isHeard = (isIp && frame[23] === 1) || (frame[12] === 0x08 && frame[13] === 0x06);
  const complaints: string[] = [];
  if (frames !== 1) complaints.push(`one frame is counted as ${frames}`);
  if (received > 1 || refused > refusedMax) {
    complaints.push(`a frame is counted as ${received} messages and ${refused} refusals`);
  }
  if (received + refused === 0 && !isHeard) complaints.push("a frame is in no counter");
  return complaints;
}

/** Complaints about the effects of one step: an ACK with a lease stands behind the record of it. */
export function effectComplaints(effects: readonly Effect[], isJournalOk: boolean): string[] {
  const complaints: string[] = [];
  const persisted = new Set<string>();
  for (const effect of effects) {
    if (effect.kind === "persist") persisted.add(formatIpv4(effect.lease.address));
    if (effect.kind !== "send" || !isDatagram(effect.frame)) continue;
    const reply = readReply(effect.lan, effect.frame);
    if (
      reply.type === ACK &&
      reply.yiaddr !== "0.0.0.0" &&
      isJournalOk &&
      !persisted.has(reply.yiaddr)
    ) {
      complaints.push(`ACK of ${reply.yiaddr} without a record`);
    }
  }
  return complaints;
}

/** Not ARP and no echo request, which the box sends as well. */
function isDatagram(frame: Uint8Array): boolean {
  return frame[12] === 0x08 && frame[13] === 0x00 && frame[23] === 17;
}

function poolType(core: Core) {
  for (const lease of core.book.leases()) return lease.pool;
  return undefined;
}

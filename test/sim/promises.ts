// What one box has written and promised (P2): no ACK leaves before its record is on stable storage, and
// what was acknowledged is there after every start, for the same client and long enough.

import { formatIpv4, formatMac, ipv4 } from "../../daemon/base/address.ts";
import { equalBytes } from "../../daemon/base/bytes.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LIMITS } from "../../daemon/limits.ts";
import type { Reply } from "../support/core-bench.ts";
import type { Life, SimBox } from "./sim-box.ts";
import type { World } from "./world.ts";

/** Whatever clock is right, what has so much left never ends. */
const NEVER_MILLISECONDS = 2 ** 31 * 1000;

/** A lease that a client was told of: it must be known until then, come what may. */
export interface Promised {
  readonly client: Uint8Array;
  /** Its hardware address, whatever it identifies itself by. */
  readonly mac: string;
  /** True milliseconds. */
  readonly until: number;
}

export interface Recorded {
  readonly sequence: number;
  readonly client: Uint8Array;
  readonly isActive: boolean;
  readonly state: string;
  /** True milliseconds, by the clock of the box when it wrote. */
  readonly endsAt: number;
  /** The latest potential end that the box of a pair has heard or told of, alike. */
  readonly potentialUntil: number;
}

const RECORDS_MAX = 50;
const GRACE_MILLISECONDS = LIMITS.expiryGraceSeconds * 1000;

export class Promises {
  readonly #world: World;
  readonly #promises = new Map<string, Promised>();
  /** Records of each address since the box began to write them, newest last. */
  readonly #records = new Map<string, Recorded[]>();

  constructor(world: World) {
    this.#world = world;
  }

  recordsOf(address: string): readonly Recorded[] {
    return this.#records.get(address) ?? [];
  }

  get recorded(): Iterable<readonly [string, readonly Recorded[]]> {
    return this.#records;
  }

  promised(address: string): Promised | undefined {
    return this.#promises.get(address);
  }

  /** Takes a record; gives back what the one before said. */
  persisted(box: SimBox, lease: Lease): Recorded | undefined {
    const address = formatIpv4(lease.address);
    const { now } = this.#world;
    const seconds = box.life?.core.seconds ?? 0;
    const record = recordOf(lease, now, seconds);
    const records = this.#records.get(address) ?? [];
    const before = records.at(-1);
    records.push(record);
    if (records.length > RECORDS_MAX) records.shift();
    this.#records.set(address, records);
    // From here on either the old or the new may be what survives.
    if (!record.isActive) this.#promises.delete(address);
    return before;
  }

  /** An ACK of a lease leaves. */
  acknowledges(life: Life, reply: Reply, seconds: number): void {
    const through = life.journal.durableThrough;
    const records = this.recordsOf(reply.yiaddr);
    const record = records.findLast(
      ({ sequence, isActive, client }) => sequence <= through && isActive && isOf(reply, client),
    );
    if (!record) {
      this.#world.complain(`ACK of ${reply.yiaddr} before any durable record`);
      return;
    }
    // A release or decline may have overtaken an ACK that waited for the disk.
    const newest = records.at(-1);
    if (!newest?.isActive || !equalBytes(newest.client, record.client)) return;
    this.#promises.set(reply.yiaddr, {
      client: record.client,
      mac: formatMac(reply.message.chaddr.subarray(0, 6)),
      until: this.#world.now + seconds * 1000,
    });
  }

  /** The box need not keep what it said of this address. */
  drop(address: string): void {
    this.#promises.delete(address);
  }

  /** The process has read its journal. */
  recovered(life: Life, leases: readonly Lease[]): void {
    const { now } = this.#world;
    const known = new Map(leases.map((lease) => [formatIpv4(lease.address), lease]));
    for (const [address, promised] of this.#promises) {
      if (promised.until - GRACE_MILLISECONDS <= now) continue;
      const lease = life.core.book.at(ipv4(address));
      const what = `${address}, acknowledged for ${Math.round((promised.until - now) / 1000)} s more,`;
      if (!lease || !known.has(address)) this.#world.complain(`${what} is missing after the start`);
      else if (lease.state !== "active") this.#world.complain(`${what} is ${lease.state}`);
      else if (!equalBytes(lease.client, promised.client)) {
        this.#world.complain(`${what} belongs to another client`);
      } else {
        const end = now + (lease.expiresAt - life.core.seconds) * 1000;
        const isNever = end - now > NEVER_MILLISECONDS && promised.until - now > NEVER_MILLISECONDS;
        if (!isNever && end + GRACE_MILLISECONDS < promised.until) {
          this.#world.complain(`${what} ends in ${Math.round((end - now) / 1000)} s`);
        }
      }
    }
    for (const [address, records] of this.#records) {
      this.#records.set(
        address,
        records.filter(({ sequence }) => sequence <= life.journal.durableThrough),
      );
    }
    // A disk that was put back has records of its own.
    for (const [address, lease] of known) {
      if (this.recordsOf(address).length > 0) continue;
      this.#records.set(address, [recordOf(lease, now, life.core.seconds)]);
    }
  }

  /** The disk was put back to what it was before: nobody can hold the box to what it said since. */
  forget(): void {
    this.#promises.clear();
    this.#records.clear();
  }
}

function recordOf(lease: Lease, now: number, seconds: number): Recorded {
  return {
    sequence: lease.sequence,
    client: lease.client.slice(),
    isActive: lease.state === "active",
    state: lease.state,
    endsAt: now + (lease.expiresAt - seconds) * 1000,
    potentialUntil: now + (Math.max(lease.toldUntil, lease.agreedUntil) - seconds) * 1000,
  };
}

/** The identity of a lease is the client's identifier or, also for some that send one, its hardware. */
export function isOf(reply: Reply, client: Uint8Array): boolean {
  const { message } = reply;
  const id = message.raw(61);
  if (id && equalBytes(client, Uint8Array.of(1, ...id))) return true;
  const hardware = message.chaddr.subarray(0, message.hlen);
  return equalBytes(client, Uint8Array.of(0, message.htype, ...hardware));
}

// What must hold, whatever happens. Known here and nowhere else in the world: who holds which address
// in true time, and what every box has promised.

import { formatIpv4, type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import { equalBytes, hex } from "../../daemon/base/bytes.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { ACK, type Reply, readReply } from "../support/core-bench.ts";
import { bookComplaints } from "../support/core-invariants.ts";
import type { Lan } from "./lan.ts";
import type { Life, SimBox, SimPort } from "./sim-box.ts";
import type { Holding, SimClient } from "./sim-client.ts";
import type { World } from "./world.ts";

/** A lease that a client was told of: it must be known until then, come what may. */
interface Promised {
  readonly client: Uint8Array;
  /** True milliseconds. */
  readonly until: number;
}

interface Recorded {
  readonly sequence: number;
  readonly client: Uint8Array;
  readonly isActive: boolean;
  readonly seconds: number;
}

const GRACE_MILLISECONDS = LIMITS.expiryGraceSeconds * 1000;

export class Checks {
  readonly clients: SimClient[] = [];
  acks = 0;
  crashes = 0;
  readonly #world: World;
  readonly #squatters = new Set<string>();
  readonly #promises = new Map<string, Promised>();
  /** Records of each address since the box began to write them, newest last. */
  readonly #records = new Map<string, Recorded[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A device with a fixed address, that no DHCP server knows of. */
  squat(lan: Lan, address: string): void {
    this.#squatters.add(`${lan.name} ${address}`);
  }

  isSquatted(lan: Lan, address: string): boolean {
    return this.#squatters.has(`${lan.name} ${address}`);
  }

  /** P1: no address is held by two clients. */
  acquired(client: SimClient, holding: Holding): void {
    for (const other of this.clients) {
      const held = other.holding;
      if (other === client || !held || held.address !== holding.address) continue;
      if (held.until <= this.#world.now) continue;
      const left = Math.round((held.until - this.#world.now) / 1000);
      this.#world.complain(
        `${holding.address} was given to ${client.name} while ${other.name} has it for ${left} s more`,
      );
    }
  }

  /** The driver handed a record to the journal. */
  persisted(box: SimBox, lease: Lease): void {
    const address = formatIpv4(lease.address);
    const record = {
      sequence: lease.sequence,
      client: lease.client.slice(),
      isActive: lease.state === "active",
      seconds: lease.leaseSeconds,
    };
    const records = this.#records.get(address) ?? [];
    records.push(record);
    if (records.length > 50) records.shift();
    this.#records.set(address, records);
    // From here on either the old or the new may be what survives.
    if (!record.isActive) this.#promises.delete(address);
    this.#world.tell(
      box.name,
      `record ${lease.sequence}: ${address} ${lease.state} ${hex(lease.client)}, ${lease.expiresAt - (box.life?.core.seconds ?? 0)} s left`,
    );
  }

  /** P2: no ACK before its record is on stable storage. */
  sends(port: SimPort, frame: Uint8Array): void {
    const reply = readReply(port.index, frame);
    const seconds = reply.message.u32(51);
    if (reply.type !== ACK || reply.yiaddr === "0.0.0.0" || typeof seconds !== "number") return;
    this.acks++;
    const through = port.box.life?.journal.durableThrough ?? 0;
    const records = this.#records.get(reply.yiaddr) ?? [];
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
      until: this.#world.now + seconds * 1000,
    });
  }

  crashed(box: SimBox): void {
    this.crashes++;
    for (const port of box.ports) port.discard();
  }

  /** P2: what was acknowledged before the crash is there, for the same client and long enough. */
  recovered(box: SimBox, life: Life, leases: readonly Lease[]): void {
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
        if (end + GRACE_MILLISECONDS < promised.until) {
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
    this.look(box);
  }

  /** The book agrees with itself, and no lease lasts longer than its length. */
  look(box: SimBox): void {
    const core = box.life?.core;
    if (!core) return;
    for (const complaint of bookComplaints(core, box.ports.length)) this.#world.complain(complaint);
    for (const lease of core.book.leases()) {
      const left = lease.expiresAt - core.seconds;
      if (lease.state === "active" && left > lease.leaseSeconds + 1) {
        this.#world.complain(
          `${formatIpv4(lease.address)} lasts ${left} s, given for ${lease.leaseSeconds} s`,
        );
      }
    }
  }

  /** The journal gives back the same book. */
  compare(before: readonly Lease[], after: ReadonlyMap<Ipv4, Lease>): void {
    for (const lease of before) {
      const found = after.get(lease.address);
      const name = formatIpv4(lease.address);
      if (!found) this.#world.complain(`${name} is not in the journal`);
      else if (textOf(found) !== textOf(lease)) {
        this.#world.complain(
          `${name} is ${textOf(found)} in the journal, ${textOf(lease)} in the book`,
        );
      }
    }
  }
}

/** The identity of a lease is the client's identifier or, also for some that send one, its hardware. */
function isOf(reply: Reply, client: Uint8Array): boolean {
  const { message } = reply;
  const id = message.raw(61);
  if (id && equalBytes(client, Uint8Array.of(1, ...id))) return true;
  const hardware = message.chaddr.subarray(0, message.hlen);
  return equalBytes(client, Uint8Array.of(0, message.htype, ...hardware));
}

/** What the journal keeps of a lease; an end that has passed is not written, and so not compared. */
function textOf(lease: Lease): string {
  const { sequence, network, client, chaddr, hostname, vendorClass, leaseSeconds, expiresAt } =
    lease;
  const identity = lease.state === "free" ? "" : hex(client);
  const isOpen = lease.state === "active" || lease.state === "expired";
  const state = isOpen ? "active" : lease.state === "free" ? "abandoned" : lease.state;
  return [
    sequence,
    network,
    state,
    identity,
    hex(chaddr),
    hostname,
    vendorClass,
    leaseSeconds,
    expiresAt,
  ].join(" ");
}

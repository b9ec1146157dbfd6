// What must hold, whatever happens. Known here and nowhere else in the world: who holds which address
// in true time, and what every box has promised.

import { contains, formatIpv4, formatMac, type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import { equalBytes, hex } from "../../daemon/base/bytes.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { ACK, OFFER, type Reply, readReply } from "../support/core-bench.ts";
import { bookComplaints } from "../support/core-invariants.ts";
import { BRANCH } from "./configs.ts";
import { FAIR, isUdp, type Lan } from "./lan.ts";
import type { Squatter } from "./neighbours.ts";
import { isOf, Promises } from "./promises.ts";
import { networksOn, whyNotFor } from "./rights.ts";
import type { Life, SimBox, SimPort } from "./sim-box.ts";
import type { Holding, SimClient } from "./sim-client.ts";
import type { Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** An offer that was checked is good for half a minute. */
const SURE_MILLISECONDS = 31_000;

export class Checks implements Watch {
  readonly clients: SimClient[] = [];
  acks = 0;
  crashes = 0;
  readonly #world: World;
  readonly squatters: Squatter[] = [];
  /** True time before which something happened that may keep a probe from being answered. */
  disturbedUntil = 0;
  readonly #promises: Promises;
  /** Addresses that were leased under a configuration before. */
  readonly #before = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    this.#promises = new Promises(world);
  }

  isSquatted(lan: Lan, address: string): boolean {
    return this.squatters.some((one) => one.lan === lan && one.uses(address));
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
    const before = this.#promises.persisted(box, lease);
    const isActive = lease.state === "active";
    const isRenewal = before?.isActive === true && equalBytes(before.client, lease.client);
    if (isActive) this.#mayHave(box, lease, isRenewal);
    this.#world.tell(
      box.name,
      `record ${lease.sequence}: ${address} ${lease.state} ${hex(lease.client)}, ${lease.expiresAt - (box.life?.core.seconds ?? 0)} s left`,
    );
  }

  /** Limits hold: pools, classes, reservations and ports are what the configuration says. */
  #mayHave(box: SimBox, lease: Lease, isRenewal: boolean): void {
    const address = formatIpv4(lease.address);
    const network = box.config.networks.find(({ name }) => name === lease.network);
    const mac = formatMac(lease.chaddr);
    const client = this.clients.find((one) => one.mac === mac);
    const vendorClass = client?.identity.vendorClass ?? "";
    const who = { name: client?.name ?? "", mac, vendorClass };
    const why = whyNotFor(box.config, network?.segment ?? "", who, address);
    if (why) this.#world.complain(`${address} was given to ${who.name || mac}, though ${why}`);
    const circuit = hex(lease.relayAgent ?? new Uint8Array(0));
    const max = networksOn(box.config, BRANCH)[0]?.leasesPerCircuitMax ?? 0;
    if (max === 0 || isRenewal || network?.segment !== BRANCH || circuit === "") return;
    // Those that were there when the limit came are let be, and those that a wrong clock brought to life.
    let count = 1;
    for (const other of box.life?.core.book.leases() ?? []) {
      const name = formatIpv4(other.address);
      const isPromised = (this.#promises.promised(name)?.until ?? 0) > this.#world.now;
      if (name === address || other.state !== "active" || !isPromised) continue;
      if (hex(other.relayAgent) === circuit && !this.#before.has(name)) count++;
    }
    if (this.#before.has(address)) return;
    if (count > max) this.#world.complain(`${count} leases at one port, ${max} are allowed`);
  }

  /** An address that answers is offered to nobody, but to whom it was given before. */
  #offers(port: SimPort, reply: Reply): void {
    const { now } = this.#world;
    const { config } = port.box;
    const network = config.networks.find(({ subnet }) => contains(subnet, ipv4(reply.yiaddr)));
    if (!network?.probe || now < this.disturbedUntil + SURE_MILLISECONDS) return;
    for (const { address, since, lan } of this.squatters) {
      if (address !== reply.yiaddr || lan.weather !== FAIR || port.lan.weather !== FAIR) continue;
      if (since === undefined || now < since + SURE_MILLISECONDS) continue;
      const last = this.#promises.recordsOf(address).findLast(({ isActive }) => isActive);
      if (last && isOf(reply, last.client)) continue;
      this.#world.complain(
        `${address} was offered, and answers since ${Math.round(since / 1000)} s`,
      );
    }
  }

  /** P2: no ACK before its record is on stable storage. */
  sends(port: SimPort, frame: Uint8Array): void {
    if (!isUdp(frame) || frame[42] !== 2) return;
    const reply = readReply(port.index, frame);
    if (reply.type === OFFER && reply.yiaddr !== "0.0.0.0") this.#offers(port, reply);
    const seconds = reply.message.u32(51);
    if (reply.type !== ACK || reply.yiaddr === "0.0.0.0" || typeof seconds !== "number") return;
    this.acks++;
    if (port.box.life) this.#promises.acknowledges(port.box.life, reply, seconds);
  }

  /** Another configuration is in force; leases of the one before need not fit its limits. */
  configured(): void {
    for (const [address, records] of this.#promises.recorded) {
      if (records.at(-1)?.isActive) this.#before.add(address);
    }
  }

  /** There is one box, and so one answer. */
  asks(): void {}

  wrong(complaint: string): void {
    this.#world.complain(complaint);
  }

  crashed(box: SimBox): void {
    this.crashes++;
    for (const port of box.ports) port.discard();
  }

  /** P2: what was acknowledged before the crash is there, for the same client and long enough. */
  recovered(box: SimBox, life: Life, leases: readonly Lease[]): void {
    this.#promises.recovered(life, leases);
    this.look(box);
  }

  /** The book agrees with itself, and no lease lasts longer than its length. */
  look(box: SimBox): void {
    const core = box.life?.core;
    if (!core) return;
    for (const complaint of bookComplaints(core, box.config.networks.length))
      this.#world.complain(complaint);
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

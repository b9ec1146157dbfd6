// Other DHCP servers on a LAN: heard by their replies, which are provoked by a DISCOVER now and then.

import { ANY, formatIpv4, formatMac, type Ipv4 } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import type { Now } from "../base/time.ts";
import type { LogValues } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import { buildDiscover } from "../wire/client-message.ts";
import { BOOTREPLY, type Dhcp4Message, MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import type { Frame } from "../wire/frame.ts";
import { copyOf, readU32 } from "../wire/reader.ts";

/** A server that is neither this box nor trusted. */
export interface RogueServer {
  readonly server: Ipv4;
  readonly mac: Uint8Array;
  /** The first address it was heard to give, 0.0.0.0 while it only refuses or answers questions. */
  readonly offered: Ipv4;
  /** First router in what it gave last (option 3); 0.0.0.0 when it names none. */
  readonly router: Ipv4;
  /** Type of its last reply: offer, ack or nak of MESSAGE_TYPE. */
  readonly type: number;
  /** Wall-clock milliseconds. */
  readonly firstWall: number;
  /** Monotonic milliseconds. */
  readonly lastMonotonic: number;
  readonly count: number;
}

/**
 * new: a server not heard before, say so. known: heard before, or one too many to be remembered.
 * ignored: not a reply of a server to a client here, or one of a trusted server.
 */
export type RogueVerdict = "new" | "known" | "ignored";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The LAN's switch ports may take a while until they forward (spanning tree), so not at once. */
const FIRST_PROBE_MILLISECONDS = 5000;
const GOLDEN = 0x9e3779b9;
/** Answered by every server that gives anything; the router is what a person wants to know. */
const PARAMETER_LIST = [OPTION.subnetMask.code, OPTION.router.code, OPTION.serverIdentifier.code];

/** One per LAN. */
export class RogueWatch {
  /** Rises whenever `conditionValues` may have changed. */
  revision = 0;
  readonly #servers: Mutable<RogueServer>[] = [];
  readonly #seed: number;
  #probes = 0;
  #probeAt: number | undefined = undefined;
  #unlisted = 0;
  #unlistedMonotonic = 0;
  #latest: RogueServer | undefined = undefined;

  /** `seed` is any 32-bit number; LANs and boxes with different seeds ask with different xids. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** In the order in which they were first heard. */
  get servers(): readonly RogueServer[] {
    return this.#servers;
  }

  /** The server of the last reply that was "new" or "known"; undefined when it is not remembered. */
  get latest(): RogueServer | undefined {
    return this.#latest;
  }

  /** When to call `forget` or `probe` next, in monotonic milliseconds; undefined: not at all. */
  get nextAt(): number | undefined {
    let at = this.#probeAt ?? Number.POSITIVE_INFINITY;
    for (const one of this.#servers) at = Math.min(at, forgottenAt(one.lastMonotonic));
    if (this.#unlisted > 0) at = Math.min(at, forgottenAt(this.#unlistedMonotonic));
    return at === Number.POSITIVE_INFINITY ? undefined : at;
  }

  /** The LAN has carrier and this box watches it. */
  linkUp(nowMonotonic: number): void {
    this.#probeAt = nowMonotonic + FIRST_PROBE_MILLISECONDS;
  }

  /** Nothing can be asked any more; what was heard is forgotten in its time. */
  linkDown(): void {
    this.#probeAt = undefined;
  }

  isProbeDue(nowMonotonic: number): boolean {
    return this.#probeAt !== undefined && this.#probeAt <= nowMonotonic;
  }

  /** The next DISCOVER to send on the LAN; `ownMac` is this box's hardware address there. */
  probe(ownMac: Uint8Array, nowMonotonic: number): Uint8Array {
    this.#probes++;
    this.#probeAt = nowMonotonic + LIMITS.rogueProbeMilliseconds;
    return buildDiscover({
      sourceMac: ownMac,
      xid: this.#xid(),
      isBroadcast: true,
      parameterList: PARAMETER_LIST,
    });
  }

  /**
   * Any message of a server that came in on the LAN and was sent by neither box. `trusted` are server
   * identifiers: those of the configuration.
   */
  reply(frame: Frame, message: Dhcp4Message, trusted: readonly Ipv4[], now: Now): RogueVerdict {
    const type = message.u8(OPTION.dhcpMessageType.code);
    if (message.op !== BOOTREPLY || typeof type !== "number" || !isAnswer(type)) return "ignored";
    // What a server here sends to a relay is about another network.
    if (message.giaddr !== ANY) return "ignored";
    const server = serverOf(frame, message);
    if (trusted.includes(server)) return "ignored";
    const known = this.#find(server, frame.srcMac);
    if (!known && this.#servers.length >= LIMITS.rogueServersMax) return this.#countUnlisted(now);
    const one = known ?? this.#add(server, copyOf(frame.srcMac), now);
    one.lastMonotonic = now.monotonic;
    one.count++;
    this.#note(one, type, message);
    this.#latest = one;
    return known ? "known" : "new";
  }

  /** Drops servers not heard for long. True when any was dropped. */
  forget(nowMonotonic: number): boolean {
    if (this.#unlisted > 0 && forgottenAt(this.#unlistedMonotonic) <= nowMonotonic) {
      this.#unlisted = 0;
      this.revision++;
    }
    return this.#keep((one) => forgottenAt(one.lastMonotonic) > nowMonotonic);
  }

  /** Drops servers that are trusted by now, by their identifier or their MAC. True when any was dropped. */
  trust(trusted: readonly Ipv4[], macs: readonly Uint8Array[] = []): boolean {
    return this.#keep(
      (one) => !trusted.includes(one.server) && !macs.some((mac) => equalBytes(mac, one.mac)),
    );
  }

  /** Values of the condition "rogue-server"; undefined when no such server is there. */
  conditionValues(): LogValues | undefined {
    const first = this.#servers.find((one) => one.offered !== ANY) ?? this.#servers[0];
    if (!first) return undefined;
    const others = this.#servers.length - 1;
    return {
      server: formatIpv4(first.server),
      mac: formatMac(first.mac),
      vendor: "",
      offered: first.offered === ANY ? "" : formatIpv4(first.offered),
      router: first.router === ANY ? "" : formatIpv4(first.router),
      what: doings(first),
      others: otherServers(others, this.#unlisted > 0),
    };
  }

  #find(server: Ipv4, mac: Uint8Array): Mutable<RogueServer> | undefined {
    for (const one of this.#servers) {
      if (one.server === server && equalBytes(one.mac, mac)) return one;
    }
    return undefined;
  }

  #add(server: Ipv4, mac: Uint8Array, now: Now): Mutable<RogueServer> {
    const one: Mutable<RogueServer> = {
      server,
      mac,
      offered: ANY,
      router: ANY,
      type: 0,
      firstWall: now.wall,
      lastMonotonic: now.monotonic,
      count: 0,
    };
    this.#servers.push(one);
    this.revision++;
    return one;
  }

  #note(one: Mutable<RogueServer>, type: number, message: Dhcp4Message): void {
    if (type !== one.type) this.revision++;
    one.type = type;
    if (type === MESSAGE_TYPE.nak || message.yiaddr === ANY) return;
    const router = routerOf(message);
    if (one.offered !== ANY && router === one.router) return;
    if (one.offered === ANY) one.offered = message.yiaddr;
    one.router = router;
    this.revision++;
  }

  #countUnlisted(now: Now): RogueVerdict {
    if (this.#unlisted === 0) this.revision++;
    this.#unlisted++;
    this.#unlistedMonotonic = now.monotonic;
    this.#latest = undefined;
    return "known";
  }

  #keep(isKept: (one: RogueServer) => boolean): boolean {
    const before = this.#servers.length;
    for (let i = before - 1; i >= 0; i--) {
      if (!isKept(this.#servers[i] as RogueServer)) this.#servers.splice(i, 1);
    }
    if (this.#servers.length === before) return false;
    this.revision++;
    return true;
  }

  /** A fixed and well spread sequence, so that the same input gives the same packets. */
  #xid(): number {
    let x = (this.#seed + Math.imul(this.#probes, GOLDEN)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
  }
}

/** RFC 2131 §4.3.1 makes the server identifier a must; one that leaves it out is known by its address. */
export function serverOf(frame: Frame, message: Dhcp4Message): Ipv4 {
  const id = message.u32(OPTION.serverIdentifier.code);
  return typeof id === "number" && id !== ANY ? (id as Ipv4) : frame.sourceIp;
}

/** Values `what` and `offered` of the log line "rogue-seen". */
export function rogueDoing(one: RogueServer): { readonly what: string; readonly offered: string } {
  if (one.type === MESSAGE_TYPE.nak)
    return { what: "it refuses", offered: "the request of a device" };
  if (one.offered === ANY) return { what: "it tells settings to", offered: "a device" };
  const what = one.type === MESSAGE_TYPE.ack ? "it gives" : "it offers";
  return { what, offered: formatIpv4(one.offered) };
}

function doings(one: RogueServer): string {
  if (one.offered === ANY) {
    const isNak = one.type === MESSAGE_TYPE.nak;
    return isNak ? "refuses what devices ask for" : "tells devices settings";
  }
  const router =
    one.router === ANY ? "without a router" : `with the router ${formatIpv4(one.router)}`;
  return `offers ${formatIpv4(one.offered)} ${router}`;
}

function otherServers(count: number, areMore: boolean): string {
  if (areMore) return `, and there are more than ${count} others`;
  if (count === 0) return "";
  return count === 1 ? ", and there is another one" : `, and there are ${count} others`;
}

function isAnswer(type: number): boolean {
  return type === MESSAGE_TYPE.offer || type === MESSAGE_TYPE.ack || type === MESSAGE_TYPE.nak;
}

function routerOf(message: Dhcp4Message): Ipv4 {
  const routers = message.raw(OPTION.router.code);
  return routers && routers.length >= 4 ? (readU32(routers, 0) as Ipv4) : ANY;
}

function forgottenAt(lastMonotonic: number): number {
  return lastMonotonic + LIMITS.rogueForgetMilliseconds;
}

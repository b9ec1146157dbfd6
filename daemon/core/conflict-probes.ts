// Before an address is offered, the wire is asked whether somebody uses it (RFC 2131 §2.2, §4.3.1):
// by an ARP probe on the LAN itself (RFC 5227), by an ICMP echo to a network behind a relay. The
// OFFER waits here meanwhile. Whoever answers has the address, and the client is offered another.

import { ANY, type Ipv4 } from "../base/address.ts";
import { equalBytes } from "../base/bytes.ts";
import { DecodeError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";
import { ARP_REPLY, ARP_REQUEST, type ArpPacket, buildArpProbe, parseArp } from "../wire/arp.ts";
import type { Frame } from "../wire/frame.ts";
import { buildEchoRequest, parseEchoReply } from "../wire/icmp.ts";
import { copyOf } from "../wire/reader.ts";
import type { ClientIdentity } from "./client-identity.ts";

export type ProbeWay = "arp" | "icmp";

/** The OFFER that is to wait. Bytes are read before `begin` returns, and copied where they are kept. */
export interface ProbeWish {
  /** The LAN that the question leaves by and the OFFER will. */
  readonly lan: number;
  readonly address: Ipv4;
  readonly client: ClientIdentity;
  /** The client's hardware address: its own answer is no conflict. */
  readonly clientMac: Uint8Array;
  /** Whom the DISCOVER came from on the wire: for "icmp" the way to the relay's network. */
  readonly senderMac: Uint8Array;
  readonly way: ProbeWay;
  /** `giaddr` of the DISCOVER. */
  readonly relay: Ipv4;
  /** The OFFER, ready to be sent; kept as it is. */
  readonly offer: Uint8Array;
  /** The DISCOVER as the event brought it. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly checksumReady: boolean;
  /** Conflicts that this client's request met before; 0 unless a request is handled again. */
  readonly tries: number;
}

/** An OFFER that waits. */
export interface Probe {
  readonly lan: number;
  readonly address: Ipv4;
  /** Identity in the form of `Lease.client`. */
  readonly client: Uint8Array;
  readonly clientMac: Uint8Array;
  readonly senderMac: Uint8Array;
  readonly way: ProbeWay;
  readonly relay: Ipv4;
  readonly offer: Uint8Array;
  /** Copy of the client's newest DISCOVER, a whole frame. */
  readonly request: Uint8Array;
  readonly checksumReady: boolean;
  /** Conflicts that this request met so far, the one just heard included. */
  readonly tries: number;
  /** Who answered; undefined unless a conflict was heard. For "icmp" the MAC is that of the router. */
  readonly heardFrom: Uint8Array | undefined;
  /** Monotonic milliseconds. */
  readonly endsAt: number;
  /** What the echo is recognised by. */
  readonly sequence: number;
}

/**
 * ask: send `question` of the probe (`asked`), the OFFER waits. wait: the question is under way already
 * and the OFFER waits in place of the earlier one. send: nothing was kept, send the OFFER now.
 */
export type ProbeDecision = "ask" | "wait" | "send";

interface Waiting extends Probe {
  readonly clientHash: number;
  offer: Uint8Array;
  request: Uint8Array;
  checksumReady: boolean;
  tries: number;
  heardFrom: Uint8Array | undefined;
}

/** "TD"; tells our echoes from those of a ping that somebody runs on the box. */
const ECHO_IDENTIFIER = 0x5444;

export class ConflictProbes {
  /** In the order in which they began, which is that in which they end. */
  readonly #waiting: Waiting[] = [];
  #sequence = 0;
  /** DISCOVERs in the second that runs, and in the one before it. */
  #second = 0;
  #count = 0;
  #countBefore = 0;
  #asked: Probe | undefined = undefined;

  get size(): number {
    return this.#waiting.length;
  }

  /** When `due` has the next one, in monotonic milliseconds; undefined when nothing waits. */
  get nextAt(): number | undefined {
    return this.#waiting[0]?.endsAt;
  }

  /** The probe of the last `begin` that said "ask". */
  get asked(): Probe | undefined {
    return this.#asked;
  }

  /** Once for every DISCOVER, before `isBusy`. */
  noteDiscover(nowMonotonic: number): void {
    this.#turnSecond(nowMonotonic);
    this.#count++;
  }

  /**
   * So many ask, now or in the second before, that waiting would do more harm than a conflict: a
   * building that comes back from a power cut.
   */
  isBusy(nowMonotonic: number): boolean {
    this.#turnSecond(nowMonotonic);
    return Math.max(this.#count, this.#countBefore) > LIMITS.probeRateMax;
  }

  /** Whether `begin` could say anything but "send" to this client. Allocates nothing. */
  isOpenTo(client: ClientIdentity, nowMonotonic: number): boolean {
    if (this.#indexOf(client) >= 0) return true;
    return this.#waiting.length < LIMITS.probesMax && !this.isBusy(nowMonotonic);
  }

  begin(wish: ProbeWish, nowMonotonic: number): ProbeDecision {
    const index = this.#indexOf(wish.client);
    const known = this.#waiting[index];
    if (known && known.lan === wish.lan && known.address === wish.address) {
      known.offer = wish.offer;
      known.request = copyOf(wish.bytes, wish.start, wish.end);
      known.checksumReady = wish.checksumReady;
      return "wait";
    }
    // The client is to get another address than the one asked about: that question is void.
    if (known) this.#waiting.splice(index, 1);
    if (this.#waiting.length >= LIMITS.probesMax || this.isBusy(nowMonotonic)) return "send";
    const probe = this.#probe(wish, Math.max(wish.tries, known?.tries ?? 0), nowMonotonic);
    this.#waiting.push(probe);
    this.#asked = probe;
    return "ask";
  }

  /** Whether this address is being asked about, on any LAN. */
  isUnderWay(address: Ipv4): boolean {
    for (const probe of this.#waiting) if (probe.address === address) return true;
    return false;
  }

  /** Whether an OFFER for this client waits. */
  has(client: ClientIdentity): boolean {
    return this.#indexOf(client) >= 0;
  }

  /**
   * Whether a frame shows that an address asked about is in use; the probe is over then, and its
   * `tries` counts this conflict. Any frame may be handed in: those that are neither ARP nor an echo
   * reply, or cannot be read, show nothing. `ownMac` is the hardware address of this box on the LAN.
   */
  heard(lan: number, frame: Frame, ownMac: Uint8Array): Probe | undefined {
    if (this.#waiting.length === 0) return undefined;
    if (frame.kind !== "arp" && frame.kind !== "icmp") return undefined;
    try {
      return frame.kind === "arp" ? this.#heardArp(lan, frame, ownMac) : this.#heardEcho(frame);
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }

  /** One whose time is over without an answer: its OFFER may be sent. Call until undefined. */
  due(nowMonotonic: number): Probe | undefined {
    const first = this.#waiting[0];
    return first && first.endsAt <= nowMonotonic ? this.#take(0) : undefined;
  }

  /** Forgets all of them, as a new configuration may have other addresses; clients ask again. */
  dropAll(): void {
    this.#waiting.length = 0;
    this.#asked = undefined;
  }

  #probe(wish: ProbeWish, tries: number, nowMonotonic: number): Waiting {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return {
      lan: wish.lan,
      address: wish.address,
      client: wish.client.copy(),
      clientHash: wish.client.hash,
      clientMac: copyOf(wish.clientMac),
      senderMac: copyOf(wish.senderMac),
      way: wish.way,
      relay: wish.relay,
      offer: wish.offer,
      request: copyOf(wish.bytes, wish.start, wish.end),
      checksumReady: wish.checksumReady,
      tries,
      heardFrom: undefined,
      endsAt: nowMonotonic + LIMITS.probeMilliseconds,
      sequence: this.#sequence,
    };
  }

  #heardArp(lan: number, frame: Frame, ownMac: Uint8Array): Probe | undefined {
    const arp = parseArp(frame.bytes, frame.payloadStart, frame.payloadEnd);
    if (equalBytes(arp.senderMac, ownMac)) return undefined;
    const address = claimed(arp);
    for (const [index, probe] of this.#waiting.entries()) {
      if (probe.address !== address || probe.lan !== lan || probe.way !== "arp") continue;
      // It has the address already, from another server or from a lease that we lost.
      if (equalBytes(arp.senderMac, probe.clientMac)) continue;
      return this.#conflict(index, arp.senderMac);
    }
    return undefined;
  }

  /** The reply may come in by another LAN than the request left by: what counts is our numbers. */
  #heardEcho(frame: Frame): Probe | undefined {
    const reply = parseEchoReply(frame.bytes, frame.payloadStart, frame.payloadEnd);
    if (reply?.identifier !== ECHO_IDENTIFIER) return undefined;
    for (const [index, probe] of this.#waiting.entries()) {
      if (probe.address !== frame.sourceIp || probe.way !== "icmp") continue;
      if (probe.sequence === reply.sequence) return this.#conflict(index, copyOf(frame.srcMac));
    }
    return undefined;
  }

  #conflict(index: number, heardFrom: Uint8Array): Probe {
    const probe = this.#take(index);
    probe.tries++;
    probe.heardFrom = heardFrom;
    return probe;
  }

  #take(index: number): Waiting {
    const [probe] = this.#waiting.splice(index, 1);
    return probe as Waiting;
  }

  #indexOf(client: ClientIdentity): number {
    const waiting = this.#waiting;
    for (let i = 0; i < waiting.length; i++) {
      const probe = waiting[i] as Waiting;
      if (probe.clientHash === client.hash && client.equals(probe.client)) return i;
    }
    return -1;
  }

  #turnSecond(nowMonotonic: number): void {
    const second = Math.floor(nowMonotonic / 1000);
    if (second === this.#second) return;
    this.#countBefore = second === this.#second + 1 ? this.#count : 0;
    this.#count = 0;
    this.#second = second;
  }
}

/** The frame that asks. `ownAddress` is this box's on the LAN, where the echo reply shall go. */
export function question(probe: Probe, ownMac: Uint8Array, ownAddress: Ipv4): Uint8Array {
  if (probe.way === "arp") return buildArpProbe(ownMac, probe.address);
  return buildEchoRequest({
    sourceMac: ownMac,
    destinationMac: probe.senderMac,
    sourceIp: ownAddress,
    destinationIp: probe.address,
    identifier: ECHO_IDENTIFIER,
    sequence: probe.sequence,
  });
}

/** Whether the request of a probe that met a conflict may be handled again, for another address. */
export function mayTryAgain(probe: Probe): boolean {
  return probe.tries < LIMITS.probeTriesMax;
}

/**
 * The address that the sender has or is about to take, 0.0.0.0 when it shows none. RFC 5227 §2.1.1: a
 * request or reply from the address shows that it is in use, and so does somebody else's probe for it.
 */
function claimed(arp: ArpPacket): Ipv4 {
  if (arp.operation !== ARP_REQUEST && arp.operation !== ARP_REPLY) return ANY;
  if (arp.senderIp !== ANY) return arp.senderIp;
  return arp.operation === ARP_REQUEST ? arp.targetIp : ANY;
}

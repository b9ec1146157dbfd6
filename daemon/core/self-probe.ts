// A test client inside the box: its DISCOVER goes the way of every packet, and the answer is judged.
// So a box that runs but no longer serves is noticed, whatever the reason.

import { ANY, contains, formatIpv4, type Subnet } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import { REFUSALS, type RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import { buildDiscover } from "../wire/client-message.ts";
import {
  BOOTREPLY,
  CLIENT_PORT,
  Dhcp4Message,
  decodeDhcp4,
  MESSAGE_TYPE,
} from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { Frame, parseFrame } from "../wire/frame.ts";

/** What the server made of the test request: one of the two, or neither when it kept silent. */
export interface SelfProbeAnswer {
  /** The whole frame it would have sent. */
  readonly frame: Uint8Array | undefined;
  readonly refusal: RefusalReason | undefined;
}

/** "TD" behind a locally administered prefix; the last byte is the LAN's. */
const MAC_PREFIX = [0x02, 0x54, 0x44, 0x00, 0x00];
const PARAMETER_LIST = [OPTION.subnetMask.code, OPTION.router.code];

/**
 * Refusals of a server that works: there is nothing to give, it may not give, or it protects itself.
 * Each has a condition or a setting of its own that says so.
 */
const FINE: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "no-free-address",
  "pool-closed",
  "kept-for-known",
  "port-full",
  "too-many-new",
  "rate-limited",
  "declined-too-often",
  "address-in-use",
  "being-checked",
  "partner-owns",
  "pair-not-serving",
  "not-serving",
  "disk-not-writable",
  "overloaded",
  "denied",
  "ipv6-only",
]);

/** One per LAN that is served. */
export class SelfProbe {
  readonly mac: Uint8Array;
  readonly #frame = new Frame();
  readonly #message = new Dhcp4Message();
  #xid: number;
  #nextAt: number | undefined = undefined;

  /** `lan` is 0 to 255; `seed` any 32-bit number. */
  constructor(lan: number, seed: number) {
    this.mac = Uint8Array.from([...MAC_PREFIX, lan & 0xff]);
    this.#xid = seed >>> 0;
  }

  /** When the next one is due, in monotonic milliseconds; undefined while this LAN is not served. */
  get nextAt(): number | undefined {
    return this.#nextAt;
  }

  /** This LAN is served from now on. */
  start(nowMonotonic: number): void {
    this.#nextAt ??= nowMonotonic + LIMITS.selfProbeMilliseconds;
  }

  stop(): void {
    this.#nextAt = undefined;
  }

  isDue(nowMonotonic: number): boolean {
    return this.#nextAt !== undefined && this.#nextAt <= nowMonotonic;
  }

  /** The test request as a whole frame, to be handled as if it had come in on the LAN; never sent. */
  request(nowMonotonic: number): Uint8Array {
    this.#nextAt = nowMonotonic + LIMITS.selfProbeMilliseconds;
    this.#xid = (this.#xid + 1) >>> 0;
    return buildDiscover({
      sourceMac: this.mac,
      xid: this.#xid,
      isBroadcast: true,
      parameterList: PARAMETER_LIST,
      sourcePort: CLIENT_PORT,
    });
  }

  /**
   * Why the answer to the last request is not what a client needs, or undefined when it is. `subnets`
   * are all those of the LAN's wire. The text is the `why` of the condition "self-probe-failed".
   */
  judge(answer: SelfProbeAnswer, subnets: readonly Subnet[]): string | undefined {
    if (answer.frame) return this.#judgeFrame(answer.frame, subnets);
    if (answer.refusal === undefined) return "no answer";
    return FINE.has(answer.refusal) ? undefined : `refused, as ${REFUSALS[answer.refusal]}`;
  }

  #judgeFrame(bytes: Uint8Array, subnets: readonly Subnet[]): string | undefined {
    const message = this.#message;
    try {
      parseFrame(this.#frame, bytes, 0, bytes.length, true);
      if (this.#frame.kind !== "udp" || this.#frame.destinationPort !== CLIENT_PORT) {
        return "the answer does not go to a client";
      }
      decodeDhcp4(bytes, this.#frame.payloadStart, this.#frame.payloadEnd, message);
    } catch (error) {
      if (error instanceof DecodeError) return "the answer cannot be read";
      throw error;
    }
    const type = message.u8(OPTION.dhcpMessageType.code);
    if (message.op !== BOOTREPLY || type !== MESSAGE_TYPE.offer) {
      return "the answer is not an offer";
    }
    if (message.xid !== this.#xid || !isSelfProbe(message) || message.chaddr[5] !== this.mac[5]) {
      return "the offer is for another request";
    }
    return faultOf(message, subnets);
  }
}

/**
 * Whether a message is about a test client, by its hardware address. Anybody can send such a message:
 * it says how to show one, and gives no rights.
 */
export function isSelfProbe(message: Dhcp4Message): boolean {
  if (message.htype !== 1 || message.hlen !== 6) return false;
  for (let i = 0; i < MAC_PREFIX.length; i++) {
    if (message.chaddr[i] !== MAC_PREFIX[i]) return false;
  }
  return true;
}

/** RFC 2131 §4.3.1, table 3: what an OFFER must have. */
function faultOf(message: Dhcp4Message, subnets: readonly Subnet[]): string | undefined {
  const address = message.yiaddr;
  if (!subnets.some((subnet) => contains(subnet, address))) {
    return `the offered address ${formatIpv4(address)} belongs to none of its networks`;
  }
  const server = message.u32(OPTION.serverIdentifier.code);
  if (typeof server !== "number" || server === ANY) return "the offer names no server";
  const seconds = message.u32(OPTION.ipAddressLeaseTime.code);
  if (typeof seconds !== "number" || seconds === 0) return "the offer has no lease time";
  return undefined;
}

// Whether the provider's router, and what is behind it, answers this box. The router is asked by ARP, which needs no
// address: so the box that does not have the gateway knows as well whether it could be one. What is behind it is asked by
// ICMP echo from the virtual address, so only by the box that has it.

import type { Ipv4 } from "../../base/address.ts";
import { formatIpv4 } from "../../base/address.ts";
import { DecodeError } from "../../base/errors.ts";
import { ARP_REPLY, buildArpProbe, parseArp } from "../../wire/arp.ts";
import type { Frame } from "../../wire/frame.ts";
import { buildEchoRequest, parseEchoReply } from "../../wire/icmp.ts";
import { copyOf } from "../../wire/reader.ts";
import type { Look } from "./health.ts";
import { lookAt, type NamedReach, Reachability } from "./reachability.ts";

export interface WanRules {
  readonly interfaceName: string;
  readonly router: Ipv4;
  /** The virtual address towards the provider. */
  readonly own: Ipv4;
  readonly targets: readonly Ipv4[];
}

export interface WanLink {
  readonly isPresent: boolean;
  readonly hasCarrier: boolean;
  readonly mac: Uint8Array;
}

const ROUTER_MILLISECONDS = 500;
const TARGET_MILLISECONDS = 1000;
/** "Td": of our questions, so that others' answers are not taken for ours. */
const ECHO_IDENTIFIER = 0x5464;

export class WanProber {
  readonly #rules: WanRules;
  readonly #router = new Reachability();
  readonly #targets: readonly (NamedReach & { readonly address: Ipv4 })[];
  #link: WanLink | undefined;
  #isHolder = false;
  #routerMac: Uint8Array | undefined;
  #routerAt = 0;
  #targetsAt = 0;

  constructor(rules: WanRules) {
    this.#rules = rules;
    this.#targets = rules.targets.map((address) => ({
      ...{ address, name: formatIpv4(address), reachability: new Reachability() },
    }));
  }

  /** Undefined: nobody says how the port is. */
  setLink(link: WanLink | undefined): void {
    const wasUp = this.#link?.hasCarrier ?? false;
    this.#link = link;
    if (!link?.hasCarrier || wasUp) return;
    // What was lost while there was no cable says nothing of the way.
    this.#router.forget();
    for (const { reachability } of this.#targets) reachability.forget();
  }

  /** Whether this box has the virtual address. */
  setHolder(isHolder: boolean): void {
    if (isHolder === this.#isHolder) return;
    this.#isHolder = isHolder;
    for (const { reachability } of this.#targets) reachability.forget();
  }

  /** The frames to be sent now; each only once. */
  due(now: number): Uint8Array[] {
    const link = this.#link;
    if (!link?.hasCarrier) return [];
    const frames: Uint8Array[] = [];
    if (now >= this.#routerAt) {
      this.#routerAt = now + ROUTER_MILLISECONDS;
      this.#router.ask(now);
      frames.push(buildArpProbe(link.mac, this.#rules.router));
    }
    const mac = this.#routerMac;
    if (this.#isHolder && mac && now >= this.#targetsAt) {
      this.#targetsAt = now + TARGET_MILLISECONDS;
      for (const { address, reachability } of this.#targets) {
        frames.push(
          buildEchoRequest({
            ...{ sourceMac: link.mac, destinationMac: mac },
            ...{ sourceIp: this.#rules.own, destinationIp: address },
            ...{ identifier: ECHO_IDENTIFIER, sequence: reachability.ask(now) },
          }),
        );
      }
    }
    return frames;
  }

  /** A frame that came in on the port; any may be handed in. */
  heard(frame: Frame, now: number): void {
    try {
      if (frame.kind === "arp") this.#heardArp(frame, now);
      else if (frame.kind === "icmp") this.#heardEcho(frame, now);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  /** Of the way to the provider; undefined: it is not known yet. */
  wan(now: number): Look | undefined {
    const { interfaceName, router } = this.#rules;
    const link = this.#link;
    if (!link) return undefined;
    if (!link.isPresent) return { isGood: false, detail: `there is no port ${interfaceName}` };
    if (!link.hasCarrier) return { isGood: false, detail: `${interfaceName} has no cable` };
    const name = `the router ${formatIpv4(router)}`;
    return lookAt([{ name, reachability: this.#router }], now);
  }

  /** Of what is behind it; undefined: it is not known, or not to be known from here. */
  internet(now: number): Look | undefined {
    const isAsked = this.#isHolder && this.#link?.hasCarrier === true;
    return isAsked ? lookAt(this.#targets, now) : undefined;
  }

  /** An ARP reply has no number: it answers every question that is open. */
  #heardArp(frame: Frame, now: number): void {
    const arp = parseArp(frame.bytes, frame.payloadStart, frame.payloadEnd);
    if (arp.operation !== ARP_REPLY || arp.senderIp !== this.#rules.router) return;
    this.#routerMac = copyOf(arp.senderMac);
    this.#router.answeredAll(now);
  }

  #heardEcho(frame: Frame, now: number): void {
    const reply = parseEchoReply(frame.bytes, frame.payloadStart, frame.payloadEnd);
    if (reply?.identifier !== ECHO_IDENTIFIER) return;
    const target = this.#targets.find(({ address }) => address === frame.sourceIp);
    target?.reachability.answered(reply.sequence, now);
  }
}

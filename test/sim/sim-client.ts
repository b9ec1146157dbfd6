// A DHCP client as devices have them (RFC 2131 §4.4 and figure 5): it starts, asks, waits, asks again,
// renews, sleeps, moves to another LAN, goes without a word, and comes back with what it remembers.

import { clientFrame } from "../support/client-frame.ts";
import {
  ACK,
  address,
  bytes,
  DECLINE,
  DISCOVER,
  NAK,
  OFFER,
  RELEASE,
  REQUEST,
  type Reply,
  readReply,
  seconds,
} from "../support/core-bench.ts";
import { answerArp, type Host, isUdp, type Lan } from "./lan.ts";
import { SimIdentity } from "./sim-identity.ts";
import type { Watch } from "./watch.ts";
import type { Fate, World } from "./world.ts";

type State =
  | "off"
  | "asleep"
  | "init"
  | "selecting"
  | "requesting"
  | "rebooting"
  | "bound"
  | "renewing"
  | "rebinding";

/** What the client believes to have, in true milliseconds. */
export interface Holding {
  readonly address: string;
  readonly lan: Lan;
  readonly serverId: string;
  readonly serverMac: string;
  readonly until: number;
  readonly renewAt: number;
  readonly rebindAt: number;
}

const FORCE_RENEW = 9;
const EVERYBODY = "ff:ff:ff:ff:ff:ff";
const ASKING: readonly State[] = ["selecting", "requesting", "rebooting", "renewing", "rebinding"];

export class SimClient implements Host {
  readonly identity: SimIdentity;
  /** Many clients count their lease from when the ACK comes in, others from their own request. */
  readonly #countsFromAck: boolean;
  /** A few ask for another lease time each time. */
  readonly #isFickle: boolean;
  state: State = "off";
  holding: Holding | undefined;
  lan: Lan;
  readonly #world: World;
  readonly #fate: Fate;
  readonly #checks: Watch;
  #remembered: Holding | undefined;
  #xid = 0;
  #tries = 0;
  #sentAt = 0;
  #offer: Reply | undefined;
  /** Raised by everything that makes the timers set before it meaningless. */
  #turn = 0;

  constructor(world: World, checks: Watch, lan: Lan, number: number, fate: Fate = world) {
    this.#world = world;
    this.#fate = fate;
    this.#checks = checks;
    this.lan = lan;
    this.identity = new SimIdentity(fate, number);
    this.#countsFromAck = fate.chance(0.5);
    this.#isFickle = fate.chance(0.3);
    lan.hosts.add(this);
  }

  get name(): string {
    return this.identity.name;
  }

  get mac(): string {
    return this.identity.mac;
  }

  get isReachable(): boolean {
    return this.state !== "off" && this.state !== "asleep";
  }

  get isServed(): boolean {
    return this.state === "bound" || this.state === "renewing" || this.state === "rebinding";
  }

  uses(address: string): boolean {
    return this.isServed && this.holding?.address === address && this.holding.lan === this.lan;
  }

  start(): void {
    if (this.state !== "off") return;
    if (this.identity.isDrifter) {
      this.forget();
      this.identity.drift();
    }
    this.#world.tell(this.name, `starts on ${this.lan.name}`);
    const known = this.#remembered;
    if (known && this.#fate.chance(0.8)) this.#reboot(known);
    else this.#begin();
  }

  /** Switched off: it says goodbye, or not; the lease runs on in the second case. */
  stop(isPolite: boolean): void {
    if (this.state === "off") return;
    if (isPolite && this.holding && this.isServed) this.#release(this.holding);
    this.#world.tell(this.name, "is switched off");
    this.#enter("off");
  }

  /** The lid is closed; time goes on. */
  sleep(milliseconds: number): void {
    if (!this.isServed) return;
    this.#enter("asleep");
    this.#world.tell(this.name, "sleeps");
    this.#later(milliseconds, () => this.#wake());
  }

  /** Pulled out here and plugged in there. */
  move(to: Lan): void {
    if (this.state === "asleep") return;
    this.lan.hosts.delete(this);
    this.lan = to;
    to.hosts.add(this);
    if (this.state === "off") return;
    this.#world.tell(this.name, `moves to ${to.name}`);
    // Most systems notice the cable and ask whether their address still holds.
    if (this.holding && this.#fate.chance(0.7)) this.#reboot(this.holding);
    else if (!this.isServed) this.#begin();
  }

  /** Set back to how it came from the factory. */
  forget(): void {
    if (this.state !== "off") return;
    this.#remembered = undefined;
    this.holding = undefined;
  }

  receive(frame: Uint8Array): void {
    if (answerArp(this, this.lan, frame) || !isUdp(frame)) return;
    const reply = readReply(0, frame);
    if (reply.message.op !== 2 || !isFor(reply, this.mac)) return;
    if (reply.type === FORCE_RENEW && this.state === "bound") this.#extend("renewing");
    if (reply.message.xid !== this.#xid) return;
    if (reply.type === OFFER && this.state === "selecting") this.#takeOffer(reply);
    else if (reply.type === ACK && this.state === "selecting" && reply.option(80))
      this.#bind(reply);
    else if (reply.type === ACK && isAsking(this.state)) this.#bind(reply);
    else if (reply.type === NAK && isAsking(this.state)) this.#refused();
  }

  #begin(): void {
    this.#enter("init");
    this.#later(this.#fate.between(100, 2000), () => {
      this.#enter("selecting");
      this.#newExchange();
      this.#discover();
    });
  }

  #discover(): void {
    const wanted = this.#remembered;
    const rapid = this.identity.wantsRapid ? { 80: bytes() } : {};
    this.#send(DISCOVER, { ...rapid, ...(wanted ? { 50: address(wanted.address) } : {}) }, {});
    this.#again(() => this.#discover());
  }

  #takeOffer(offer: Reply): void {
    this.#offer = offer;
    this.#enter("requesting");
    this.#request();
  }

  #request(): void {
    const offer = this.#offer;
    if (!offer || this.#tries > 4) {
      this.#begin();
      return;
    }
    const server = offer.message.raw(54) ?? bytes();
    this.#send(REQUEST, { 50: address(offer.yiaddr), 54: server }, {});
    this.#again(() => this.#request());
  }

  #reboot(known: Holding): void {
    this.#enter("rebooting");
    this.#newExchange();
    this.#askReboot(known);
  }

  #askReboot(known: Holding): void {
    // RFC 2131 §4.4.2: without an answer the client may go on with its lease while it lasts.
    if (this.#tries > 3) {
      if (this.holding && this.holding.lan === this.lan) this.#keep();
      else this.#begin();
      return;
    }
    this.#send(REQUEST, { 50: address(known.address) }, {});
    this.#again(() => this.#askReboot(known));
  }

  #bind(ack: Reply): void {
    const world = this.#world;
    const length = ack.message.u32(51);
    if (typeof length !== "number") return;
    const server = ack.message.raw(54) ?? bytes(0, 0, 0, 0);
    if (this.#checks.isSquatted(this.lan, ack.yiaddr)) {
      this.#decline(ack);
      return;
    }
    const base = this.#countsFromAck ? world.now : this.#sentAt;
    this.holding = {
      address: ack.yiaddr,
      lan: this.lan,
      serverId: Array.from(server).join("."),
      serverMac: ack.sourceMac,
      until: base + length * 1000,
      renewAt: base + length * 500,
      rebindAt: base + length * 875,
    };
    this.#remembered = this.holding;
    world.tell(
      this.name,
      `holds ${ack.yiaddr} for ${Math.round((this.holding.until - world.now) / 1000)} s`,
    );
    this.#checks.acquired(this, this.holding);
    this.#keep();
  }

  /** Sets the timers of a lease that is held. */
  #keep(): void {
    const { holding } = this;
    if (!holding) return;
    const { now } = this.#world;
    this.#enter("bound");
    if (now >= holding.until) this.#expired();
    else if (now >= holding.rebindAt) this.#extend("rebinding");
    else this.#later(holding.renewAt - now, () => this.#extend("renewing"));
  }

  #extend(state: "renewing" | "rebinding"): void {
    this.#enter(state);
    this.#newExchange();
    this.#askExtend();
  }

  #askExtend(): void {
    const { holding } = this;
    if (!holding) return;
    const { now } = this.#world;
    if (now >= holding.until) {
      this.#expired();
      return;
    }
    if (this.state === "renewing" && now >= holding.rebindAt) {
      this.#extend("rebinding");
      return;
    }
    const isRenewing = this.state === "renewing";
    const direct = isRenewing
      ? { destinationIp: holding.serverId, destinationMac: holding.serverMac }
      : {};
    this.#send(REQUEST, {}, { ciaddr: holding.address, ...direct });
    // RFC 2131 §4.4.5: half of the time that is left, down to a minute.
    const left = (isRenewing ? holding.rebindAt : holding.until) - now;
    const wait = left > 120_000 ? left / 2 : Math.min(left, 60_000);
    this.#later(wait, () => this.#askExtend());
  }

  #expired(): void {
    this.#world.tell(this.name, "lost its lease: nobody extended it");
    this.holding = undefined;
    this.#begin();
  }

  #refused(): void {
    this.holding = undefined;
    this.#remembered = undefined;
    this.#begin();
  }

  #release(holding: Holding): void {
    this.#newExchange();
    const more = {
      ciaddr: holding.address,
      destinationIp: holding.serverId,
      destinationMac: holding.serverMac,
    };
    this.#send(RELEASE, { 54: address(holding.serverId) }, more);
    this.holding = undefined;
  }

  #decline(ack: Reply): void {
    const server = ack.message.raw(54) ?? bytes();
    this.#world.tell(this.name, `finds ${ack.yiaddr} in use`);
    this.#send(DECLINE, { 50: address(ack.yiaddr), 54: server }, {});
    this.holding = undefined;
    this.#remembered = undefined;
    // RFC 2131 §3.1 (5): ten seconds at least.
    this.#enter("init");
    this.#later(10_000, () => this.#begin());
  }

  #wake(): void {
    this.#world.tell(this.name, "wakes up");
    const { holding } = this;
    this.#enter("init");
    if (!holding || this.#world.now >= holding.until) {
      this.holding = undefined;
      this.#begin();
    } else if (this.#fate.chance(0.5)) this.#reboot(holding);
    else this.#keep();
  }

  #newExchange(): void {
    this.#xid = Math.floor(this.#fate.random() * 0xffffffff);
    this.#tries = 0;
  }

  #send(
    type: number,
    options: Record<number, Uint8Array>,
    more: { ciaddr?: string; destinationIp?: string; destinationMac?: string },
  ): void {
    this.#sentAt = this.#world.now;
    const wanted = this.#isFickle ? { 51: seconds(this.#fate.between(60, 900)) } : {};
    const all = { ...options, ...this.identity.options, ...wanted };
    const secs = Math.min(60, this.#tries * 4);
    const message = { type, mac: this.mac, xid: this.#xid, secs, options: all, ...more };
    const { destinationIp = "", destinationMac } = more;
    // Who asks by ARP for an address that moves hears who has it now.
    const macs = this.lan.hardwareOf(destinationIp) ?? [destinationMac ?? EVERYBODY];
    if (type === REQUEST) {
      const namesServer = options[54] !== undefined;
      const copies = macs.length;
      this.#checks.asks({ mac: this.mac, xid: this.#xid, secs, namesServer, copies });
    }
    for (const mac of macs) this.lan.send(this, clientFrame({ ...message, destinationMac: mac }));
  }

  /** RFC 2131 §4.1: 4 s, doubled each time up to 64 s, give or take one. */
  #again(what: () => void): void {
    const wait = Math.min(64, 4 * 2 ** this.#tries++);
    this.#later(wait * 1000 + this.#fate.between(-1000, 1000), what);
  }

  #enter(state: State): void {
    this.state = state;
    this.#turn++;
  }

  #later(milliseconds: number, what: () => void): void {
    const turn = ++this.#turn;
    this.#world.after(milliseconds, () => {
      if (turn === this.#turn) what();
    });
  }
}

function isAsking(state: State): boolean {
  return state !== "selecting" && ASKING.includes(state);
}

function isFor(reply: Reply, mac: string): boolean {
  const chaddr = Array.from(reply.message.chaddr.subarray(0, 6), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return chaddr.join(":") === mac;
}

// The pair as a part of the core: there is one or none, by the configuration, and what happens in it is said.

import { formatIpv4, type Ipv4 } from "../base/address.ts";
import { hashBytes } from "../base/bytes.ts";
import type { Now, WallSeconds } from "../base/time.ts";
import type { Bindings } from "./bindings.ts";
import type { Conditions } from "./conditions.ts";
import type { PairConfig } from "./config-view.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { CoreEvent } from "./event.ts";
import type { BoxFacts } from "./failover/box-facts.ts";
import type { AddressPlace } from "./failover/lease-moves.ts";
import { Pair } from "./failover/pair.ts";
import { sayPair } from "./failover/pair-conditions.ts";
import type { PairEvent, PairHost } from "./failover/pair-host.ts";
import { apartState, type PairState } from "./failover/pair-state.ts";
import { ALONE } from "./failover/share.ts";
import { leavesMore, type PartnerSight } from "./failover/sight.ts";
import type { LeaseEntry } from "./lease-book.ts";
import type { Segment } from "./segment.ts";

export type PeerEvent = Extract<
  CoreEvent,
  { kind: "peer-open" | "peer-bytes" | "peer-closed" | "pair-command" | "sight" }
>;

export class Pairing implements PairHost {
  readonly #server: Dhcp4Server;
  readonly #bindings: Bindings;
  readonly #conditions: Conditions;
  readonly #hashSeed: number;
  readonly #lastAlive: WallSeconds;
  #isNews = true;
  /** What is left of a pair that this box is in no more. */
  #kept: PairState | undefined;
  #isKeptUnwritten = false;
  #sight: PartnerSight;

  /** `lastAlive`: when this box last wrote to its journal before this start; 0: never. */
  constructor(
    server: Dhcp4Server,
    conditions: Conditions,
    hashSeed: number,
    lastAlive: WallSeconds,
  ) {
    this.#server = server;
    this.#bindings = server.bindings;
    this.#conditions = conditions;
    this.#hashSeed = hashSeed;
    this.#lastAlive = lastAlive;
  }

  /** `state`: what the journal knows of the pair. */
  start(config: PairConfig | undefined, state: PairState | undefined, now: Now): void {
    if (config) this.#join(config, state, this.#lastAlive, now);
    else if (state) this.#keep(state);
  }

  /** What the box remembers of its pair over a restart. */
  get state(): PairState | undefined {
    return this.#server.pair?.endpoint.state ?? this.#kept;
  }

  /** A new configuration, before networks are made of it. */
  configure(config: PairConfig | undefined, now: Now, out: Effect[]): void {
    const { pair } = this.#server;
    // Their LANs may be others in a moment.
    pair?.held.releaseAll(out);
    if (pair && config && isSamePair(pair.config, config)) {
      pair.configure(config, now);
      // Of a network that comes to both boxes the first may have spoken before the other knew of it.
      const canAsk = pair.isUpdating && pair.isNormal && config.dialect === "tandem";
      if (canAsk) pair.requests.send("UPDREQ", out);
      return;
    }
    const bindings = this.#bindings;
    if (pair) {
      pair.session.suspend("the configuration was changed", now, out);
      this.#server.pair = undefined;
      this.#keep(pair.endpoint.state);
      this.trust({ serverIds: [], macs: [] });
      bindings.partnership = undefined;
      bindings.share.become(ALONE);
      this.#isNews = true;
    }
    if (!config) return;
    this.#join(config, this.#kept, bindings.clock.seconds, now);
    // It has served until now, and knows what it gave out: its clients need not wait for the partner.
    this.#server.pair?.endpoint.trigger({ kind: "startup-over" }, now, out);
  }

  step(event: PeerEvent, now: Now, out: Effect[]): void {
    const { pair } = this.#server;
    if (event.kind === "sight") this.#see(event.sight, now, out);
    if (!pair) {
      if (event.kind === "peer-open") {
        out.push({ kind: "peer-close", connection: event.connection });
      }
      return;
    }
    switch (event.kind) {
      case "peer-open":
        pair.session.opened(event.connection, now, out);
        break;
      case "peer-bytes":
        pair.session.bytes(event.connection, event.bytes, now, out);
        break;
      case "peer-closed":
        pair.session.closed(event.connection, event.reason, now, out);
        break;
      case "pair-command":
        this.#command(event.command, pair, now, out);
        break;
    }
  }

  passTime(now: Now, out: Effect[]): void {
    this.#server.pair?.passTime(now, out);
    if (!this.#isKeptUnwritten || !this.#kept) return;
    this.#isKeptUnwritten = false;
    const sequence = ++this.#bindings.sequence;
    out.push({ kind: "persist-pair", state: { ...this.#kept }, sequence });
  }

  /** Says what is so, if anything in the pair is not what it was. */
  tell(now: Now): void {
    if (!this.#isNews) return;
    this.#isNews = false;
    sayPair(this.#server.pair, this.#bindings.clock.seconds, now, this.#conditions);
  }

  // PairHost.

  segments(): readonly Segment[] {
    return this.#server.segments;
  }

  placeOf(address: Ipv4): AddressPlace | undefined {
    for (const segment of this.#server.segments) {
      const network = segment.networkOf(address);
      if (network) return { network: network.config.name, pool: segment.pool };
    }
    return undefined;
  }

  serverIds(): readonly Ipv4[] {
    return this.#server.ids.own;
  }

  macs(): readonly Uint8Array[] {
    return this.#server.lans.flatMap(({ link }) => (link.present ? [link.mac] : []));
  }

  trust({ serverIds, macs }: Pick<BoxFacts, "serverIds" | "macs">): void {
    const { ids, lans } = this.#server;
    if (isSameList(serverIds, ids.partners) && isSameList(macs, ids.partnerMacs)) return;
    ids.partners = serverIds;
    ids.partnerMacs = macs;
    ids.trustOn(lans);
  }

  answeredByPartner({ chaddr }: LeaseEntry): void {
    this.#server.retries.answeredByPartner(hashBytes(chaddr, this.#hashSeed));
  }

  reshare(): void {
    const { book } = this.#bindings;
    for (const { pool } of this.#server.segments) pool.settleFresh((address) => book.at(address));
    book.requeueAll();
  }

  answerLeft(now: Now, out: Effect[]): void {
    this.#server.answerLeft(now, out);
  }

  noteNews(): void {
    this.#isNews = true;
  }

  say(event: PairEvent, out: Effect[]): void {
    this.#isNews = true;
    const { lines } = this.#server;
    switch (event.kind) {
      case "state":
        lines.say("pair-state", { before: event.from, after: event.to }, out);
        break;
      case "connected":
        lines.say("pair-connected", {}, out);
        break;
      case "lost":
        lines.say("pair-lost", { reason: event.reason }, out);
        break;
      case "refused":
        lines.say("pair-refused", { reason: event.reason }, out);
        break;
      case "rolled-back":
        lines.say("pair-rolled-back", {}, out);
        break;
      case "conflict":
        lines.say("pair-conflict", { address: formatIpv4(event.address) }, out);
        break;
    }
  }

  #see(sight: PartnerSight, now: Now, out: Effect[]): void {
    const before = this.#sight;
    this.#sight = sight;
    const { pair } = this.#server;
    if (!pair) return;
    pair.endpoint.see(sight, now);
    if (leavesMore(before, sight)) this.answerLeft(now, out);
    this.#isNews = true;
  }

  #keep(state: PairState): void {
    const { sequence, clock } = this.#bindings;
    this.#kept = apartState(state, sequence, clock.seconds);
    this.#isKeptUnwritten = true;
  }

  #join(config: PairConfig, state: PairState | undefined, lastAlive: WallSeconds, now: Now): void {
    const bindings = this.#bindings;
    const hashSeed = this.#hashSeed;
    const known = { state, hashSeed, lastAlive };
    this.#isNews = true;
    this.#kept = undefined;
    this.#isKeptUnwritten = false;
    const pair = new Pair({ config, bindings, ...known, now, host: this });
    pair.endpoint.see(this.#sight, now);
    this.#server.pair = pair;
    bindings.partnership = pair;
  }

  #command(
    command: Extract<PeerEvent, { kind: "pair-command" }>["command"],
    pair: Pair,
    now: Now,
    out: Effect[],
  ): void {
    this.#isNews = true;
    pair.endpoint.command(command, now, out);
  }
}

function isSameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => String(item) === String(b[index]));
}

/** With another name, role or way to speak it is another pair. */
function isSamePair(a: PairConfig, b: PairConfig): boolean {
  return a.name === b.name && a.role === b.role && a.dialect === b.dialect;
}

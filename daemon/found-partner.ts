// A partner that is looked for: beacons on the pair ports and the LANs, a door for connections of the link, and the
// session with the box that has the partner's key.

import { compareBytes, equalBytes } from "./base/bytes.ts";
import type { Now } from "./base/time.ts";
import type { ConditionId, LogValues } from "./catalogue.ts";
import type { PartnerSight } from "./core/failover/sight.ts";
import {
  addressOn,
  type FoundBox,
  Lookout,
  type LookoutPath,
  type Sight,
} from "./core/witness/lookout.ts";
import { DEFAULT_TIMES } from "./core/witness/witness.ts";
import type { PathView } from "./http/api-types.ts";
import type { Identity } from "./io/identity.ts";
import { PeerDoor, type Visitor } from "./io/peer-door.ts";
import { LIMITS } from "./limits.ts";
import { PairLink, type PairLinkHandlers } from "./pair-link.ts";
import { pathConditions, pathViews, SaidConditions } from "./path-conditions.ts";
import { type BeaconWords, Sentry } from "./sentry.ts";

export interface FoundPartnerHost extends Omit<PairLinkHandlers, "moved" | "distrusted"> {
  words(): BeaconWords;
  /** The partner is seen otherwise; undefined: it is not looked for any more. */
  sighted(sight: PartnerSight): void;
  /** How it is as the gateway, by its last heartbeat (core/gateway/word.ts); undefined: it is not heard. */
  gateway(word: number | undefined): void;
  /** `found` of this partner is otherwise. */
  found(): void;
  /** Carrier at a pair port. */
  carrier(interfaceName: string, isUp: boolean): void;
  /** Somebody on a pair port who is not the partner; whoever takes it closes it. */
  visited(visitor: Visitor): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  /** Number of a conversation, never used before. */
  nextConnection(): number;
  now(): Now;
}

export interface FoundPartnerConfig {
  /** Undefined: there is none yet, and boxes on pair ports are looked for. */
  readonly partnerId: Uint8Array | undefined;
  readonly port: number;
  readonly paths: readonly LookoutPath[];
}

export class FoundPartner {
  readonly #identity: Identity;
  readonly #boot: Uint8Array;
  readonly #host: FoundPartnerHost;
  readonly #sentry: Sentry;
  readonly door: PeerDoor;
  #config: FoundPartnerConfig;
  #link: PairLink | undefined;
  readonly #conditions: SaidConditions;
  readonly #versions: SaidConditions;
  /** When a box that speaks another version was last heard, by pair port; monotonic milliseconds. */
  readonly #otherVersionAt = new Map<string, number>();
  /** When the session began; monotonic milliseconds. */
  #openedAt = 0;

  /** `boot`: 8 bytes that no other process of any box has chosen. */
  constructor(
    identity: Identity,
    boot: Uint8Array,
    config: FoundPartnerConfig,
    host: FoundPartnerHost,
  ) {
    this.#identity = identity;
    this.#boot = boot;
    this.#host = host;
    this.#config = config;
    this.#conditions = new SaidConditions(host.setCondition);
    this.#versions = new SaidConditions(host.setCondition);
    this.door = new PeerDoor({
      isPath: (name) => this.#config.paths.some(({ interfaceName }) => interfaceName === name),
      isExpected: (name, address) =>
        this.#sentry.sight.paths.some(
          (path) => path.interfaceName === name && path.address === address,
        ),
      arrived: (visitor) => this.#arrived(visitor),
      problem: (text) =>
        host.setCondition("pair-not-listening", "", text === undefined ? undefined : { text }),
      now: () => host.now().monotonic,
    });
    const now = () => host.now();
    this.#sentry = new Sentry({
      ...{ boot, identity, now, port: config.port },
      lookout: new Lookout(boot, DEFAULT_TIMES, now().monotonic),
      nextAt: () => this.#link?.nextAt ?? Number.POSITIVE_INFINITY,
      handlers: {
        words: () => host.words(),
        looked: (sight, isNews) => this.#looked(sight, isNews),
        found: () => host.found(),
        carrier: (name, isUp) => {
          if (this.#isCable(name)) host.carrier(name, isUp);
        },
        otherVersion: (name) => {
          if (this.#isCable(name)) this.#otherVersionAt.set(name, this.#host.now().monotonic);
        },
        problem: (text) =>
          host.setCondition("pair-not-heard", "", text === undefined ? undefined : { text }),
      },
    });
    this.#begin();
  }

  get port(): number {
    return this.#config.port;
  }

  /** Another partner, or other paths; the port stays. */
  configure(config: FoundPartnerConfig): void {
    const before = this.#config.partnerId;
    this.#config = config;
    const isSame =
      before && config.partnerId
        ? equalBytes(before, config.partnerId)
        : before === config.partnerId;
    if (!isSame) this.#leave("the partner is another one now");
    this.#begin();
  }

  get link(): PairLink | undefined {
    return this.#link;
  }

  /** Boxes on pair ports that are not the partner, or do not know that they are. */
  get found(): readonly FoundBox[] {
    return this.#sentry.found;
  }

  /** On any path, as the partner of this box. */
  get isHeard(): boolean {
    const { paths, isDisowned } = this.#sentry.sight;
    return !isDisowned && paths.some(({ verdict }) => verdict === "up" || verdict === "mute");
  }

  /** Where it can be asked something on a LAN; undefined: nowhere. */
  on(interfaceName: string): string | undefined {
    return addressOn(this.#sentry.sight, interfaceName);
  }

  get views(): readonly PathView[] {
    return this.#config.partnerId
      ? pathViews(this.#sentry.sight, this.#link?.on, this.#host.now().monotonic)
      : [];
  }

  get counters(): Readonly<Record<string, number>> {
    const held = this.#link?.heldBytes ?? 0;
    return { ...this.#sentry.counters, ...this.door.counters, "held-bytes": held };
  }

  /** What this box says of itself is otherwise, and the partner should know at once. */
  hurry(): void {
    this.#sentry.hurry();
  }

  /** As if the power of this box were gone: nothing of it is heard on any wire. */
  mute(isMuted: boolean): void {
    this.#link?.mute(isMuted);
    this.#sentry.mute(isMuted);
  }

  /** No handler is called any more; resolves when all that was sent has left. */
  async stop(reason: string): Promise<void> {
    this.#sentry.stop();
    this.#link?.stop(reason);
    await this.door.stop();
  }

  /** The same, and the core hears of it: another way to the partner, or none, takes its place. */
  retire(reason: string): Promise<void> {
    this.#leave(reason);
    for (const said of [this.#conditions, this.#versions]) {
      said.set([], this.#host.now().monotonic);
    }
    return this.stop(reason);
  }

  #begin(): void {
    const { partnerId, port, paths } = this.#config;
    const { id } = this.#identity;
    this.door.configure({ identity: this.#identity, port });
    if (partnerId && !this.#link) {
      this.#link = new PairLink({
        ...{ boot: this.#boot, partnerId, door: this.door },
        dials: compareBytes(id, partnerId) < 0,
        handlers: this.#linkHandlers(),
        nextConnection: () => this.#host.nextConnection(),
        now: () => this.#host.now().monotonic,
      });
    }
    this.#sentry.configure(partnerId, paths);
  }

  #linkHandlers(): PairLinkHandlers {
    const host = this.#host;
    return {
      open: (connection) => host.open(connection),
      bytes: (connection, bytes) => host.bytes(connection, bytes),
      closed: (connection, reason) => host.closed(connection, reason),
      sessionOpened: () => {
        this.#openedAt = host.now().monotonic;
        host.sessionOpened();
      },
      control: (message) => host.control(message),
      sessionClosed: (reason) => host.sessionClosed(reason),
      moved: () => this.#looked(this.#sentry.sight, true),
      distrusted: (text) =>
        host.setCondition("pair-wrong-key", "", text === undefined ? undefined : { text }),
    };
  }

  #leave(reason: string): void {
    this.#link?.leave(reason);
    this.#link = undefined;
    this.#host.sighted(undefined);
    this.#host.gateway(undefined);
  }

  #arrived(visitor: Visitor): void {
    const { partnerId } = this.#config;
    const isPartner = partnerId !== undefined && equalBytes(visitor.id, partnerId);
    if (isPartner && !this.#sentry.sight.isDisowned) this.#link?.arrived(visitor);
    else if (this.#isCable(visitor.interfaceName)) this.#host.visited(visitor);
    else {
      this.door.turnedAway("other-key");
      visitor.socket.destroy();
    }
  }

  #isCable(interfaceName: string): boolean {
    const path = this.#config.paths.find((one) => one.interfaceName === interfaceName);
    return path !== undefined && path.lan === undefined;
  }

  /** Boxes that cannot be understood, on pair ports, and are heard now. */
  #sayVersions(): void {
    const { monotonic } = this.#host.now();
    for (const [name, at] of this.#otherVersionAt) {
      if (monotonic - at > LIMITS.strangerMilliseconds) this.#otherVersionAt.delete(name);
    }
    const names = Array.from(this.#otherVersionAt.keys());
    const id = "pair-other-version" as const;
    this.#versions.set(
      names.map((subject) => ({ id, subject, values: {} })),
      monotonic,
    );
  }

  #looked(sight: Sight, isNews: boolean): void {
    const link = this.#link;
    this.#sayVersions();
    if (!link) return;
    if (isNews) {
      const { partner, conclusion } = sight;
      const lansDown = (partner?.lans ?? []).filter(({ isServed }) => !isServed);
      this.#host.sighted({ conclusion, lansDown: lansDown.map(({ name }) => name) });
      this.#host.gateway(this.isHeard ? partner?.gateway : undefined);
    }
    link.look(sight);
    const { monotonic } = this.#host.now();
    const isSettled = monotonic - this.#openedAt >= LIMITS.pairSettleMilliseconds;
    this.#conditions.set(pathConditions(sight, link.on, link.isOpen && isSettled), monotonic);
  }
}

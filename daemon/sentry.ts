// The beacons of this box and of others, in time: what is due is signed and sent, what comes in is checked, and who
// wants to know is told when the partner is seen otherwise. What any of it means is decided in core/witness/.

import { DecodeError } from "./base/errors.ts";
import type { FoundBox, Lookout, LookoutPath, Sight } from "./core/witness/lookout.ts";
import { BeaconSocket, type Datagram } from "./io/beacon-socket.ts";
import { type Identity, idOf, isSignedBy } from "./io/identity.ts";
import { LIMITS } from "./limits.ts";
import {
  type Beacon,
  decodeBeacon,
  encodeBeacon,
  lansThatFit,
  type SignedBeacon,
} from "./wire/beacon.ts";

/** What this box says of itself. */
export type BeaconWords = Omit<
  Beacon,
  "kind" | "key" | "boot" | "sequence" | "wall" | "lateMilliseconds" | "echo"
>;

export interface SentryHandlers {
  words(): BeaconWords;
  /** Something is otherwise; also called when nothing is but time has passed. */
  looked(sight: Sight, isNews: boolean): void;
  /** Boxes on pair ports that are not the partner; called when it is others, or one says something else. */
  found(boxes: readonly FoundBox[]): void;
  /** There is carrier at that interface now, and an address; or not any more. */
  carrier(interfaceName: string, isUp: boolean): void;
  /** A box there speaks another version of this. */
  otherVersion(interfaceName: string): void;
  problem(text: string | undefined): void;
}

export interface SentryOptions {
  readonly boot: Uint8Array;
  readonly identity: Identity;
  readonly port: number;
  readonly lookout: Lookout;
  readonly handlers: SentryHandlers;
  readonly now: () => { readonly monotonic: number; readonly wall: number };
  /** When somebody else wants to look; monotonic milliseconds. */
  readonly nextAt: () => number;
}

export class Sentry {
  readonly #options: SentryOptions;
  readonly #lookout: Lookout;
  readonly #socket: BeaconSocket;
  /** Beacons that counted for nothing, by reason; totals since the start. */
  readonly #disregarded = new Map<string, number>();
  #believed = 0;
  #usable: ReadonlySet<string> = new Set();
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #plannedAt = 0;
  #seen = "";
  #foundSeen = "";
  #isMuted = false;

  constructor(options: SentryOptions) {
    this.#options = options;
    this.#lookout = options.lookout;
    this.#socket = new BeaconSocket(options.port, {
      received: (bytes, from) => this.#receive(bytes, from),
      foreign: () => this.#disregard("foreign"),
      problem: (text) => options.handlers.problem(text),
    });
  }

  /** `partner`: the identity of the one that there is. */
  configure(partner: Uint8Array | undefined, paths: readonly LookoutPath[]): void {
    const { identity, now } = this.#options;
    this.#lookout.configure(identity.id, partner, paths, now().monotonic);
    this.#socket.use(paths.map(({ interfaceName }) => interfaceName));
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
    this.#tick();
  }

  /** What this box says of itself is otherwise, and the partner should know at once. */
  hurry(): void {
    this.#lookout.hurry(this.#options.now().monotonic);
    this.#tick();
  }

  /** As if the power were gone: nothing is said and nothing is heard. */
  mute(isMuted: boolean): void {
    this.#isMuted = isMuted;
    if (!isMuted) this.hurry();
  }

  get sight(): Sight {
    return this.#lookout.sight(this.#options.now().monotonic);
  }

  get found(): readonly FoundBox[] {
    return this.#lookout.found(this.#options.now().monotonic);
  }

  get counters(): Readonly<Record<string, number>> {
    const disregarded = Object.fromEntries(
      Array.from(this.#disregarded, ([reason, count]) => [`disregarded-${reason}`, count]),
    );
    return { believed: this.#believed, ...this.#socket.counters, ...disregarded };
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#plannedAt = Number.POSITIVE_INFINITY;
    this.#socket.stop();
  }

  #tick(): void {
    if (this.#plannedAt === Number.POSITIVE_INFINITY) return;
    const { monotonic } = this.#options.now();
    const late = this.#timer ? monotonic - this.#plannedAt : 0;
    if (late > LIMITS.stallMilliseconds) this.#lookout.excuse(late);
    if (monotonic - this.#refreshedAt >= LIMITS.interfacesMilliseconds) this.#refresh(monotonic);
    this.#speak(monotonic);
    this.#look(monotonic);
    this.#plan(monotonic);
  }

  #plan(now: number): void {
    clearTimeout(this.#timer);
    const nextAt = Math.min(this.#lookout.nextAt(now), this.#options.nextAt());
    const wait = Math.min(Math.max(nextAt - now, 1), LIMITS.interfacesMilliseconds);
    this.#plannedAt = now + wait;
    this.#timer = setTimeout(() => this.#tick(), wait);
  }

  #refresh(now: number): void {
    this.#refreshedAt = now;
    const before = this.#usable;
    this.#usable = this.#socket.refresh();
    for (const { interfaceName } of this.#lookout.sight(now).paths) {
      const isUp = this.#usable.has(interfaceName);
      this.#lookout.setCarrier(interfaceName, isUp);
      if (isUp !== before.has(interfaceName)) this.#options.handlers.carrier(interfaceName, isUp);
    }
    const isNew = Array.from(this.#usable).some((name) => !before.has(name));
    if (isNew) this.#lookout.hurry(now);
  }

  #speak(now: number): void {
    if (this.#isMuted) return;
    const due = this.#lookout.due(now);
    if (due.length === 0) return;
    const { boot, identity, handlers } = this.#options;
    const { wall } = this.#options.now();
    const words = handlers.words();
    const lans = lansThatFit(words.lans);
    for (const { interfaceName, sequence, lateMilliseconds, echo } of due) {
      if (!this.#usable.has(interfaceName)) continue;
      const kind = words.partner ? "heartbeat" : "hello";
      const { key } = identity;
      const signed = encodeBeacon({
        ...{ kind, key, boot, sequence, wall: Math.max(0, Math.floor(wall)) },
        ...{ lateMilliseconds, echo },
        ...words,
        lans,
      });
      this.#socket.send(interfaceName, Buffer.concat([signed, identity.sign(signed)]));
    }
  }

  #receive(bytes: Uint8Array, from: Datagram): void {
    if (this.#isMuted) return;
    let decoded: SignedBeacon;
    try {
      decoded = decodeBeacon(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (error.field === "version") this.#options.handlers.otherVersion(from.interfaceName);
      this.#disregard(error.field === "version" ? "other-version" : "unreadable");
      return;
    }
    const { beacon, signed, signature } = decoded;
    const { monotonic } = this.#options.now();
    const id = idOf(beacon.key);
    const { interfaceName, address } = from;
    const refusal = this.#lookout.admits(interfaceName, id, beacon, monotonic);
    if (refusal) {
      this.#disregard(refusal);
      return;
    }
    if (!isSignedBy(beacon.key, signed, signature)) {
      this.#disregard("badly-signed");
      return;
    }
    const disregard = this.#lookout.heard(interfaceName, address, id, beacon, monotonic);
    if (disregard) this.#disregard(disregard);
    else this.#believed++;
    this.#look(monotonic);
  }

  #look(now: number): void {
    const { handlers } = this.#options;
    const sight = this.#lookout.sight(now);
    const seen = sightKey(sight);
    const isNews = seen !== this.#seen;
    this.#seen = seen;
    handlers.looked(sight, isNews);
    const boxes = this.#lookout.found(now);
    const found = boxes.map(foundKey).join();
    if (found === this.#foundSeen) return;
    this.#foundSeen = found;
    handlers.found(boxes);
  }

  #disregard(reason: string): void {
    this.#disregarded.set(reason, (this.#disregarded.get(reason) ?? 0) + 1);
  }
}

/** Equal for two sights that mean the same. */
function sightKey({ conclusion, paths, partner }: Sight): string {
  const places = paths.map(({ interfaceName, verdict, address }) => [
    interfaceName,
    verdict,
    address,
  ]);
  const words = partner && [
    ...[partner.boot.join(), partner.port, partner.state, partner.generation, partner.gateway],
    ...partner.lans.map(({ name, hasCarrier, isServed }) => [name, hasCarrier, isServed]),
  ];
  return JSON.stringify([conclusion, places, words]);
}

function foundKey({ id, interfaceName, address, beacon }: FoundBox): string {
  const { boot, port, model, serial, software, partner, generation } = beacon;
  const facts = [id.join(), boot.join(), partner?.join(), interfaceName, address, port];
  return JSON.stringify([...facts, model, serial, software, generation]);
}

// Keeps the page open over HTTPS where it is to be reached now, as addresses come and go. Where that is, is decided in
// core/web/places.ts.
//
// Linux lets nobody listen at an address that the box does not have (but with an option of the socket that Node does not
// know), so the addresses are looked at every second, and whenever the gateway has moved.

import { IoError } from "./base/errors.ts";
import type { ConditionId, LogValues } from "./catalogue.ts";
import { isOnLans, type PresentAddresses, placesNow, type WebPlan } from "./core/web/places.ts";
import type { HttpSide } from "./io/http-server.ts";
import { type Door, type HttpsCounters, HttpsServer } from "./io/https-server.ts";
import type { KeyAndCertificate } from "./io/web-keys.ts";
import { LIMITS } from "./limits.ts";

export interface WebListenersHost {
  readonly side: HttpSide;
  /** Monotonic milliseconds. */
  now(): number;
  addresses(): PresentAddresses;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
}

/** One address at which people are to reach the page. */
interface Place {
  readonly port: number;
  /** Undefined while it is being opened, and after that failed. */
  door: Door | undefined;
  /** Monotonic milliseconds; undefined: nothing has failed. */
  retryAt: number | undefined;
}

export class WebListeners {
  readonly #host: WebListenersHost;
  readonly #server: HttpsServer;
  readonly #places = new Map<string, Place>();
  #plan: WebPlan | undefined;
  #hasCertificate = false;
  #isStopped = false;

  constructor(host: WebListenersHost) {
    this.#host = host;
    this.#server = new HttpsServer({
      side: host.side,
      isAllowed: (address) => this.#plan !== undefined && isOnLans(this.#plan, address),
      now: () => host.now(),
    });
  }

  get counters(): HttpsCounters {
    return this.#server.counters;
  }

  /** The addresses at which the page is reached now, with the port of each. */
  get open(): ReadonlyMap<string, number> {
    const open = Array.from(this.#places).filter(([, { door }]) => door !== undefined);
    return new Map(open.map(([address, { door }]) => [address, door?.port ?? 0]));
  }

  configure(plan: WebPlan | undefined): void {
    this.#plan = plan;
    this.look();
  }

  /** Nothing is open before there is something to show. Throws IoError when OpenSSL does not take it. */
  show(shown: KeyAndCertificate): void {
    this.#server.show(shown);
    this.#hasCertificate = true;
    this.look();
  }

  /** To be called every LIMITS.httpsLookMilliseconds, and when addresses may have come or gone. */
  look(): void {
    const plan = this.#plan;
    const isWanted = plan !== undefined && this.#hasCertificate && !this.#isStopped;
    const wanted = new Set(isWanted ? placesNow(plan, this.#host.addresses()) : []);
    for (const [address, place] of this.#places) {
      if (!wanted.has(address) || place.port !== plan?.port) this.#leave(address, place);
    }
    for (const address of wanted) this.#take(address, plan?.port ?? 0);
  }

  stop(): void {
    this.#isStopped = true;
    this.look();
    this.#server.close();
  }

  #leave(address: string, place: Place): void {
    this.#places.delete(address);
    place.door?.close();
    if (place.retryAt !== undefined) this.#host.setCondition("web-port-busy", address, undefined);
  }

  #take(address: string, port: number): void {
    const known = this.#places.get(address);
    if (known && (known.retryAt === undefined || this.#host.now() < known.retryAt)) return;
    const place = known ?? { port, door: undefined, retryAt: undefined };
    // Until it is known what came of it nothing else is tried.
    place.retryAt = known ? Number.POSITIVE_INFINITY : undefined;
    this.#places.set(address, place);
    this.#server.open(address, port).then(
      (door) => this.#opened(address, place, door),
      (error: unknown) => this.#failed(address, place, error),
    );
  }

  #opened(address: string, place: Place, door: Door): void {
    if (this.#places.get(address) !== place) {
      door.close();
      return;
    }
    if (place.retryAt !== undefined) this.#host.setCondition("web-port-busy", address, undefined);
    place.door = door;
    place.retryAt = undefined;
  }

  #failed(address: string, place: Place, error: unknown): void {
    if (!(error instanceof IoError)) throw error;
    if (this.#places.get(address) !== place) return;
    if (error.code === "EADDRNOTAVAIL") {
      // It went between two moments. If it comes again, so does the next look.
      this.#leave(address, place);
      return;
    }
    place.retryAt = this.#host.now() + LIMITS.httpsRetryMilliseconds;
    const values = { port: place.port, why: error.message };
    this.#host.setCondition("web-port-busy", address, values);
  }
}

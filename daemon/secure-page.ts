// The page over HTTPS put together: its certificate, where it is open, and the rows of the API about it.

import type { Now } from "./base/time.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import { type PresentAddresses, type WebPlan, webNames } from "./core/web/places.ts";
import { certificateRoutes } from "./http/certificate-routes.ts";
import type { Route } from "./http/route.ts";
import type { HttpSide } from "./io/http-server.ts";
import type { HttpsCounters } from "./io/https-server.ts";
import { presentAddresses } from "./io/present-addresses.ts";
import { every } from "./io/ticker.ts";
import { LIMITS } from "./limits.ts";
import { type AuthorityStore, WebCertificate } from "./web-certificate.ts";
import { WebListeners } from "./web-listeners.ts";

export interface SecurePageHost {
  readonly stateDir: string;
  readonly authority: AuthorityStore;
  now(): Now;
  say(id: LogId, values: LogValues): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
}

export class SecurePage {
  readonly routes: readonly Route[];
  readonly #host: SecurePageHost;
  readonly #certificate: WebCertificate;
  #listeners: WebListeners | undefined;
  #plan: WebPlan | undefined;
  #stopTicking: () => void = () => {};

  constructor(host: SecurePageHost) {
    this.#host = host;
    this.#certificate = new WebCertificate(host.stateDir, {
      authority: host.authority,
      now: () => host.now(),
      say: (id, values) => host.say(id, values),
      setCondition: (id, subject, values) => host.setCondition(id, subject, values),
      show: (shown) => this.#listeners?.show(shown),
    });
    this.routes = certificateRoutes(this.#certificate);
  }

  /** From now on this side answers, wherever the page is to be open. */
  serve(side: HttpSide, addresses: () => PresentAddresses = presentAddresses): void {
    const listeners = new WebListeners({
      ...{ side, addresses },
      now: () => this.#host.now().monotonic,
      setCondition: (id, subject, values) => this.#host.setCondition(id, subject, values),
    });
    this.#listeners = listeners;
    listeners.configure(this.#plan);
    this.look();
    this.#stopTicking = every(LIMITS.httpsLookMilliseconds, () => this.look());
  }

  /** Undefined: there is no configuration, and the page is open nowhere. */
  configure(plan: WebPlan | undefined): void {
    this.#plan = plan;
    this.#listeners?.configure(plan);
    this.look();
  }

  /** To be called when the gateway has moved or the authority is another one; it happens every second anyway. */
  look(): void {
    const plan = this.#plan;
    if (!this.#listeners) return;
    // A box whose page is open nowhere does without OpenSSL's 3.5 MB.
    if (plan && plan.port !== 0) this.#certificate.look(plan.box, webNames(plan));
    this.#listeners.look();
  }

  /** Names and addresses, in lower case, by which people open it: those that it serves, and those of its certificate. */
  get hosts(): ReadonlySet<string> {
    const served = this.#plan ? webNames(this.#plan) : [];
    const named = this.#certificate.view().shown?.names ?? [];
    return new Set([...served, ...named].map((name) => name.toLowerCase()));
  }

  /** The addresses at which it is open, with the port of each. */
  get open(): ReadonlyMap<string, number> {
    return this.#listeners?.open ?? new Map();
  }

  /** Connections that came to nothing: totals since the start. */
  get counters(): HttpsCounters | undefined {
    return this.#listeners?.counters;
  }

  /** Resolves when what was being written is on the disk. */
  async stop(): Promise<void> {
    this.#stopTicking();
    this.#listeners?.stop();
    await this.#certificate.written();
  }
}

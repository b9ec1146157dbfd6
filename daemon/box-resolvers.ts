// The resolvers of both boxes on the LAN whose clients are told that the gateway is one. That of this box is asked at its
// own IPv4 address there, that of the partner at the link-local address from which its beacons come: it is always known,
// nobody has to configure it, and a resolver that serves the interface answers there as well.

import { NO_RESOLVERS, type Resolvers } from "./core/gateway/resolvers.ts";
import { ResolverWatch } from "./resolver-watch.ts";

export interface ResolverLan {
  readonly interfaceName: string;
  /** Of this box. */
  readonly address: string;
}

export interface BoxResolversHost {
  /** Link-local with its interface, while it hears and is heard there; undefined: nothing can be asked of it. */
  partnerOn(interfaceName: string): string | undefined;
  changed(): void;
}

export class BoxResolvers {
  readonly #host: BoxResolversHost;
  #lan: ResolverLan | undefined;
  #own: ResolverWatch | undefined;
  #partner: ResolverWatch | undefined;

  constructor(host: BoxResolversHost) {
    this.#host = host;
  }

  /** Undefined: there is no such LAN. */
  configure(lan: ResolverLan | undefined): void {
    const before = this.#lan;
    if (lan?.interfaceName === before?.interfaceName && lan?.address === before?.address) return;
    this.stop();
    this.#lan = lan;
    if (!lan) return;
    const changed = (): void => this.#host.changed();
    this.#own = new ResolverWatch({ family: "udp4", where: () => lan.address, changed });
    const where = (): string | undefined => this.#host.partnerOn(lan.interfaceName);
    this.#partner = new ResolverWatch({ family: "udp6", where, changed });
  }

  get seen(): Resolvers {
    if (!this.#lan) return NO_RESOLVERS;
    const { address } = this.#lan;
    return { address, own: this.#own?.state, partner: this.#partner?.state };
  }

  stop(): void {
    this.#own?.stop();
    this.#partner?.stop();
    this.#own = undefined;
    this.#partner = undefined;
    this.#lan = undefined;
  }
}

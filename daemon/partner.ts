// The partner of this box, however it is reached: where a person said, or where it is found. What is said to it and
// heard of it goes between the core and the wires.

import { counter } from "./base/counter.ts";
import { IoError } from "./base/errors.ts";
import type { Now } from "./base/time.ts";
import type { ConditionId, LogValues } from "./catalogue.ts";
import type { Board } from "./config/board.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { FixedLink } from "./config/pair.ts";
import { interfacesOf } from "./core/config-view.ts";
import type { CoreEvent } from "./core/event.ts";
import type { PairView } from "./core/failover/pair-view.ts";
import type { FoundBox, LookoutPath } from "./core/witness/lookout.ts";
import { FoundPartner, type FoundPartnerConfig } from "./found-partner.ts";
import type { PathView } from "./http/api-types.ts";
import type { ActionResult } from "./http/box-view.ts";
import type { Identity } from "./io/identity.ts";
import type { PeerDoor, Visitor } from "./io/peer-door.ts";
import { type PeerAddresses, PeerTcp } from "./io/peer-link.ts";
import { randomBytes } from "./io/random.ts";
import type { PeerLink } from "./ports.ts";
import type { BeaconWords } from "./sentry.ts";
import { BOOT_BYTES } from "./wire/beacon.ts";

/** Where beacons and the session are, unless the configuration has another one. */
const PORT = 8647;

export interface PairPorts {
  carrier(interfaceName: string, isUp: boolean): void;
  /** Other boxes are found than before. */
  found(): void;
  /** Whoever takes the visitor closes it. */
  visited(visitor: Visitor): void;
}

export interface PartnerControl {
  opened(isPrimary: boolean): void;
  received(message: Uint8Array): void;
  closed(): void;
}

export interface PartnerHost {
  event(event: CoreEvent): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  /** Throws IoError while this box has no key. */
  identity(): Identity;
  /** What the box says of itself besides what it is made of and whom it knows. */
  words(): Pick<BeaconWords, "state" | "generation" | "gateway" | "lans">;
  now(): Now;
  /** How the partner is as the gateway; undefined: it is not heard. */
  gateway(word: number | undefined): void;
  /** What is said beside failover: a session with the partner, whose key is proven. */
  readonly control: PartnerControl;
  /** What happens on the pair ports besides. */
  readonly pairPorts: PairPorts;
  readonly board: Board;
  readonly version: string;
}

export class Partner implements PeerLink {
  readonly #host: PartnerHost;
  readonly #nextConnection = counter();
  readonly #tcp: PeerTcp;
  #found: FoundPartner | undefined;
  #config: LoadedConfig | undefined;
  #isKeyless = false;
  #isStopped = false;

  constructor(host: PartnerHost) {
    this.#host = host;
    const { event } = host;
    const saying = (id: ConditionId) => (text: string | undefined) => this.#say(id, text);
    this.#tcp = new PeerTcp(
      {
        open: (connection) => event({ kind: "peer-open", connection }),
        bytes: (connection, bytes) => event({ kind: "peer-bytes", connection, bytes }),
        closed: (connection, reason) => event({ kind: "peer-closed", connection, reason }),
        problem: saying("pair-not-listening"),
        distrusted: saying("pair-wrong-key"),
      },
      this.#nextConnection,
    );
  }

  /** A box without a key speaks with nobody who wants to see one; it tries again to have one. */
  configure(config: LoadedConfig | undefined): void {
    if (this.#isStopped) return;
    this.#config = config;
    try {
      this.#apply(config);
      if (this.#isKeyless) this.#say("pair-not-listening", undefined);
      this.#isKeyless = false;
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      this.#isKeyless = true;
      this.#tcp.configure(undefined);
      this.#retire("this box has no key");
      this.#say("pair-not-listening", error.message);
    }
  }

  /** To be called now and then. */
  retry(): void {
    if (this.#isKeyless) this.configure(this.#config);
  }

  /** What this box says of itself is otherwise: the partner should know at once. */
  hurry(): void {
    this.#found?.hurry();
  }

  /** As if the power of this box were gone, or again as it is. */
  mute(isMuted: boolean): void {
    this.#found?.mute(isMuted);
  }

  /** A control message, on the session that was opened last; false: there is none. */
  sendControl(message: Uint8Array): boolean {
    const link = this.#found?.link;
    if (!link?.isOpen) return false;
    link.sendControl(message);
    return true;
  }

  /** Boxes on pair ports that are not the partner, or do not know that they are. */
  get found(): readonly FoundBox[] {
    return this.#found?.found ?? [];
  }

  /** Where boxes that are not known yet can knock; undefined: nowhere. */
  get door(): PeerDoor | undefined {
    return this.#found?.door;
  }

  /** Where it can be asked something on a LAN, link-local with the interface; undefined: nowhere. */
  on(interfaceName: string): string | undefined {
    return this.#found?.on(interfaceName);
  }

  get isHeard(): boolean {
    return this.#found?.isHeard ?? false;
  }

  /** Ends the session; another one is begun. */
  restart(reason: string): void {
    this.#found?.link?.restart(reason);
  }

  get paths(): readonly PathView[] {
    return this.#found?.views ?? [];
  }

  /** Totals since the start, by what happened on the wires to the partner. */
  get counters(): Readonly<Record<string, number>> {
    return this.#found?.counters ?? {};
  }

  /** No event comes any more; resolves when all that was sent has left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([this.#tcp.stop(), this.#found?.stop("this box stops")]);
  }

  // PeerLink.

  send(connection: number, bytes: Uint8Array): void {
    this.#link.send(connection, bytes);
  }

  flush(): void {
    this.#link.flush();
  }

  dial(): void {
    this.#link.dial();
  }

  close(connection: number): void {
    this.#link.close(connection);
  }

  get #link(): PeerLink {
    return this.#found?.link ?? this.#tcp;
  }

  #apply(config: LoadedConfig | undefined): void {
    const { identity } = this.#host;
    const link = config?.pairLink;
    this.#tcp.configure(link?.kind === "fixed" ? addressesOf(link, identity) : undefined);
    const found = this.#foundConfig(config);
    if (this.#found && this.#found.port !== found?.port)
      this.#retire("the port is another one now");
    if (!found) return;
    if (this.#found) this.#found.configure(found);
    else this.#found = this.#find(found);
  }

  /** Undefined: nobody is looked for. */
  #foundConfig(config: LoadedConfig | undefined): FoundPartnerConfig | undefined {
    const link = config?.pairLink;
    if (link?.kind === "fixed") return undefined;
    const cables = this.#host.board.pairPorts.map((interfaceName) => ({
      interfaceName,
      lan: undefined,
    }));
    const paths = config && link ? [...cables, ...lansOf(config)] : cables;
    if (paths.length === 0) return undefined;
    return { partnerId: link?.partnerIdentity, port: link?.port ?? PORT, paths };
  }

  #find(config: FoundPartnerConfig): FoundPartner {
    const { event, setCondition, now, identity, control, pairPorts, gateway } = this.#host;
    return new FoundPartner(identity(), randomBytes(BOOT_BYTES), config, {
      ...{ setCondition, now, gateway, nextConnection: this.#nextConnection },
      words: () => this.#words(),
      sighted: (sight) => event({ kind: "sight", sight }),
      carrier: (name, isUp) => pairPorts.carrier(name, isUp),
      found: () => pairPorts.found(),
      visited: (visitor) => pairPorts.visited(visitor),
      open: (connection) => event({ kind: "peer-open", connection }),
      bytes: (connection, bytes) => event({ kind: "peer-bytes", connection, bytes }),
      closed: (connection, reason) => event({ kind: "peer-closed", connection, reason }),
      sessionOpened: () => control.opened(this.#config?.box.pair?.role === "primary"),
      control: (message) => control.received(message),
      sessionClosed: () => control.closed(),
    });
  }

  #words(): BeaconWords {
    const { board, version } = this.#host;
    const link = this.#config?.pairLink;
    return {
      ...this.#host.words(),
      ...{ port: link?.port ?? PORT, model: board.model, serial: board.serial },
      software: version,
      partner: link?.partnerIdentity,
    };
  }

  #retire(reason: string): void {
    const found = this.#found;
    this.#found = undefined;
    void found?.retire(reason);
  }

  #say(id: ConditionId, text: string | undefined): void {
    this.#host.setCondition(id, "", text === undefined ? undefined : { text });
  }
}

/** `identity` gives that of this box, once it is needed. */
function addressesOf(link: FixedLink, identity: () => Identity): PeerAddresses {
  const { address, port, partner, partnerPort, partnerIdentity } = link;
  const security = partnerIdentity && { identity: identity(), partnerId: partnerIdentity };
  return { ownAddress: address, port, partnerAddress: partner, partnerPort, security };
}

/** One for each wire: networks that share it have the name of the first. */
function lansOf({ core }: LoadedConfig): LookoutPath[] {
  return interfacesOf(core).flatMap((interfaceName) => {
    const network = core.networks.find((one) => one.interfaceName === interfaceName);
    return network ? [{ interfaceName, lan: network.segment }] : [];
  });
}

/** A person says that the partner is off for certain. `tell` gives the core the event. */
export function declarePartnerDown(
  view: () => PairView | undefined,
  tell: (event: CoreEvent) => void,
): ActionResult {
  const before = view();
  if (!before) return refused("this box is in no pair");
  if (before.state === "partner-down" && !before.isConnected) {
    return { isDone: true, text: "the partner counts as down already" };
  }
  tell({ kind: "pair-command", command: "partner-down" });
  const after = view();
  if (after?.state === "partner-down" && !after.isConnected) {
    return { isDone: true, text: "this box works without its partner from now on" };
  }
  if (after?.isConnected) return refused("the partner answers, so it is not down");
  return refused("this box is stopping");
}

function refused(text: string): ActionResult {
  return { isDone: false, text };
}

// Pairing at work: the desk where everything comes together, the connection with the other box, and what both need
// of the running daemon. A box without a key cannot be paired, and says so.

import type { Now } from "./base/time.ts";
import type { LogId, LogValues } from "./catalogue.ts";
import { differencesOf } from "./config/differences.ts";
import type { FoundBox } from "./core/witness/lookout.ts";
import { problemIn } from "./document-files.ts";
import type { PairingView } from "./http/api-types.ts";
import type { ActionResult, PairingAct, PairingControl } from "./http/box-view.ts";
import { type Identity, sha256 } from "./io/identity.ts";
import { IntroductionLink } from "./io/introduction-link.ts";
import type { PeerDoor, Visitor } from "./io/peer-door.ts";
import { randomBytes } from "./io/random.ts";
import { type BoxFacts, PairingDesk } from "./pairing-desk.ts";

export interface IntroductionsHost {
  facts(): BoxFacts;
  /** Boxes on pair ports that are not the partner, or do not know that they are. */
  found(): readonly FoundBox[];
  /** Over the session with the partner; false: there is none. */
  tellPartner(message: Uint8Array): boolean;
  /** Reads both files anew and puts them into force. */
  apply(): Promise<void>;
  say(id: LogId, values: LogValues): void;
  now(): Now;
}

export interface IntroductionsOptions {
  readonly configDir: string;
  readonly stateDir: string;
  readonly host: IntroductionsHost;
}

export class Introductions implements PairingControl {
  readonly #options: IntroductionsOptions;
  readonly #link: IntroductionLink;
  #desk: PairingDesk | undefined;
  /** When somebody at the boxes said that they belong together; monotonic ms. */
  #provenAt: number | undefined;
  readonly #carriers = new Map<string, boolean>();
  #joins: () => Promise<unknown> = async () => {};

  constructor(options: IntroductionsOptions) {
    this.#options = options;
    this.#link = new IntroductionLink({
      connected: (id) => this.#desk?.connected(id),
      received: (message) => this.#desk?.received(message),
      closed: (reason) => this.#desk?.closed(reason),
    });
  }

  /** This box has a key, and a door at which others can knock; undefined: it has none now. */
  async open(identity: Identity | undefined, door: PeerDoor | undefined): Promise<void> {
    this.#link.door = door;
    if (!identity || this.#desk) return;
    const { configDir, stateDir, host } = this.#options;
    const desk = new PairingDesk({
      ...{ configDir, stateDir, identity: identity.id, link: this.#link },
      facts: () => host.facts(),
      seen: () => host.found(),
      tellPartner: (message) => host.tellPartner(message),
      check: problemIn,
      differences: sentencesOf,
      hash: sha256,
      random: randomBytes,
      now: () => host.now(),
      apply: () => host.apply(),
      joins: () => this.#joins(),
      log: (id, values) => host.say(id, values),
    });
    this.#desk = desk;
    await desk.start();
    for (const [port, isUp] of this.#carriers) desk.carrier(port, isUp);
  }

  /** Called when this box is about to take what the other one has; it waits for what comes of it. */
  onJoin(callback: () => Promise<unknown>): void {
    this.#joins = callback;
  }

  stop(): void {
    this.#desk?.stop();
    this.#link.close();
  }

  /** The files may have changed. */
  async refresh(): Promise<void> {
    await this.#desk?.refresh();
  }

  /** Others are seen on the pair ports than before. */
  look(): void {
    this.#desk?.look();
  }

  carrier(port: string, isUp: boolean): void {
    this.#carriers.set(port, isUp);
    this.#desk?.carrier(port, isUp);
  }

  visited(visitor: Visitor): void {
    if (this.#desk) this.#link.visited(visitor);
    else visitor.socket.destroy();
  }

  /** A message of the partner, on the session. */
  partnerSaid(message: Uint8Array): void {
    this.#desk?.partnerSaid(message);
  }

  /** What the pair has come to; may be said again and again. */
  inStep(configuration: boolean, leases: boolean): void {
    if (configuration) this.#desk?.configurationInStep();
    if (leases) this.#desk?.leasesInStep();
  }

  pairing(): PairingView {
    return this.#desk?.pairing() ?? NO_DESK;
  }

  pairingAct(act: PairingAct): ActionResult {
    const result = this.#desk?.pairingAct(act);
    const isAtTheBox = act.kind === "confirm" || act.kind === "button";
    if (result?.isDone && isAtTheBox) this.#provenAt = this.#options.host.now().monotonic;
    return result ?? { isDone: false, text: "this box has no key yet" };
  }

  /** When somebody was at the box for certain, in monotonic ms: they pressed its button, or read its digits. */
  get presenceProvenAt(): number | undefined {
    return this.#provenAt;
  }
}

const NO_DESK: PairingView = {
  paired: false,
  underWay: false,
  sentence: "This box has no key yet, and cannot be paired without one.",
  advice: "Look at the other problems of the box: its disk has to take the key.",
  stages: [],
  found: null,
  digits: null,
  confirmedHere: false,
  confirmedThere: false,
  question: null,
  refusal: null,
  actions: [],
  unpaired: "",
};

function sentencesOf(mine: unknown, theirs: unknown): string[] {
  const { shown, more } = differencesOf(mine, theirs);
  const sentences = shown.map(
    ({ path, here, partner }) => `${path}: ${here} here, ${partner} on the other box`,
  );
  return more > 0 ? [...sentences, `and ${more} more`] : sentences;
}

// Where everything that pairing needs comes together: hellos and connections from the pair ports, people from page,
// command line and button, and the two files that make a box one of a pair.

import { assertNever } from "./base/assert.ts";
import { hex } from "./base/bytes.ts";
import { DecodeError } from "./base/errors.ts";
import type { Now } from "./base/time.ts";
import type { LogId, LogValues } from "./catalogue.ts";
import type { Documents } from "./core/introduction/documents.ts";
import type {
  FoundBox,
  IntroductionEffect,
  IntroductionEvent,
  OwnFacts,
  OwnPair,
} from "./core/introduction/events.ts";
import { objectOf } from "./core/introduction/free-address.ts";
import { Introduction } from "./core/introduction/introduction.ts";
import type { Differences } from "./core/introduction/profile.ts";
import type { Hash } from "./core/introduction/six-digits.ts";
import { Unpairing, type UnpairingEffect } from "./core/introduction/unpairing.ts";
import { DocumentFiles } from "./document-files.ts";
import type { PairingView } from "./http/api-types.ts";
import type { ActionResult, PairingAct, PairingControl } from "./http/box-view.ts";
import { every } from "./io/ticker.ts";
import { pairingViewOf } from "./pairing-view.ts";
import { type Beacon, IDENTITY_BYTES } from "./wire/beacon.ts";
import { decodeIntroduction, NUMBER_BYTES } from "./wire/introduction-message.ts";
import { parseHex } from "./wire/option-codecs.ts";

/** What the box is at this moment, besides what its files say. */
export interface BoxFacts {
  readonly model: string;
  readonly serial: string;
  readonly software: string;
  /** Of its configuration, 0 for that of the factory. */
  readonly generation: number;
  /** It gives out addresses now. */
  readonly isServing: boolean;
  /** Its partner, if it has one, is heard on any path. */
  readonly isPartnerHeard: boolean;
}

/** A box on a pair port that is not the partner, by its last hello: signed with its key, and fresh. */
export interface SeenBox {
  readonly id: Uint8Array;
  readonly interfaceName: string;
  readonly address: string;
  readonly beacon: Pick<Beacon, "model" | "serial" | "software" | "wall" | "partner" | "port">;
}

/** The connection with a box that is not known yet; there is one at most. */
export interface IntroductionLink {
  /** On its interface, address and port. Answered by `connected`, or by `closed` when nothing comes of it. */
  dial(box: FoundBox): void;
  send(bytes: Uint8Array): void;
  /** After all that was sent has gone out. Nothing more is told of the connection. */
  close(): void;
}

export interface PairingDeskOptions {
  readonly configDir: string;
  readonly stateDir: string;
  readonly identity: Uint8Array;
  readonly facts: () => BoxFacts;
  readonly link: IntroductionLink;
  /** All that are seen now. */
  readonly seen: () => readonly SeenBox[];
  /** Over the connection with the partner, on which both have shown their keys; false: there is none. */
  readonly tellPartner: (bytes: Uint8Array) => boolean;
  /** What is wrong with both files, as one sentence without its end; undefined: a box can work with them. */
  readonly check: (documents: Documents) => string | undefined;
  readonly differences: Differences;
  readonly hash: Hash;
  readonly random: (count: number) => Uint8Array;
  readonly now: () => Now;
  /** Reads both files anew and puts them into force. */
  readonly apply: () => Promise<void>;
  /** What the other box has counts from now on: users and all else that both share, this box's are forgotten. */
  readonly joins: () => Promise<unknown>;
  readonly log: (id: LogId, values: LogValues) => void;
}

export class PairingDesk implements PairingControl {
  readonly #options: PairingDeskOptions;
  readonly #files: DocumentFiles;
  readonly #unpairing = new Unpairing();
  readonly #introduction: Introduction;
  #documents: Documents = { shared: null, box: null };
  /** Whatever happens while effects are being carried out waits for the last of them. */
  readonly #waiting: (() => readonly (IntroductionEffect | UnpairingEffect)[])[] = [];
  #seen: ReadonlyMap<string, SeenBox> = new Map();
  #isBusy = false;
  #readings = 0;
  #stopTicking: () => void = () => {};

  constructor(options: PairingDeskOptions) {
    const { configDir, stateDir, hash, differences } = options;
    this.#options = options;
    this.#files = new DocumentFiles(configDir, stateDir);
    this.#introduction = new Introduction({ facts: this.#facts(), hash, differences });
  }

  async start(): Promise<void> {
    await this.refresh();
    this.#stopTicking = every(TICK_MILLISECONDS, () => this.tick());
  }

  stop(): void {
    this.#stopTicking();
  }

  /** The files may have changed. Never rejects: what cannot be read is complained of elsewhere. */
  async refresh(): Promise<void> {
    const reading = ++this.#readings;
    const documents = await this.#files.read().catch(() => this.#documents);
    // They may have been written meanwhile, and read anew.
    if (reading !== this.#readings) return;
    this.#documents = documents;
    this.#event({ kind: "facts", facts: this.#facts() });
  }

  tick(): void {
    this.#event({ kind: "facts", facts: this.#facts() });
    this.look();
    this.#event({ kind: "tick" });
    this.#do(() => this.#unpairing.tick(this.#facts(), this.#options.now()));
  }

  carrier(port: string, isUp: boolean): void {
    this.#event({ kind: "carrier", port, isUp });
  }

  /** Other boxes may be seen than before, or more of them; it is looked by itself every second. */
  look(): void {
    const boxes = new Map(this.#options.seen().map((box) => [hex(box.id), box]));
    for (const [key, { id }] of this.#seen) {
      if (!boxes.has(key)) this.#event({ kind: "gone", identity: id });
    }
    for (const [key, box] of boxes) {
      // The clock in a hello says something at the moment at which it is heard.
      if (this.#seen.get(key)?.beacon !== box.beacon) {
        this.#event({ kind: "found", box: foundBoxOf(box) });
      }
    }
    this.#seen = boxes;
  }

  /** Whoever it is has proved to have the key of that identity. */
  connected(partner: Uint8Array): void {
    this.#event({ kind: "connected", partner, number: this.#options.random(NUMBER_BYTES) });
  }

  /** One whole message. */
  received(bytes: Uint8Array): void {
    this.#event({ kind: "received", bytes });
  }

  closed(reason: string): void {
    this.#event({ kind: "closed", reason });
  }

  configurationInStep(): void {
    this.#event({ kind: "configuration-in-step" });
  }

  leasesInStep(): void {
    this.#event({ kind: "leases-in-step" });
  }

  /** What came over the connection with the partner, on which both have shown their keys. */
  partnerSaid(bytes: Uint8Array): void {
    let kind: string;
    try {
      ({ kind } = decodeIntroduction(bytes));
    } catch (error) {
      if (error instanceof DecodeError) return;
      throw error;
    }
    if (kind === "leave") this.#do(() => this.#unpairing.leave(this.#facts()));
    else if (kind === "left") this.#do(() => this.#unpairing.left(this.#facts()));
    else if (kind === "retire") this.#do(() => this.#unpairing.retire(this.#facts()));
  }

  pairing(): PairingView {
    const facts = this.#facts();
    const view = this.#introduction.view(this.#options.now());
    return pairingViewOf(view, facts.pair !== undefined, this.#unpairing);
  }

  pairingAct(act: PairingAct): ActionResult {
    const { now } = this.#options;
    if (act.kind === "unpair" || act.kind === "retire") {
      const isRetiring = act.kind === "retire";
      const { outcome, effects } = this.#unpairing.begin(this.#facts(), now(), isRetiring);
      this.#do(() => effects);
      return outcome;
    }
    const { outcome, effects } = this.#introduction.act(act, now());
    this.#do(() => effects);
    return outcome;
  }

  #event(event: IntroductionEvent): void {
    this.#do(() => this.#introduction.step(event, this.#options.now()));
  }

  #do(happening: () => readonly (IntroductionEffect | UnpairingEffect)[]): void {
    this.#waiting.push(happening);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        for (const effect of next()) this.#perform(effect);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #perform(effect: IntroductionEffect | UnpairingEffect): void {
    const { link, check, log, tellPartner } = this.#options;
    switch (effect.kind) {
      case "dial":
        link.dial(effect.box);
        break;
      case "send":
        link.send(effect.bytes);
        break;
      case "close":
        link.close();
        break;
      case "check": {
        const { ticket, documents } = effect;
        this.#event({ kind: "checked", ticket, problem: check(documents) });
        break;
      }
      case "adopt":
        void this.#adopt(effect);
        break;
      case "tell-partner":
        if (!tellPartner(effect.bytes)) {
          this.#do(() => this.#unpairing.unreachable(this.#facts()));
        }
        break;
      case "log":
        log(effect.id, effect.values);
        break;
      default:
        assertNever(effect);
    }
  }

  async #adopt(effect: Extract<IntroductionEffect | UnpairingEffect, { kind: "adopt" }>) {
    // Before it is one of the pair: nobody who had a password here gets into the other box by it.
    if ("isTaking" in effect && effect.isTaking) await this.#options.joins();
    const problem = await this.#write(effect.documents);
    if (problem === undefined) await this.refresh();
    if ("ticket" in effect) this.#event({ kind: "adopted", ticket: effect.ticket, problem });
    else this.#do(() => this.#unpairing.adopted(problem));
    // What was said of it goes out first: the connection may not outlive the new configuration.
    if (problem === undefined) await this.#options.apply();
  }

  /** What went wrong. */
  async #write(documents: Documents): Promise<string | undefined> {
    try {
      await this.#files.write(documents);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #facts(): OwnFacts {
    const { identity, facts } = this.#options;
    const { isPartnerHeard, ...rest } = facts();
    const documents = this.#documents;
    const { name } = objectOf(documents.box);
    const pair = pairOf(documents.box, isPartnerHeard);
    return { ...rest, identity, name: typeof name === "string" ? name : "", pair, documents };
  }
}

const TICK_MILLISECONDS = 1000;

function foundBoxOf({ id, interfaceName, address, beacon }: SeenBox): FoundBox {
  const { model, serial, software, wall, partner, port } = beacon;
  return { identity: id, interfaceName, address, port, model, serial, software, wall, partner };
}

function pairOf(box: unknown, isHeard: boolean): OwnPair | undefined {
  const { role, partnerIdentity } = objectOf(objectOf(box).pair);
  if (role !== "primary" && role !== "secondary") return undefined;
  const bytes = typeof partnerIdentity === "string" ? parseHex(partnerIdentity) : undefined;
  return { role, isHeard, partner: bytes?.length === IDENTITY_BYTES ? bytes : undefined };
}

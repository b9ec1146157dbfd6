// Two boxes on one cable that get to know each other: pure machines, with everything around them in memory.

import { createHash } from "node:crypto";
import { hex } from "../../daemon/base/bytes.ts";
import type { Now } from "../../daemon/base/time.ts";
import type { Documents } from "../../daemon/core/introduction/documents.ts";
import type {
  ActOutcome,
  FoundBox,
  IntroductionEffect,
  IntroductionEvent,
  OwnFacts,
  PersonsAct,
} from "../../daemon/core/introduction/events.ts";
import { objectOf } from "../../daemon/core/introduction/free-address.ts";
import { Introduction } from "../../daemon/core/introduction/introduction.ts";
import type { IntroductionView } from "../../daemon/core/introduction/introduction-view.ts";
import { problemIn } from "../../daemon/document-files.ts";

export const START = { monotonic: 1_000_000, wall: Date.UTC(2026, 4, 3, 7, 0, 0) };

export const OFFICE = {
  version: 1,
  networks: [
    {
      name: "office",
      subnet: "192.168.1.0/24",
      gateway: "192.168.1.1",
      pools: [{ from: "192.168.1.100", to: "192.168.1.200" }],
      reservations: [{ mac: "02:00:5e:00:00:01", address: "192.168.1.4" }],
    },
  ],
};
export const OFFICE_BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { office: { interface: "lan0", address: "192.168.1.2/24" } },
  http: { port: 8080 },
};
export const FACTORY = { version: 1, networks: [] };
export const FACTORY_BOX = { version: 1, name: "tandem", role: "standby", networks: {} };

export interface BoxOptions {
  /** First byte of its identity: the lower one dials. */
  readonly id: number;
  readonly documents?: Documents;
  readonly generation?: number;
  readonly isServing?: boolean;
  readonly model?: string;
  readonly software?: string;
  /** By how much its clock is ahead, in milliseconds. */
  readonly clockOffset?: number;
}

export function officeBox(id: number, changes: Partial<BoxOptions> = {}): BoxOptions {
  const documents = { shared: OFFICE, box: OFFICE_BOX };
  return { id, documents, generation: 3, isServing: true, ...changes };
}

export function newBox(id: number, changes: Partial<BoxOptions> = {}): BoxOptions {
  const documents = { shared: FACTORY, box: FACTORY_BOX };
  return { id, documents, generation: 0, isServing: false, ...changes };
}

export function identityNumber(id: number): Uint8Array {
  return new Uint8Array(32).fill(id);
}

export function differences(mine: unknown, theirs: unknown): readonly string[] {
  return JSON.stringify(mine) === JSON.stringify(theirs) ? [] : ["the networks are others"];
}

export class IntroducedBox {
  readonly options: BoxOptions;
  readonly identity: Uint8Array;
  readonly log: string[] = [];
  /** What is in its files. */
  documents: Documents;
  machine: Introduction;
  /** What it would send next, and whether it wants to dial. */
  outgoing: Uint8Array[] = [];
  isConnected = false;
  wantsToDial = false;
  isPartnerHeard = false;
  /** Checks and writes that are not answered yet. */
  pending: Extract<IntroductionEffect, { kind: "check" | "adopt" }>[] = [];
  writes = 0;
  failsToWrite = false;
  now: Now = START;

  constructor(options: BoxOptions) {
    this.options = options;
    this.identity = identityNumber(options.id);
    this.documents = options.documents ?? { shared: FACTORY, box: FACTORY_BOX };
    this.machine = this.#started();
  }

  get box(): Record<string, unknown> {
    return objectOf(this.documents.box);
  }

  get pair(): { role?: unknown; partnerIdentity?: unknown } {
    return objectOf(this.box.pair);
  }

  get view(): IntroductionView {
    return this.machine.view(this.#time());
  }

  get stage(): string {
    const { stages } = this.view;
    return (
      stages.find(({ state }) => state === "now")?.id ??
      stages.filter((one) => one.state === "done").at(-1)?.id ??
      ""
    );
  }

  hello(): FoundBox {
    const { model = "board", software = "1.0" } = this.options;
    const { partnerIdentity } = this.pair;
    const partner =
      typeof partnerIdentity === "string"
        ? Uint8Array.from(Buffer.from(partnerIdentity, "hex"))
        : undefined;
    const { identity } = this;
    const serial = `S${this.options.id}`;
    const at = { interfaceName: "pair0", address: "fe80::1", port: 8647 };
    return { identity, ...at, model, serial, software, wall: this.#time().wall, partner };
  }

  happen(event: IntroductionEvent): void {
    this.#perform(this.machine.step(event, this.#time()));
  }

  act(act: PersonsAct): ActOutcome {
    const { outcome, effects } = this.machine.act(act, this.#time());
    this.#perform(effects);
    return outcome;
  }

  confirm(): ActOutcome {
    return this.act({ kind: "confirm", digits: this.view.digits ?? "" });
  }

  /** Answers the first check or write that waits. */
  answer(): void {
    const effect = this.pending.shift();
    if (!effect) return;
    const { ticket, documents } = effect;
    if (effect.kind === "check") {
      this.happen({ kind: "checked", ticket, problem: problemIn(documents) });
      return;
    }
    const problem = this.failsToWrite ? "the disk is full" : undefined;
    if (!problem) this.write(documents);
    this.happen({ kind: "adopted", ticket, problem });
  }

  write({ shared, box }: Documents): void {
    this.documents = { shared: shared ?? this.documents.shared, box };
    this.writes++;
    this.happen({ kind: "facts", facts: this.#facts() });
  }

  refresh(): void {
    this.happen({ kind: "facts", facts: this.#facts() });
  }

  /** Power goes and comes: only what was written is left. */
  restart(): void {
    this.pending = [];
    this.outgoing = [];
    this.isConnected = false;
    this.wantsToDial = false;
    this.machine = this.#started();
  }

  #started(): Introduction {
    const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
    return new Introduction({ facts: this.#facts(), hash, differences });
  }

  #time(): Now {
    const { monotonic, wall } = this.now;
    return { monotonic, wall: wall + (this.options.clockOffset ?? 0) };
  }

  #facts(): OwnFacts {
    const { model = "board", software = "1.0", isServing = false } = this.options;
    const { role, partnerIdentity } = this.pair;
    const isPair = role === "primary" || role === "secondary";
    const partner = Uint8Array.from(Buffer.from(String(partnerIdentity ?? ""), "hex"));
    const wasChanged = this.writes > 0 ? 1 : 0;
    return {
      identity: this.identity,
      name: String(this.box.name),
      serial: `S${this.options.id}`,
      generation: (this.options.generation ?? 0) + wasChanged,
      pair: isPair ? { role, partner, isHeard: this.isPartnerHeard } : undefined,
      documents: this.documents,
      ...{ model, software, isServing },
    };
  }

  #perform(effects: readonly IntroductionEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "dial") this.wantsToDial = true;
      else if (effect.kind === "send") this.outgoing.push(effect.bytes);
      else if (effect.kind === "close") this.isConnected = false;
      else if (effect.kind === "log") this.log.push(effect.id);
      else this.pending.push(effect);
    }
  }
}

/** A cable between two boxes; `random` makes their numbers. */
export class Cable {
  readonly ends: readonly [IntroducedBox, IntroducedBox];
  readonly #random: () => number;
  now: Now = START;
  isPlugged = false;

  constructor(one: BoxOptions, other: BoxOptions, random: () => number = Math.random) {
    this.ends = [new IntroducedBox(one), new IntroducedBox(other)];
    this.#random = random;
  }

  plug(): void {
    this.isPlugged = true;
    for (const end of this.ends) end.happen({ kind: "carrier", port: "pair0", isUp: true });
    this.greet();
  }

  unplug(): void {
    this.isPlugged = false;
    this.cut("the cable was unplugged");
    this.ends.forEach((end, at) => {
      end.happen({ kind: "carrier", port: "pair0", isUp: false });
      end.happen({ kind: "gone", identity: this.#other(at).identity });
    });
  }

  /** Both announce themselves. */
  greet(): void {
    this.ends.forEach((end, at) => {
      end.happen({ kind: "found", box: this.#other(at).hello() });
    });
  }

  /** A connection breaks; what was on its way is lost. */
  cut(reason = "it broke"): void {
    for (const end of this.ends) {
      end.outgoing = [];
      if (!end.isConnected) continue;
      end.isConnected = false;
      end.happen({ kind: "closed", reason });
    }
  }

  /** The next thing that can happen by itself at one end, if there is any. */
  advance(at: 0 | 1): boolean {
    const end = this.ends[at];
    const other = this.#other(at);
    if (end.wantsToDial && this.isPlugged) {
      this.cut("a new one came");
      end.wantsToDial = false;
      for (const one of this.ends) one.isConnected = true;
      this.ends.forEach((one, index) => {
        const number = Uint8Array.from({ length: 32 }, () => Math.floor(this.#random() * 256));
        one.happen({ kind: "connected", partner: this.#other(index).identity, number });
      });
      return true;
    }
    const bytes = end.outgoing.shift();
    if (bytes) {
      if (other.isConnected) other.happen({ kind: "received", bytes });
      this.#closeHalf();
      return true;
    }
    if (end.pending.length === 0) return false;
    end.answer();
    return true;
  }

  /** Until nothing happens by itself any more. */
  run(): void {
    while (this.advance(0) || this.advance(1));
  }

  /** Second by second, with what follows from it. */
  wait(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.now = { monotonic: this.now.monotonic + 1000, wall: this.now.wall + 1000 };
      for (const end of this.ends) end.now = this.now;
      if (this.isPlugged) this.greet();
      for (const end of this.ends) end.happen({ kind: "tick" });
      this.run();
    }
  }

  /** Both know each other by their files. */
  get isPair(): boolean {
    const [a, b] = this.ends;
    return a.pair.partnerIdentity === hex(b.identity) && b.pair.partnerIdentity === hex(a.identity);
  }

  #other(at: number): IntroducedBox {
    return this.ends[at === 0 ? 1 : 0];
  }

  /** One has closed, and all that it had sent has come. */
  #closeHalf(): void {
    this.ends.forEach((end, at) => {
      const other = this.#other(at);
      if (end.isConnected || end.outgoing.length > 0 || !other.isConnected) return;
      other.isConnected = false;
      other.happen({ kind: "closed", reason: "the other box closed it" });
    });
  }
}

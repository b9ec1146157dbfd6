// Two boxes with one configuration each, a channel that is cut, disks that keep what was written, and people.
// What a box does is done in single steps, so that a test can stop it between any two of them.

import type { Now } from "../../../daemon/base/time.ts";
import { ConfigSync } from "../../../daemon/core/sync/config-sync.ts";
import {
  documentOf,
  NO_DOCUMENT,
  type SharedDocument,
} from "../../../daemon/core/sync/shared-document.ts";
import { BLANK_STANDING } from "../../../daemon/core/sync/sync-state.ts";
import type {
  Choice,
  RequestAnswer,
  Standing,
  SyncEffect,
  SyncEvent,
  SyncView,
} from "../../../daemon/core/sync/sync-types.ts";
import type { ConfigObjection, Origin } from "../../../daemon/wire/config-message.ts";

/** The wall clock when the world begins. */
export const START_WALL = Date.UTC(2026, 0, 1);

export type Name = "a" | "b";
export const NAMES: readonly Name[] = ["a", "b"];

/** A configuration that one of the boxes, or none, cannot take. */
export function makeDocument(n: number, badFor: Name | "" = ""): SharedDocument {
  return documentOf({ networks: [{ n }], badFor });
}

export function otherOf(name: Name): Name {
  return name === "a" ? "b" : "a";
}

interface Disk {
  standing: Standing;
  document: SharedDocument;
  /** config.json. */
  file: SharedDocument;
  readonly earlier: string[];
  readonly keptAside: string[];
}

type Job =
  | Exclude<SyncEvent, { kind: "requested" }>
  | Asking
  | { readonly kind: "load" }
  | { readonly kind: "link"; readonly link: number };

/** Somebody asks for a change over the API; without a hash for one of what is in force at that moment. */
interface Asking {
  readonly kind: "ask";
  readonly document: SharedDocument;
  readonly expectedHash?: string | undefined;
  readonly trialMilliseconds: number;
}

export interface Adoption {
  readonly by: Name;
  readonly before: SyncView;
  readonly standingBefore: Standing;
  readonly event: SyncEvent;
  readonly effect: Extract<SyncEffect, { kind: "adopt" }>;
}

export class BoxModel {
  readonly name: Name;
  readonly disk: Disk;
  sync: ConfigSync;
  /** By so many ms, compared with the other box. */
  clockIsAhead = 0;
  /** Its box.json was made to go with everything. */
  takesAll = false;
  /** What it found to be good, as a proposal or in its own config.json. */
  readonly approved = new Set<string>();
  readonly said: string[] = [];
  readonly closings: string[] = [];
  /** What was on trial and stayed. */
  readonly confirmed: string[] = [];
  /** To what people asked for since the box was switched on, in that order. */
  answers: RequestAnswer[] = [];
  /** What is not answered yet, by its number. */
  readonly owed = new Map<number, SharedDocument>();
  readonly #world: TwoBoxes;
  #jobs: Job[] = [];
  #effects: SyncEffect[] = [];
  #cause: SyncEvent = { kind: "tick" };
  #before: SyncView;
  #standingBefore: Standing;
  #link = 0;
  #lastAsked = 0;

  constructor(name: Name, file: SharedDocument, world: TwoBoxes) {
    this.name = name;
    this.#world = world;
    const standing = BLANK_STANDING;
    this.disk = { standing, document: NO_DOCUMENT, file, earlier: [], keptAside: [] };
    this.sync = new ConfigSync(standing, NO_DOCUMENT);
    this.#before = this.sync.view();
    this.#standingBefore = standing;
    this.do({ kind: "load" });
  }

  get isIdle(): boolean {
    return this.#jobs.length === 0 && this.#effects.length === 0;
  }

  do(...jobs: Job[]): void {
    this.#jobs.push(...jobs);
  }

  /** Power off and on: what is on the disk is all that there is. */
  restart(): void {
    this.#jobs = [];
    this.#effects = [];
    this.sync = new ConfigSync(this.disk.standing, this.disk.document);
    this.answers = [];
    this.owed.clear();
    this.do({ kind: "load" });
  }

  edit(document: SharedDocument): void {
    this.disk.file = document;
    this.do({ kind: "load" });
  }

  ask(document: SharedDocument, expectedHash?: string): void {
    this.do({ kind: "ask", document, expectedHash, trialMilliseconds: 0 });
  }

  /** For so long, unless it is confirmed. */
  try(document: SharedDocument, trialMilliseconds: number): void {
    this.do({ kind: "ask", document, trialMilliseconds });
  }

  confirm(): void {
    this.do({ kind: "confirmed" });
  }

  undo(): void {
    this.do({ kind: "undone", origin: this.#origin("API") });
  }

  tick(): void {
    this.do({ kind: "tick" });
  }

  objections(document: SharedDocument): ConfigObjection[] {
    const { badFor } = (JSON.parse(document.text) ?? { badFor: this.name }) as { badFor: string };
    if (this.takesAll || badFor !== this.name) return [];
    return [{ file: "box.json", path: "networks", reason: `is not for ${this.name}` }];
  }

  /** Carries out one effect, or takes the next event. */
  work(): void {
    const effect = this.#effects.shift();
    const job = effect ? undefined : this.#jobs.shift();
    if (effect) this.#carryOut(effect);
    else if (job?.kind === "link") this.#link = job.link;
    else if (job?.kind === "load") this.#load();
    else if (job?.kind === "ask") this.#ask(job);
    else if (job) this.#step(job);
  }

  #load(): void {
    const { file, document } = this.disk;
    if (file.hash === document.hash) this.#step({ kind: "restored" });
    else if (this.objections(file).length === 0) {
      this.#step({ kind: "edited", document: file, origin: this.#origin("config.json") });
    }
  }

  #ask({ document, expectedHash = this.disk.document.hash, trialMilliseconds }: Asking): void {
    if (this.objections(document).length > 0) return;
    this.approved.add(document.hash);
    this.#lastAsked++;
    const number = this.#lastAsked;
    this.owed.set(number, document);
    const origin = this.#origin("API");
    const request = { document, expectedHash, trialMilliseconds, origin };
    this.#step({ kind: "requested", number, request });
  }

  #now(): Now {
    const monotonic = this.#world.now;
    return { monotonic, wall: START_WALL + monotonic + this.clockIsAhead };
  }

  #origin(from: string): Origin {
    return { who: "", wall: this.#now().wall, from, box: this.name, note: "" };
  }

  #step(event: SyncEvent): void {
    if (event.kind === "edited") this.approved.add(event.document.hash);
    this.#cause = event;
    this.#before = this.sync.view();
    this.#standingBefore = this.disk.standing;
    this.#effects.push(...this.sync.step(event, this.#now()));
  }

  #carryOut(effect: SyncEffect): void {
    switch (effect.kind) {
      case "send":
        this.#world.send(this.name, this.#link, effect.bytes);
        break;
      case "adopt":
        this.#adopt(effect);
        break;
      case "remember":
        if (this.disk.standing.trial && !effect.standing.trial) {
          this.confirmed.push(effect.standing.lineage.hash);
        }
        this.disk.standing = effect.standing;
        break;
      case "check": {
        const objections = this.objections(effect.document);
        if (objections.length === 0) this.approved.add(effect.document.hash);
        this.#step({ kind: "checked", hash: effect.document.hash, objections });
        break;
      }
      case "answer":
        this.#answered(effect);
        break;
      case "say":
        this.said.push(effect.id);
        break;
      case "close":
        this.closings.push(effect.reason);
        this.#world.cut(0, 0);
        break;
    }
  }

  #answered({ number, answer }: Extract<SyncEffect, { kind: "answer" }>): void {
    const document = this.owed.get(number);
    if (!document) throw new Error("an answer to what nobody asked");
    this.owed.delete(number);
    this.answers.push(answer);
    if (answer.kind !== "in-force") return;
    const places = answer.where === "both" ? NAMES : [this.name];
    for (const name of places) {
      const { disk } = this.#world.boxes[name];
      const isIn = [disk.document.hash, ...disk.earlier].includes(document.hash);
      if (!isIn) throw new Error(`said to be in force on ${answer.where}, and is not on ${name}`);
    }
  }

  #adopt(effect: Extract<SyncEffect, { kind: "adopt" }>): void {
    const { disk } = this;
    this.#world.adopted({
      ...{ by: this.name, before: this.#before, standingBefore: this.#standingBefore },
      ...{ event: this.#cause, effect },
    });
    if (effect.source !== "config.json") {
      const isKnown = [disk.document.hash, effect.document.hash].includes(disk.file.hash);
      if (!isKnown) disk.keptAside.push(disk.file.hash);
      disk.file = effect.document;
    }
    disk.earlier.push(disk.document.hash);
    disk.standing = effect.standing;
    disk.document = effect.document;
  }
}

export class TwoBoxes {
  now = 0;
  readonly boxes: Readonly<Record<Name, BoxModel>>;
  /** What was said and has not arrived, by who said it. */
  readonly underWay: Readonly<Record<Name, Uint8Array[]>> = { a: [], b: [] };
  readonly adoptions: Adoption[] = [];
  readonly onAdopt: (adoption: Adoption) => void;
  #link = 0;
  #isUp = false;
  #turn: Name = "b";

  /** Box A is the primary. */
  constructor(
    files: Readonly<Record<Name, SharedDocument>>,
    onAdopt: (adoption: Adoption, world: TwoBoxes) => void = () => {},
  ) {
    this.onAdopt = (adoption) => onAdopt(adoption, this);
    this.boxes = { a: new BoxModel("a", files.a, this), b: new BoxModel("b", files.b, this) };
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  connect(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#link++;
    for (const name of NAMES) {
      this.boxes[name].do(
        { kind: "link", link: this.#link },
        { kind: "opened", isPrimary: name === "a" },
      );
    }
  }

  /** Some of what is under way still arrives. */
  cut(fromA: number, fromB: number): void {
    if (!this.#isUp) return;
    for (let i = 0; i < fromA; i++) this.deliver("a");
    for (let i = 0; i < fromB; i++) this.deliver("b");
    this.#isUp = false;
    for (const name of NAMES) {
      this.underWay[name].length = 0;
      this.boxes[name].do({ kind: "closed" });
    }
  }

  /** The next message from there arrives. */
  deliver(from: Name): void {
    const bytes = this.underWay[from].shift();
    if (bytes) this.boxes[otherOf(from)].do({ kind: "received", bytes });
  }

  restart(name: Name): void {
    this.cut(0, 0);
    this.boxes[name].restart();
  }

  choose(name: Name, choice: Choice): void {
    this.boxes[name].do({ kind: "chosen", choice });
  }

  send(from: Name, link: number, bytes: Uint8Array): void {
    if (this.#isUp && link === this.#link) this.underWay[from].push(bytes);
  }

  adopted(adoption: Adoption): void {
    this.adoptions.push(adoption);
    this.onAdopt(adoption);
  }

  /** Until nothing happens any more. */
  settle(): void {
    for (let steps = 0; this.advance(); steps++) {
      if (steps > 40_000) throw new Error("the boxes never come to rest");
    }
  }

  /** For so long nothing comes from outside. */
  wait(milliseconds: number): void {
    this.now += milliseconds;
    for (const name of NAMES) this.boxes[name].tick();
    this.settle();
  }

  /** The next single thing that happens, if there is any: both boxes work, and say something, by turns. */
  advance(): boolean {
    this.#turn = otherOf(this.#turn);
    for (const name of [this.#turn, otherOf(this.#turn)]) {
      if (this.boxes[name].isIdle) continue;
      this.boxes[name].work();
      return true;
    }
    const from = this.underWay[this.#turn].length > 0 ? this.#turn : otherOf(this.#turn);
    if (this.underWay[from].length === 0) return false;
    this.deliver(from);
    return true;
  }

  view(name: Name): SyncView {
    return this.boxes[name].sync.view();
  }
}

export const FIRST = makeDocument(1);

/** Both in step with the first document. */
export function inStep(): TwoBoxes {
  const world = new TwoBoxes({ a: FIRST, b: FIRST });
  world.connect();
  world.settle();
  return world;
}

/** Both have changed the first document while they could not see each other. */
export function diverged(): TwoBoxes {
  const world = inStep();
  world.cut(0, 0);
  world.boxes.a.edit(makeDocument(2));
  world.boxes.b.edit(makeDocument(3));
  world.settle();
  world.connect();
  world.settle();
  return world;
}

// The configuration as the API reads and changes it: what a caller had before their eyes is compared with what is
// there, entries are put into the whole, and what comes of it is said with its consequences.

import { wholeSentence } from "./base/whole-sentence.ts";
import { type ConfigDifferences, differencesOf } from "./config/differences.ts";
import {
  type Edited,
  networkIn,
  networksIn,
  reservationsIn,
  withDenied,
  withNetwork,
  withReservation,
} from "./config/edits.ts";
import type { ConfigIssue } from "./config/schema.ts";
import { documentOf, NoDocument, type SharedDocument } from "./core/sync/shared-document.ts";
import type {
  ChangedView,
  CheckView,
  ConsequenceView,
  DifferenceView,
  EntryView,
  HistoryEntryView,
  HistoryVersionView,
  IssueView,
  OriginView,
  TrialView,
} from "./http/api-config.ts";
import type { ActionResult } from "./http/box-view.ts";
import type { ConfigControl, Outcome, Wish } from "./http/config-control.ts";
import type { Caller } from "./http/route.ts";

/** One that is or was in force. */
export interface Version {
  readonly generation: number;
  readonly hash: string;
  readonly origin: OriginView | null;
}

export interface ApplyWish {
  /** Of what is in force as the caller knows it. */
  readonly expectedHash: string;
  readonly trialSeconds: number;
  readonly by: string;
  readonly from: string;
  readonly note: string;
}

export type Applied =
  | { readonly kind: "applied"; readonly sentence: string }
  | { readonly kind: "invalid"; readonly issues: readonly ConfigIssue[] }
  /** Something else is in force by now. */
  | { readonly kind: "overtaken" }
  | { readonly kind: "refused"; readonly text: string; readonly issues: readonly ConfigIssue[] };

/** What puts a configuration into force, on both boxes or on none. */
export interface ConfigMachine {
  /** Undefined while the box starts. */
  inForce():
    | (Version & { readonly document: SharedDocument; readonly trial: TrialView | null })
    | undefined;
  check(document: SharedDocument): Promise<readonly ConfigIssue[]>;
  apply(document: SharedDocument, wish: ApplyWish): Promise<Applied>;
  confirm(caller: Caller): Promise<ActionResult>;
  undo(caller: Caller): Promise<ActionResult>;
  /** Without the one in force, the newest first. */
  history(): readonly Version[];
  /** Undefined when there is none of this number. */
  earlier(generation: number): Promise<SharedDocument | undefined>;
  /** What people would notice; both are good for this box. */
  consequences(before: unknown, after: unknown): readonly ConsequenceView[];
}

interface Change {
  /** What is to be there; undefined: nothing. */
  readonly value: unknown;
  /** What the tag of the caller is compared with: all of it, or one entry. */
  readonly subject: Subject;
  /** Makes the whole anew from what is in force; or says why that cannot be. */
  readonly edit: (whole: unknown) => Edited;
}
type Subject = (whole: unknown) => unknown;

const STARTING = "The box is just starting.";
/** How often an entry is put into a whole that changed elsewhere meanwhile. */
const TRIES = 3;

export class ConfigDesk implements ConfigControl {
  readonly #machine: ConfigMachine;

  constructor(machine: ConfigMachine) {
    this.#machine = machine;
  }

  read(): ReturnType<ConfigControl["read"]> {
    const now = this.#machine.inForce();
    if (!now) return undefined;
    const { generation, hash, origin, trial, document } = now;
    return { generation, hash, origin, trial, config: JSON.parse(document.text), etag: hash };
  }

  async check(value: unknown): Promise<CheckView> {
    const before: unknown = JSON.parse(this.#machine.inForce()?.document.text ?? "null");
    const differences = changesOf(before, value);
    const document = documentFor(value);
    if ("issues" in document) return { ...document, consequences: [], ...differences };
    const issues = await this.#machine.check(document);
    const consequences = issues.length > 0 ? [] : this.#machine.consequences(before, value);
    return { issues, consequences, ...differences };
  }

  put(value: unknown, wish: Wish): Promise<Outcome> {
    const edit = () => ({ whole: value });
    return this.#change({ value, subject: (whole) => whole, edit }, wish);
  }

  confirm(caller: Caller): Promise<ActionResult> {
    return this.#machine.confirm(caller);
  }

  undo(caller: Caller): Promise<ActionResult> {
    return this.#machine.undo(caller);
  }

  history(): readonly HistoryEntryView[] {
    const now = this.#machine.inForce();
    const earlier = this.#machine.history();
    return [...(now ? [now] : []), ...earlier].map((one) => entryView(one, one === now));
  }

  async version(generation: number): Promise<HistoryVersionView | undefined> {
    const entry = this.history().find((one) => one.generation === generation);
    const document = await this.#document(generation);
    if (!entry || !document) return undefined;
    const config: unknown = JSON.parse(document.text);
    const now: unknown = JSON.parse(this.#machine.inForce()?.document.text ?? "null");
    return { ...entry, config, ...changesOf(config, now) };
  }

  async rollBack(generation: number, wish: Wish): Promise<Outcome> {
    const document = await this.#machine.earlier(generation);
    if (!document) return { kind: "missing", text: "There is none of this number." };
    const whole: unknown = JSON.parse(document.text);
    const note = wish.note || `back to number ${generation}`;
    return this.put(whole, { ...wish, note });
  }

  networks(): readonly EntryView[] {
    return networksIn(this.#whole()).map(entryOf);
  }

  putNetwork(name: string | undefined, value: unknown, wish: Wish): Promise<Outcome> {
    const subject: Subject = (whole) => (name === undefined ? undefined : networkIn(whole, name));
    const edit = (whole: unknown) => withNetwork(whole, name, value);
    return this.#change({ value, subject, edit }, wish);
  }

  reservations(network: string): readonly EntryView[] | undefined {
    const found = networkIn(this.#whole(), network);
    return found && reservationsIn(found).map(entryOf);
  }

  putReservation(
    network: string,
    address: string | undefined,
    value: unknown,
    wish: Wish,
  ): Promise<Outcome> {
    const subject: Subject = (whole) => {
      const found = networkIn(whole, network);
      return found && reservationsIn(found).find((one) => one.address === address);
    };
    const edit = (whole: unknown) => withReservation(whole, network, address, value);
    return this.#change({ value, subject, edit }, wish);
  }

  /** A device is ignored from now on, or answered again. */
  deny(mac: string, isDenied: boolean, wish: Wish): Promise<Outcome> {
    const edit = (whole: unknown) => withDenied(whole, mac, isDenied);
    return this.#change({ value: undefined, subject: () => undefined, edit }, wish);
  }

  #whole(): unknown {
    return JSON.parse(this.#machine.inForce()?.document.text ?? "null");
  }

  async #document(generation: number): Promise<SharedDocument | undefined> {
    const now = this.#machine.inForce();
    return now?.generation === generation ? now.document : this.#machine.earlier(generation);
  }

  async #change(change: Change, wish: Wish): Promise<Outcome> {
    const { subject, edit } = change;
    for (let tries = TRIES; ; tries--) {
      const now = this.#machine.inForce();
      if (!now) return { kind: "refused", text: STARTING, issues: [] };
      const whole: unknown = JSON.parse(now.document.text);
      const conflict = await this.#conflict(subject, whole, wish.ifMatch);
      if (conflict) return conflict;
      const edited = edit(whole);
      if ("missing" in edited) return { kind: "missing", text: wholeSentence(edited.missing) };
      const document = documentFor(edited.whole);
      if ("issues" in document) return { kind: "invalid", issues: document.issues };
      const { name: by, from } = wish.caller;
      const { trialSeconds, note } = wish;
      const expectedHash = now.hash;
      const applied = await this.#machine.apply(document, {
        ...{ expectedHash, trialSeconds, by, from, note },
      });
      if (applied.kind !== "overtaken" || tries === 0) return this.#outcome(applied, change);
    }
  }

  /** What the caller had is another one by now: they are shown what has become of it. */
  async #conflict(
    subject: Subject,
    whole: unknown,
    ifMatch: string | undefined,
  ): Promise<Outcome | undefined> {
    if (ifMatch === undefined || ifMatch === "*") return undefined;
    const now = subject(whole);
    const etag = tagOf(now);
    // An entry that is not there is said by the edit.
    if (now === undefined || etag === ifMatch) return undefined;
    const had = await this.#had(subject, ifMatch);
    return {
      ...{ kind: "conflict", etag },
      text: "Somebody else has changed it meanwhile: look at the differences, and change it anew.",
      differences: had === undefined ? undefined : changesOf(had, now).differences,
    };
  }

  /** What the tag was of, in what was in force before. */
  async #had(subject: Subject, tag: string): Promise<unknown> {
    for (const { generation } of this.#machine.history()) {
      const document = await this.#machine.earlier(generation);
      const found = document && subject(JSON.parse(document.text));
      if (found !== undefined && tagOf(found) === tag) return found;
    }
    return undefined;
  }

  #outcome(applied: Applied, { value, subject }: Change): Outcome {
    switch (applied.kind) {
      case "applied": {
        const now = this.#machine.inForce();
        const view: ChangedView = {
          generation: now?.generation ?? 0,
          hash: now?.hash ?? "",
          sentence: wholeSentence(applied.sentence),
          trial: now?.trial ?? null,
        };
        return { kind: "changed", etag: tagOf(value), view };
      }
      case "overtaken": {
        const etag = tagOf(subject(this.#whole()));
        const text = "The configuration changes all the time; try again in a moment.";
        return { kind: "conflict", text, etag, differences: undefined };
      }
      case "invalid":
        return applied;
      case "refused":
        return { ...applied, text: wholeSentence(applied.text) };
    }
  }
}

function entryView({ generation, hash, origin }: Version, isInForce: boolean): HistoryEntryView {
  return { generation, hash, isInForce, origin };
}

function entryOf(value: unknown): EntryView {
  return { etag: tagOf(value), value };
}

function tagOf(value: unknown): string {
  return value === undefined ? "" : documentOf(value).hash;
}

function documentFor(value: unknown): SharedDocument | { readonly issues: readonly IssueView[] } {
  try {
    return documentOf(value);
  } catch (error) {
    if (!(error instanceof NoDocument)) throw error;
    const issue = { file: "config.json", path: "(the whole file)", reason: error.message };
    return { issues: [issue] };
  }
}

function changesOf(
  before: unknown,
  after: unknown,
): { readonly differences: readonly DifferenceView[]; readonly moreDifferences: number } {
  const { shown, more }: ConfigDifferences = differencesOf(before, after);
  return {
    differences: shown.map(({ path, here, partner }) => ({ path, before: here, after: partner })),
    moreDifferences: more,
  };
}

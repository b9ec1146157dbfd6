// The shared configuration of a pair at work: joins the rules (core/sync) with the files (configuration.ts) and a
// channel to the partner that is handed in. One thing at a time, and each effect when the one before is done.

import type { Now } from "./base/time.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import { type ConfigDifferences, differencesOf } from "./config/differences.ts";
import type { ConfigIssue } from "./config/schema.ts";
import { appliedOf, choiceInWords, trialInWords } from "./config-answers.ts";
import type { Applied, ApplyWish, ConfigMachine, Version } from "./config-desk.ts";
import type { PastEntry } from "./config-history.ts";
import {
  type Circumstances,
  configConditions,
  configSyncView,
  originView,
  trialView,
} from "./config-sync-view.ts";
import type { Configuration, ConfigurationResult, FilesFound } from "./configuration.ts";
import { ConfigSync } from "./core/sync/config-sync.ts";
import type { SharedDocument } from "./core/sync/shared-document.ts";
import type {
  Choice,
  ChoiceAnswer,
  RequestAnswer,
  SyncEffect,
  SyncEvent,
  SyncView,
  TrialWord,
} from "./core/sync/sync-types.ts";
import type { ConfigSyncView } from "./http/api-types.ts";
import type { ActionResult } from "./http/box-view.ts";
import type { Caller } from "./http/route.ts";
import { LIMITS } from "./limits.ts";
import type { Generation, Origin } from "./wire/config-message.ts";

export interface ConfigPartnerPort {
  now(): Now;
  /** On the channel that was opened last. */
  send(bytes: Uint8Array): void;
  /** The channel is of no use; `closed` follows. The reason is a part of a sentence, and is in the log. */
  close(reason: string): void;
  /** Something else is in force: `load` has it. */
  changed(): void;
  say(id: LogId, values: LogValues): void;
  condition(id: ConditionId, values: LogValues | undefined): void;
}

/** Who says something, and from where. */
type Person = Pick<Caller, "name" | "from">;

type InForce = NonNullable<ReturnType<ConfigMachine["inForce"]>>;

/** Who does something, from where, and a word about it. */
export type Author = Pick<Origin, "who" | "from" | "note">;

const DONE: readonly ChoiceAnswer[] = ["partner-is-asked", "applied-here-alone"];

export class ConfigPartner implements Omit<ConfigMachine, "consequences"> {
  readonly #configuration: Configuration;
  readonly #port: ConfigPartnerPort;
  #sync: ConfigSync | undefined;
  /** Ends when everything asked for so far is done. It never rejects. */
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Which channel there is, counted, and which one the rules know of: nothing is sent on another. */
  #channel = 0;
  #channelOfRules = 0;
  /** The one on which the partner said too much at once: nothing more is heard on it. */
  #floodedOn: number | undefined;
  /** Something came into force that `load` has not given yet. */
  #hasAdopted = false;
  /** As the files have it. */
  #boxName = "";
  #isPaired = false;
  /** Who waits for the answer to a change, by its number. */
  readonly #waiters = new Map<number, (answer: RequestAnswer) => void>();
  #lastRequest = 0;
  /** Of which two documents they are: they are long, and asked for every few seconds. */
  #differences: ConfigDifferences & { readonly of: string } = { of: "", shown: [], more: 0 };

  constructor(configuration: Configuration, port: ConfigPartnerPort) {
    this.#configuration = configuration;
    this.#port = port;
  }

  /**
   * Reads the files and says what is in force. A change in them is put into force at once when there is no
   * partner to ask; else it is asked, and `changed` comes when both could take it.
   */
  load(): Promise<ConfigurationResult> {
    return this.#next(async () => {
      const found = await this.#configuration.load();
      const sync = this.#rules();
      this.#hasAdopted = false;
      this.#boxName = found.boxName;
      const origin = this.#origin({ who: "", from: "config.json", note: "" });
      for (const event of eventsOf(found, origin)) await this.#carryOut(sync, event);
      void this.#next(() => this.#configuration.store.history.open());
      const result = this.#hasAdopted ? await this.#loadAgain(found) : found.result;
      this.#isPaired = result.config?.core.pair !== undefined;
      return result;
    });
  }

  async #loadAgain(before: FilesFound): Promise<ConfigurationResult> {
    this.#hasAdopted = false;
    const { result } = await this.#configuration.load();
    return { ...result, isNew: before.result.isNew || result.isNew };
  }

  /** True when a file changed, or something else came into force, since the last `load`. */
  async changed(): Promise<boolean> {
    return this.#hasAdopted || this.#configuration.changed();
  }

  /** There is a channel with the partner, and it is the right one. */
  opened(isPrimary: boolean): void {
    this.#channel++;
    const channel = this.#channel;
    void this.#event({ kind: "opened", isPrimary }, () => {
      this.#channelOfRules = channel;
    });
  }

  /** A whole message of this part (isConfigMessage). */
  received(bytes: Uint8Array): void {
    if (this.#floodedOn === this.#channel) return;
    if (this.#waiting < LIMITS.configMessagesWaitingMax) {
      void this.#event({ kind: "received", bytes });
      return;
    }
    this.#floodedOn = this.#channel;
    const reason = "it says more of its configuration than can be listened to";
    this.#port.say("config-partner-wrong", { reason });
    this.#port.close(reason);
  }

  closed(): void {
    this.#channel++;
    void this.#event({ kind: "closed" });
  }

  /** To be called every few seconds: what the partner owes is not waited for without end. */
  tick(): void {
    void this.#event({ kind: "tick" });
  }

  view(): ConfigSyncView | undefined {
    const view = this.#sync?.view();
    return view && configSyncView(view, this.#circumstances(view));
  }

  /** A person says which of two configurations is meant. */
  choose(choice: Choice): ActionResult {
    const answer = this.#sync?.answerTo(choice) ?? "busy";
    const isDone = DONE.includes(answer);
    const text = choiceInWords(choice, answer);
    if (isDone) void this.#event({ kind: "chosen", choice });
    this.#port.say("pair-command", { command: `config ${choice}`, result: text });
    return { isDone, text };
  }

  /** What is in force, and who put it there. Undefined before the files were read for the first time. */
  inForce(): InForce | undefined {
    const view = this.#sync?.view();
    if (!view) return undefined;
    const { lineage, origin, document } = view;
    const trial = trialView(view, this.#isPaired, this.#port.now().monotonic);
    return { ...versionOf({ ...lineage, origin }), document, trial };
  }

  /** What was in force before, the newest first. */
  history(): readonly Version[] {
    const now = this.#sync?.view().lineage;
    const isNow = ({ generation, hash }: Generation) =>
      generation === now?.generation && hash === now.hash;
    return this.#configuration.store.history.entries.filter((one) => !isNow(one)).map(versionOf);
  }

  /** The newest of this number that was in force before. */
  async earlier(generation: number): Promise<SharedDocument | undefined> {
    const past = await this.#configuration.store.history.read(generation);
    return past?.document;
  }

  /** What is wrong with a document for this box, everything at once. */
  check(document: SharedDocument): Promise<readonly ConfigIssue[]> {
    return this.#configuration.check(document);
  }

  /**
   * Puts a document into force on both boxes, or on none; where the partner is away, here. Resolves when it is
   * known what came of it, which takes as long as the partner may take over two answers.
   */
  async apply(document: SharedDocument, wish: ApplyWish): Promise<Applied> {
    const { promise, resolve } = Promise.withResolvers<Applied>();
    await this.#next(async () => {
      const { store } = this.#configuration;
      await store.settle();
      if (store.document.hash !== wish.expectedHash) return resolve({ kind: "overtaken" });
      const issues = await this.check(document);
      if (issues.length > 0) return resolve({ kind: "invalid", issues });
      await this.#request(document, wish, resolve);
    });
    return promise;
  }

  async #request(
    document: SharedDocument,
    { expectedHash, trialSeconds, by, from, note }: ApplyWish,
    resolve: (applied: Applied) => void,
  ): Promise<void> {
    const sync = this.#rules();
    this.#lastRequest++;
    const number = this.#lastRequest;
    this.#waiters.set(number, (answer) => resolve(appliedOf(answer, sync.view(), this.#isPaired)));
    const origin = this.#origin({ who: by, from, note });
    const trialMilliseconds = trialSeconds * 1000;
    await this.#carryOut(sync, {
      kind: "requested",
      number,
      request: { document, origin, expectedHash, trialMilliseconds },
    });
    if (this.#hasAdopted) this.#port.changed();
  }

  /** A person says that what is on trial stays; at either box. */
  confirm(caller: Person): Promise<ActionResult> {
    return this.#endTrial("confirm", caller, { kind: "confirmed" });
  }

  /** A person says that what is on trial goes, now; at either box. */
  undo(caller: Person): Promise<ActionResult> {
    const origin = this.#origin({
      who: caller.name,
      from: caller.from,
      note: "a trial was undone",
    });
    return this.#endTrial("undo", caller, { kind: "undone", origin });
  }

  /** Resolves when it is on the disk: what a person was told outlives the power. */
  async #endTrial(
    word: TrialWord,
    { name, from }: Person,
    event: SyncEvent,
  ): Promise<ActionResult> {
    const result = trialInWords(
      word,
      this.#sync?.view().trial?.answers[word] ?? "nothing-on-trial",
    );
    if (result.isDone) await this.#event(event);
    const command = `config ${word} by ${name || "nobody known"} from ${from}`;
    this.#port.say("pair-command", { command, result: result.text });
    return result;
  }

  #circumstances({ document, partnerDocument }: SyncView): Circumstances {
    const { keptAside, problem } = this.#configuration.store;
    const of = partnerDocument ? `${document.hash} ${partnerDocument.hash}` : "";
    if (this.#differences.of !== of) {
      const both = [document, partnerDocument ?? document].map(({ text }) => JSON.parse(text));
      this.#differences = { of, ...differencesOf(both[0], both[1]) };
    }
    const { monotonic: now } = this.#port.now();
    return { keptAside, problem, differences: this.#differences, isPaired: this.#isPaired, now };
  }

  #origin(author: Author): Origin {
    // A clock that was never set may stand before 1970.
    const wall = Math.max(0, Math.trunc(this.#port.now().wall));
    return { ...author, wall, box: this.#boxName };
  }

  /** There are none before the files were read for the first time. */
  #rules(): ConfigSync {
    const { standing, document } = this.#configuration.store;
    this.#sync ??= new ConfigSync(standing, document);
    return this.#sync;
  }

  #event(event: SyncEvent, before: () => void = () => {}): Promise<void> {
    return this.#next(async () => {
      before();
      await this.#configuration.store.settle();
      await this.#carryOut(this.#rules(), event);
      if (this.#hasAdopted) this.#port.changed();
    });
  }

  #next<T>(job: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const done = this.#queue.then(job).finally(() => {
      this.#waiting--;
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  async #carryOut(sync: ConfigSync, event: SyncEvent): Promise<void> {
    const effects = [...sync.step(event, this.#port.now())];
    for (let effect = effects.shift(); effect; effect = effects.shift()) {
      const answer = await this.#do(effect);
      if (answer) effects.push(...sync.step(answer, this.#port.now()));
    }
    const view = sync.view();
    for (const [id, values] of configConditions(view, this.#circumstances(view))) {
      this.#port.condition(id, values);
    }
  }

  async #do(effect: SyncEffect): Promise<SyncEvent | undefined> {
    const { store } = this.#configuration;
    switch (effect.kind) {
      case "send":
        if (this.#channel === this.#channelOfRules) this.#port.send(effect.bytes);
        return undefined;
      case "adopt":
        await store.adopt(effect.standing, effect.document, effect.source);
        this.#hasAdopted = true;
        return undefined;
      case "remember":
        await store.remember(effect.standing);
        return undefined;
      case "check": {
        const objections = await this.#configuration.check(effect.document);
        return { kind: "checked", hash: effect.document.hash, objections };
      }
      case "answer":
        this.#waiters.get(effect.number)?.(effect.answer);
        this.#waiters.delete(effect.number);
        return undefined;
      case "say":
        this.#port.say(effect.id, effect.values);
        return undefined;
      case "close":
        if (this.#channel === this.#channelOfRules) this.#port.close(effect.reason);
        return undefined;
    }
  }
}

function versionOf({ generation, hash, origin }: PastEntry): Version {
  return { generation, hash, origin: origin ? originView(origin) : null };
}

function eventsOf({ edit, isInForce, isBoxNew }: FilesFound, origin: Origin): SyncEvent[] {
  const events: SyncEvent[] = [];
  if (edit) events.push({ kind: "edited", document: edit, origin });
  if (isInForce) events.push({ kind: "restored" });
  if (isBoxNew) events.push({ kind: "box-changed" });
  return events;
}

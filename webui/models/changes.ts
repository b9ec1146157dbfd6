// Changes of the configuration: the one that waits to be confirmed, and those of before.

import { batch, effect, signal, untracked } from "@preact/signals";
import type {
  ConfigSyncView,
  HistoryEntryView,
  HistoryVersionView,
} from "../../daemon/http/api-types.ts";
import { fetchHistory, fetchVersion, sendChoice, sendRestore, sendVerdict } from "../api-config.ts";
import { now } from "./box.ts";
import { configuration, lookAtConfiguration } from "./configuration.ts";
import { Talk } from "./talk.ts";

/** A change that is undone by itself. */
export interface Trial {
  readonly generation: number;
  /** By the clock of this browser. */
  readonly until: number;
}

export const TRIAL_SECONDS = 60;

export const trial = signal<Trial | undefined>(undefined);
/** What came of the last one, as the box said it; "" for nothing. */
export const verdictSaid = signal("");
/** The newest first; undefined: nobody has asked yet. */
export const history = signal<readonly HistoryEntryView[] | undefined>(undefined);
export const hasHistoryFailed = signal(false);
/** Those that somebody has looked into; "failed": the box did not tell. */
export const versions = signal<ReadonlyMap<number, HistoryVersionView | "failed">>(new Map());

export const judging = new Talk();
export const restoring = new Talk();
export const choosing = new Talk();

/** Sees what the configuration that is in force makes of both. */
export function followChanges(): () => void {
  return effect(() => {
    const view = configuration.value;
    untracked(() => batch(() => take(view)));
  });
}

export async function judge(verdict: "confirm" | "undo"): Promise<void> {
  const isDone = await judging.say(async () => {
    const answer = await sendVerdict(verdict);
    if (answer.isDone) sayForAMoment(answer.value.sentence);
    return answer;
  }, lookAtConfiguration);
  if (isDone && history.value !== undefined) await loadHistory();
}

/** True: it is in force, on trial. */
export function restore(generation: number): Promise<boolean> {
  return restoring.say(() => sendRestore(generation, TRIAL_SECONDS), lookAtConfiguration);
}

export function choose(choice: "keep" | "take"): Promise<boolean> {
  return choosing.say(() => sendChoice(choice), lookAtConfiguration);
}

export async function loadHistory(): Promise<void> {
  const answer = await fetchHistory();
  hasHistoryFailed.value = !answer.isDone;
  if (answer.isDone) history.value = answer.value.entries;
}

export async function loadVersion(generation: number): Promise<void> {
  const answer = await fetchVersion(generation);
  versions.value = new Map(versions.value).set(generation, answer.isDone ? answer.value : "failed");
}

/** Of what is in force. */
let tag = "";
let verdictTimer: ReturnType<typeof setTimeout> | undefined;

function take(view: ConfigSyncView | undefined): void {
  const nextTag = view ? `${view.generation} ${view.hash}` : "";
  if (nextTag !== tag) {
    tag = nextTag;
    restoring.forget();
    // How they differ from what is in force is something else now.
    versions.value = new Map();
    if (view === undefined) history.value = undefined;
    else if (history.value !== undefined) void loadHistory();
  }
  takeTrial(view);
}

function takeTrial(view: ConfigSyncView | undefined): void {
  if (!view?.trial) {
    if (trial.value !== undefined) judging.forget();
    trial.value = undefined;
    return;
  }
  const { generation } = view;
  now.value = Date.now();
  const until = now.value + view.trial.secondsLeft * 1000;
  const before = trial.value;
  if (before?.generation !== generation) verdictSaid.value = "";
  // The box tells whole seconds: a countdown must not jump back and forth by one.
  const isSame =
    before?.generation === generation && Math.abs(before.until - until) < JITTER_MILLISECONDS;
  if (!isSame) trial.value = { generation, until };
}

function sayForAMoment(sentence: string): void {
  verdictSaid.value = sentence;
  clearTimeout(verdictTimer);
  verdictTimer = setTimeout(() => {
    verdictSaid.value = "";
  }, SAID_MILLISECONDS);
}

const JITTER_MILLISECONDS = 1500;
const SAID_MILLISECONDS = 15_000;

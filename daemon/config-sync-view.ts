// What people are told of the shared configuration: a view for API and command line, and what is so right now.

import type { ConditionId, LogValues } from "./catalogue.ts";
import type { ConfigDifferences } from "./config/differences.ts";
import type { ConfigurationResult } from "./configuration.ts";
import type { SyncView } from "./core/sync/sync-types.ts";
import type { ConfigSyncView, OriginView, TrialView } from "./http/api-types.ts";
import type { ConfigObjection, Origin } from "./wire/config-message.ts";

/** What this box adds to what the two make of it. */
export interface Circumstances {
  readonly keptAside: readonly string[];
  /** Why not everything is on the disk. */
  readonly problem: string | undefined;
  /** Between both documents, where the partner's was shown. */
  readonly differences: ConfigDifferences;
  readonly isPaired: boolean;
  /** Monotonic ms. */
  readonly now: number;
}

export function configSyncView(
  view: SyncView,
  { keptAside, isPaired, differences, now }: Circumstances,
): ConfigSyncView {
  const { lineage, origin, partner } = view;
  return {
    generation: lineage.generation,
    hash: lineage.hash,
    origin: origin ? originView(origin) : null,
    trial: trialView(view, isPaired, now),
    inStep: view.relation === "same",
    diverged: view.relation === "diverged",
    sentence: sentenceOf(view),
    pending: pendingOf(view),
    refused: refusedOf(view),
    partner: partner ? { generation: partner.generation, hash: partner.hash } : null,
    differences: differences.shown,
    moreDifferences: differences.more,
    keptAside,
  };
}

export function originView({ who, wall, ...others }: Origin): OriginView {
  return { by: who, at: timeOf(wall), ...others };
}

/** Null: what is in force stays. `now` in monotonic ms. */
export function trialView(
  { trial, isConnected }: SyncView,
  isPaired: boolean,
  now: number,
): TrialView | null {
  if (!trial) return null;
  const secondsLeft = Math.max(0, Math.ceil((trial.until - now) / 1000));
  const when = secondsLeft > 0 ? `in ${secondsLeft} s` : "now";
  const where = isConnected ? " on either box" : isPaired ? " on this box" : "";
  const sentence = `The change is undone ${when}, unless somebody confirms it${where}.`;
  return { secondsLeft, sentence };
}

/** In ISO 8601; a clock that was wrong may have told more than the calendar has. */
function timeOf(wall: number): string {
  return new Date(Math.min(wall, CALENDAR_END)).toISOString();
}

const CALENDAR_END = 8.64e15;

/** Every condition of this part, with its values where it is so. */
export function configConditions(
  view: SyncView,
  { keptAside, problem, differences: { shown, more } }: Circumstances,
): readonly (readonly [ConditionId, LogValues | undefined])[] {
  const { relation, edit, trial, refusedByPartner, refusedHere } = view;
  const isSame = relation === "same";
  const count = shown.length + more;
  const where =
    count === 0 ? "more than can be shown yet" : count === 1 ? shown[0]?.path : `${count} settings`;
  const first = (objections: readonly ConfigObjection[] | undefined) =>
    objections?.[0] && { first: inWords(objections[0]) };
  const waiting = edit?.state === "unanswered" ? "The change in config.json" : "This configuration";
  const isUnanswered = edit?.state === "unanswered" || view.isUnanswered;
  return [
    ["config-differs", relation === "diverged" ? { differences: where ?? "" } : undefined],
    ["config-refused", edit?.state === "refused" ? first(edit.objections) : undefined],
    ["config-not-taken", isSame ? undefined : first(refusedByPartner)],
    ["config-not-taken-here", isSame ? undefined : first(refusedHere)],
    ["config-refused-here", isSame ? first(refusedHere) : undefined],
    ["config-unanswered", isUnanswered ? { what: waiting } : undefined],
    ["config-on-trial", trial && {}],
    ["config-not-saved", problem === undefined ? undefined : { text: problem }],
    ["config-kept-aside", keptAside[0] === undefined ? undefined : { file: keptAside[0] }],
  ];
}

/** What there is to say of files that cannot be used; undefined when they can. */
export function filesProblem({ issues, source }: ConfigurationResult): LogValues | undefined {
  const [first] = issues;
  return (
    first && {
      errors: issues.length === 1 ? "an error" : `${issues.length} errors`,
      inForce: source === "last-good" ? "the last good one stays in force" : "no network is served",
      first: inWords(first),
    }
  );
}

function sentenceOf({ relation, isConnected, lineage }: SyncView): string {
  if (!isConnected) return "The partner is not reached, so this box goes by its own configuration.";
  switch (relation) {
    case undefined:
      return "The boxes are about to compare their configurations.";
    case "same":
      return `Configuration ${lineage.generation} is in force on both boxes.`;
    case "newer":
      return "This box has a newer configuration than its partner.";
    case "older":
      return "The partner has a newer configuration than this box.";
    case "diverged":
      return "Both boxes have been configured differently: each goes on with its own until a person chooses.";
  }
}

function pendingOf({ edit, trial, isBusy }: SyncView): string {
  if (edit?.state === "waiting" && trial) {
    return "The change in config.json waits until the change on trial is confirmed or undone.";
  }
  if (edit?.state === "unanswered") {
    return "The change in config.json waits for the partner, which does not answer.";
  }
  if (edit?.state === "asked" || edit?.state === "waiting") {
    return "The change in config.json waits for the partner's answer.";
  }
  return isBusy ? "A configuration is being agreed on." : "";
}

function refusedOf({ edit, refusedByPartner, refusedHere }: SyncView): string {
  const [ofEdit] = edit?.objections ?? [];
  const [ofPartner] = refusedByPartner;
  const [here] = refusedHere;
  if (ofEdit) return `The partner cannot take the change in config.json: ${inWords(ofEdit)}.`;
  if (ofPartner) return `The partner cannot take this box's configuration: ${inWords(ofPartner)}.`;
  return here ? `This box cannot take the partner's configuration: ${inWords(here)}.` : "";
}

function inWords({ file, path, reason }: ConfigObjection): string {
  return `${file}: ${path} ${reason}`;
}

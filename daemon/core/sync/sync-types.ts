// What can happen to the shared configuration, what is asked for in answer, and what is known of it.

import type { LogId, LogValues } from "../../catalogue.ts";
import type { ConfigObjection, Generation, Lineage, Origin } from "../../wire/config-message.ts";
import type { Relation } from "./lineage.ts";
import type { SharedDocument } from "./shared-document.ts";

/** What of the synchronisation outlives the process, beside the document itself. */
export interface Standing {
  readonly lineage: Lineage;
  /** Who put it into force; undefined: that was not written down. */
  readonly origin: Origin | undefined;
  /** The last one that both boxes are known to have had in force. */
  readonly agreed: Generation | undefined;
  /** What is in config.json and the partner would not take: no restart may slip it past the partner. */
  readonly refused: Refused | undefined;
  /** What is in force is undone by itself unless somebody confirms it; undefined: it stays. */
  readonly trial: Trial | undefined;
}

/** Times are wall-clock ms, for after a restart; while the process lives, monotonic time counts. */
export interface Trial {
  /** This box has begun it. */
  readonly isMine: boolean;
  readonly startedWall: number;
  readonly untilWall: number;
  readonly before: Omit<Standing, "refused" | "trial"> & { readonly document: SharedDocument };
}

export interface Refused {
  readonly hash: string;
  readonly objections: readonly ConfigObjection[];
}

export type Choice = "keep" | "take";

export type SyncEvent =
  /** There is a channel with the partner. */
  | { readonly kind: "opened"; readonly isPrimary: boolean }
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  /** What was sent may or may not have arrived. */
  | { readonly kind: "closed" }
  /** config.json holds this, which is not in force, and which this box could take. */
  | { readonly kind: "edited"; readonly document: SharedDocument; readonly origin: Origin }
  /** config.json holds again what is in force. */
  | { readonly kind: "restored" }
  /** box.json has changed, so this box may think otherwise of what it refused. */
  | { readonly kind: "box-changed" }
  /** What `check` asked for; no objections: this box could take it. */
  | {
      readonly kind: "checked";
      readonly hash: string;
      readonly objections: readonly ConfigObjection[];
    }
  /** A person says which of two is meant. */
  | { readonly kind: "chosen"; readonly choice: Choice }
  /** Somebody asks for a change, which this box could take, and waits for the answer. */
  | { readonly kind: "requested"; readonly number: number; readonly request: Request }
  /** A person says that what is on trial stays. */
  | { readonly kind: "confirmed" }
  /** A person says that it goes, now. */
  | { readonly kind: "undone"; readonly origin: Origin }
  | { readonly kind: "tick" };

export interface Request {
  readonly document: SharedDocument;
  readonly origin: Origin;
  /** Of what they had before their eyes: nothing else is to be in force. */
  readonly expectedHash: string;
  /** 0: for good. */
  readonly trialMilliseconds: number;
}

export type RequestAnswer =
  /** Here: the partner takes it when it can be told, unless both go their own ways. */
  | { readonly kind: "in-force"; readonly where: "both" | "here" }
  /** It was in force already. */
  | { readonly kind: "unchanged" }
  /** Something else came into force, or is about to. */
  | { readonly kind: "overtaken" }
  /** Something else is on trial. */
  | { readonly kind: "on-trial" }
  /** There is nothing that a trial could end with. */
  | { readonly kind: "nothing-before" }
  /** Something else is being agreed on. */
  | { readonly kind: "busy" }
  | { readonly kind: "refused"; readonly objections: readonly ConfigObjection[] }
  /** The partner is there, and says nothing. */
  | { readonly kind: "unanswered" };

/** Where something that comes into force was: what is not from config.json is to be written there. */
export type Source = "config.json" | "partner" | "request";

/**
 * To be carried out in this order, each when the one before is done: the partner is told that something is in
 * force only when that is so.
 */
export type SyncEffect =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** Is to be in force, and durable. */
  | {
      readonly kind: "adopt";
      readonly standing: Standing;
      readonly document: SharedDocument;
      readonly source: Source;
    }
  /** The same document, and something else to be durable. */
  | { readonly kind: "remember"; readonly standing: Standing }
  /** Could this box take it? `checked` is the answer. */
  | { readonly kind: "check"; readonly document: SharedDocument }
  /** To whoever asked for a change under this number; each gets one. */
  | { readonly kind: "answer"; readonly number: number; readonly answer: RequestAnswer }
  | { readonly kind: "say"; readonly id: LogId; readonly values: LogValues }
  /** The partner does not keep to the rules: the channel is of no use. */
  | { readonly kind: "close"; readonly reason: string };

/** A change in config.json that is not in force (yet). */
export interface Edit {
  readonly document: SharedDocument;
  readonly origin: Origin;
  /** Unanswered: the partner was asked, and said nothing. */
  readonly state: "waiting" | "asked" | "refused" | "unanswered";
  /** Of the partner; empty unless it is refused. */
  readonly objections: readonly ConfigObjection[];
}

/** Everything that people may be told. */
export interface SyncView {
  readonly lineage: Lineage;
  readonly origin: Origin | undefined;
  readonly document: SharedDocument;
  readonly isConnected: boolean;
  /** How this box's configuration stands to the partner's; undefined: that is not known now. */
  readonly relation: Relation | undefined;
  readonly partner: Lineage | undefined;
  /** What the partner has in force, where it differs and was shown already. */
  readonly partnerDocument: SharedDocument | undefined;
  readonly partnerOrigin: Origin | undefined;
  /** Something is being agreed on at this moment. */
  readonly isBusy: boolean;
  readonly edit: Edit | undefined;
  /** Why the partner does not take what is in force here. */
  readonly refusedByPartner: readonly ConfigObjection[];
  /** Why this box does not take what is in force at the partner. */
  readonly refusedHere: readonly ConfigObjection[];
  /** The partner was asked to take what is in force here, and said nothing. */
  readonly isUnanswered: boolean;
  readonly trial: TrialSeen | undefined;
}

export interface TrialSeen {
  /** Monotonic ms. */
  readonly until: number;
  readonly isMine: boolean;
  readonly answers: Readonly<Record<TrialWord, TrialAnswer>>;
}

export type TrialWord = "confirm" | "undo";

/** What a person's word on a trial comes to. */
export type TrialAnswer = "done" | "passed-on" | "nothing-on-trial" | "nothing-before" | "busy";

/** What a person's choice comes to. */
export type ChoiceAnswer =
  | "partner-is-asked"
  | "applied-here-alone"
  | "in-step"
  | "partner-away"
  | "busy"
  | "on-trial"
  | "not-shown-yet";

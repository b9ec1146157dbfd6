// What can happen to a box that looks for its second one, and what is to be done then.

import type { LogId, LogValues } from "../../catalogue.ts";
import type { PairRole } from "../../wire/introduction-message.ts";
import type { Documents } from "./documents.ts";

/** What this box is. */
export interface OwnFacts {
  readonly identity: Uint8Array;
  readonly name: string;
  readonly model: string;
  readonly serial: string;
  readonly software: string;
  /** Of its configuration, 0 for that of the factory. */
  readonly generation: number;
  /** It gives out addresses now. */
  readonly isServing: boolean;
  /** The pair that it is in. */
  readonly pair: OwnPair | undefined;
  /** Both files as they are. */
  readonly documents: Documents;
}

export interface OwnPair {
  readonly role: PairRole;
  /** Undefined: a partner that is known by its address only, such as a dhcpd. */
  readonly partner: Uint8Array | undefined;
  /** On any path. */
  readonly isHeard: boolean;
}

/** A box that announces itself on a pair port, by a hello that it has signed. */
export interface FoundBox {
  readonly identity: Uint8Array;
  /** Where it was heard, and where it may be dialled. */
  readonly interfaceName: string;
  readonly address: string;
  readonly port: number;
  readonly model: string;
  readonly serial: string;
  readonly software: string;
  /** What its clock shows, in milliseconds since 1970. */
  readonly wall: number;
  readonly partner: Uint8Array | undefined;
}

/** Whose configuration both shall have, as seen from the box where it is said. */
export type Choice = "keep" | "take";

export type IntroductionEvent =
  | { readonly kind: "facts"; readonly facts: OwnFacts }
  | { readonly kind: "carrier"; readonly port: string; readonly isUp: boolean }
  /** Each hello that is fresh. */
  | { readonly kind: "found"; readonly box: FoundBox }
  | { readonly kind: "gone"; readonly identity: Uint8Array }
  /** A connection with a box that has shown its key. `number`: 32 fresh random bytes. */
  | { readonly kind: "connected"; readonly partner: Uint8Array; readonly number: Uint8Array }
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  /** By the other box, or broken; not after an effect `close`. */
  | { readonly kind: "closed"; readonly reason: string }
  /** The answers to `check` and `adopt`; no problem: all is well. */
  | { readonly kind: "checked"; readonly ticket: number; readonly problem: string | undefined }
  | { readonly kind: "adopted"; readonly ticket: number; readonly problem: string | undefined }
  | { readonly kind: "configuration-in-step" }
  | { readonly kind: "leases-in-step" }
  /** Every second. */
  | { readonly kind: "tick" };

/** What a person can do. */
export type PersonsAct =
  | { readonly kind: "confirm"; readonly digits: string }
  /** The button of the box: a confirmation by somebody who stands before it. */
  | { readonly kind: "button" }
  | { readonly kind: "differ" }
  | { readonly kind: "choose"; readonly choice: Choice }
  | { readonly kind: "cancel" }
  | { readonly kind: "again" };

export type IntroductionEffect =
  | { readonly kind: "dial"; readonly box: FoundBox }
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "close" }
  /** Whether a box could work with these; answered by `checked` with the same ticket. */
  | { readonly kind: "check"; readonly ticket: number; readonly documents: Documents }
  /** Write them, the shared one first, and put them into force; answered by `adopted`. */
  /** `isTaking`: the configuration is that of the other box, as is everything else that both share. */
  | {
      readonly kind: "adopt";
      readonly ticket: number;
      readonly documents: Documents;
      readonly isTaking: boolean;
    }
  | { readonly kind: "log"; readonly id: LogId; readonly values: LogValues };

/** What came of a person's act, as a part of a sentence. */
export interface ActOutcome {
  readonly isDone: boolean;
  readonly text: string;
}

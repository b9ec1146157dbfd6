// How two boxes that have never met get six digits that people compare: equal on both, or somebody sits between.
//
// Each box is known by an identity, the hash of its public key. Whoever sits between the two has identities of
// their own, for they do not have the keys. The digits are made of both identities and of a random number of
// each box, so such a person would have to bring about, on two boxes at once, that two hashes over different
// identities end in the same six digits. With numbers sent openly that takes a million tries of a machine,
// which is no time at all. So one box commits itself first:
//
//   committer                            responder
//   commitment = hash(its id, number)  →
//                                      ←  number
//   number                             →  does it fit the commitment?
//
// The responder's number is chosen by nobody who knows the committer's, and the committer's by nobody who knows
// the responder's. Who sits between is the responder to one box and the committer to the other, or the same to
// both, and in each case has fixed all that it can choose before the last number that counts is said: one try
// in a million, and that try is seen by two people. A second try needs them to begin anew.
//
// The box with the lower identity commits. Nothing here is secret: the numbers need to be fresh, not hidden.

import { compareBytes, equalBytes } from "../../base/bytes.ts";
import { NUMBER_BYTES } from "../../wire/introduction-message.ts";
import { copyOf } from "../../wire/reader.ts";

/** SHA-256. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

export type DigitsMessage =
  | { readonly kind: "commitment"; readonly bytes: Uint8Array }
  | { readonly kind: "number"; readonly bytes: Uint8Array };

export type DigitsRefusal =
  /** Both have the same key: it is this box itself, or a copy of its disk. */
  | "same-box"
  /** Not what is due now. */
  | "out-of-turn"
  /** The number is not the one that was committed to: somebody tries something. */
  | "broken-commitment";

export type DigitsOutcome =
  | { readonly kind: "waiting" }
  | { readonly kind: "digits"; readonly digits: string }
  | { readonly kind: "refused"; readonly reason: DigitsRefusal };

interface Step {
  readonly send: readonly DigitsMessage[];
  readonly outcome: DigitsOutcome;
}

type Turn = "commitment" | "number" | "over";

const WAITING: DigitsOutcome = { kind: "waiting" };
const COMMITMENT_LABEL = "tandem pairing 1 commitment";
const DIGITS_LABEL = "tandem pairing 1 digits";

/** One try; another one needs another number. */
export class SixDigits {
  readonly #own: Uint8Array;
  readonly #number: Uint8Array;
  readonly #partner: Uint8Array;
  readonly #hash: Hash;
  readonly #isCommitter: boolean;
  readonly #isSame: boolean;
  #turn: Turn;
  #commitment: Uint8Array | undefined;

  /** `partner` is the identity of the key that the partner has proved to have, and `number` fresh and random. */
  constructor(own: Uint8Array, partner: Uint8Array, number: Uint8Array, hash: Hash) {
    this.#own = own;
    this.#partner = partner;
    this.#number = number;
    this.#hash = hash;
    const order = compareBytes(own, partner);
    this.#isSame = order === 0;
    this.#isCommitter = order < 0;
    this.#turn = this.#isCommitter ? "number" : "commitment";
  }

  /** What to say first. */
  begin(): Step {
    if (this.#isSame) return this.#refuse("same-box");
    if (!this.#isCommitter) return { send: [], outcome: WAITING };
    const bytes = commitmentOf(this.#hash, this.#own, this.#number);
    return { send: [{ kind: "commitment", bytes }], outcome: WAITING };
  }

  /** What the partner said; after a refusal, and when there are digits, nothing more is due. */
  receive({ kind, bytes }: DigitsMessage): Step {
    if (this.#isSame) return this.#refuse("same-box");
    if (kind !== this.#turn || bytes.length !== NUMBER_BYTES) return this.#refuse("out-of-turn");
    const own: DigitsMessage = { kind: "number", bytes: this.#number };
    if (kind === "commitment") {
      this.#commitment = copyOf(bytes);
      this.#turn = "number";
      return { send: [own], outcome: WAITING };
    }
    this.#turn = "over";
    if (this.#isCommitter) return { send: [own], outcome: this.#digits(this.#number, bytes) };
    const due = commitmentOf(this.#hash, this.#partner, bytes);
    if (!this.#commitment || !equalBytes(due, this.#commitment)) {
      return this.#refuse("broken-commitment");
    }
    return { send: [], outcome: this.#digits(bytes, this.#number) };
  }

  #digits(committers: Uint8Array, responders: Uint8Array): DigitsOutcome {
    const [first, second] = this.#isCommitter
      ? [this.#own, this.#partner]
      : [this.#partner, this.#own];
    const digest = this.#hash(joined(DIGITS_LABEL, first, second, committers, responders));
    return { kind: "digits", digits: sixDigitsOf(digest) };
  }

  #refuse(reason: DigitsRefusal): Step {
    this.#turn = "over";
    return { send: [], outcome: { kind: "refused", reason } };
  }
}

function commitmentOf(hash: Hash, committer: Uint8Array, number: Uint8Array): Uint8Array {
  return hash(joined(COMMITMENT_LABEL, committer, number));
}

/** All parts have a fixed length, so no two lists of parts make the same bytes. */
function joined(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, label.length);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < label.length; i++) bytes[i] = label.charCodeAt(i);
  let at = label.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** 48 bits of it: that some digits come up more often than others by 1 in 10^8 helps nobody. */
function sixDigitsOf(digest: Uint8Array): string {
  let value = 0;
  for (let i = 0; i < 6; i++) value = value * 256 + (digest[i] as number);
  return String(value % 1_000_000).padStart(6, "0");
}

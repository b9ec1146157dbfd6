// The first password. Whoever sets it must have been at the box: else the first one on the network would own it.

import type { Now } from "../base/time.ts";
import type { Outcome, SetupWish } from "../http/access-control.ts";
import type { SetupView } from "../http/api-access.ts";
import type { Caller } from "../http/route.ts";
import { LIMITS } from "../limits.ts";
import { answered, done, equalTexts, type PasswordPort, refused, waiting } from "./access-port.ts";
import type { Accounts } from "./accounts.ts";
import type { LoginGate } from "./login-gate.ts";
import { nameFault, passwordFault } from "./password-rules.ts";
import type { SessionPort } from "./sessions.ts";

export interface FirstSetupOptions {
  readonly accounts: Accounts;
  readonly passwords: PasswordPort;
  readonly secrets: SessionPort;
  readonly gate: LoginGate;
  readonly now: () => Now;
  /** Monotonic ms: when somebody pressed the button of the box, or confirmed digits at its cable, last. */
  readonly presenceProvenAt: () => number | undefined;
  /** On the label; "" when there is none, or when the box has told others of it. */
  readonly serial: () => string;
}

/** No user has such a name: what is guessed here is no user's fault. */
const GATE_NAME = "(set-up)";
const DONE = "this box has a password already; log in";

export class FirstSetup {
  readonly #options: FirstSetupOptions;

  constructor(options: FirstSetupOptions) {
    this.#options = options;
  }

  get view(): SetupView {
    const isNeeded = !this.#options.accounts.isClaimed;
    const isPresenceProven = isNeeded && this.#isPresenceProven;
    const isSerialTaken = isNeeded && this.#serial !== "";
    return {
      ...{ isNeeded, isPresenceProven, isSerialTaken },
      sentence: sentenceOf(isNeeded, isPresenceProven, isSerialTaken),
    };
  }

  /** The first admin. */
  setUp(wish: SetupWish, caller: Caller): Promise<Outcome<void>> {
    const { accounts, passwords } = this.#options;
    return answered(async () => {
      const { name, password } = wish;
      const objection = this.#objection() ?? this.#wrong(wish) ?? this.#unproven(wish, caller);
      if (objection) return objection;
      const hash = await passwords.hash(password);
      // Two people may have been at it, or the partner has told of somebody meanwhile.
      const late = this.#objection();
      if (late) return late;
      return done(undefined, await accounts.putUser(name, { role: "admin", password: hash }));
    });
  }

  #objection(): Outcome<never> | undefined {
    const { accounts } = this.#options;
    if (!accounts.isKnown) {
      return refused("busy", "the disk of this box has not said yet who may use it", 5);
    }
    return accounts.isClaimed ? refused("conflict", DONE) : undefined;
  }

  #wrong({ name, password }: SetupWish): Outcome<never> | undefined {
    const fault = nameFault(name) ?? passwordFault(password, name);
    return fault === undefined ? undefined : refused("invalid", fault);
  }

  #unproven({ serial }: SetupWish, { via, from }: Caller): Outcome<never> | undefined {
    const { secrets, gate, now } = this.#options;
    if (via === "socket" || this.#isPresenceProven) return undefined;
    if (serial === undefined || this.#serial === "") {
      return refused("not-allowed", `show that you are at the box: ${this.#ways}`);
    }
    const { monotonic } = now();
    const wait = gate.begin(from, GATE_NAME, monotonic);
    if (wait > 0) return waiting(wait);
    const [typed, known] = [plain(serial), this.#serial].map((text) => secrets.digest(text));
    if (typed === undefined || known === undefined || !equalTexts(typed, known)) {
      return refused("not-allowed", "this is not the serial number on the label of this box");
    }
    gate.dropped(from, GATE_NAME, monotonic);
    return undefined;
  }

  get #isPresenceProven(): boolean {
    const { presenceProvenAt, now } = this.#options;
    const provenAt = presenceProvenAt();
    return provenAt !== undefined && now().monotonic - provenAt < LIMITS.presenceMilliseconds;
  }

  get #serial(): string {
    const serial = plain(this.#options.serial());
    return serial.length >= LIMITS.serialCharactersMin ? serial : "";
  }

  get #ways(): string {
    return waysOf(this.#serial !== "");
  }
}

function sentenceOf(isNeeded: boolean, isProven: boolean, isSerialTaken: boolean): string {
  if (!isNeeded) return "This box has a password: log in.";
  if (isProven) return "Choose the first password of this box.";
  return `Choose the first password of this box, and show that you are at it: ${waysOf(isSerialTaken)}.`;
}

function waysOf(isSerialTaken: boolean): string {
  const button = "press its button, or confirm the six digits of the cable to a second box";
  return isSerialTaken ? `type in the serial number on its label, or ${button}` : button;
}

/** As people type what stands on a label. */
function plain(serial: string): string {
  return serial.replace(/[\s-]/g, "").toUpperCase();
}

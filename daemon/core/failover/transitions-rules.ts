// The cells of the state tables that depend on more than row and column, as a legend: for each rule
// its cases in order, the first that holds counts. The last one has no condition.

import type { Dialect, FailoverRole } from "../../wire/failover/messages.ts";
import type { PairStateName } from "./pair-state.ts";
import { mayAnnounce } from "./transitions-announce.ts";

/** What a transition or a new state asks for, besides writing down and announcing the state. */
export type Action =
  /** UPDREQ; UPDREQALL while the own book is known to be incomplete. Once, until it is answered. */
  | "request-updates"
  /** UPDREQALL in any case. */
  | "request-all"
  /** UPDREQ, and not a word of the own book until it is answered. */
  | "listen"
  /** Plan the balancing of the pools. */
  | "balance"
  /** Queue every record that the partner is not known to have. */
  | "send-unacked"
  /** Start the safe time anew, if there is one. */
  | "arm-safe-time"
  /** Start the time of RECOVER-WAIT. */
  | "arm-wait"
  /** Apply the partner's last STATE of this connection, if there was one, to the new state. */
  | "judge-partner"
  /** The command is not possible now. */
  | "refuse";

/** What a transition depends on. */
export interface Facts {
  readonly dialect: Dialect;
  readonly role: FailoverRole;
  /** In STARTUP: the saved one. */
  readonly state: PairStateName;
  readonly inStartup: boolean;
  /** On record before what happens now. */
  readonly partnerState: PairStateName | undefined;
  /** A STATE of the partner was heard on this connection, be it just now. */
  readonly isConnected: boolean;
  /** The partner entered PARTNER-DOWN after this box was last alive. */
  readonly wasDownFirst: boolean;
  /** Leases may be about that neither book knows: RECOVER-WAIT has a purpose. */
  readonly mustWait: boolean;
}

/** Facts and, when a STATE of the partner is judged, whether it had the STARTUP bit. */
export interface Case extends Facts {
  readonly hasStartupBit: boolean;
}

export interface Variant {
  /** The condition in words; "otherwise" for the last one. */
  readonly when: string;
  readonly holds: (facts: Case) => boolean;
  /** Undefined: stay. */
  readonly to?: PairStateName;
  readonly actions?: readonly Action[];
  /** It cannot hold in the other dialect. */
  readonly onlyIn?: Dialect;
}

export interface Rule {
  /** Why it is like that, in a sentence. */
  readonly why: string;
  readonly variants: readonly Variant[];
}

/** Partners that go on serving when this box is off for long. */
const ABLE: readonly (PairStateName | undefined)[] = [
  "normal",
  "communications-interrupted",
  "partner-down",
  "recover-done",
];

const OTHERWISE = { when: "otherwise", holds: () => true };
const DOWN_FIRST = {
  when: "in STARTUP, the partner went to PARTNER-DOWN after this box was last alive",
  holds: (facts: Case) => facts.inStartup && facts.wasDownFirst,
};
const IN_STARTUP = { when: "in STARTUP", holds: (facts: Case) => facts.inStartup };
const BIT = { when: "with the STARTUP bit", holds: (facts: Case) => facts.hasStartupBit };
const CONNECTED = { when: "connected", holds: (facts: Case) => facts.isConnected };
const PARTNER_DOWN = {
  when: "the partner last said PARTNER-DOWN",
  holds: (facts: Case) => facts.partnerState === "partner-down",
};

const UNSPEAKABLE = {
  when: "the partner would take PAUSED for its end",
  holds: ({ dialect, isConnected, partnerState }: Case) =>
    isConnected && !mayAnnounce(dialect, partnerState, "paused"),
  onlyIn: "isc",
} as const;

const RULES = {
  met: {
    why: "The partner leased everything while this box was off, or both served.",
    variants: [
      { ...DOWN_FIRST, to: "recover" },
      { ...OTHERWISE, to: "potential-conflict" },
    ],
  },
  fresh: {
    why: "dhcpd compares no times: a box that starts and meets PARTNER-DOWN recovers.",
    variants: [
      { ...IN_STARTUP, to: "recover" },
      { ...OTHERWISE, to: "potential-conflict" },
    ],
  },
  hold: {
    why: "What a partner was before it met PARTNER-DOWN is no conflict yet: it will say what it is.",
    variants: [BIT, { ...OTHERWISE, to: "potential-conflict" }],
  },
  meet: {
    why: "Both were told that the other is down: the one that was off then recovers.",
    variants: [{ ...DOWN_FIRST, to: "recover" }, BIT, { ...OTHERWISE, to: "potential-conflict" }],
  },
  ask: {
    why: "Every partner, in whatever state, tells what it knows.",
    variants: [{ ...OTHERWISE, actions: ["request-updates"] }],
  },
  all: {
    why: "As ask; dhcpd asks for everything.",
    variants: [{ ...OTHERWISE, actions: ["request-all"] }],
  },
  even: {
    why: "The partner is ready for more.",
    variants: [{ ...OTHERWISE, actions: ["balance"] }],
  },
  renew: {
    why: "In PARTNER-DOWN the partner has leased this box's addresses since; else it goes NORMAL soon.",
    variants: [{ ...IN_STARTUP, to: "recover" }, OTHERWISE],
  },
  first: {
    why: "The primary asks first.",
    variants: [
      {
        when: "primary",
        holds: ({ role }) => role === "primary",
        actions: ["request-updates"],
      },
      OTHERWISE,
    ],
  },
  second: {
    why: "The secondary asks when the primary has heard everything.",
    variants: [
      {
        when: "secondary",
        holds: ({ role }) => role === "secondary",
        actions: ["request-updates"],
      },
      OTHERWISE,
    ],
  },
  safe: {
    why: "Connected in COMMUNICATIONS-INTERRUPTED (the partner recovers): silence begins only now.",
    variants: [{ ...OTHERWISE, actions: ["arm-safe-time"] }],
  },
  risk: {
    why: "A partner that talks is not down.",
    variants: [CONNECTED, { ...OTHERWISE, to: "partner-down" }],
  },
  got: {
    why: "The book is whole again; leases that only the lost book knew still run for the MCLT.",
    variants: [
      {
        when: "there is something to wait for",
        holds: (facts) => facts.mustWait,
        to: "recover-wait",
      },
      { ...OTHERWISE, to: "recover-done" },
    ],
  },
  over: {
    why: "RECOVER-DONE waits for the partner; alone it is COMMUNICATIONS-INTERRUPTED.",
    variants: [
      { ...CONNECTED, to: "recover-done" },
      { ...OTHERWISE, to: "communications-interrupted" },
    ],
  },
  lag: {
    why: "A partner in PARTNER-DOWN leases this box's addresses, and now without telling.",
    variants: [{ ...PARTNER_DOWN, to: "recover" }, OTHERWISE],
  },
  back: {
    why: "As lag, if the partner did not hear RECOVER-DONE; else this box has its part.",
    variants: [
      { ...PARTNER_DOWN, to: "recover" },
      { ...OTHERWISE, to: "communications-interrupted" },
    ],
  },
  done: {
    why: "First the primary hears everything, then the secondary.",
    variants: [
      {
        when: "primary, the partner is not in CONFLICT-DONE",
        holds: ({ role, partnerState }) => role === "primary" && partnerState !== "conflict-done",
        to: "conflict-done",
      },
      {
        when: "the partner is in CONFLICT-DONE",
        holds: ({ partnerState }) => partnerState === "conflict-done",
        to: "normal",
      },
      OTHERWISE,
    ],
  },
  alone: {
    why: "A partner that talks is not down.",
    variants: [
      { ...CONNECTED, actions: ["refuse"] },
      { ...OTHERWISE, to: "partner-down" },
    ],
  },
  refuse: {
    why: "It is so already, or this process ends.",
    variants: [{ ...OTHERWISE, actions: ["refuse"] }],
  },
  pause: {
    why: "PAUSED is said and not stored: the box comes back as what it was.",
    variants: [UNSPEAKABLE, { ...OTHERWISE, to: "paused" }],
  },
  leave: {
    why: "Only a partner that can take everything over is told to.",
    variants: [
      {
        when: "connected, the partner can take over",
        holds: ({ isConnected, partnerState }) => isConnected && ABLE.includes(partnerState),
        to: "shutdown",
      },
      UNSPEAKABLE,
      { ...OTHERWISE, to: "paused" },
    ],
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as RuleName[];

export function isRule(word: string): word is RuleName {
  return Object.hasOwn(RULES, word);
}

export function ruleOf(name: RuleName): Rule {
  return RULES[name];
}

// The rules of the pair that `npm run mutations` breaks. The tests that are about a rule have to notice, or the
// simulator where it is the whole that has to hold.

import { type Break, FAILOVER, SIMULATOR, tests } from "./break.ts";
import { BREAKS_OF_CONFIGURATION } from "./breaks-of-configuration.ts";
import { BREAKS_OF_GATEWAY } from "./breaks-of-gateway.ts";
import { BREAKS_OF_LEASES } from "./breaks-of-leases.ts";
import { BREAKS_OF_PAIRING } from "./breaks-of-pairing.ts";
import { BREAKS_OF_WEB } from "./breaks-of-web.ts";

/** Until when a client may have an address, and when the other box may give it to somebody else. */
const TIMES: readonly Break[] = [
  {
    what: "a client has its full time before the partner knows",
    file: `${FAILOVER}/mclt.ts`,
    find: "return Math.min(desired, Math.max(agreedUntil - now, 0) + mcltSeconds);",
    put: "return desired;",
    noticedBy: SIMULATOR,
  },
  {
    what: "an ACK that leaves without the partner keeps its full time",
    file: `${FAILOVER}/held-replies.ts`,
    find: "shortenLease(reply.frame, Math.max(reply.safeSeconds, safeSeconds));",
    put: "",
    noticedBy: SIMULATOR,
  },
  {
    what: "the secondary goes by an MCLT of its own",
    file: `${FAILOVER}/pair.ts`,
    find: "state.mcltSeconds = mclt ?? this.#config.mcltSeconds;",
    put: "state.mcltSeconds = this.#config.mcltSeconds;",
    noticedBy: tests("beside-partner"),
  },
  {
    what: "the partner is not told of the renewal to come",
    file: "daemon/core/bindings.ts",
    find: "const told = potentialExpiration(clock.secondsFromNow(0), wanted, seconds);",
    put: "const told = 0;",
    noticedBy: { tests: ["test/core/partner-first.test.ts"] },
  },
  {
    what: "a shorter promise takes back what was agreed on",
    file: `${FAILOVER}/binding-fields.ts`,
    find: "return mayRun(state, dialect) ? Math.max(toldUntil, agreedUntil) : toldUntil;",
    put: "return toldUntil;",
    noticedBy: tests("agreed-records"),
  },
  {
    what: "a partner that is declared off loses its addresses at once",
    file: `${FAILOVER}/rights.ts`,
    find: "return partnerState === undefined ? 0 : mcltSeconds + LIMITS.expiryGraceSeconds;",
    put: "return 0;",
    noticedBy: tests("rights"),
  },
  {
    what: "it loses them while its last answers are on their way",
    file: `${FAILOVER}/rights.ts`,
    find: "return partnerState === undefined ? 0 : mcltSeconds + LIMITS.expiryGraceSeconds;",
    put: "return partnerState === undefined ? 0 : mcltSeconds;",
    noticedBy: tests("rights"),
  },
  {
    what: "it loses those at once that nobody ever had",
    file: `${FAILOVER}/rights.ts`,
    find: "fresh: isSure && (isPrimary || ownsAll),",
    put: "fresh: isSure && (isPrimary || isAlone),",
    noticedBy: tests("rights"),
  },
  {
    what: "it loses those that are promised for longer",
    file: `${FAILOVER}/mclt.ts`,
    find: "Math.max(startedAt, known.endsAt, known.toldUntil, known.agreedUntil)",
    put: "Math.max(startedAt, known.endsAt)",
    noticedBy: tests("mclt"),
  },
  {
    what: "a box that was off for long gives its share at once",
    file: `${FAILOVER}/rights.ts`,
    find: "if (wasAway && partnerState !== undefined) {",
    put: "if (wasAway && partnerState === undefined) {",
    noticedBy: tests("rights"),
  },
];

/** The disk first, then whoever hears of it. */
const DISK: readonly Break[] = [
  {
    what: "an answer to the partner does not wait for its record",
    file: "daemon/driver.ts",
    find: "const sequence = this.#mustWaitFor(dependsOn, effect.after);\n          if (sequence === 0) this.#peer?.send",
    put: "const sequence = this.#mustWaitFor(0, effect.after);\n          if (sequence === 0) this.#peer?.send",
    noticedBy: SIMULATOR,
  },
  {
    what: "the partner hears of a lease that is not on disk here",
    file: `${FAILOVER}/pair.ts`,
    find: "this.updates.fill(now.monotonic, durableThrough, this);",
    put: "this.updates.fill(now.monotonic, Number.POSITIVE_INFINITY, this);",
    noticedBy: { tests: ["test/core/partner-first.test.ts"] },
  },
  {
    what: "an ACK does not wait for the disk",
    file: "daemon/driver.ts",
    find: "const sequence = this.#mustWaitFor(dependsOn, effect.after);\n          if (sequence === 0) this.#links",
    put: "const sequence = this.#mustWaitFor(0, effect.after);\n          if (sequence === 0) this.#links",
    noticedBy: SIMULATOR,
  },
  {
    what: "an ACK that was kept back does not wait for the disk",
    file: "daemon/driver.ts",
    find: "const sequence = after === 0 ? 0 : Math.max(dependsOn, after);",
    put: "const sequence = after === 0 ? 0 : dependsOn;",
    noticedBy: { tests: ["test/driver-peer.test.ts"] },
  },
  {
    what: "a state is said and not written down",
    file: `${FAILOVER}/endpoint.ts`,
    find: "this.isIncomplete = false;\n      }\n      this.persist(out);",
    put: "this.isIncomplete = false;\n      }",
    noticedBy: SIMULATOR,
  },
  {
    what: "a connection waits for records that are lost",
    file: "daemon/driver.ts",
    find: "this.#waiting.dropForPeer(this.#peer);",
    put: "",
    noticedBy: { tests: ["test/driver-peer.test.ts"] },
  },
  {
    what: "a box whose disk fails stays with its partner",
    file: `${FAILOVER}/pair.ts`,
    find: 'if (state.kind === "failing") this.session.suspend("the disk cannot be written", now, out);\n    else if',
    put: "if",
    noticedBy: tests("beside-partner"),
  },
];

/** When a box may serve at all, and what it may have forgotten. */
const STATES: readonly Break[] = [
  {
    what: "a box serves before it has looked for its partner",
    file: `${FAILOVER}/service.ts`,
    find: 'if (inStartup) return "nothing";',
    put: "",
    noticedBy: SIMULATOR,
  },
  {
    what: "a box serves in RECOVER",
    file: `${FAILOVER}/service.ts`,
    find: 'recover: { tandem: "nothing"',
    put: 'recover: { tandem: "all"',
    noticedBy: SIMULATOR,
  },
  {
    what: "a box serves in RECOVER-WAIT",
    file: `${FAILOVER}/service.ts`,
    find: '"recover-wait": { tandem: "nothing"',
    put: '"recover-wait": { tandem: "all"',
    noticedBy: SIMULATOR,
  },
  {
    what: "an older disk is not noticed",
    file: `${FAILOVER}/rollback-watch.ts`,
    find: "return facts.partnerSequence > contactEnd;",
    put: "return false;",
    noticedBy: tests("lost-book"),
  },
  {
    what: "RECOVER-WAIT is passed over",
    file: `${FAILOVER}/transitions-rules.ts`,
    find: "holds: (facts) => facts.mustWait,",
    put: "holds: () => false,",
    noticedBy: tests("lost-book"),
  },
  {
    what: "RECOVER-WAIT is over at once",
    file: `${FAILOVER}/endpoint.ts`,
    find: "this.#waitEnd = Math.max(now.monotonic, this.#startedAt + this.state.mcltSeconds * 1000);",
    put: "this.#waitEnd = now.monotonic;",
    noticedBy: tests("lost-book"),
  },
  {
    what: "what a lost book had promised is forgotten",
    file: `${FAILOVER}/intake.ts`,
    find: "return until > this.#bindings.clock.seconds ? until : 0;",
    put: "return 0;",
    noticedBy: tests("lost-book"),
  },
  {
    what: "a box with an older disk does not believe its partner",
    file: `${FAILOVER}/pair.ts`,
    find: 'return this.isRecovering && (partnerState === "partner-down" || mustWait);',
    put: 'return this.isRecovering && partnerState === "partner-down" && mustWait;',
    noticedBy: tests("older-disk"),
  },
  {
    what: "a box with an older disk tells before it has learnt",
    file: `${FAILOVER}/endpoint.ts`,
    find: 'return state === "recover" && mustWait && partnerState !== "recover";',
    put: 'return state === "recover" && mustWait && partnerState === "recover";',
    noticedBy: tests("lost-book"),
  },
  {
    what: "a partner that has lost its book confirms an end",
    file: `${FAILOVER}/acknowledgements.ts`,
    find: "if (this.#owner.isPartnerRecovering) {",
    put: "if (this.#owner.isPartnerRecovering && entry.isQueued) {",
    noticedBy: tests("lost-book"),
  },
  {
    what: "a box that ends does not say goodbye",
    file: `${FAILOVER}/endpoint.ts`,
    find: 'if ((state === "paused" || state === "shutdown") && !this.#hasSpoken) return;',
    put: 'if (state === "paused" || state === "shutdown") return;',
    noticedBy: { tests: ["test/core/pair-gate.test.ts"] },
  },
  {
    what: "a clock that is set does not end the connection",
    file: "daemon/core/core.ts",
    find: 'this.pair?.session.restart("the clock of this box was set", now, out);',
    put: "",
    noticedBy: tests("beside-partner"),
  },
  {
    what: "the difference of the clocks is ignored",
    file: `${FAILOVER}/intake.ts`,
    find: "const told = toldIn(update, clockOffset);",
    put: "const told = toldIn(update, 0);",
    noticedBy: SIMULATOR,
  },
];

export const BREAKS: readonly Break[] = [
  ...TIMES,
  ...DISK,
  ...STATES,
  ...BREAKS_OF_LEASES,
  ...BREAKS_OF_PAIRING,
  ...BREAKS_OF_CONFIGURATION,
  ...BREAKS_OF_GATEWAY,
  ...BREAKS_OF_WEB,
];

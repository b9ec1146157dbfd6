// Rules of what both boxes know of one address, which of them gives it, and to whom.

import { type Break, FAILOVER, SIMULATOR, tests } from "./break.ts";

/** Whose record counts when both boxes have one of an address. */
const CONFLICTS: readonly Break[] = [
  {
    what: "in a conflict each box takes the other's record",
    file: `${FAILOVER}/binding-rules-tandem.ts`,
    find: "return winnerOf(primarys, secondarys) === mine ? outdone(mine, incoming) : ACCEPT;",
    put: "return ACCEPT;",
    noticedBy: SIMULATOR,
  },
  {
    what: "in a conflict each box keeps its own record",
    file: `${FAILOVER}/binding-rules-tandem.ts`,
    find: "return winnerOf(primarys, secondarys) === mine ? outdone(mine, incoming) : ACCEPT;",
    put: "return outdone(mine, incoming);",
    noticedBy: tests("binding-rules-tandem"),
  },
  {
    what: "in a conflict the secondary's record always counts",
    file: `${FAILOVER}/binding-rules-tandem.ts`,
    find: "const cell = CONFLICT[primarys.status][COLUMN[secondarys.status]];",
    put: 'const cell = "s" as Cell;',
    noticedBy: SIMULATOR,
  },
  {
    what: "of two leases the primary's always counts",
    file: `${FAILOVER}/binding-rules-tandem.ts`,
    find: "return isSuccessor(primarys, secondarys) ? secondarys : primarys;",
    put: "return primarys;",
    noticedBy: tests("binding-rules-convergence"),
  },
  {
    what: "a partner with a wrong clock takes a lease from its client",
    file: `${FAILOVER}/binding-rules-tandem.ts`,
    find: "if (isAgreed && !takesLease(mine, incoming, now + graceSeconds)) return ACCEPT;",
    put: "if (isAgreed) return ACCEPT;",
    noticedBy: tests("binding-rules-tandem"),
  },
  {
    what: "the loser of a conflict forgets what it promised",
    file: `${FAILOVER}/intake.ts`,
    find: "const ends = wasLonger ? mergeEnds(mine, incoming) : incoming;",
    put: "const ends = incoming;",
    noticedBy: tests("two-promises"),
  },
  {
    what: "the winner of a conflict forgets what the loser promised",
    file: `${FAILOVER}/intake.ts`,
    find: "if (areLeases && (told.expiresAt > entry.expiresAt || told.potentialUntil > entry.toldUntil)) {",
    put: "if (areLeases && told.expiresAt < 0) {",
    noticedBy: tests("two-promises"),
  },
  {
    what: "an ACK that waits leaves though the address is another's",
    file: `${FAILOVER}/intake.ts`,
    find: 'if (state !== "active" || heldFor !== told.packedClient) this.#held.drop(now);\n    else ',
    put: "",
    noticedBy: tests("two-promises"),
  },
];

/** What both know, and when a lease is over for both. */
const AGREEMENT: readonly Break[] = [
  {
    what: "what has ended is free before the partner confirms it",
    file: "daemon/core/bindings.ts",
    find: "if (entry.isUntold) entry.state = partnership.ownState;",
    put: "entry.state = partnership.ownState;",
    noticedBy: SIMULATOR,
  },
  {
    what: "what has ended is for both to give",
    file: `${FAILOVER}/rights.ts`,
    find: "ended: false,",
    put: "ended: true,",
    noticedBy: tests("rights"),
  },
  {
    what: "the secondary ends leases in NORMAL as well",
    file: `${FAILOVER}/pair.ts`,
    find: 'return this.role === "primary" || this.state !== "normal" || !this.isUpdating;',
    put: "return true;",
    noticedBy: tests("beside-partner"),
  },
  {
    what: "after a start what has ended counts as confirmed",
    file: `${FAILOVER}/agreed-records.ts`,
    find: "entry.isAgreed = isKnown && !entry.isEndTold;",
    put: "entry.isAgreed = isKnown;",
    noticedBy: tests("agreed-records"),
  },
  {
    what: "the secondary gives an address again whose end it has told",
    file: `${FAILOVER}/rights.ts`,
    find: "toldToSame: isPrimary && isSure,",
    put: "toldToSame: isSure,",
    noticedBy: tests("told-end"),
  },
  {
    what: "an end is told before it is written down",
    file: `${FAILOVER}/updates.ts`,
    find: "if (entry.writtenState) this.#unwritten.push(entry);\n      else taken.push(entry);",
    put: "taken.push(entry);",
    noticedBy: tests("told-end"),
  },
  {
    what: "an end that the partner has forgotten counts as agreed on",
    file: `${FAILOVER}/client-terms.ts`,
    find: "entry && !entry.isEndTold ? entry.agreedUntil : 0",
    put: "entry ? entry.agreedUntil : 0",
    noticedBy: tests("told-end"),
  },
  {
    what: "more is written down as agreed on than is",
    file: `${FAILOVER}/agreed-records.ts`,
    find: "return first - 1;",
    put: "return last;",
    noticedBy: SIMULATOR,
  },
  {
    what: "a late answer confirms what changed since",
    file: `${FAILOVER}/acknowledgements.ts`,
    find: "if (entry.updateXid !== xid) continue;",
    put: "",
    noticedBy: tests("acknowledgements"),
  },
  {
    what: "a refusal confirms",
    file: `${FAILOVER}/acknowledgements.ts`,
    find: "if (answer && answer.rejectReason === undefined) this.#accepted(entry, out);",
    put: "if (answer) this.#accepted(entry, out);",
    noticedBy: tests("acknowledgements"),
  },
  {
    what: "UPDDONE is said before all updates are answered",
    file: `${FAILOVER}/updates.ts`,
    find: "if (oldest && oldest.xid <= lastXid) return;",
    put: "",
    noticedBy: tests("updates"),
  },
  {
    what: "the partner is not told that a client was heard again",
    file: "daemon/core/bindings.ts",
    find: "entry.seenAt = this.clock.seconds;\n    entry.isAgreed = false;",
    put: "entry.seenAt = this.clock.seconds;",
    noticedBy: tests("beside-partner"),
  },
];

/** Which of the boxes answers, with which addresses. */
const SHARES: readonly Break[] = [
  {
    what: "both boxes answer everybody in NORMAL",
    file: "daemon/core/pair-gate.ts",
    find: 'return mayAnswer(server, segment, pair) ? undefined : "partner-answers";',
    put: "return undefined;",
    noticedBy: { tests: ["test/core/pair-gate.test.ts"] },
  },
  {
    what: "the secondary answers the primary's clients",
    file: "daemon/core/pair-gate.ts",
    find: '=== (pair.role === "primary");',
    put: ";",
    noticedBy: { tests: ["test/core/pair-gate.test.ts"] },
  },
  {
    what: "both boxes give all free addresses",
    file: `${FAILOVER}/rights.ts`,
    find: "free: isPrimary && isSure,\n      backup: !isPrimary && isSure,",
    put: "free: isSure,\n      backup: isSure,",
    noticedBy: SIMULATOR,
  },
  {
    what: "a client is offered an address of the partner's",
    file: "daemon/core/bindings.ts",
    find: "if (!isReserved && this.#isPartners(entry, packet)) return false;",
    put: "",
    noticedBy: tests("rights"),
  },
  {
    what: "a client may ask for an address of the partner's",
    file: "daemon/core/bindings.ts",
    find: "if (share.has(entry)) return false;\n    return !packet",
    put: "if (share.has(entry) || entry.sequence > 0) return false;\n    return !packet",
    noticedBy: tests("rights"),
  },
  {
    what: "it is told that it cannot have it, and the partner is there",
    file: "daemon/core/pair-gate.ts",
    find: 'return isAloneOn(pair.endpoint.sight, lans[packet.lan]?.name ?? "");',
    put: "return true;",
    noticedBy: tests("rights"),
  },
];

/** Both boxes by one address. */
const ONE_SERVER: readonly Break[] = [
  {
    what: "both boxes answer a client that takes an offer that either may have made",
    file: "daemon/core/pair-gate.ts",
    find: "if (isShared && isOurs(server, pair)) return true;",
    put: "if (isShared) return true;",
    noticedBy: SIMULATOR,
  },
  {
    what: "the box that offered an address leaves it to the partner to say so",
    file: "daemon/core/pair-gate.ts",
    find: 'if (giver === "this-box") return true;',
    put: "",
    noticedBy: SIMULATOR,
  },
  {
    what: "the box that has the virtual address leaves to its partner what was sent there",
    file: "daemon/core/pair-gate.ts",
    find: "if (isToVirtual) return false;",
    put: "",
    noticedBy: { tests: ["test/core/virtual-address.test.ts"] },
  },
  {
    what: "a box sends from the virtual address without having it",
    file: "daemon/core/server-ids.ts",
    find: "packet.isToVirtual = !isBroadcast && ids.isVirtual(destinationIp, now.monotonic);",
    put: "packet.isToVirtual = ids.isVirtual(destinationIp, now.monotonic);",
    noticedBy: { tests: ["test/core/virtual-address.test.ts"] },
  },
  {
    what: "a stranger with the virtual address is taken for the partner",
    file: "daemon/core/server-ids.ts",
    find: "if (!this.#virtual.has(id)) return",
    put: "return",
    noticedBy: { tests: ["test/core/virtual-address.test.ts"] },
  },
];

export const BREAKS_OF_LEASES: readonly Break[] = [
  ...CONFLICTS,
  ...AGREEMENT,
  ...SHARES,
  ...ONE_SERVER,
];

// What dhcpd 4.4.3 accepts of its partner (draft-ietf-dhc-failover-12 §7.1.3 as it is deployed): every
// cell of its matrix, and what it really answered in the captures.

import { describe, expect, test } from "vitest";
import {
  type Binding,
  duelIsc,
  judgeIsc,
  storedStatus,
  type Verdict,
} from "../../../daemon/core/failover/binding-rules.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import {
  BINDING_STATUS,
  type BindingStatus,
  REJECT_REASON,
} from "../../../daemon/wire/failover/numbers.ts";
import { type CapturedMessage, messagesOf } from "../../wire/failover/captures.ts";
import { binding, NOW, STATUSES } from "./binding-cases.ts";

type Rule = "ok" | "no" | "PET" | "end";
/** FREE and BACKUP, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET come. */
type Line = readonly [Rule, Rule, Rule, Rule, Rule, Rule];
interface Case {
  readonly when: string;
  readonly roles: readonly FailoverRole[];
  readonly isNormal: boolean;
  readonly mine: readonly BindingStatus[];
  readonly rules: Line;
}

const BOTH: readonly FailoverRole[] = ["primary", "secondary"];
const NOT_ACTIVE = STATUSES.filter((status) => status !== "active");
const MATRIX: readonly Case[] = [
  {
    when: "in NORMAL",
    roles: BOTH,
    isNormal: true,
    mine: ["free", "abandoned", "backup", "released"],
    rules: ["ok", "ok", "ok", "ok", "ok", "ok"],
  },
  {
    when: "in NORMAL",
    roles: ["primary"],
    isNormal: true,
    mine: ["active"],
    rules: ["no", "ok", "no", "ok", "ok", "no"],
  },
  {
    when: "in NORMAL",
    roles: ["secondary"],
    isNormal: true,
    mine: ["active"],
    rules: ["PET", "ok", "end", "ok", "ok", "ok"],
  },
  {
    when: "in NORMAL",
    roles: BOTH,
    isNormal: true,
    mine: ["expired", "reset"],
    rules: ["PET", "ok", "ok", "ok", "ok", "ok"],
  },
  {
    when: "outside NORMAL",
    roles: BOTH,
    isNormal: false,
    mine: ["active"],
    rules: ["no", "ok", "end", "ok", "ok", "ok"],
  },
  {
    when: "outside NORMAL",
    roles: BOTH,
    isNormal: false,
    mine: NOT_ACTIVE,
    rules: ["ok", "ok", "ok", "ok", "ok", "ok"],
  },
];
const COLUMNS: readonly (readonly BindingStatus[])[] = [
  ["free", "backup"],
  ["active"],
  ["expired"],
  ["released"],
  ["abandoned"],
  ["reset"],
];

interface Cell {
  readonly when: string;
  readonly role: FailoverRole;
  readonly isNormal: boolean;
  readonly mine: BindingStatus;
  readonly incoming: BindingStatus;
  readonly rule: Rule;
}

const CELLS: readonly Cell[] = MATRIX.flatMap(({ when, roles, isNormal, mine, rules }) =>
  roles.flatMap((role) =>
    mine.flatMap((own) =>
      COLUMNS.flatMap((column, at) =>
        column.map((incoming) => ({
          when,
          role,
          isNormal,
          mine: own,
          incoming,
          rule: rules[at] ?? "no",
        })),
      ),
    ),
  ),
);

describe("§7.1.3 as dhcpd 4.4.3 does", () => {
  test("the cases are all there are", () => {
    expect(CELLS).toHaveLength(2 * 2 * STATUSES.length * STATUSES.length);
  });

  test.each(CELLS)("$role $when: $mine becomes $incoming: $rule", (cell) => {
    const judge = (endsAt: number, potentialUntil: number): Verdict =>
      judgeIsc(
        cell.role,
        cell.isNormal,
        binding(cell.mine, { endsAt }),
        binding(cell.incoming, { potentialUntil }),
        NOW,
      );
    const refused = { accept: false, reason: "fatal-conflict" };
    const early = judge(NOW + 66, NOW + 1);
    const due = judge(NOW + 65, NOW);
    if (cell.rule === "ok") expect([early, due]).toEqual([{ accept: true }, { accept: true }]);
    else expect(early).toMatchObject(refused);
    if (cell.rule === "no") expect(due).toMatchObject(refused);
    if (cell.rule === "PET") {
      expect(judge(NOW + 66, NOW)).toEqual({ accept: true });
      expect(judge(NOW - 66, NOW + 1)).toMatchObject(refused);
      expect(judge(NOW + 66, 0)).toEqual({ accept: true });
    }
    if (cell.rule === "end") {
      expect(judge(NOW + 65, NOW + 1)).toEqual({ accept: true });
      expect(judge(NOW + 66, NOW)).toMatchObject(refused);
    }
  });

  test("an active lease of another client is taken over, by the primary too", () => {
    const other = binding("active", { client: "other", lastTransactionAt: NOW - 9000 });
    expect(judgeIsc("primary", true, binding("active"), other, NOW)).toEqual({ accept: true });
  });

  test.each(STATUSES)("an address without a record becomes %s", (status) => {
    expect(judgeIsc("primary", true, undefined, binding(status), NOW)).toEqual({ accept: true });
  });

  test("a lease that never ends does not expire", () => {
    const forever = binding("active", { endsAt: 0xffffffff });
    expect(judgeIsc("secondary", true, forever, binding("expired"), NOW).accept).toBe(false);
  });
});

describe("§7.1.1: what must be in an update, as dhcpd 4.4.3 does", () => {
  test.each(["active", "expired", "released"] as const)("%s needs a hardware address", (status) => {
    const missing = { accept: false, reason: "missing-binding-information" };
    const nobodys = binding(status, { client: "" });
    expect(judgeIsc("primary", false, undefined, nobodys, NOW)).toMatchObject(missing);
    const bare = { ...binding(status), hasHardwareAddress: false };
    expect(judgeIsc("primary", false, undefined, bare, NOW)).toMatchObject(missing);
    expect(judgeIsc("primary", false, binding("active"), bare, NOW)).toMatchObject(missing);
  });

  test.each(["free", "backup", "reset"] as const)("%s needs none", (status) => {
    const nobodys = { ...binding(status, { client: "" }), hasHardwareAddress: false };
    expect(judgeIsc("secondary", true, undefined, nobodys, NOW)).toEqual({ accept: true });
  });

  test("an abandoned address may have no client", () => {
    const refused = { accept: false, reason: "unknown-reason" };
    const named = binding("abandoned", { client: "client" });
    expect(judgeIsc("secondary", true, undefined, named, NOW)).toMatchObject(refused);
    const reached = { ...binding("abandoned"), hasHardwareAddress: true };
    expect(judgeIsc("secondary", true, undefined, reached, NOW)).toMatchObject(refused);
  });
});

describe("§5.11: what is stored", () => {
  test.each(["expired", "released", "reset"] as const)("%s becomes free", (status) => {
    expect(storedStatus(status)).toBe("free");
  });
  test.each(["free", "backup", "active", "abandoned"] as const)("%s stays", (status) => {
    expect(storedStatus(status)).toBe(status);
  });
});

describe("duelling updates as dhcpd 4.4.3 settles them", () => {
  const later = { lastTransactionAt: NOW };
  test("two leases: the later transaction counts", () => {
    for (const role of BOTH) {
      expect(duelIsc(role, binding("active", later), binding("active"))).toBe("mine");
      expect(duelIsc(role, binding("active"), binding("active", later))).toBe("incoming");
      const unknown = binding("active", { lastTransactionAt: 0 });
      expect(duelIsc(role, unknown, binding("active"))).toBe("incoming");
    }
  });
  test("two leases of the same moment: the primary's counts", () => {
    expect(duelIsc("primary", binding("active"), binding("active"))).toBe("mine");
    expect(duelIsc("secondary", binding("active"), binding("active"))).toBe("incoming");
  });
  for (const mine of STATUSES) {
    for (const incoming of STATUSES) {
      if (mine === "active" && incoming === "active") continue;
      const isIncoming = incoming === "active" || (mine === "active" && incoming === "expired");
      const who = isIncoming ? "the incoming one" : "the primary's";
      test(`${mine} against ${incoming}: ${who} counts`, () => {
        const primarys = duelIsc("primary", binding(mine, later), binding(incoming));
        const secondarys = duelIsc("secondary", binding(mine, later), binding(incoming));
        expect(primarys).toBe(isIncoming ? "incoming" : "mine");
        expect(secondarys).toBe("incoming");
      });
    }
  }
});

describe("as dhcpd 4.4.3 answered in the captures", () => {
  // A script is the other side, so that nothing is on its way that would make a duel.
  const PROBES = [
    { capture: "08-probes-secondary", role: "secondary" },
    { capture: "10-probes-primary", role: "primary" },
    { capture: "12-probe-bndack", role: "secondary" },
  ] as const;
  test.each(PROBES)("$capture", ({ capture, role }) => {
    let judged = 0;
    for (const { update, verdict, answer } of answersOf(capture, role)) {
      const where = `frame ${update.frame}`;
      const reason = verdict.accept ? undefined : REJECT_REASON[verdict.reason];
      expect(reason, where).toBe(answer);
      judged++;
    }
    expect(judged).toBeGreaterThan(2);
  });
});

interface Answered {
  readonly update: CapturedMessage;
  readonly verdict: Verdict;
  /** Number of the reject-reason, undefined when it was accepted. */
  readonly answer: number | undefined;
}

/** What we would have said in the place of the dhcpd that was asked, and what it said. */
function answersOf(capture: string, role: FailoverRole): Answered[] {
  const answered: Answered[] = [];
  const known = new Map<string, Binding>();
  const open = new Map<
    string,
    { update: CapturedMessage; verdict: Verdict; record: Binding | undefined }
  >();
  let isNormal = false;
  for (const message of messagesOf(capture)) {
    const address = String(optionOf(message, 2));
    const key = `${message.xid} ${address}`;
    const isAsked = message.from === role;
    const record = recordOf(message);
    if (message.typeCode === 10 && isAsked) isNormal = optionOf(message, 24) === "NORMAL";
    if (message.typeCode === 3 && isAsked && record) known.set(address, record);
    if (message.typeCode === 3 && !isAsked && record) {
      const verdict = judgeIsc(role, isNormal, known.get(address), record, message.time);
      open.set(key, { update: message, verdict, record });
      if (verdict.accept) known.set(address, { ...record, status: storedStatus(record.status) });
    }
    const request = message.typeCode === 4 && isAsked ? open.get(key) : undefined;
    if (!request) continue;
    open.delete(key);
    const answer = optionOf(message, 21);
    const reason = message.options.find((option) => option.code === 21)?.raw ?? answer;
    // These two are for what no record says: which pools there are, and which addresses are reserved.
    if (reason === 1 || reason === 19) continue;
    answered.push({ ...request, answer: reason === undefined ? undefined : Number(reason) });
  }
  return answered;
}

function recordOf(
  message: CapturedMessage,
): (Binding & { hasHardwareAddress: boolean }) | undefined {
  const number = message.options.find((option) => option.code === 3)?.raw;
  const status = STATUSES.find((name) => BINDING_STATUS[name] === number);
  if (!status) return undefined;
  return {
    status,
    client: String(optionOf(message, 4) ?? optionOf(message, 5) ?? ""),
    hasHardwareAddress: optionOf(message, 5) !== undefined,
    lastTransactionAt: Number(optionOf(message, 6) ?? 0),
    startsAt: Number(optionOf(message, 25) ?? 0),
    endsAt: Number(optionOf(message, 13) ?? 0),
    potentialUntil: Number(optionOf(message, 18) ?? 0),
  };
}

function optionOf(message: CapturedMessage, code: number): string | number | undefined {
  return message.options.find((option) => option.code === code)?.value;
}

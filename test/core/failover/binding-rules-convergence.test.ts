// Two boxes that changed the same address without each other's knowledge come to the same record, by
// updates and answers alone, in a bounded number of messages and in whatever order they are read.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Binding,
  judgeTandem,
  mergeEnds,
  storedStatus,
} from "../../../daemon/core/failover/binding-rules.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { anyBinding, binding, NOW } from "./binding-cases.ts";

const GRACE = 10;
type Message =
  | { readonly type: "update"; readonly xid: number; readonly record: Binding }
  | { readonly type: "answer"; readonly xid: number; readonly accept: boolean };

/** One address on one box: its record, and what is known of the partner's. */
class Box {
  readonly role: FailoverRole;
  readonly #now: number;
  readonly outbox: Message[] = [];
  /** Updates that have not been answered, of whatever has become of their content. */
  readonly #inFlight = new Set<number>();
  record: Binding;
  isAgreed: boolean;
  sent = 0;
  #openXid = 0;

  constructor(role: FailoverRole, now: number, record: Binding, isAgreed: boolean) {
    this.role = role;
    this.#now = now;
    this.record = record;
    this.isAgreed = isAgreed;
    if (!isAgreed) this.#tell();
  }

  change(record: Binding): void {
    this.record = record;
    this.#tell();
  }

  /** A new connection: what is not known to have been decided may have been decided either way. */
  reconnect(): void {
    if (this.#inFlight.size > 0) this.isAgreed = false;
    this.#inFlight.clear();
    this.outbox.length = 0;
    this.#openXid = 0;
    if (!this.isAgreed) this.#tell();
  }

  receive(message: Message): void {
    if (message.type === "update") {
      this.#judge(message.xid, message.record);
      return;
    }
    this.#inFlight.delete(message.xid);
    if (message.xid === this.#openXid) this.#answered(message.accept);
    // The partner has given way to a record that this box has given up for one of the partner's.
    else if (message.accept && this.#openXid === 0) this.#tell();
  }

  #judge(xid: number, incoming: Binding): void {
    const { role, isAgreed, record } = this;
    const { accept } = judgeTandem(role, isAgreed, record, incoming, this.#now, GRACE);
    this.#send({ type: "answer", xid, accept });
    if (!accept) {
      const ends = mergeEnds(record, incoming);
      const isLonger = ends.endsAt > record.endsAt || ends.potentialUntil > record.potentialUntil;
      if (isLonger) this.change({ ...record, ...ends });
      else if (this.#openXid === 0) this.#tell();
      return;
    }
    const ends = isAgreed ? incoming : mergeEnds(incoming, record);
    this.#openXid = 0;
    this.isAgreed = true;
    this.record = { ...incoming, status: storedStatus(incoming.status) };
    const isLonger = ends.endsAt > incoming.endsAt || ends.potentialUntil > incoming.potentialUntil;
    if (isLonger) {
      const { endsAt, potentialUntil } = ends;
      this.change({ ...this.record, endsAt, potentialUntil });
    }
  }

  #answered(accept: boolean): void {
    this.#openXid = 0;
    if (!accept) return;
    this.isAgreed = true;
    this.record = { ...this.record, status: storedStatus(this.record.status) };
  }

  #tell(): void {
    this.isAgreed = false;
    this.#openXid = ++this.sent;
    this.#inFlight.add(this.sent);
    this.#send({ type: "update", xid: this.#openXid, record: this.record });
  }

  #send(message: Message): void {
    this.outbox.push(message);
  }
}

const MESSAGES_MAX = 12;
const PER_CHANGE_MAX = 12;
interface Change {
  readonly role: FailoverRole;
  readonly after: number;
  /** Undefined: the connection is lost with all that is on it, and made anew. */
  readonly record: Binding | undefined;
}

/** Lets both read each other's messages, in the order that `picks` says, until there are none. */
function settle(
  primary: Box,
  secondary: Box,
  picks: readonly boolean[],
  changes: readonly Change[] = [],
): number {
  const bound = MESSAGES_MAX + changes.length * PER_CHANGE_MAX;
  const waiting = changes.toSorted((one, other) => one.after - other.after);
  for (let step = 0; ; step++) {
    expect(step).toBeLessThanOrEqual(bound);
    while (waiting[0] && waiting[0].after <= step) {
      const { role, record } = waiting.shift() as Change;
      if (record) (role === "primary" ? primary : secondary).change(record);
      else for (const box of [primary, secondary]) box.reconnect();
    }
    const isToPrimary =
      primary.outbox.length === 0 || (secondary.outbox.length > 0 && picks[step % picks.length]);
    const [from, to] = isToPrimary ? [secondary, primary] : [primary, secondary];
    const message = from.outbox.shift();
    if (message) to.receive(message);
    else if (waiting.length === 0) return step;
    else for (const change of waiting.splice(0)) waiting.push({ ...change, after: step });
  }
}

function expectSame(primary: Box, secondary: Box): void {
  expect(secondary.record).toEqual(primary.record);
  expect([primary.isAgreed, secondary.isAgreed]).toEqual([true, true]);
}

const skew = fc.integer({ min: -60, max: 60 });
const picks = fc.array(fc.boolean(), { minLength: 12, maxLength: 40 });
const role = fc.constantFrom<FailoverRole>("primary", "secondary");
const RUNS = { numRuns: 5000 };

describe("both boxes end with the same record", () => {
  test("when both have changed it, and nothing that was promised is cut short", () => {
    fc.assert(
      fc.property(anyBinding, anyBinding, skew, picks, (one, other, ahead, order) => {
        const primary = new Box("primary", NOW, one, false);
        const secondary = new Box("secondary", NOW + ahead, other, false);
        settle(primary, secondary, order);
        expectSame(primary, secondary);
        expectPromisesKept(primary.record, [one, other]);
      }),
      RUNS,
    );
  });

  test("when one of them has changed it", () => {
    fc.assert(
      fc.property(
        anyBinding,
        anyBinding,
        role,
        skew,
        picks,
        (one, other, changed, ahead, order) => {
          const primary = new Box("primary", NOW, one, changed !== "primary");
          const secondary = new Box("secondary", NOW + ahead, other, changed !== "secondary");
          settle(primary, secondary, order);
          expectSame(primary, secondary);
        },
      ),
      RUNS,
    );
  });

  test("when both go on changing it meanwhile, and connections are lost", () => {
    const record = fc.option(anyBinding, { nil: undefined, freq: 3 });
    const change = fc.record({ role, after: fc.nat({ max: 6 }), record });
    const changes = fc.array(change, { maxLength: 4 });
    fc.assert(
      fc.property(
        anyBinding,
        anyBinding,
        changes,
        skew,
        picks,
        (one, other, more, ahead, order) => {
          const primary = new Box("primary", NOW, one, false);
          const secondary = new Box("secondary", NOW + ahead, other, false);
          settle(primary, secondary, order, more);
          expectSame(primary, secondary);
        },
      ),
      RUNS,
    );
  });
});

test("a client that renewed at both boxes keeps the longer promise, and one update suffices", () => {
  const short = binding("active", { lastTransactionAt: NOW - 5, endsAt: NOW + 600 });
  const long = binding("active", { lastTransactionAt: NOW - 9, endsAt: NOW + 1200 });
  const primary = new Box("primary", NOW, short, false);
  const secondary = new Box("secondary", NOW, long, false);
  settle(primary, secondary, [true, false]);
  expectSame(primary, secondary);
  expect(primary.record).toEqual({ ...short, endsAt: NOW + 1200 });
});

test("a box that was away brings back a lease that ended, and the new client keeps the address", () => {
  const old = binding("active", { client: "old", endsAt: NOW - 700, startsAt: NOW - 1300 });
  const live = binding("active", {
    client: "new",
    startsAt: NOW - 60,
    lastTransactionAt: NOW - 60,
  });
  const primary = new Box("primary", NOW, old, false);
  const secondary = new Box("secondary", NOW, live, false);
  settle(primary, secondary, [true, false]);
  expectSame(primary, secondary);
  expect(primary.record.client).toBe("new");
});

/** What the winner's client, or anybody on an abandoned address, may have been told. */
function expectPromisesKept(last: Binding, records: readonly Binding[]): void {
  for (const one of records) {
    if (one.status !== "active") continue;
    const isHeld = last.status === "active" && last.client === one.client;
    if (isHeld || last.status === "abandoned") {
      expect(last.endsAt).toBeGreaterThanOrEqual(one.endsAt);
      expect(last.potentialUntil).toBeGreaterThanOrEqual(one.potentialUntil);
    }
  }
}

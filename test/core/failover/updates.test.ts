// What leaves for the partner, in which order, and how much of it at a time.

import { beforeEach, describe, expect, test } from "vitest";
import type { Ipv4 } from "../../../daemon/base/address.ts";
import { unpackBytes } from "../../../daemon/base/bytes.ts";
import { type UpdateSender, Updates } from "../../../daemon/core/failover/updates.ts";
import type { BindingState } from "../../../daemon/core/lease.ts";
import { LeaseBook, type LeaseEntry } from "../../../daemon/core/lease-book.ts";
import { AddressPool } from "../../../daemon/core/pool.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import type { BindingUpdate } from "../../../daemon/wire/failover/messages.ts";
import { EncodeError } from "../../../daemon/wire/writer.ts";

const FIRST = 0x0a4d0064;

class Sender implements UpdateSender {
  /** Last parts of the addresses in each message. */
  readonly messages: number[][] = [];
  readonly done: number[] = [];
  groupMax = Number.POSITIVE_INFINITY;
  #xid = 0;

  sendUpdate(bindings: readonly BindingUpdate[]): number {
    if (bindings.length > this.groupMax) throw new EncodeError("too long");
    this.messages.push(bindings.map((one) => (one.assignedIpAddress ?? 0) - FIRST));
    return ++this.#xid;
  }

  sendDone(requestXid: number): void {
    this.done.push(requestXid);
  }
}

let book: LeaseBook;
let sender: Sender;
let updates: Updates;
let sequence = 0;
const pool = new AddressPool([], []);

beforeEach(() => {
  sequence = 0;
  book = new LeaseBook(1);
  sender = new Sender();
  updates = new Updates(book, "tandem");
  updates.window = 100;
});

function lease(place: number, state: BindingState, isAgreed = false): LeaseEntry {
  const entry = book.create((FIRST + place) as Ipv4, pool, -1);
  entry.state = state;
  entry.htype = 1;
  entry.chaddr = Uint8Array.of(2, 0, 0, 0, 0, place & 255);
  book.setClient(
    entry,
    unpackBytes(`\0\x01\x02\0\0\0\0${String.fromCharCode(place & 255)}`),
    place,
  );
  entry.sequence = ++sequence;
  entry.isAgreed = isAgreed;
  return entry;
}

function fill(durableThrough = sequence): number[][] {
  const from = sender.messages.length;
  updates.fill(0, durableThrough, sender);
  return sender.messages.slice(from);
}

/** Puts so many changes into the queue, from this address on. */
function change(count: number, from: number, state: BindingState): void {
  for (let i = 0; i < count; i++) updates.enqueue(lease(from + i, state));
}

describe("what is sent", () => {
  test("is what changed, sixteen in a message, each once", () => {
    change(20, 0, "active");
    expect(fill().map(({ length }) => length)).toEqual([16, 4]);
    expect(fill()).toEqual([]);
    expect(updates.backlog).toBe(20);
  });

  test("is nothing that is not on the own disk", () => {
    change(3, 0, "active");
    expect(fill(2)).toEqual([[0, 1]]);
    expect(updates.hasMore).toBe(false);
    expect(fill(3)).toEqual([[2]]);
  });

  test("are leases of clients before what the boxes settle among themselves", () => {
    change(3, 0, "backup");
    change(2, 10, "active");
    expect(fill()).toEqual([[10, 11, 0, 1, 2]]);
  });

  test("leaves half of the window to clients", () => {
    updates.window = 8;
    change(20, 0, "backup");
    expect(fill().flat()).toEqual([0, 1, 2, 3]);
    change(6, 30, "active");
    expect(fill().flat()).toEqual([30, 31, 32, 33]);
    expect(updates.hasMore).toBe(false);
    updates.answered(1);
    expect(updates.hasMore).toBe(true);
    expect(fill().flat()).toEqual([34, 35]);
  });

  test("is one address in a message beside a dhcpd", () => {
    updates = new Updates(book, "isc");
    updates.window = 100;
    change(3, 0, "active");
    expect(fill()).toEqual([[0], [1], [2]]);
  });

  test("is cut in two when it does not fit", () => {
    sender.groupMax = 5;
    change(16, 0, "active");
    expect(fill().map(({ length }) => length)).toEqual([4, 4, 4, 4]);
  });

  test("is a lease that changed twice once, as it is then", () => {
    const entry = lease(1, "active");
    updates.enqueue(entry);
    updates.enqueue(entry);
    expect(fill()).toEqual([[1]]);
  });

  test("is not what the partner has agreed to meanwhile", () => {
    const entry = lease(1, "active");
    updates.enqueue(entry);
    entry.isAgreed = true;
    expect(fill()).toEqual([]);
  });
});

describe("going through the book", () => {
  test("finds what the partner does not have", () => {
    lease(0, "active", true);
    lease(1, "active");
    lease(2, "free");
    updates.sendUnacknowledged();
    expect(fill()).toEqual([[1, 2]]);
  });

  test("takes the place of a queue that ran over", () => {
    change(LIMITS.peerBacklogMax + 5, 0, "backup");
    expect(updates.overflows).toBe(1);
    updates.window = 1 << 20;
    const sent = new Set<number>();
    for (let round = 0; round < 200; round++) {
      for (const message of fill()) for (const place of message) sent.add(place);
    }
    expect(sent.size).toBe(LIMITS.peerBacklogMax + 5);
  });

  test("for a partner that asks for all ends in UPDDONE, when all was answered", () => {
    lease(0, "active", true);
    lease(1, "free", true);
    updates.request("all", 77);
    expect(fill()).toEqual([[0, 1]]);
    expect(sender.done).toEqual([]);
    updates.answered(1);
    fill();
    expect(sender.done).toEqual([77]);
  });

  test("for a partner that asks for news says so at once when there are none", () => {
    lease(0, "active", true);
    updates.request("unacknowledged", 78);
    fill();
    expect(sender.done).toEqual([78]);
  });

  test("waits with UPDDONE for what is not on the own disk", () => {
    lease(0, "free");
    updates.request("unacknowledged", 79);
    fill(0);
    expect(sender.done).toEqual([]);
    fill(1);
    updates.answered(1);
    fill();
    expect(sender.done).toEqual([79]);
  });
});

test("with the connection everything on its way is forgotten", () => {
  const entry = lease(1, "active");
  updates.enqueue(entry);
  fill();
  updates.forget();
  expect(entry.updateXid).toBe(0);
  expect(updates.backlog).toBe(0);
  expect(updates.answered(1)).toBeUndefined();
});

// ACKs that wait for the partner, and with how much time each leaves.

import { describe, expect, test } from "vitest";
import { type Ipv4, ipv4 } from "../../../daemon/base/address.ts";
import type { Effect } from "../../../daemon/core/effect.ts";
import { HeldReplies, type HeldReply } from "../../../daemon/core/failover/held-replies.ts";
import { LeaseEntry } from "../../../daemon/core/lease-book.ts";
import { read, write } from "../../wire/replies.ts";

const DAY = 86_400;
const FIRST = ipv4("10.77.0.100");

/** A lease as record `sequence` has it. */
function entryOf(number: number, sequence = 10 + number): LeaseEntry {
  const entry = new LeaseEntry((FIRST + number) as Ipv4);
  entry.state = "active";
  entry.sequence = sequence;
  return entry;
}

/** The ACK to it, of a day of which 600 s are safe without the partner. */
function replyTo(entry: LeaseEntry, changes: Partial<HeldReply> = {}): HeldReply {
  const { sequence } = entry;
  const frame = write((writer) => {
    writer.u8(53, 5);
    writer.u32(51, DAY);
  });
  return { lan: 0, frame, entry, sequence, safeSeconds: 600, deadline: 1050, ...changes };
}

/** What left: LAN, record to wait for, seconds of the lease. */
function sentIn(out: readonly Effect[]): (number | undefined)[][] {
  return out.map((effect) => {
    if (effect.kind !== "send") throw new Error(effect.kind);
    return [effect.lan, effect.after, Number(read(effect.frame).u32(51))];
  });
}

/** Runs something and returns what left. */
function sent(run: (out: Effect[]) => void): (number | undefined)[][] {
  const out: Effect[] = [];
  run(out);
  return sentIn(out);
}

function counts({ inTime, late, size }: HeldReplies): Record<string, number> {
  return { inTime, late, size };
}

describe("an ACK that waits for the partner", () => {
  test("leaves with all of its time when the partner has the record, and not before that is durable", () => {
    const held = new HeldReplies();
    const entry = entryOf(1);
    held.hold(replyTo(entry, { lan: 3 }));
    expect(counts(held)).toEqual({ inTime: 0, late: 0, size: 1 });
    expect(sent((out) => held.confirm(entry, out))).toEqual([[3, 11, DAY]]);
    expect(counts(held)).toEqual({ inTime: 1, late: 0, size: 0 });
  });

  test("leaves once", () => {
    const held = new HeldReplies();
    const entry = entryOf(1);
    held.hold(replyTo(entry));
    sent((out) => held.confirm(entry, out));
    expect(sent((out) => held.confirm(entry, out))).toEqual([]);
    expect(sent((out) => held.release(entry, out))).toEqual([]);
    expect(sent((out) => held.releaseAll(out))).toEqual([]);
    expect(counts(held)).toEqual({ inTime: 1, late: 0, size: 0 });
  });

  test("goes on waiting when the partner has another record than the one that it is about", () => {
    const held = new HeldReplies();
    const entry = entryOf(1);
    held.hold(replyTo(entry));
    entry.sequence++;
    expect(sent((out) => held.confirm(entry, out))).toEqual([]);
    expect(counts(held)).toEqual({ inTime: 0, late: 0, size: 1 });
  });

  test("does not mind what the partner has of other addresses", () => {
    const held = new HeldReplies();
    held.hold(replyTo(entryOf(1)));
    expect(sent((out) => held.confirm(entryOf(1), out))).toEqual([]);
    expect(held.size).toBe(1);
  });

  test("without the partner leaves with what was safe when the client asked", () => {
    const held = new HeldReplies();
    const entry = entryOf(1);
    held.hold(replyTo(entry));
    expect(sent((out) => held.release(entry, out))).toEqual([[0, 11, 600]]);
    expect(counts(held)).toEqual({ inTime: 0, late: 1, size: 0 });
  });

  test("leaves with more than that when more is safe now, and never with more than it has", () => {
    for (const [now, left] of [
      [100, 600],
      [7000, 7000],
      [DAY + 1, DAY],
    ]) {
      const held = new HeldReplies();
      const entry = entryOf(1);
      held.hold(replyTo(entry));
      expect(sent((out) => held.release(entry, out, now))).toEqual([[0, 11, left]]);
    }
  });

  test("does not leave when the address is another's", () => {
    const held = new HeldReplies();
    const entry = entryOf(1);
    held.hold(replyTo(entry));
    expect(held.drop(entry)).toBe(true);
    expect(held.drop(entry)).toBe(false);
    expect(sent((out) => held.releaseAll(out))).toEqual([]);
    expect(counts(held)).toEqual({ inTime: 0, late: 0, size: 0 });
    expect(held.nextAt).toBeUndefined();
  });

  test("gives way to the newer one of a client that asked again", () => {
    const held = new HeldReplies();
    const entry = entryOf(1);
    held.hold(replyTo(entry));
    entry.sequence = 20;
    held.hold(replyTo(entry, { lan: 1, deadline: 1080 }));
    expect(held.size).toBe(1);
    expect(held.nextAt).toBe(1080);
    expect(sent((out) => held.releaseDue(1079, out))).toEqual([]);
    expect(sent((out) => held.confirm(entry, out))).toEqual([[1, 20, DAY]]);
    expect(sent((out) => held.releaseAll(out))).toEqual([]);
  });
});

describe("several that wait", () => {
  /** Three, whose time is up 10 ms after each other from 1050 on. */
  function three(): { held: HeldReplies; entries: readonly LeaseEntry[] } {
    const held = new HeldReplies();
    const entries = [entryOf(1), entryOf(2), entryOf(3)];
    entries.forEach(
      (entry, i) => void held.hold(replyTo(entry, { lan: i, deadline: 1050 + 10 * i })),
    );
    return { held, entries };
  }

  test("leave when their time is up, in the order in which they came", () => {
    const { held } = three();
    expect(held.nextAt).toBe(1050);
    expect(sent((out) => held.releaseDue(1049, out))).toEqual([]);
    const both = sent((out) => held.releaseDue(1060, out));
    expect(both).toEqual([
      [0, 11, 600],
      [1, 12, 600],
    ]);
    expect(held.nextAt).toBe(1070);
    expect(sent((out) => held.releaseDue(1070, out))).toEqual([[2, 13, 600]]);
    expect(held.nextAt).toBeUndefined();
    expect(counts(held)).toEqual({ inTime: 0, late: 3, size: 0 });
  });

  test("do not wait for one in front that has left", () => {
    const { held, entries } = three();
    sent((out) => held.confirm(entries[0] as LeaseEntry, out));
    held.drop(entries[1] as LeaseEntry);
    expect(held.nextAt).toBe(1070);
    expect(sent((out) => held.releaseDue(1070, out))).toEqual([[2, 13, 600]]);
    expect(counts(held)).toEqual({ inTime: 1, late: 1, size: 0 });
  });

  test("all leave at once when there is no partner any more", () => {
    const { held } = three();
    const all = sent((out) => held.releaseAll(out));
    expect(all.map(([lan]) => lan)).toEqual([0, 1, 2]);
    expect(counts(held)).toEqual({ inTime: 0, late: 3, size: 0 });
  });

  test("stay in order however many they are", () => {
    const held = new HeldReplies();
    const entries = Array.from({ length: 5000 }, (_, i) => entryOf(i));
    entries.forEach((entry, i) => void held.hold(replyTo(entry, { deadline: i })));
    for (const [i, entry] of entries.entries()) {
      if (i % 3 !== 0) sent((out) => held.confirm(entry, out));
    }
    const rest = entries.filter((_, i) => i % 3 === 0).map(({ sequence }) => sequence);
    const left: (number | undefined)[] = [];
    for (let now = 0; now < 5000; now += 500) {
      expect(held.nextAt).toBe(now + ((3 - (now % 3)) % 3));
      const due = sent((out) => held.releaseDue(now + 499, out));
      for (const [, after] of due) left.push(after);
    }
    expect(left).toEqual(rest);
    expect(counts(held)).toEqual({ inTime: 3333, late: 1667, size: 0 });
  });
});

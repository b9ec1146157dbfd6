import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExpiryQueue } from "../../daemon/core/expiry-queue.ts";

interface Item {
  readonly name: number;
  expiresAt: number;
  queuedFor: number;
}

function item(name: number, expiresAt: number): Item {
  return { name, expiresAt, queuedFor: 0 };
}

describe("expiry queue", () => {
  test("gives out what has ended, earliest first, and nothing else", () => {
    const queue = new ExpiryQueue<Item>();
    for (const at of [30, 10, 20]) queue.watch(item(at, at));
    expect([queue.pop(25)?.name, queue.pop(25)?.name, queue.pop(25)?.name]).toEqual([
      10,
      20,
      undefined,
    ]);
    expect(queue.size).toBe(1);
  });

  test("a renewal costs nothing until the old end comes up", () => {
    const queue = new ExpiryQueue<Item>();
    const lease = item(1, 100);
    queue.watch(lease);
    for (let at = 200; at <= 900; at += 100) {
      lease.expiresAt = at;
      queue.watch(lease);
    }
    expect(queue.heapSize).toBe(1);
    expect(queue.pop(500)).toBeUndefined();
    expect(queue.nextAt).toBe(900);
    expect(queue.pop(900)).toBe(lease);
  });

  test("an end that comes nearer is noticed", () => {
    const queue = new ExpiryQueue<Item>();
    const lease = item(1, 100);
    queue.watch(lease);
    lease.expiresAt = 50;
    queue.watch(lease);
    expect(queue.pop(60)).toBe(lease);
    expect(queue.pop(200)).toBeUndefined();
  });

  test("a client that shortens its lease again and again does not grow the heap", () => {
    const queue = new ExpiryQueue<Item>();
    const lease = item(1, 1_000_000);
    for (let at = 1_000_000; at > 0; at--) {
      lease.expiresAt = at;
      queue.watch(lease);
    }
    expect(queue.heapSize).toBeLessThan(100);
    expect(queue.pop(1)).toBe(lease);
  });

  test("a client that comes and goes does not grow the heap", () => {
    const queue = new ExpiryQueue<Item>();
    const lease = item(1, 1000);
    for (let i = 0; i < 10_000; i++) {
      queue.watch(lease);
      queue.forget(lease);
    }
    expect(queue.heapSize).toBeLessThan(100);
    expect(queue.pop(2000)).toBeUndefined();
  });

  test("any order of watching, moving, forgetting and taking out agrees with a plain list", () => {
    const action = fc.oneof(
      fc.record({
        kind: fc.constant("set" as const),
        name: fc.nat(9),
        at: fc.integer({ min: 1, max: 60 }),
      }),
      fc.record({ kind: fc.constant("forget" as const), name: fc.nat(9), at: fc.constant(0) }),
      fc.record({ kind: fc.constant("pop" as const), name: fc.constant(0), at: fc.nat(60) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const queue = new ExpiryQueue<Item>();
        const items = Array.from({ length: 10 }, (_, name) => item(name, 0));
        const model = new Map<number, number>();
        for (const { kind, name, at } of actions) {
          const target = items[name] as Item;
          if (kind === "set") {
            target.expiresAt = at;
            queue.watch(target);
            model.set(name, at);
          } else if (kind === "forget") {
            queue.forget(target);
            model.delete(name);
          } else {
            const popped = queue.pop(at);
            const due = [...model].filter(([, end]) => end <= at);
            if (due.length === 0) expect(popped).toBeUndefined();
            else expect(due.map(([due]) => due)).toContain(popped?.name);
            if (popped) model.delete(popped.name);
          }
          expect(queue.size).toBe(model.size);
        }
      }),
    );
  });
});

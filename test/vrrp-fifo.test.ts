// keepalived's FIFO and dump: what is told when one of them says nothing useful.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { VrrpFifo } from "../daemon/vrrp-fifo.ts";

const WHOLE = JSON.stringify([
  {
    data: { iname: "LAN0", state: 2, effective_priority: 250 },
    stats: { advert_sent: 7 },
  },
]);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** An observer that gets these dumps, one after the other, and what it tells. */
function observer(dumps: readonly string[]) {
  const left = [...dumps];
  const told: unknown[] = [];
  const fifo = new VrrpFifo({
    dump: async () => ({ isDone: left.length > 0, text: left.shift() ?? "" }),
    news: (news) => told.push(news),
  });
  return { fifo, told };
}

test.each([
  ["of which only a part is written", WHOLE.slice(0, -1)],
  ["that is empty", ""],
  ["that is something else", '{"vrrp":[]}'],
  ["without instances", "[]"],
])("a dump %s is asked for again", async (_, text) => {
  const { fifo, told } = observer([text, WHOLE]);
  fifo.read();
  await vi.advanceTimersByTimeAsync(199);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual([{ kind: "states", states: new Map([["LAN0", "master"]]) }]);
});

test("what is written meanwhile is newer than the dump", async () => {
  const { fifo, told } = observer([WHOLE]);
  fifo.read();
  fifo.notified('INSTANCE "LAN0" FAULT 250');
  fifo.notified('INSTANCE "LAN0" BACKUP_PRIORITY 245');
  fifo.notified('GROUP "BOX" MASTER 0');
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([
    { kind: "state", instance: "LAN0", state: "fault" },
    { kind: "states", states: new Map([["LAN0", "fault"]]) },
  ]);
});

import { expect, test } from "vitest";
import { ACK, NAK, type Reply } from "../support/core-bench.ts";
import { OneAnswer } from "./one-answer.ts";
import { QUICK_DISK, type SimBox } from "./sim-box.ts";
import { World } from "./world.ts";

const MAC = "02:00:00:00:00:0a";
const MINUTE = 60_000;

/** A box in step with its partner, as far as is looked at here. */
function boxOf(name: string): SimBox {
  const terms = { primaryBuckets: new Uint8Array(32) };
  const config = { dialect: "tandem" };
  const pair = { state: "normal", isUpdating: true, config, endpoint: {}, terms };
  const life = { core: { pair } };
  const disk = { fault: undefined };
  const well = { disk, journalState: { kind: "ok" }, diskDelay: QUICK_DISK };
  return { name, life, ports: [], config: { networks: [] }, ...well } as unknown as SimBox;
}

async function made() {
  const world = new World(1, false);
  const boxes = [boxOf("a"), boxOf("b")] as const;
  const judge = new OneAnswer(world, boxes);
  judge.watch();
  await world.run(2 * MINUTE);
  judge.watch();
  const ask = (xid: number, more: { secs?: number; namesServer?: boolean; copies?: number } = {}) =>
    judge.asks({ mac: MAC, xid, secs: 0, namesServer: true, copies: 1, ...more });
  const answer = (box: 0 | 1, xid: number, type = ACK) => {
    const chaddr = Uint8Array.of(2, 0, 0, 0, 0, 10);
    judge.answers(boxes[box], { type, yiaddr: "10.77.0.100", message: { xid, chaddr } } as Reply);
  };
  return { world, boxes, judge, ask, answer };
}

test("two boxes that answer one request are found out, unless both refuse it", async () => {
  for (const [first, second, complaints] of [
    [ACK, ACK, 1],
    [NAK, ACK, 1],
    [NAK, NAK, 0],
  ] as const) {
    const { world, ask, answer } = await made();
    ask(1);
    answer(0, 1, first);
    answer(0, 1, first);
    expect(world.complaints).toEqual([]);
    answer(1, 1, second);
    expect(world.complaints).toHaveLength(complaints);
  }
});

test("while a disk is slow both may give one lease, and only that", async () => {
  const { world, boxes, judge, ask, answer } = await made();
  Object.assign(boxes[0], { diskDelay: [500, 500] });
  judge.watch();
  ask(1);
  answer(0, 1);
  answer(1, 1);
  expect(world.complaints).toEqual([]);
  ask(2);
  answer(0, 2);
  answer(1, 2, NAK);
  expect(world.complaints).toHaveLength(1);
});

test("a client that asks again, or had to wait, may be answered by both; so may one that reached both holders", async () => {
  const { world, ask, answer } = await made();
  const both = (xid: number) => [answer(0, xid), answer(1, xid)];
  ask(1);
  answer(0, 1);
  ask(1);
  both(1);
  ask(2, { namesServer: false, secs: 4 });
  both(2);
  ask(3, { copies: 2 });
  both(3);
  expect(world.complaints).toEqual([]);
});

test("boxes that are not in step answer as they can", async () => {
  const { world, boxes, judge, ask, answer } = await made();
  Object.assign(boxes[0].life?.core.pair ?? {}, { state: "communications-interrupted" });
  judge.watch();
  ask(1);
  answer(0, 1);
  answer(1, 1);
  expect(world.complaints).toEqual([]);
});

test("a request for what was offered that nobody answers is found out", async () => {
  const { world, ask } = await made();
  ask(1, { namesServer: false });
  ask(1, { namesServer: false });
  ask(2);
  expect(world.complaints).toEqual([]);
  ask(2);
  expect(world.complaints).toHaveLength(1);
});

// What the partner's answer to an update means: nothing for what changed since, nothing when it refuses.

import { beforeEach, describe, expect, test } from "vitest";
import { ipv4 } from "../../../daemon/base/address.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { MessageStream } from "../../../daemon/wire/failover/message-stream.ts";
import type { MessageOf } from "../../../daemon/wire/failover/messages.ts";
import type { RejectReason } from "../../../daemon/wire/failover/numbers.ts";
import { address, type ClientMessage } from "../../support/client-frame.ts";
import { ACK, DISCOVER, leaseTime, REQUEST, START_SECONDS } from "../../support/core-bench.ts";
import { only, type PairedBox, TwoCores } from "../../support/two-cores.ts";

const A = "02:00:00:00:00:0a";
const SECOND = 1000;
const WHOLE = 3600;
const MCLT = 600;

let cores: TwoCores;
let box: PairedBox;
let held: string;
let request: ClientMessage;

beforeEach(() => {
  cores = TwoCores.inStep();
  const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac: A }));
  box = cores.box(role);
  held = reply.yiaddr;
  const options = { 50: address(held), 54: address(box.ownAddress) };
  request = { type: REQUEST, mac: A, options };
});

/** Takes what the box has for its partner: the one update of the lease. */
function update(): MessageOf<"BNDUPD"> {
  const stream = new MessageStream();
  for (const effect of box.toPeer.splice(0)) {
    if (effect.kind === "peer-send") stream.push(effect.bytes);
  }
  const updates: MessageOf<"BNDUPD">[] = [];
  for (let one = stream.next(); one; one = stream.next()) {
    const message = decodeMessage(one, 0, one.length, "tandem");
    if (message.type === "BNDUPD") updates.push(message);
  }
  const [first] = updates;
  if (!first || updates.length > 1) throw new Error(`${updates.length} updates`);
  return first;
}

function answer({ xid }: MessageOf<"BNDUPD">, rejectReason?: RejectReason): void {
  const refusal = rejectReason === undefined ? {} : { rejectReason, message: "made up" };
  const bindings = [{ assignedIpAddress: ipv4(held), ...refusal }];
  box.hear({ type: "BNDACK", time: START_SECONDS, xid, bindings });
  if (box.needsDisk) box.durable();
}

/** The client asks, and the partner is told. */
function ask(message: ClientMessage): MessageOf<"BNDUPD"> {
  box.receive(message);
  box.durable();
  return update();
}

function sent(): (number | undefined)[][] {
  return box.replies().map((reply) => [reply.type, leaseTime(reply)]);
}

function isAgreed(): boolean | undefined {
  return box.core.book.at(ipv4(held))?.isAgreed;
}

test("a lease is agreed on when the partner has it", () => {
  const told = ask(request);
  expect([isAgreed(), sent()]).toEqual([false, []]);
  answer(told);
  expect([isAgreed(), sent()]).toEqual([true, [[ACK, WHOLE]]]);
});

test("an answer that is late says nothing about what the lease is since", () => {
  const before = ask(request);
  box.monotonic += SECOND / 100;
  const after = ask(request);
  answer(before);
  expect([isAgreed(), sent()]).toEqual([false, []]);
  answer(after);
  expect([isAgreed(), sent()]).toEqual([true, [[ACK, WHOLE]]]);
});

test("nor does one that comes before the partner was told of the change", () => {
  const before = ask(request);
  box.receive(request);
  answer(before);
  expect([isAgreed(), sent()]).toEqual([false, []]);
});

describe("a refusal", () => {
  test.each(["outdated-binding-information", "less-critical-binding-information"] as const)(
    "%s: the client is told what is safe without the partner",
    (reason) => {
      answer(ask(request), reason);
      expect([isAgreed(), sent()]).toEqual([false, [[ACK, MCLT]]]);
    },
  );

  test("fatal-conflict: the address is another client's at the partner, and this one is not told", () => {
    answer(ask(request), "fatal-conflict");
    cores.isSilent = true;
    cores.pass(SECOND);
    expect([isAgreed(), sent()]).toEqual([false, []]);
    expect(box.core.pairView()?.counters.conflicts).toBe(1);
  });
});

// A box that says goodbye has nothing to teach: it may have been about to learn itself.

import { expect, test } from "vitest";
import type { PairCommand } from "../../../daemon/core/event.ts";
import { START_SECONDS } from "../../support/core-bench.ts";
import { clientOf, cores, lease } from "../../support/one-server.ts";
import { isUpdate, messagesIn } from "../../support/peer-bytes.ts";

/** How many updates the primary sends when it is asked for all that it knows behind this command. */
function toldBehind(command: PairCommand | undefined): number {
  const two = cores();
  const { primary } = two;
  lease(two, clientOf("primary"));
  if (command) primary.step({ kind: "pair-command", command });
  two.settle();
  two.isSilent = true;
  primary.hear({ type: "UPDREQALL", time: START_SECONDS, xid: 7 });
  two.pass(1000);
  const sent = primary.toPeer.flatMap((one) =>
    one.kind === "peer-send" ? messagesIn(one.bytes) : [],
  );
  return sent.filter(isUpdate).length;
}

test("one that ends for a moment answers no request for what it knows", () => {
  expect(toldBehind("pause")).toBe(0);
});

test("others do", () => {
  expect(toldBehind(undefined)).toBeGreaterThan(0);
});

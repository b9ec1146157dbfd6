// A CONNECT that comes late, on a connection that nobody uses, while the boxes are long in step.

import { expect, test } from "vitest";
import { connectOf } from "../../../daemon/core/failover/greeting.ts";
import { TwoCores } from "../../support/two-cores.ts";

const OLD = 99;

function hearLate({ secondary, primary }: TwoCores): string[] {
  const { pair } = primary.core;
  if (!pair) throw new Error("a box without a partner");
  secondary.step({ kind: "peer-open", connection: OLD });
  const connect = connectOf(pair.config, pair.session.time - 143, 0, pair.mcltSeconds);
  secondary.hear({ ...connect, vendorClassIdentifier: "tandem-1" }, OLD);
  return secondary.core.conditions.active().map(({ id }) => id);
}

test("is refused, and is no news of a partner that is there", () => {
  const cores = TwoCores.inStep();
  expect(hearLate(cores)).not.toContain("partner-refuses");
  expect(cores.boxes.map(({ core }) => core.pair?.state)).toEqual(["normal", "normal"]);
  const [answer, end] = cores.secondary.toPeer.splice(0);
  expect([answer?.kind, answer?.connection]).toEqual(["peer-send", OLD]);
  expect([end?.kind, end?.connection]).toEqual(["peer-close", OLD]);
});

test("is said when the partner is away: its clock may be why", () => {
  const cores = TwoCores.inStep();
  cores.cut();
  expect(hearLate(cores)).toContain("partner-refuses");
});

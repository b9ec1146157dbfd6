// A box that its configuration takes out of its pair, and puts into it again.

import { expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import type { CoreConfig } from "../../daemon/core/config-view.ts";
import { CONTACT_OPEN } from "../../daemon/core/failover/pair-state.ts";
import { address } from "../support/client-frame.ts";
import { CoreBench, configOf, DISCOVER, kinds, network, REQUEST } from "../support/core-bench.ts";
import { makePair } from "../support/leases.ts";
import { pairedConfig } from "../support/pair-config.ts";
import { only, TwoCores } from "../support/two-cores.ts";

const A = "02:00:00:00:00:0a";

test("one that starts without its pair writes down that it serves alone", () => {
  const pair = makePair(7, { contactEnd: CONTACT_OPEN, epoch: 3, partnerSequence: 40 });
  const bench = new CoreBench([network()], { pair, lastSequence: 7, linkless: true });
  const written = () => bench.step({ kind: "alarm" }).filter(({ kind }) => kind === "persist-pair");
  expect(written()).toMatchObject([
    {
      state: { state: "partner-down", contactEnd: 7, epoch: 3, partnerSequence: 40 },
      sequence: 8,
    },
  ]);
  expect(bench.core.pairState?.state).toBe("partner-down");
  expect(written()).toEqual([]);
});

test("one that was never in a pair writes nothing", () => {
  const bench = new CoreBench([network()], { linkless: true });
  expect(kinds(bench.step({ kind: "alarm" }))).not.toContain("persist-pair");
  expect(bench.core.pairState).toBeUndefined();
});

test("one that comes back into its pair is not taken for one with an older disk", () => {
  const cores = TwoCores.inStep();
  const { secondary } = cores;
  const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac: A }));
  const options = { 50: address(reply.yiaddr), 54: address(cores.box(role).ownAddress) };
  only(cores.broadcast({ type: REQUEST, mac: A, options }));
  const apply = (config: CoreConfig) => secondary.step({ kind: "config", config });
  const own = ipv4(secondary.ownAddress);
  const networks = [network({ ownAddress: own, serverId: own })];
  apply(configOf(networks));
  cores.cut();
  cores.pass(1000);
  expect(secondary.core.pairState?.state).toBe("partner-down");
  apply(pairedConfig(networks, "secondary"));
  cores.connect();
  cores.pass(20_000);
  expect(cores.boxes.map((box) => box.core.pair?.state)).toEqual(["normal", "normal"]);
  expect(secondary.at(reply.yiaddr)?.state).toBe("active");
});

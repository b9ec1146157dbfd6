// What is told of open connections, to conntrackd and to people.

import { expect, test } from "vitest";
import type { GatewayPlan } from "../../../daemon/core/gateway/plan.ts";
import {
  trackingSide,
  trackingView,
  trackingWords,
  whyUntracked,
} from "../../../daemon/core/gateway/tracking.ts";
import { HAS_IT, PLAN, WITH_GUESTS } from "../../support/gateway-bench.ts";

const WAN = { interfaceName: "wan0", address: "10.79.0.1/24", router: "10.79.0.9" };
const RUNNING = { kind: "running" } as const;

test.each<[string, GatewayPlan, string | undefined]>([
  ["the first box", PLAN, "1 ded0 10.77.0.1,10.77.0.2"],
  ["the second box", { ...PLAN, isPrimary: false }, "2 ded0 10.77.0.1,10.77.0.2"],
  [
    "more ports and LANs, and a way to the provider",
    { ...WITH_GUESTS, pairPorts: ["ded0", "ded1"], wan: WAN },
    "1 ded0,ded1 10.77.0.1,10.78.0.1,10.79.0.1,10.77.0.2",
  ],
  [
    "an address that is named twice",
    { ...PLAN, ownAddresses: ["10.77.0.1/24"] },
    "1 ded0 10.77.0.1",
  ],
  ["no port between the boxes", { ...PLAN, pairPorts: [] }, undefined],
])("%s", (_, plan, words) => expect(trackingWords(plan)).toBe(words));

test("of more addresses than there is room for, those of the box itself are left out first", () => {
  const ownAddresses = Array.from({ length: 40 }, (_, at) => `10.80.${at}.2/24`);
  const addresses =
    trackingWords({ ...PLAN, ownAddresses })
      ?.split(" ")[2]
      ?.split(",") ?? [];
  expect([addresses.length, addresses[0], addresses[31]]).toEqual([32, "10.77.0.1", "10.80.30.2"]);
});

test("the box with the gateway is the one whose connections count", () => {
  const holdings = ["master", "backup", "fault", undefined] as const;
  expect(holdings.map(trackingSide)).toEqual(["primary", "backup", "backup", undefined]);
});

test("they are kept in step when both boxes say so", () => {
  expect(whyUntracked(RUNNING, HAS_IT)).toBeUndefined();
  expect(trackingView(RUNNING, HAS_IT)).toEqual({
    isKept: true,
    why: "Open connections: kept in step with the partner.",
  });
  expect(whyUntracked(RUNNING, undefined)).toBe("the partner is not heard");
  expect(whyUntracked(RUNNING, { holding: "backup", score: 100, mayTake: true })).toBe(
    "the partner does not keep them in step",
  );
  expect(trackingView({ kind: "off", why: "conntrackd is not installed" }, HAS_IT)).toEqual({
    isKept: false,
    why: "Open connections: not kept in step: conntrackd is not installed. Those whose addresses are translated may break when the gateway moves.",
  });
});

// The gateway as the API shows it, and what a person can have done with it; `changes` replace what is given.

import type { DrillReport, DrillsView, GatewayStatus } from "../../daemon/http/api-types.ts";
import type { ActionResult, GatewayControl, GatewayVerb } from "../../daemon/http/box-view.ts";
import { FAKE_NOW, iso } from "./fake-box.ts";

export function fakeGateway(changes: Partial<GatewayStatus> = {}): GatewayStatus {
  const since = iso(FAKE_NOW - 7_200_000);
  return {
    role: "active",
    why: "The gateway is at box A.",
    since,
    lans: [
      {
        ...{ name: "office", interface: "lan0", addresses: ["10.77.0.1/24"] },
        ...{ role: "gateway", why: "10.77.0.1 is at this box.", since },
      },
    ],
    wan: null,
    health: {
      score: 100,
      checks: [
        {
          ...{ id: "lan", subject: "office", title: "cable of office", isGood: true, weight: 30 },
          ...{ detail: "lan0 has a cable", since },
        },
      ],
    },
    partner: { holding: "backup", score: 100, mayTake: true },
    observers: { bus: true, fifo: true },
    maintenance: null,
    tracking: { isKept: true, why: "Open connections: kept in step with the partner." },
    ...changes,
  };
}

export function fakeDrill(changes: Partial<DrillReport> = {}): DrillReport {
  return {
    ...{ id: 7, kind: "planned", at: iso(FAKE_NOW - 60_000), measuredBy: "B" },
    ...{ detectionMilliseconds: 4, gatewayMilliseconds: 18, dhcpMilliseconds: 0 },
    ...{ pingsSent: 151, pingsLost: 0, outageMilliseconds: 12 },
    names: { asked: 49, answered: 48, afterMilliseconds: 22 },
    ...{ leases: 42, revertedMilliseconds: 40 },
    sentence:
      "The gateway was handed over: the other box had it after 18 ms, devices noticed 12 ms of it, and all after 0 ms were answered by DHCP.",
    ...changes,
  };
}

export class FakeGatewayControl implements GatewayControl {
  readonly acts: GatewayVerb[] = [];
  /** Why nothing is to be done; undefined: it is. */
  refusal: string | undefined;
  view: DrillsView = { underWay: false, drills: [] };
  /** Called with each that is done. */
  onAct: (verb: GatewayVerb) => void = () => {};

  preflight(verb: GatewayVerb): { readonly isPossible: boolean; readonly text: string } {
    const isPossible = this.refusal === undefined;
    return { isPossible, text: this.refusal ?? `box A would do this: ${verb}` };
  }

  act(verb: GatewayVerb): ActionResult {
    this.acts.push(verb);
    const { isPossible, text } = this.preflight(verb);
    if (isPossible) this.onAct(verb);
    return { isDone: isPossible, text };
  }

  drills(): DrillsView {
    return this.view;
  }
}

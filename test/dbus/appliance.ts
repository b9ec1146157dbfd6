// A box to show on the bus, a record of what its bus side says, and of what it was told to do.

import { vi } from "vitest";
import type { DrillReport } from "../../daemon/http/api-types.ts";
import type { ActionResult } from "../../daemon/http/box-view.ts";
import { ApplianceBus, type ApplianceControl, type ApplianceView } from "../../daemon/io/dbus.ts";
import type { NetworkView } from "../../daemon/io/dbus-view.ts";

export const ROOT = "/org/tandem/Appliance1";
export const MAIN = "org.tandem.Appliance1";
export const LAN = "org.tandem.Appliance1.Network";

const MOVING = {
  gatewayRole: "gateway",
  gatewayAddresses: ["10.77.0.1/24"],
  leases: 7,
} as const;
export const OFFICE: NetworkView = {
  ...{ name: "office", interface: "lan0", serving: true, why: "Serves office." },
  ...MOVING,
};
export const GUESTS: NetworkView = {
  ...{ name: "guest-2", interface: "lan1", serving: false, why: "No cable." },
  ...{ gatewayRole: "", gatewayAddresses: [], leases: 0 },
};

export function box(change: Partial<ApplianceView> = {}): ApplianceView {
  return {
    role: "serving",
    state: "fine",
    why: "Serves all networks.",
    since: "2026-03-01T10:00:00.000Z",
    name: "A",
    version: "0.1.0",
    conditions: [],
    gateway: {
      role: "active",
      why: "The gateway is at box A.",
      since: "2026-03-01T11:00:00.000Z",
    },
    health: {
      score: 60,
      checks: [
        { id: "lan", subject: "office", isGood: true, weight: 30, detail: "lan0 has a cable" },
        { id: "wan", subject: "", isGood: false, weight: 40, detail: "wan0 has no cable" },
      ],
    },
    partner: { state: "normal", why: "The boxes are in step." },
    isInMaintenance: false,
    isSafeToSwitchOff: false,
    isDrillUnderWay: false,
    lastDrill: "The gateway was handed over: the other box had it after 12 ms.",
    networks: [OFFICE],
    ...change,
  };
}

export const DRILL: DrillReport = {
  id: 4711,
  kind: "planned",
  at: "2026-03-01T12:00:00.000Z",
  measuredBy: "B",
  detectionMilliseconds: 3,
  gatewayMilliseconds: 12,
  dhcpMilliseconds: null,
  pingsSent: 900,
  pingsLost: 1,
  outageMilliseconds: 14.5,
  names: null,
  leases: 7,
  revertedMilliseconds: 40,
  sentence: "The gateway was handed over.",
};

/** Does what it is told, in this order; once `refusal` is set, nothing. */
export class Told {
  readonly told: string[] = [];
  refusal: string | undefined;
  drills: readonly DrillReport[] = [DRILL];

  get control(): ApplianceControl {
    return {
      preflight: (verb) => {
        const text = this.refusal ?? `${verb} is possible`;
        return { isPossible: this.refusal === undefined, text };
      },
      act: (verb) => this.#tell(verb),
      partnerDown: () => this.#tell("partner-down"),
      drills: () => ({ underWay: false, drills: this.drills }),
    };
  }

  #tell(what: string): ActionResult {
    if (this.refusal !== undefined) return { isDone: false, text: this.refusal };
    this.told.push(what);
    return { isDone: true, text: `${what} was carried out` };
  }
}

export class Recorded {
  readonly said: string[] = [];
  readonly box = new Told();
  readonly bus: ApplianceBus;

  constructor(address: string) {
    this.bus = new ApplianceBus(address, this.box.control, {
      connected: () => this.said.push("connected"),
      lost: (why) => this.said.push(`lost: ${why}`),
      asked: () => {},
    });
  }

  /** Resolves when the last thing said matches. */
  async until(pattern: RegExp): Promise<void> {
    await vi.waitUntil(() => pattern.test(this.said.at(-1) ?? ""), { timeout: 30_000 });
  }
}

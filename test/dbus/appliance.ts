// A box to show on the bus, and a record of what its bus side says.

import { vi } from "vitest";
import { ApplianceBus, type ApplianceView } from "../../daemon/io/dbus.ts";

export const ROOT = "/org/tandem/Appliance1";
export const MAIN = "org.tandem.Appliance1";
export const LAN = "org.tandem.Appliance1.Network";

export const OFFICE = { name: "office", interface: "lan0", serving: true, why: "Serves office." };
export const GUESTS = { name: "guest-2", interface: "lan1", serving: false, why: "No cable." };

export function box(change: Partial<ApplianceView> = {}): ApplianceView {
  return {
    role: "serving",
    state: "fine",
    why: "Serves all networks.",
    since: "2026-03-01T10:00:00.000Z",
    name: "A",
    version: "0.1.0",
    conditions: [],
    networks: [OFFICE],
    ...change,
  };
}

export class Recorded {
  readonly said: string[] = [];
  readonly bus: ApplianceBus;

  constructor(address: string) {
    this.bus = new ApplianceBus(address, {
      connected: () => this.said.push("connected"),
      lost: (why) => this.said.push(`lost: ${why}`),
    });
  }

  /** Resolves when the last thing said matches. */
  async until(pattern: RegExp): Promise<void> {
    await vi.waitUntil(() => pattern.test(this.said.at(-1) ?? ""), { timeout: 30_000 });
  }
}

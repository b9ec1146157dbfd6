// What a document for support is made of, on a box that is not there.

import { loadConfig } from "../../daemon/config/load.ts";
import { EventLog } from "../../daemon/event-log.ts";
import type { SupportSources } from "../../daemon/support-bundle.ts";
import { FAKE_NOW, FakeBox } from "./fake-box.ts";
import { FakePairing } from "./fake-pairing.ts";

export const SHARED = {
  version: 1,
  networks: [
    {
      name: "office",
      subnet: "10.77.0.0/24",
      pools: [{ from: "10.77.0.100", to: "10.77.0.199" }],
      reservations: [
        { mac: "52:54:00:12:34:56", address: "10.77.0.10", name: "bettys-printer.office.example" },
      ],
    },
  ],
};
export const BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { office: { interface: "lan0", address: "10.77.0.2/24" } },
};

export function fakeLog(): EventLog {
  const log = new EventLog({ write: () => {} }, () => {});
  const values = { address: "10.77.0.100", network: "office", time: "60 s" };
  const client = "52:54:00:ab:cd:ef";
  // A device that has been renamed since: no lease knows this name any more.
  const hostname = "(toms-old-phone) ";
  const now = { monotonic: 0, wall: FAKE_NOW };
  log.write("lease-granted", { ...values, client, hostname }, now);
  log.write("lease-expired", { client, address: "10.77.0.100" }, now);
  return log;
}

/** `changes` replace what is given. */
export function fakeSources(
  stateDir: string,
  changes: Partial<SupportSources> = {},
): SupportSources {
  const box = new FakeBox();
  const loaded = loadConfig(SHARED, BOX);
  if ("issues" in loaded) throw new Error(JSON.stringify(loaded.issues));
  const pairing = new FakePairing();
  const log = fakeLog();
  return {
    version: "1.2.3",
    board: { model: "Example 2", serial: "SN-4711", wanPort: undefined, pairPorts: ["pair0"] },
    stateDir,
    view: box,
    now: () => ({ monotonic: 86_400_000, wall: FAKE_NOW }),
    inForce: () => loaded.config,
    configuration: () => box.configView,
    pairing: () => pairing.pairing(),
    drills: () => ({ underWay: false, drills: [] }),
    logLines: () => log.kept(),
    deviceNames: () => ["annas-laptop"],
    leaseClock: () => FAKE_NOW / 1000,
    random: (count) => new Uint8Array(count).fill(9),
    ...changes,
  };
}

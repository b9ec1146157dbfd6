// What people look at when something does not work: captures, the log of this run, the document for support.

import type { Appliance } from "./appliance.ts";
import { VERSION } from "./base/version.ts";
import { Captures } from "./capture/captures.ts";
import type { Board } from "./config/board.ts";
import { captureRoutes } from "./http/capture-routes.ts";
import { logRoutes } from "./http/log-routes.ts";
import type { Route } from "./http/route.ts";
import { supportRoutes } from "./http/support-routes.ts";
import { randomBytes } from "./io/random.ts";
import { every } from "./io/ticker.ts";
import { SupportBundle } from "./support-bundle.ts";

export interface DiagnosticsOptions {
  readonly stateDir: string;
  readonly board: Board;
}

/** Rows of the API about this box. */
export function diagnosticRoutes(
  appliance: Appliance,
  { stateDir, board }: DiagnosticsOptions,
): Route[] {
  const { box, configuration, pairing, boxGateway } = appliance;
  const captures = new Captures({
    ...{ version: VERSION, every, now: () => appliance.now() },
    networks: () => box.status().networks,
    say: (id, values) => appliance.say(id, values),
    setTap: (tap) => {
      if (appliance.links) appliance.links.tap = tap;
    },
  });
  const bundle = new SupportBundle({
    ...{
      version: VERSION,
      board,
      stateDir,
      view: box,
      random: randomBytes,
      now: () => appliance.now(),
    },
    inForce: () => box.inForce,
    configuration: () => configuration.view(),
    pairing: () => pairing.pairing(),
    drills: () => boxGateway.drills,
    logLines: () => box.logs.kept(),
    deviceNames: () => namesOf(appliance),
    leaseClock: () => appliance.core?.seconds,
  });
  return [...captureRoutes(captures), ...logRoutes(box.logs), ...supportRoutes(bundle)];
}

function* namesOf({ core }: Appliance): Generator<string> {
  for (const { hostname } of core?.book.leases() ?? []) if (hostname !== "") yield hostname;
}

// Everything that the API of a box can do, with nothing behind it but data: for tests of all rows at once.

import { ConfigDesk } from "../../daemon/config-desk.ts";
import { configRoutes } from "../../daemon/http/config-routes.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { createWebApp, type WebApp } from "../../daemon/http/routes.ts";
import { schemaRoutes } from "../../daemon/http/schema-routes.ts";
import { schemaSource } from "../../daemon/schema-documents.ts";
import { FakeBox, fakeLease } from "./fake-box.ts";
import { FakeConfigMachine } from "./fake-config-machine.ts";
import { FakeGatewayControl } from "./fake-gateway.ts";
import { FakePairing } from "./fake-pairing.ts";

export interface WholeApi {
  readonly app: WebApp;
  readonly box: FakeBox;
  readonly machine: FakeConfigMachine;
  /** Of our own, which no request may bring about. */
  readonly faults: unknown[];
}

export function wholeApi(callerOf?: () => Caller): WholeApi {
  const box = new FakeBox();
  box.grant(...Array.from({ length: 30 }, (_, n) => fakeLease(n)));
  const machine = new FakeConfigMachine();
  const faults: unknown[] = [];
  const app: WebApp = createWebApp(box, {
    ...{ actions: box, gateway: new FakeGatewayControl(), pairing: new FakePairing() },
    ...(callerOf ? { callerOf } : {}),
    routes: [
      ...configRoutes(new ConfigDesk(machine)),
      ...schemaRoutes(schemaSource(() => app.routes, "tandem")),
    ],
    onFault: (error) => faults.push(error),
  });
  return { app, box, machine, faults };
}

// Everything that the API of a box can do, with nothing behind it but data: for tests of all rows at once.

import { ConfigDesk } from "../../daemon/config-desk.ts";
import { Devices } from "../../daemon/devices.ts";
import { accessRoutes } from "../../daemon/http/access-routes.ts";
import { backupRoutes } from "../../daemon/http/backup-routes.ts";
import { type CaptureControl, captureRoutes } from "../../daemon/http/capture-routes.ts";
import {
  type CertificateControl,
  certificateRoutes,
} from "../../daemon/http/certificate-routes.ts";
import { configRoutes } from "../../daemon/http/config-routes.ts";
import { deviceRoutes } from "../../daemon/http/device-routes.ts";
import { importRoutes } from "../../daemon/http/import-routes.ts";
import { logRoutes } from "../../daemon/http/log-routes.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { createWebApp, type WebApp } from "../../daemon/http/routes.ts";
import { schemaRoutes } from "../../daemon/http/schema-routes.ts";
import { supportRoutes } from "../../daemon/http/support-routes.ts";
import { schemaSource } from "../../daemon/schema-source.ts";
import { SupportBundle } from "../../daemon/support-bundle.ts";
import { AccessBench } from "./access-bench.ts";
import { FakeBackups } from "./fake-backups.ts";
import { FakeBox, fakeLease } from "./fake-box.ts";
import { FakeConfigMachine } from "./fake-config-machine.ts";
import { FakeGatewayControl } from "./fake-gateway.ts";
import { FakePairing } from "./fake-pairing.ts";
import { fakeLog, fakeSources } from "./support-sources.ts";

export interface WholeApi {
  readonly app: WebApp;
  readonly box: FakeBox;
  readonly machine: FakeConfigMachine;
  /** Users, sessions and tokens, with a clock that a test moves. */
  readonly access: AccessBench;
  /** Of our own, which no request may bring about. */
  readonly faults: unknown[];
}

export function wholeApi(callerOf?: () => Caller): WholeApi {
  const box = new FakeBox();
  box.grant(...Array.from({ length: 30 }, (_, n) => fakeLease(n)));
  const machine = new FakeConfigMachine();
  const access = new AccessBench();
  const desk = new ConfigDesk(machine);
  const faults: unknown[] = [];
  const app: WebApp = createWebApp(box, {
    ...{ actions: box, gateway: new FakeGatewayControl(), pairing: new FakePairing() },
    ...(callerOf ? { callerOf } : {}),
    routes: [
      ...configRoutes(desk),
      ...deviceRoutes(new Devices(deviceRecords(), desk)),
      ...accessRoutes(access.access),
      ...backupRoutes(new FakeBackups()),
      ...captureRoutes(CAPTURES),
      ...certificateRoutes(CERTIFICATE),
      ...importRoutes({ preview: async () => FAKE_IMPORT }),
      ...logRoutes(fakeLog()),
      ...supportRoutes(new SupportBundle(fakeSources("/nonexistent"))),
      ...schemaRoutes(schemaSource(() => app.routes, "tandem")),
    ],
    onFault: (error) => faults.push(error),
  });
  return { app, box, machine, access, faults };
}

/** Captures that are over as soon as they begin. */
const CAPTURES: CaptureControl = {
  interfaceOf: (network) => (network === "office" ? "lan0" : undefined),
  open: () => (sink) => sink.end(),
};

/** One that takes whatever is put there. */
const CERTIFICATE: CertificateControl = {
  view: () => ({ shown: null, uploaded: null, authority: null }),
  authorityPem: "-----BEGIN CERTIFICATE-----",
  upload: async () => ({ isGood: true, sentence: "Done." }),
  withdraw: async () => ({ isGood: true, sentence: "Done." }),
};

function deviceRecords(): ConstructorParameters<typeof Devices>[0] {
  const records = new Map<string, string>();
  return {
    get: (key) => records.get(key),
    list: () => [...records.keys()].map((key) => ({ key })),
    set: async (key, value) => records.set(key, value).has(key),
    delete: async (key) => records.delete(key),
  };
}

const FAKE_IMPORT = {
  ...{ config: { version: 1, networks: [] }, ports: {}, leases: 2, moreNotes: 0 },
  notes: [{ file: "dhcpd.conf", line: 7, kind: "left-out", text: "ddns", reason: "Not here." }],
} as const;

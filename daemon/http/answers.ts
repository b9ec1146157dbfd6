// What a 200 of each row holds, for the document of the API. The definitions are made of the types in api-*.ts:
// WRITE=1 npx vitest run --config test/vitest.config.ts test/http/answers.test.ts

import DEFINITIONS from "./answers.json" with { type: "json" };
import type { JsonSchema } from "./json-schema.ts";
import type { Route } from "./route.ts";

/** Where the document has its schemas. */
export const SCHEMAS = "#/components/schemas/";

/** By name, the types of the answers and those that they are made of. */
export const ANSWER_TYPES: Readonly<Record<string, JsonSchema>> = DEFINITIONS;

/** Undefined where it is not JSON, or any JSON. */
export function answerOf({ method, path, answers }: Route): JsonSchema | undefined {
  // Whatever the box was asked to do, it says what came of it in the same form.
  return ANSWERS[`${method} ${path}`] ?? (answers[200]?.startsWith("done") ? DONE : undefined);
}

const DONE = ref("Done");
const CHANGED = ref("ChangedView");

const ANSWERS: Readonly<Record<string, JsonSchema>> = {
  "GET /api/v1/status": ref("Status"),
  "GET /api/v1/leases": ref("LeasePage"),
  "GET /api/v1/events": ref("EventList"),
  "GET /api/v1/why": ref("WhyView"),
  "GET /api/v1/identity": ref("IdentityView"),
  "GET /api/v1/configuration": ref("ConfigSyncView"),
  "GET /api/v1/pairing": ref("PairingView"),
  "GET /api/v1/gateway/handover": ref("PreflightView"),
  "GET /api/v1/gateway/maintenance/on": ref("PreflightView"),
  "GET /api/v1/gateway/maintenance/off": ref("PreflightView"),
  "GET /api/v1/gateway/drill": ref("PreflightView"),
  "GET /api/v1/gateway/unplug": ref("PreflightView"),
  "GET /api/v1/drills": ref("DrillsView"),
  "GET /api/v1/config": ref("ConfigView"),
  "PUT /api/v1/config": CHANGED,
  "POST /api/v1/config/check": ref("CheckView"),
  "GET /api/v1/config/history": ref("HistoryView"),
  "GET /api/v1/config/history/{generation}": ref("HistoryVersionView"),
  "POST /api/v1/config/history/{generation}/restore": CHANGED,
  "POST /api/v1/import": ref("ImportView"),
  "GET /api/v1/networks": ref("EntryList"),
  "POST /api/v1/networks": CHANGED,
  "GET /api/v1/networks/{network}": ref("Network"),
  "PUT /api/v1/networks/{network}": CHANGED,
  "DELETE /api/v1/networks/{network}": CHANGED,
  "GET /api/v1/networks/{network}/reservations": ref("EntryList"),
  "POST /api/v1/networks/{network}/reservations": CHANGED,
  "PUT /api/v1/networks/{network}/reservations/{address}": CHANGED,
  "DELETE /api/v1/networks/{network}/reservations/{address}": CHANGED,
  "GET /api/v1/devices": ref("DeviceList"),
  "GET /api/v1/devices/{mac}": ref("DeviceView"),
  "PATCH /api/v1/devices/{mac}": ref("DeviceView"),
  "DELETE /api/v1/devices/{mac}": ref("DeviceView"),
  "GET /api/v1/setup": ref("SetupView"),
  "GET /api/v1/session": ref("CallerView"),
  "POST /api/v1/session": DONE,
  "DELETE /api/v1/session": DONE,
  "GET /api/v1/users": listOf("users", "UserView"),
  "GET /api/v1/tokens": listOf("tokens", "TokenView"),
  "POST /api/v1/tokens": ref("NewToken"),
  "POST /api/v1/restore/preview": ref("RestoreView"),
  "GET /api/v1/factory-reset": ref("ResetView"),
  "POST /api/v1/factory-reset": DONE,
  "GET /api/v1/certificate": ref("CertificateView"),
  "GET /api/v1/logs": ref("LogPage"),
  "GET /api/v1/support": ref("SupportView"),
  "GET /api/v1/audit": listOf("entries", "AuditEntry"),
};

/** Names of the types that are told of. */
export function answerNames(): string[] {
  const refs = JSON.stringify([DONE, ANSWERS]).matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g);
  return [...new Set(Array.from(refs, ([, name = ""]) => name))];
}

function ref(name: string): JsonSchema {
  return { $ref: `${SCHEMAS}${name}` };
}

function listOf(member: string, name: string): JsonSchema {
  const list = { type: "array", items: ref(name) };
  return { type: "object", properties: { [member]: list }, required: [member] };
}

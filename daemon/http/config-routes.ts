// The configuration over the API: read, check, change, confirm, history. Each change says which version it was made
// from (If-Match), so that two people never undo each other's work without seeing it.

import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import type { EntryList, EntryView, HistoryView } from "./api-config.ts";
import type { ConfigControl, Outcome, Wish } from "./config-control.ts";
import { ACTED, acted } from "./done.ts";
import { type HttpRequest, type HttpResponse, jsonResponse } from "./message.ts";
import { problem } from "./problem.ts";
import { type Asked, type Route, row } from "./route.ts";

const CHANGED = {
  200: "in force: generation, and how long it may be confirmed",
  404: "there is no such thing",
  409: "it is another one by now (with the differences), or it was refused",
  422: "it cannot be so: everything that is wrong with it",
  428: "If-Match is missing",
} as const;

const seconds = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^[0-9]{1,4}$/, "must be a number of seconds, or 0"),
    v.transform(Number),
    v.check(
      (n) => n === 0 || (n >= LIMITS.trialSecondsMin && n <= LIMITS.trialSecondsMax),
      `must be 0, or from ${LIMITS.trialSecondsMin} to ${LIMITS.trialSecondsMax} seconds`,
    ),
  ),
);
/** Of each change: after how many seconds it is undone unless it is confirmed, and what the person says of it. */
const changeQuery = v.object({
  confirmWithinSeconds: seconds,
  note: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(LIMITS.noteCharactersMax, `may have ${LIMITS.noteCharactersMax} characters`),
    ),
    "",
  ),
});
type ChangeQuery = v.InferOutput<typeof changeQuery>;

const anything = v.unknown();
const setting = v.record(v.string(), v.unknown(), "must be an object");
const nothing = v.object({});
const CONFIG = { body: anything, bodyBytesMax: LIMITS.configFileBytesMax } as const;
const CHANGE = { query: changeQuery, answers: CHANGED } as const;
const NETWORK = "/api/v1/networks/{network}";

export function configRoutes(control: ConfigControl): Route[] {
  return [
    ...wholeRoutes(control),
    ...historyRoutes(control),
    ...networkRoutes(control),
    ...reservationRoutes(control),
  ];
}

function wholeRoutes(control: ConfigControl): Route[] {
  const path = "/api/v1/config";
  return [
    row({
      ...{ method: "GET", path, role: "viewer" },
      summary: "The configuration that both boxes share, with who made it and when.",
      answers: { 200: "the configuration, and its ETag", 503: "the box is just starting" },
      handle: () => {
        const view = control.read();
        if (!view) return problem(503, "The box is just starting.");
        const { etag, ...rest } = view;
        return tagged(etag, rest);
      },
    }),
    row({
      ...{ method: "PUT", path, role: "admin", ...CONFIG, ...CHANGE },
      summary: "Another configuration for both boxes: in force on both, or on none.",
      handle: async ({ body, ...asked }) => {
        const wish = wishOf(asked, LIMITS.trialSeconds);
        if (wish.ifMatch === undefined) return noTag();
        return changed(await control.put(body, wish));
      },
    }),
    row({
      ...{ method: "POST", path: `${path}/check`, role: "viewer", ...CONFIG },
      summary: "What would come of another configuration; nothing is changed.",
      answers: { 200: "what is wrong with it, what people would notice, what differs" },
      handle: async ({ body }) => jsonResponse(await control.check(body)),
    }),
    row({
      ...{ method: "POST", path: `${path}/confirm`, role: "operator", body: nothing },
      summary: "The change that waits to be confirmed stays.",
      answers: ACTED,
      handle: async ({ caller }) => acted(await control.confirm(caller)),
    }),
    row({
      ...{ method: "POST", path: `${path}/undo`, role: "operator", body: nothing },
      summary: "The change that waits to be confirmed is undone at once.",
      answers: ACTED,
      handle: async ({ caller }) => acted(await control.undo(caller)),
    }),
  ];
}

function historyRoutes(control: ConfigControl): Route[] {
  const path = "/api/v1/config/history";
  return [
    row({
      ...{ method: "GET", path, role: "viewer" },
      summary: "What was in force before: who changed it, when and from where.",
      answers: { 200: "the newest first" },
      handle: () => {
        const view: HistoryView = { entries: control.history() };
        return jsonResponse(view);
      },
    }),
    row({
      ...{ method: "GET", path: `${path}/{generation}`, role: "viewer" },
      summary: "One that was in force, and in what it differs from what is in force now.",
      answers: { 200: "the configuration", 404: "there is none of this number" },
      handle: async ({ path }) => {
        const view = await control.version(numberIn(path.generation));
        return view ? jsonResponse(view) : problem(404, "There is none of this number.");
      },
    }),
    row({
      ...{ method: "POST", path: `${path}/{generation}/restore`, role: "admin", body: nothing },
      ...CHANGE,
      summary: "Puts one that was in force before into force again, on both boxes.",
      handle: async ({ path, ...asked }) => {
        const wish = wishOf({ path, ...asked }, LIMITS.trialSeconds);
        return changed(await control.rollBack(numberIn(path.generation), wish));
      },
    }),
  ];
}

function networkRoutes(control: ConfigControl): Route[] {
  const change = async (asked: Change, name: string | undefined, value: unknown) => {
    const wish = wishOf(asked, LIMITS.trialSeconds);
    if (name !== undefined && wish.ifMatch === undefined) return noTag();
    return changed(await control.putNetwork(name, value, wish));
  };
  return [
    row({
      ...{ method: "GET", path: "/api/v1/networks", role: "viewer" },
      summary: "The networks, each with the tag that a change of it has to name.",
      answers: { 200: "the networks" },
      handle: () => list(control.networks()),
    }),
    row({
      ...{ method: "POST", path: "/api/v1/networks", role: "admin", body: setting, ...CHANGE },
      summary: "One more network.",
      handle: ({ body, ...asked }) => change(asked, undefined, body),
    }),
    row({
      ...{ method: "GET", path: NETWORK, role: "viewer" },
      summary: "One network.",
      answers: { 200: "the network, and its ETag", 404: "there is none of this name" },
      handle: ({ path }) => {
        const found = control.networks().find(({ value }) => nameIn(value) === path.network);
        return found ? tagged(found.etag, found.value) : problem(404, "There is no such network.");
      },
    }),
    row({
      ...{ method: "PUT", path: NETWORK, role: "admin", body: setting, ...CHANGE },
      ...{ bodyBytesMax: LIMITS.configFileBytesMax, summary: "Changes one network." },
      handle: ({ body, ...asked }) => change(asked, asked.path.network, body),
    }),
    row({
      ...{ method: "DELETE", path: NETWORK, role: "admin", ...CHANGE },
      summary: "Takes a network away.",
      handle: (asked) => change(asked, asked.path.network, undefined),
    }),
  ];
}

function reservationRoutes(control: ConfigControl): Route[] {
  const path = `${NETWORK}/reservations`;
  const change = async (asked: Change, address: string | undefined, value: unknown) => {
    // Nobody can lock themselves out with a reservation, so it stays unless something else is wished.
    const wish = wishOf(asked, 0);
    if (address !== undefined && wish.ifMatch === undefined) return noTag();
    const network = asked.path.network ?? "";
    return changed(await control.putReservation(network, address, value, wish));
  };
  return [
    row({
      ...{ method: "GET", path, role: "viewer" },
      summary: "The reservations of a network, each with the tag that a change of it has to name.",
      answers: { 200: "the reservations", 404: "there is no such network" },
      handle: ({ path }) => {
        const found = control.reservations(path.network ?? "");
        return found ? list(found) : problem(404, "There is no such network.");
      },
    }),
    row({
      ...{ method: "POST", path, role: "operator", body: setting, ...CHANGE },
      summary: "One more reservation.",
      handle: ({ body, ...asked }) => change(asked, undefined, body),
    }),
    row({
      ...{ method: "PUT", path: `${path}/{address}`, role: "operator", body: setting, ...CHANGE },
      summary: "Changes the reservation of this address.",
      handle: ({ body, ...asked }) => change(asked, asked.path.address, body),
    }),
    row({
      ...{ method: "DELETE", path: `${path}/{address}`, role: "operator", ...CHANGE },
      summary: "Takes the reservation of this address away.",
      handle: (asked) => change(asked, asked.path.address, undefined),
    }),
  ];
}

type Change = Pick<Asked<unknown, ChangeQuery>, "request" | "caller" | "query" | "path">;

function wishOf({ request, caller, query }: Change, trialSeconds: number): Wish {
  const { confirmWithinSeconds = trialSeconds, note } = query;
  return { caller, ifMatch: tagIn(request), trialSeconds: confirmWithinSeconds, note };
}

/** RFC 9110 §13.1.1, of which a list of tags is of no use here. */
function tagIn(request: HttpRequest): string | undefined {
  return request
    .header("if-match")
    ?.trim()
    .replace(/^"(.*)"$/, "$1");
}

/** What came of a change. */
export function changed(one: Outcome): HttpResponse {
  switch (one.kind) {
    case "changed":
      return one.etag === "" ? jsonResponse(one.view) : tagged(one.etag, one.view);
    case "invalid":
      return problem(422, `It cannot be so: ${firstOf(one.issues)}.`, {}, { errors: one.issues });
    case "conflict": {
      const { etag, differences = [] } = one;
      return problem(409, one.text, { etag: `"${etag}"` }, { etag, differences });
    }
    case "refused":
      return problem(409, one.text, {}, one.issues.length > 0 ? { errors: one.issues } : {});
    case "missing":
      return problem(404, one.text);
  }
}

function firstOf(issues: Extract<Outcome, { kind: "invalid" }>["issues"]): string {
  const [first] = issues;
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : "";
  return `${first?.path} ${first?.reason}${more}`;
}

function noTag(): HttpResponse {
  return problem(428, "Say in If-Match which version this change was made from: its ETag.");
}

function tagged(etag: string, value: unknown): HttpResponse {
  const response = jsonResponse(value);
  return { ...response, headers: { ...response.headers, etag: `"${etag}"` } };
}

function list(entries: readonly EntryView[]): HttpResponse {
  const view: EntryList = { entries };
  return jsonResponse(view);
}

function nameIn(value: unknown): unknown {
  return (value as { readonly name?: unknown }).name;
}

/** -1 for what is no number, which no generation has. */
function numberIn(text = ""): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : -1;
}

// What can be read of the box: status, leases, events, why, metrics.

import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import type { BoxView, LeaseQuery } from "./box-view.ts";
import type { EventStreams } from "./event-streams.ts";
import { csvBody } from "./lease-csv.ts";
import { leaseQuery } from "./lease-query.ts";
import {
  type HttpRequest,
  type HttpResponse,
  jsonResponse,
  streamResponse,
  textResponse,
} from "./message.ts";
import { formatOpenMetrics, OPEN_METRICS_TYPE } from "./open-metrics.ts";
import { problem } from "./problem.ts";
import { type Asked, type Route, row } from "./route.ts";

const clientQuery = v.object({
  client: v.pipe(
    v.optional(v.string(), ""),
    v.trim(),
    v.check(
      (text) => text.length > 0 && text.length <= LIMITS.searchTextMax,
      `must be a MAC address, an IPv4 address or a host name of at most ${LIMITS.searchTextMax} characters`,
    ),
  ),
});
const eventsQuery = v.object({
  lastEventId: v.optional(v.string()),
  format: v.optional(v.string()),
});

export function viewRoutes(
  view: BoxView,
  streams: EventStreams,
  onFault: (error: unknown) => void,
): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/status", role: "viewer" },
      summary: "How the box is: role, state and why, networks, partner, gateway.",
      answers: { 200: "the status" },
      handle: () => jsonResponse(view.status()),
    }),
    row({
      ...{ method: "GET", path: "/api/v1/leases", role: "viewer", query: leaseQuery },
      summary: "Who has which address, by pages; as CSV all of them.",
      media: ["application/json", "text/csv"],
      answers: { 200: "leases, as JSON or CSV", 406: "neither JSON nor CSV is wanted" },
      handle: ({ request, query }) => leases(view, request, query, onFault),
    }),
    row({
      ...{ method: "GET", path: "/api/v1/events", role: "viewer", query: eventsQuery },
      summary: "What happens, live as server-sent events, or the latest as JSON.",
      media: ["text/event-stream", "application/json"],
      answers: {
        200: "a stream of events, or a list",
        406: "neither an event stream nor JSON is wanted",
        503: "too many listen already",
      },
      handle: (asked) => events(view, streams, asked),
    }),
    row({
      ...{ method: "GET", path: "/api/v1/why", role: "viewer", query: clientQuery },
      summary: "Why a device has an address, or has none.",
      answers: { 200: "the answer, with what was decided lately" },
      handle: ({ query }) => jsonResponse(view.why(query.client)),
    }),
    row({
      ...{ method: "GET", path: "/metrics", role: "viewer" },
      summary: "All counters, in the OpenMetrics format.",
      media: ["application/openmetrics-text"],
      answers: { 200: "OpenMetrics text" },
      handle: () =>
        textResponse(200, OPEN_METRICS_TYPE, formatOpenMetrics(view.status(), view.metrics())),
    }),
  ];
}

function leases(
  view: BoxView,
  request: HttpRequest,
  query: LeaseQuery,
  onFault: (error: unknown) => void,
): HttpResponse {
  const format = wantedFormat(request, ["json", "csv"]);
  if (format === undefined) return problem(406, "Leases can be had as JSON or CSV.");
  if (format === "json") return jsonResponse(view.leases(query));
  const limit = request.query.has("limit") ? query.limit : Number.POSITIVE_INFINITY;
  return streamResponse(
    "text/csv; charset=utf-8; header=present",
    csvBody(view, query, limit, onFault),
    { "content-disposition": 'attachment; filename="leases.csv"' },
  );
}

function events(
  view: BoxView,
  streams: EventStreams,
  { request, query, mayStill }: Asked<undefined, v.InferOutput<typeof eventsQuery>>,
): HttpResponse {
  const format = wantedFormat(request, ["event-stream", "json"]);
  if (format === undefined) return problem(406, "Events can be had as an event stream or JSON.");
  if (format === "json") return jsonResponse({ events: view.events(0) });
  // A page that opens a new EventSource cannot set the header, so the query does as well.
  const lastEventId = request.header("last-event-id") ?? query.lastEventId;
  const stream = streams.open(lastEventId, mayStill);
  if (stream !== undefined) return streamResponse("text/event-stream", stream);
  return problem(503, `There are already ${LIMITS.eventStreamsMax} live listeners.`, {
    "retry-after": "5",
  });
}

/** `?format=` decides, else the Accept header; the first of `known` for no wish at all. */
function wantedFormat<T extends string>(request: HttpRequest, known: readonly T[]): T | undefined {
  const asked = request.query.get("format");
  if (asked !== null) return known.find((format) => format === asked);
  const accept = request.header("accept") ?? "*/*";
  const types = accept.split(",").map((part) => part.split(";")[0]?.trim().toLowerCase());
  const named = known.find((format) => types.includes(MEDIA_TYPES[format]));
  return named ?? (types.some((type) => type?.endsWith("/*")) ? known[0] : undefined);
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  csv: "text/csv",
  "event-stream": "text/event-stream",
};

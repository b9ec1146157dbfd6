// GET /api/v1/…, /metrics and the page. Request in, Response out; the sockets are in io/.

import { Hono } from "hono";
import { LIMITS } from "../limits.ts";
import type { BoxView } from "./box-view.ts";
import { EventStreams } from "./event-streams.ts";
import { hostCheck, readOnly, sameSite, securityHeaders, type Transport } from "./guard.ts";
import { CSV_HEADER, csvRow } from "./lease-csv.ts";
import { parseLeaseQuery } from "./lease-query.ts";
import { formatOpenMetrics, OPEN_METRICS_TYPE } from "./open-metrics.ts";
import { problem, RequestError } from "./problem.ts";
import { serveWebFile, type WebFiles } from "./web-files.ts";

export interface WebApp {
  readonly app: Hono<{ Bindings: Transport }>;
  readonly streams: EventStreams;
}

export interface WebAppOptions {
  /** The page; without it (not built, not installed) only the API is served. */
  readonly web?: WebFiles;
  /** Told of an error of our own while answering; the client sees only that there was one. */
  readonly onFault?: (error: unknown) => void;
}

/** The whole HTTP side of the box. */
export function createWebApp(view: BoxView, options: WebAppOptions = {}): WebApp {
  const app = new Hono<{ Bindings: Transport }>();
  const streams = new EventStreams(view);

  app.use(securityHeaders, hostCheck, readOnly);
  app.use("/api/*", sameSite);
  app.get("/api/v1/status", () => json(view.status()));
  app.get("/api/v1/leases", (c) => leases(view, new URL(c.req.url).searchParams, c.req.raw));
  app.get("/api/v1/events", (c) =>
    events(view, streams, new URL(c.req.url).searchParams, c.req.raw),
  );
  app.get("/metrics", () => {
    const headers = { "content-type": OPEN_METRICS_TYPE, "cache-control": "no-store" };
    return new Response(formatOpenMetrics(view.status(), view.metrics()), { headers });
  });
  app.get("*", (c) => {
    const path = new URL(c.req.url).pathname;
    const file = options.web?.get(path === "/" ? "index.html" : path.slice(1));
    if (file !== undefined) return serveWebFile(file, c.req.raw);
    if (path === "/") return problem(404, "The page is not installed; the API is at /api/v1/.");
    return problem(404, "There is nothing here.");
  });
  app.onError((error) => {
    if (error instanceof RequestError) return problem(400, error.message);
    options.onFault?.(error);
    return problem(500, "The box made a mistake while answering; its log says more.");
  });
  return { app, streams };
}

function leases(view: BoxView, parameters: URLSearchParams, request: Request): Response {
  const query = parseLeaseQuery(parameters);
  const format = wantedFormat(parameters, request, ["json", "csv"]);
  if (format === undefined) return problem(406, "Leases can be had as JSON or CSV.");
  if (format === "json") return json(view.leases(query));
  const limit = parameters.has("limit") ? query.limit : Number.POSITIVE_INFINITY;
  const body = new ReadableStream(csvSource(view, query, limit));
  return new Response(body, {
    headers: {
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": 'attachment; filename="leases.csv"',
      "cache-control": "no-store",
    },
  });
}

/** Page by page as the client reads, so that a large book is never one large string. */
function csvSource(
  view: BoxView,
  query: ReturnType<typeof parseLeaseQuery>,
  limit: number,
): UnderlyingDefaultSource<Uint8Array> {
  const utf8 = new TextEncoder();
  let sent = 0;
  return {
    start: (controller) => controller.enqueue(utf8.encode(CSV_HEADER)),
    pull: (controller) => {
      const wanted = Math.min(LIMITS.leasePageMax, limit - sent);
      const page =
        wanted > 0
          ? view.leases({ ...query, offset: query.offset + sent, limit: wanted })
          : undefined;
      if (page === undefined || page.leases.length === 0) return controller.close();
      sent += page.leases.length;
      controller.enqueue(utf8.encode(page.leases.map(csvRow).join("")));
    },
  };
}

function events(
  view: BoxView,
  streams: EventStreams,
  parameters: URLSearchParams,
  request: Request,
): Response {
  const format = wantedFormat(parameters, request, ["event-stream", "json"]);
  if (format === undefined) return problem(406, "Events can be had as an event stream or JSON.");
  if (format === "json") return json({ events: view.events(0) });
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
  // A stream for HEAD would never be read, and so never be given back.
  if (request.method === "HEAD") return new Response(null, { headers });
  // A page that opens a new EventSource cannot set the header, so the query does as well.
  const lastEventId = request.headers.get("last-event-id") ?? parameters.get("lastEventId");
  const stream = streams.open(lastEventId ?? undefined);
  if (stream !== undefined) return new Response(stream, { headers });
  return problem(503, `There are already ${LIMITS.eventStreamsMax} live listeners.`, {
    "retry-after": "5",
  });
}

/** `?format=` decides, else the Accept header; the first of `known` for no wish at all. */
function wantedFormat<T extends string>(
  parameters: URLSearchParams,
  request: Request,
  known: readonly T[],
): T | undefined {
  const asked = parameters.get("format");
  if (asked !== null) return known.find((format) => format === asked);
  const accept = request.headers.get("accept") ?? "*/*";
  const types = accept.split(",").map((part) => part.split(";")[0]?.trim().toLowerCase());
  const named = known.find((format) => types.includes(MEDIA_TYPES[format]));
  return named ?? (types.some((type) => type?.endsWith("/*")) ? known[0] : undefined);
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  csv: "text/csv",
  "event-stream": "text/event-stream",
};

function json(value: unknown): Response {
  return new Response(JSON.stringify(value), {
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

// GET /api/v1/…, /metrics and the page; POST for what the box is told to do. Request in, response out; the sockets are in io/.

import { IoError } from "../base/errors.ts";
import { wholeSentence } from "../base/whole-sentence.ts";
import { LIMITS } from "../limits.ts";
import type { Done, IdentityView } from "./api-types.ts";
import type {
  ActionResult,
  BoxActions,
  BoxView,
  GatewayControl,
  PairingControl,
} from "./box-view.ts";
import { EventStreams } from "./event-streams.ts";
import { gatewayGets, gatewayPosts } from "./gateway-routes.ts";
import { readOnlyProblem, refusal, SECURITY_HEADERS } from "./guard.ts";
import { csvBody } from "./lease-csv.ts";
import { parseLeaseQuery } from "./lease-query.ts";
import {
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  jsonResponse,
  streamResponse,
  textResponse,
} from "./message.ts";
import { formatOpenMetrics, OPEN_METRICS_TYPE } from "./open-metrics.ts";
import { isPagesPost, PAIRING_PATH, pairingPosts } from "./pairing-routes.ts";
import { problem, RequestError } from "./problem.ts";
import { serveWebFile, type WebFiles } from "./web-files.ts";

export interface WebApp {
  /** Answers any request and never throws. */
  readonly answer: HttpHandler;
  readonly streams: EventStreams;
}

export interface WebAppOptions {
  /** The page; without it (not built, not installed) only the API is served. */
  readonly web?: WebFiles | undefined;
  /** What the box can be told to do over the Unix socket; without it nothing. */
  readonly actions?: BoxActions | undefined;
  /** What moves between the boxes; without it nothing. */
  readonly gateway?: GatewayControl | undefined;
  /** How it becomes one of two; without it there is no such thing. */
  readonly pairing?: PairingControl | undefined;
  /** Told of an error of our own while answering; the client sees only that there was one. */
  readonly onFault?: (error: unknown) => void;
}

/** The whole HTTP side of the box. */
export function createWebApp(view: BoxView, options: WebAppOptions = {}): WebApp {
  const { web, actions, pairing, gateway, onFault = () => {} } = options;
  const streams = new EventStreams(view);
  // All with GET or HEAD. Any other path is a file of the page.
  const routes = new Map<string, HttpHandler>([
    ["/api/v1/status", () => jsonResponse(view.status())],
    ["/api/v1/leases", (request) => leases(view, request, onFault)],
    ["/api/v1/events", (request) => events(view, streams, request)],
    ["/api/v1/why", (request) => jsonResponse(view.why(clientOf(request.query)))],
    ["/metrics", () => metrics(view)],
  ]);
  if (pairing) routes.set(PAIRING_PATH, () => jsonResponse(pairing.pairing()));
  // Over the Unix socket, and of the page what the guard lets through; other methods are refused before.
  const posts = new Map<string, HttpHandler>([
    ...(pairing ? pairingPosts(pairing, acted) : []),
    ...(gateway ? gatewayPosts(gateway, acted) : []),
    ...(actions ? postsOf(actions) : []),
  ]);
  for (const [path, handler] of gateway ? gatewayGets(gateway) : []) routes.set(path, handler);
  const local = new Map<string, HttpHandler>();
  if (actions) local.set("/api/v1/identity", () => identified(actions));
  if (actions) routes.set("/api/v1/configuration", () => configuration(actions));
  const handlerOf = ({ method, transport, path }: HttpRequest): HttpHandler => {
    const mayPost = transport === "unix" || isPagesPost(path);
    const post = mayPost ? posts.get(path) : undefined;
    if (method === "POST") return post ?? readOnlyProblem;
    if (post && !routes.has(path))
      return () => problem(405, "This is told to the box with POST.", { allow: "POST" });
    const only = transport === "unix" ? local.get(path) : undefined;
    return only ?? routes.get(path) ?? ((request) => pageFile(web, request));
  };
  const routed: HttpHandler = (request) => {
    try {
      return refusal(request, isPagesPost) ?? handlerOf(request)(request);
    } catch (error) {
      if (error instanceof RequestError) return problem(400, error.message);
      onFault(error);
      return problem(500, "The box made a mistake while answering; its log says more.");
    }
  };
  const answer: HttpHandler = (request) => {
    const { status, headers, body } = routed(request);
    const isHead = request.method === "HEAD";
    return {
      status,
      headers: { ...headers, ...SECURITY_HEADERS },
      body: isHead ? undefined : body,
    };
  };
  return { answer, streams };
}

function postsOf(actions: BoxActions): Map<string, HttpHandler> {
  const { configuration } = actions;
  return new Map<string, HttpHandler>([
    ["/api/v1/pair/partner-down", () => acted(actions.partnerDown())],
    ["/api/v1/configuration/keep", () => acted(configuration.choose("keep"))],
    ["/api/v1/configuration/take", () => acted(configuration.choose("take"))],
  ]);
}

function leases(
  view: BoxView,
  request: HttpRequest,
  onFault: (error: unknown) => void,
): HttpResponse {
  const query = parseLeaseQuery(request.query);
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

function events(view: BoxView, streams: EventStreams, request: HttpRequest): HttpResponse {
  const format = wantedFormat(request, ["event-stream", "json"]);
  if (format === undefined) return problem(406, "Events can be had as an event stream or JSON.");
  if (format === "json") return jsonResponse({ events: view.events(0) });
  // A page that opens a new EventSource cannot set the header, so the query does as well.
  const lastEventId = request.header("last-event-id") ?? request.query.get("lastEventId");
  const stream = streams.open(lastEventId ?? undefined);
  if (stream !== undefined) return streamResponse("text/event-stream", stream);
  return problem(503, `There are already ${LIMITS.eventStreamsMax} live listeners.`, {
    "retry-after": "5",
  });
}

/** Making a key may need the disk. */
function identified(actions: BoxActions): HttpResponse {
  try {
    const view: IdentityView = { identity: actions.identity() };
    return jsonResponse(view);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return problem(503, `The box has no key: ${error.message}.`);
  }
}

function configuration({ configuration }: BoxActions): HttpResponse {
  const view = configuration.view();
  return view ? jsonResponse(view) : problem(503, "The box is just starting.");
}

function acted({ isDone, text }: ActionResult): HttpResponse {
  const sentence = wholeSentence(text);
  const done: Done = { sentence };
  return isDone ? jsonResponse(done) : problem(409, sentence);
}

function metrics(view: BoxView): HttpResponse {
  return textResponse(200, OPEN_METRICS_TYPE, formatOpenMetrics(view.status(), view.metrics()));
}

function clientOf(query: URLSearchParams): string {
  const client = query.get("client")?.trim() ?? "";
  if (client.length > 0 && client.length <= LIMITS.searchTextMax) return client;
  throw new RequestError(
    `"client" must be a MAC address, an IPv4 address or a host name of at most ${LIMITS.searchTextMax} characters.`,
  );
}

function pageFile(web: WebFiles | undefined, request: HttpRequest): HttpResponse {
  const { path } = request;
  const file = web?.get(path === "/" ? "index.html" : path.slice(1));
  if (file !== undefined) return serveWebFile(file, request);
  if (path === "/") return problem(404, "The page is not installed; the API is at /api/v1/.");
  return problem(404, "There is nothing here.");
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

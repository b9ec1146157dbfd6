// The HTTP side of the box: finds the row of a request, looks whether its caller may, and answers. Request in,
// response out; the sockets are in io/.

import { LIMITS } from "../limits.ts";
import { actionRoutes } from "./action-routes.ts";
import type { BoxActions, BoxView, GatewayControl, PairingControl } from "./box-view.ts";
import { EventStreams } from "./event-streams.ts";
import { gatewayRoutes } from "./gateway-routes.ts";
import { foreignPage, type OwnHosts, refusal, rights, SECURITY_HEADERS } from "./guard.ts";
import type { HttpHandler, HttpRequest, HttpResponse, RequestHead } from "./message.ts";
import { pairingRoutes } from "./pairing-routes.ts";
import { problem, RequestError } from "./problem.ts";
import { type Caller, type Found, type Route, Router, readAsked } from "./route.ts";
import { viewRoutes } from "./view-routes.ts";
import { serveWebFile, type WebFiles } from "./web-files.ts";

export interface WebApp {
  /** Answers any request and never throws or rejects. */
  readonly answer: HttpHandler;
  /** Bytes that the body of this request may have. */
  readonly admit: (head: RequestHead) => number;
  readonly streams: EventStreams;
  /** Everything that the API can do. */
  readonly routes: readonly Route[];
}

export interface WebAppOptions {
  /** The page; without it (not built, not installed) only the API is served. */
  readonly web?: WebFiles | undefined;
  /** What the box can be told to do; without it nothing. */
  readonly actions?: BoxActions | undefined;
  /** What moves between the boxes; without it nothing. */
  readonly gateway?: GatewayControl | undefined;
  /** How it becomes one of two; without it there is no such thing. */
  readonly pairing?: PairingControl | undefined;
  /** Further rows of the API. */
  readonly routes?: readonly Route[];
  /** Who asks. Without it whoever has come over TCP is as on a box without a password. */
  readonly callerOf?: (head: RequestHead) => Caller;
  /** Told of everything that was to change something, with its outcome. */
  readonly audit?: (caller: Caller, request: RequestHead, status: number) => void;
  readonly hosts?: OwnHosts;
  /** Told of an error of our own while answering; the client sees only that there was one. */
  readonly onFault?: (error: unknown) => void;
}

export function createWebApp(view: BoxView, options: WebAppOptions = {}): WebApp {
  const { actions, pairing, gateway, onFault = () => {} } = options;
  const streams = new EventStreams(view);
  const routes = [
    ...viewRoutes(view, streams, onFault),
    ...(actions ? actionRoutes(actions) : []),
    ...(pairing ? pairingRoutes(pairing) : []),
    ...(gateway ? gatewayRoutes(gateway) : []),
    ...(options.routes ?? []),
  ];
  const desk = new Desk(routes, options);
  const faulty = (error: unknown): HttpResponse => {
    if (error instanceof RequestError) {
      const { issues } = error;
      return problem(400, error.message, {}, issues.length > 0 ? { errors: issues } : {});
    }
    onFault(error);
    return problem(500, "The box made a mistake while answering; its log says more.");
  };
  const answer: HttpHandler = (request) => {
    const finish = (response: HttpResponse) => finished(request, response);
    try {
      const answered = desk.answer(request, faulty);
      if (!(answered instanceof Promise)) return finish(answered);
      return answered.then(finish, (error: unknown) => finish(faulty(error)));
    } catch (error) {
      return finish(faulty(error));
    }
  };
  return { answer, admit: (head) => desk.admit(head), streams, routes };
}

function finished(request: HttpRequest, { status, headers, body }: HttpResponse): HttpResponse {
  const isHead = request.method === "HEAD";
  return {
    status,
    headers: { ...headers, ...SECURITY_HEADERS },
    body: isHead ? undefined : body,
  };
}

const NO_HOSTS: OwnHosts = () => new Set();

class Desk {
  readonly #router: Router;
  readonly #options: WebAppOptions;
  readonly #callerOf: (head: RequestHead) => Caller;

  constructor(routes: readonly Route[], options: WebAppOptions) {
    this.#router = new Router(routes);
    this.#options = options;
    this.#callerOf = options.callerOf ?? unclaimed;
  }

  admit(head: RequestHead): number {
    try {
      const found = this.#router.find(head.method, head.path);
      const most = found?.route.bodyBytesMax ?? LIMITS.httpBodyBytesMax;
      // A long body is read of those only who may have it taken.
      const isAllowed = found && !rights(found.route, this.#callerOf(head));
      return isAllowed ? most : Math.min(most, LIMITS.httpBodyBytesMax);
    } catch {
      // What is wrong with it is said when it is answered.
      return LIMITS.httpBodyBytesMax;
    }
  }

  answer(
    request: HttpRequest,
    faulty: (error: unknown) => HttpResponse,
  ): HttpResponse | Promise<HttpResponse> {
    const { hosts = NO_HOSTS, audit = () => {} } = this.#options;
    const refused = refusal(request, hosts);
    if (refused) return refused;
    const found = this.#find(request);
    if (!found) return this.#otherwise(request);
    const caller = this.#callerOf(request);
    if (found.route.method === "GET") return this.#handle(found, request, caller);
    const done = (response: HttpResponse) => {
      audit(caller, request, response.status);
      return response;
    };
    const failed = (error: unknown) => done(faulty(error));
    try {
      const answered = foreignPage(request, caller) ?? this.#handle(found, request, caller);
      return answered instanceof Promise ? answered.then(done, failed) : done(answered);
    } catch (error) {
      return failed(error);
    }
  }

  #find({ method, path, transport }: HttpRequest): Found | undefined {
    const found = this.#router.find(method, path);
    return found?.route.isLocal && transport !== "unix" ? undefined : found;
  }

  #handle(
    found: Found,
    request: HttpRequest,
    caller: Caller,
  ): HttpResponse | Promise<HttpResponse> {
    const refused = rights(found.route, caller);
    if (refused) return refused;
    const mayStill = () => rights(found.route, this.#callerOf(request)) === undefined;
    return found.route.handle(readAsked(found, { request, caller, mayStill }) as never);
  }

  /** No row: a file of the page, or nothing. */
  #otherwise(request: HttpRequest): HttpResponse {
    const { method, path } = request;
    const allowed = this.#router.allowed(path);
    const isRead = method === "GET" || method === "HEAD";
    if (!isRead || allowed.length > 0) {
      const allow = allowed.length > 0 ? allowed.join(", ") : "GET, HEAD";
      return problem(405, `This is done with ${allow.replaceAll(", ", " or ")}.`, { allow });
    }
    return pageFile(this.#options.web, request);
  }
}

function unclaimed({ transport, remote }: RequestHead): Caller {
  return transport === "unix"
    ? { name: "", role: "admin", via: "socket", from: "unix socket" }
    : { name: "", role: "viewer", via: "nobody", from: remote };
}

function pageFile(web: WebFiles | undefined, request: HttpRequest): HttpResponse {
  const { path } = request;
  const file = web?.get(path === "/" ? "index.html" : path.slice(1));
  if (file !== undefined) return serveWebFile(file, request);
  if (path === "/") return problem(404, "The page is not installed; the API is at /api/v1/.");
  return problem(404, "There is nothing here.");
}

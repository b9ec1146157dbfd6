// One row for each thing that the API can do: who may, what comes in, what it answers. Routing, the rights of
// callers, the limits of bodies and the OpenAPI document all come from these rows.

import * as v from "valibot";
import { withOverlooked } from "../base/overlooked.ts";
import { LIMITS } from "../limits.ts";
import type { HttpRequest, HttpResponse } from "./message.ts";
import { invalid, RequestError } from "./problem.ts";

/** Least first: each may do what those before it may. */
export const ROLES = ["nobody", "viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];
export type AccessRole = Exclude<Role, "nobody">;

/** Who asks. */
export interface Caller {
  /** Of the user or the token; "" for nobody. */
  readonly name: string;
  readonly role: Role;
  readonly via: "socket" | "session" | "token" | "nobody";
  /** An address, or "unix socket". */
  readonly from: string;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What a handler is given: all of it checked. */
export interface Asked<B = unknown, Q = unknown> {
  readonly request: HttpRequest;
  readonly caller: Caller;
  /** The parts of the path that are in braces in the row, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** Whether the caller may still have it: for answers that go on for long. */
  readonly mayStill: () => boolean;
}

export interface Route {
  readonly method: Method;
  /** Such as "/api/v1/users/{name}": what is in braces is one part of a path. */
  readonly path: string;
  /** Who may at least; "nobody": without having logged in. */
  readonly role: Role;
  /** Over the Unix socket only: it is said by something on the box. */
  readonly isLocal?: boolean;
  /** On a box that has no password yet its own page may, too. */
  readonly isBeforePassword?: boolean;
  /** What it does, as a sentence for people who write programs. */
  readonly summary: string;
  /** Of an object of texts. Without it the query is for the handler to read, if at all. */
  readonly query?: v.GenericSchema | undefined;
  /** Of what the JSON of the body says; without it there is no body. */
  readonly body?: v.GenericSchema | undefined;
  /** LIMITS.httpBodyBytesMax when not given. */
  readonly bodyBytesMax?: number;
  /** What a 200 may be in, where that is not JSON alone. */
  readonly media?: readonly string[];
  /** What each status means. Those that any row can answer (400, 401, 403, 404, 405, …) need not be here. */
  readonly answers: Readonly<Record<number, string>>;
  readonly handle: (asked: Asked<never, never>) => HttpResponse | Promise<HttpResponse>;
}

type Output<S> = S extends v.GenericSchema ? v.InferOutput<S> : undefined;

/** A row whose handler gets what its schemas make of body and query. */
export function row<
  B extends v.GenericSchema | undefined = undefined,
  Q extends v.GenericSchema | undefined = undefined,
>(
  one: Omit<Route, "body" | "query" | "handle"> & {
    readonly body?: B;
    readonly query?: Q;
    readonly handle: (asked: Asked<Output<B>, Output<Q>>) => HttpResponse | Promise<HttpResponse>;
  },
): Route {
  return one as Route;
}

export interface Found {
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

interface Place {
  readonly parts: readonly string[];
  readonly methods: Map<string, Route>;
}

/** Finds the row of a request. */
export class Router {
  readonly #exact = new Map<string, Place>();
  readonly #patterns: Place[] = [];

  constructor(rows: readonly Route[]) {
    for (const one of rows) this.#placeOf(one.path).methods.set(one.method, one);
  }

  /** Undefined: there is no such path, or not for this method; `allowed` tells which. */
  find(method: string, path: string): Found | undefined {
    const place = this.#lookUp(path);
    const route = place?.methods.get(method === "HEAD" ? "GET" : method);
    return place && route && { route, path: partsOf(place, path) };
  }

  /** The methods of a path, for the Allow header; empty when there is none. */
  allowed(path: string): string[] {
    const methods = [...(this.#lookUp(path)?.methods.keys() ?? [])];
    return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  }

  #placeOf(path: string): Place {
    const isPattern = path.includes("{");
    const known = isPattern
      ? this.#patterns.find(({ parts }) => parts.join("/") === path)
      : this.#exact.get(path);
    if (known) return known;
    const place = { parts: path.split("/"), methods: new Map<string, Route>() };
    if (isPattern) this.#patterns.push(place);
    else this.#exact.set(path, place);
    return place;
  }

  #lookUp(path: string): Place | undefined {
    const exact = this.#exact.get(path);
    if (exact) return exact;
    const parts = path.split("/");
    return this.#patterns.find(
      (place) =>
        place.parts.length === parts.length &&
        place.parts.every((part, index) => part.startsWith("{") || part === parts[index]),
    );
  }
}

function partsOf(place: Place, path: string): Record<string, string> {
  const parts = path.split("/");
  const named = place.parts.flatMap((part, index) =>
    part.startsWith("{") ? [[part.slice(1, -1), decoded(parts[index] ?? "")] as const] : [],
  );
  return Object.fromEntries(named);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RequestError("The path has a % that is followed by no character.");
  }
}

/** What the handler gets of query and body. Throws RequestError with all that is wrong. */
export function readAsked(
  { route, path }: Found,
  { request, caller, mayStill }: Pick<Asked, "request" | "caller" | "mayStill">,
): Asked {
  const { query, body } = route;
  return {
    ...{ request, caller, mayStill, path },
    query: query ? check(query, Object.fromEntries(request.query), "query") : undefined,
    body: body ? check(body, jsonOf(request.body), "body") : undefined,
  };
}

/** No body is an empty object. */
function jsonOf(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new RequestError("What was sent is no JSON.");
  }
}

function check(schema: v.GenericSchema, input: unknown, where: "query" | "body"): unknown {
  if (isDeeperThan(input, LIMITS.configDepthMax)) {
    throw new RequestError("What was sent nests too deep.");
  }
  const result = v.safeParse(schema, input);
  const said = (result.issues ?? []).map((issue) => ({
    keys: issue.path?.map(({ key }) => key) ?? [],
    reason: reasonOf(issue, where),
  }));
  const all = withOverlooked(schema, input, said, "is not known here");
  if (result.success && all.length === 0) return result.output;
  throw invalid(
    all
      .slice(0, LIMITS.requestIssuesMax)
      .map(({ keys, reason }) => ({ path: keys.join("."), reason })),
  );
}

function reasonOf(issue: v.BaseIssue<unknown>, where: "query" | "body"): string {
  if (issue.kind !== "schema" || issue.type !== "strict_object") return issue.message;
  if (issue.received === "undefined") return "is missing";
  return where === "body" ? "must be a JSON object" : "is not understood";
}

/** Without recursion: what was sent may nest as deep as its bytes allow. */
function isDeeperThan(input: unknown, depth: number): boolean {
  let level: unknown[] = [input];
  for (let i = 0; i <= depth && level.length > 0; i++) {
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one) : [],
    );
  }
  return level.length > 0;
}

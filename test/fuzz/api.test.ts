// Whatever is asked of the API: it answers as its document says, and nothing breaks or grows. `FUZZ=50000` asks that
// often, `SEED=7` other things.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { HttpRequest, HttpResponse } from "../../daemon/http/message.ts";
import { type Caller, ROLES, Router } from "../../daemon/http/route.ts";
import { Answer, askLater } from "../http/ask.ts";
import { type MadeRequest, type Maker, makeRequest } from "../support/api-requests.ts";
import { complaints } from "../support/json-schema-check.ts";
import { pick } from "../support/json-schema-samples.ts";
import {
  at,
  type Document,
  definitionsOf,
  type Operation,
  operationsOf,
} from "../support/open-api.ts";
import { below, seeded } from "../support/random.ts";
import { type WholeApi, wholeApi } from "../support/whole-api.ts";

const COUNT = Number(process.env.FUZZ ?? 2000);
const SEED = Number(process.env.SEED ?? 20261130);
/** What the heap may grow by; the fake box keeps every configuration that it ever had. */
const GROWTH_BYTES_MAX = 12 << 20;

const ADMIN: Caller = { name: "anna", role: "admin", via: "session", from: "192.168.1.20" };

test(`${COUNT} requests are answered as the document says, seed ${SEED}`, {
  timeout: 1_200_000,
}, async () => {
  const random = seeded(SEED);
  let caller = ADMIN;
  const api = wholeApi(() => caller);
  const { document, router, maker } = await readerOf(api, random);
  const tally = new Map<number, number>();
  let before = 0;
  for (let i = 0; i < COUNT; i++) {
    if (i === Math.floor(COUNT / 4)) before = heapBytes();
    caller = ADMIN;
    const made = await makeRequest(maker);
    caller = callerFor(random);
    const request = received(made, below(random, 4) === 0 ? "unix" : "tcp");
    expect(api.app.admit(request)).toBeGreaterThan(0);
    const response = await api.app.answer(request);
    tally.set(response.status, (tally.get(response.status) ?? 0) + 1);
    const operation = operationOf(document, router, request);
    const wrong = answerComplaints(document, operation, made, response);
    if (response.status < 300 && operation)
      wrong.push(...bodyComplaints(document, operation, made));
    wrong.push(...api.faults.splice(0).map(String));
    if (wrong.length > 0) expect(wrong, `request ${i}: ${described(made)}`).toEqual([]);
  }
  expect(heapBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
  // A run that reached nothing would prove nothing.
  const missing = [200, 400, 401, 403, 404, 405, 409, 415, 421, 422].filter(
    (one) => !tally.has(one),
  );
  expect(missing, JSON.stringify([...tally])).toEqual([]);
});

async function readerOf({ app }: WholeApi, random: () => number) {
  const get = (target: string) => askLater(app.answer, target, { transport: "unix" });
  const document = (await get("/api/v1/openapi.json")).json() as Document;
  const maker: Maker = {
    random,
    operations: operationsOf(document),
    definitions: definitionsOf(document),
    current: (target) => currentOf(get, target),
  };
  return { document, maker, router: new Router(app.routes) };
}

interface Entry {
  readonly etag: string;
  readonly value: { readonly address?: string };
}

/** By its own GET, out of the list that it is in, or of the whole that it is to become. */
async function currentOf(get: (target: string) => Promise<Answer>, target: string) {
  const cut = target.lastIndexOf("/");
  const list = await get(target.slice(0, cut));
  const { entries = [] } = list.status === 200 ? (list.json() as { entries?: Entry[] }) : {};
  const entry = entries.find(({ value }) => value?.address === target.slice(cut + 1));
  if (entry) return { tag: `"${entry.etag}"`, value: entry.value };
  for (const path of [target, "/api/v1/config"]) {
    const answer = await get(path);
    const tag = answer.header("etag");
    if (answer.status !== 200 || tag === undefined) continue;
    const value = answer.json() as { config?: unknown };
    return { tag, value: value.config ?? value };
  }
  return undefined;
}

const NOTHING = new Uint8Array();

function callerFor(random: () => number): Caller {
  const role = below(random, 3) > 0 ? "admin" : (pick(ROLES, random) ?? "nobody");
  const via =
    role === "nobody" ? "nobody" : (pick(["session", "token"] as const, random) ?? "token");
  return { name: "anna", role, via, from: "192.168.1.20" };
}

/** What the document has of a request; nothing of one that is of no path, or that is said elsewhere only. */
function operationOf(
  document: Document,
  router: Router,
  { method, path, transport }: HttpRequest,
): Operation | undefined {
  // Its parts may be past decoding, and it is of a row all the same.
  const found = router.find(method, path.replace(/%(?![0-9A-Fa-f]{2})|%[89A-Fa-f]./g, "_"));
  if (!found || (found.route.isLocal && transport !== "unix")) return undefined;
  return document.paths[found.route.path]?.[found.route.method.toLowerCase()];
}

/** As the server hands it on. */
function received(made: MadeRequest, transport: "tcp" | "unix"): HttpRequest {
  const { method, target, headers, body } = made;
  const [path = "", ...query] = target.split("?");
  return {
    ...{ method, path, transport, isSecure: false, remote: "127.0.0.1" },
    query: new URLSearchParams(query.join("?")),
    body: ["GET", "HEAD"].includes(method) ? NOTHING : body,
    header: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
  };
}

/** In what an answer is not as the document, or the form of problems, says. */
function answerComplaints(
  document: Document,
  operation: Operation | undefined,
  { method }: MadeRequest,
  response: HttpResponse,
): string[] {
  const { status, headers } = response;
  const type = headers["content-type"]?.split(";")[0] ?? "";
  const wrong: string[] = [];
  const told = operation?.responses[status];
  // Where there is no such thing, or not by this method, no document has to say so.
  if (!operation && ![403, 404, 405, 421].includes(status)) wrong.push(`${status} of nothing`);
  if (operation && !told) wrong.push(`${status} is not told of`);
  if (status >= 500 && status !== 503) wrong.push(`${status} is a fault`);
  const content = told?.$ref ? (at(document, told.$ref) as typeof told).content : told?.content;
  if (content && !Object.hasOwn(content, type)) wrong.push(`${type} is not told of for ${status}`);
  if (headers["x-content-type-options"] !== "nosniff") wrong.push("the usual headers are missing");
  if (method === "HEAD") return wrong;
  const text = textOf(response);
  if (status >= 400) wrong.push(...problemComplaints(document, status, type, text));
  else if (type === "application/json") JSON.parse(text);
  return wrong;
}

/** To its end; one that has none is let go of. */
function textOf(response: HttpResponse): string {
  if (typeof response.body !== "function") return new Answer(response).text();
  const reader = new Answer(response).stream();
  const bytes = reader.rest();
  if (reader.state === "open") reader.close();
  return new TextDecoder().decode(bytes);
}

function problemComplaints(
  document: Document,
  status: number,
  type: string,
  text: string,
): string[] {
  if (type !== "application/problem+json") return [`${status} in ${type}`];
  const problem = JSON.parse(text) as { status: number; detail: string };
  const schema = at(document, "#/components/schemas/Problem") as Record<string, unknown>;
  const wrong = complaints(schema, problem);
  if (problem.status !== status) wrong.push(`says ${problem.status}`);
  if (!/^\S.*[.!?]$/s.test(problem.detail)) wrong.push(`no sentence: ${problem.detail}`);
  return wrong;
}

/** What was taken is what the document says that is taken. */
function bodyComplaints(document: Document, operation: Operation, made: MadeRequest): string[] {
  const schema = operation.requestBody?.content["application/json"]?.schema;
  if (!schema) return [];
  const value: unknown =
    made.body.length === 0 ? {} : JSON.parse(new TextDecoder().decode(made.body));
  return complaints(schema, value, definitionsOf(document)).map((text) => `taken, but ${text}`);
}

function described({ method, target, headers, body }: MadeRequest): string {
  const sent = new TextDecoder().decode(body).slice(0, 300);
  return `${method} ${target.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)} ${sent}`;
}

/** After a collection, so that only what is really kept counts. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

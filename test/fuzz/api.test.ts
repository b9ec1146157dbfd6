// Whatever is asked of the API: it answers as its document says, and nothing breaks or grows. `FUZZ=50000` asks that
// often, `SEED=7` other things.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { HttpRequest, HttpResponse } from "../../daemon/http/message.ts";
import { type Caller, ROLES } from "../../daemon/http/route.ts";
import { Answer, askLater } from "../http/ask.ts";
import { answerComplaints, described, operationFor } from "../support/api-answers.ts";
import { type MadeRequest, type Maker, makeRequest } from "../support/api-requests.ts";
import { pick } from "../support/json-schema-samples.ts";
import { type Document, definitionsOf, operationsOf } from "../support/open-api.ts";
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
  await api.access.claim();
  const { document, maker } = await readerOf(api, random);
  const tally = new Map<number, number>();
  let before = 0;
  for (let i = 0; i < COUNT; i++) {
    if (i === Math.floor(COUNT / 4)) before = heapBytes();
    caller = ADMIN;
    const made = await makeRequest(maker);
    caller = callerFor(random);
    api.access.pass(below(random, 20_000));
    const request = received(made, below(random, 4) === 0 ? "unix" : "tcp");
    expect(api.app.admit(request)).toBeGreaterThan(0);
    const response = await api.app.answer(request);
    tally.set(response.status, (tally.get(response.status) ?? 0) + 1);
    const operation = operationFor(document, made, request.transport === "unix");
    const { status } = response;
    const header = (name: string) => response.headers[name];
    const seen = { status, header, text: textOf(response) };
    const wrong = answerComplaints(document, operation, made, seen);
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
  return { document, maker };
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

/** To its end; one that has none is let go of. */
function textOf(response: HttpResponse): string {
  if (typeof response.body !== "function") return new Answer(response).text();
  const reader = new Answer(response).stream();
  const bytes = reader.rest();
  if (reader.state === "open") reader.close();
  return new TextDecoder().decode(bytes);
}

/** After a collection, so that only what is really kept counts. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

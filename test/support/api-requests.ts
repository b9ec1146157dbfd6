// Requests made of an OpenAPI document: right ones, nearly right ones, and hostile ones.

import type { Schema } from "./json-schema-check.ts";
import { damaged, pick, type Random, STRANGE, sample } from "./json-schema-samples.ts";
import type { Told } from "./open-api.ts";
import { below } from "./random.ts";

export interface MadeRequest {
  readonly method: string;
  /** With its query, as it goes over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Maker {
  readonly random: Random;
  readonly operations: readonly Told[];
  readonly definitions: Readonly<Record<string, Schema>>;
  /** What the target names now, with its tag, for a change of it. */
  current(target: string): Promise<{ readonly tag: string; readonly value: unknown } | undefined>;
}

/** What is there, and what might be, by the name of the part of a path. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  network: ["lan", "office", "no-such"],
  address: ["192.168.1.10", "192.168.1.11", "10.0.0.1"],
  generation: ["1", "2", "999", "0", "1e3"],
  name: ["anna", "otto", "no-such"],
  mac: ["02:00:5e:10:00:01", "02-00-5E-10-00-09", "ff:ff:ff:ff:ff:ff", "0"],
};
const OTHER_PARTS: readonly string[] = ["anna", "backup", "1", "no-such"];
/** Of a query, where the document leaves open what there is. */
const FORMATS: readonly string[] = ["json", "csv", "event-stream", "xml"];

const ODD_PARTS: readonly string[] = [
  ...[
    "%2e%2e",
    "..",
    ".",
    "%2e%2e%2f%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%",
    "%zz",
    "%c0%ae",
  ],
  ...[
    "%ff",
    "{network}",
    "%7Bnetwork%7D",
    "__proto__",
    "constructor",
    "lan%20",
    "la%6e",
    "*",
    "%22",
  ],
  ...[
    "a".repeat(4000),
    "%F0%9F%A6%8A",
    "%ed%a0%80",
    ";x=1",
    "lan;",
    "%250a",
    "%0d%0aset-cookie:x=1",
  ],
];
const ODD_TARGETS: readonly string[] = [
  ...[
    "/api/v1/../../etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/proc/self/environ",
    "/api",
  ],
  ...[
    "/api/v1",
    "/api/v1/",
    "//api/v1/status",
    "/api//v1/status",
    "/API/v1/status",
    "/api/v1/status/",
  ],
  ...[
    "/api/v1/status%2f",
    "/api/v1/statu%73",
    "/manifest.json",
    "/web/../tandemd.js",
    "/\\..\\x",
    "/?",
  ],
  ...["/api/v2/status", "/api/v1/status?", "/api/v1/status#x", "/.git/config", "/api/v1/networks/"],
];
const ODD_METHODS: readonly string[] = [
  ...["TRACE", "OPTIONS", "CONNECT", "PROPFIND", "get", "PUT", "PATCH", "DELETE", "POST", "HEAD"],
];
const ODD_TEXTS: readonly string[] = [
  ...[
    "",
    " ",
    "null",
    "*",
    '"',
    '""',
    'W/"x"',
    "\u0000",
    "é",
    "127.0.0.1, evil.example",
    "-1",
    "1e99",
  ],
  ...[
    "application/json, text/html",
    "a".repeat(5000),
    "../..",
    "Bearer ",
    "Basic YTpi",
    "tandem=x",
  ],
];
const ODD_HEADERS: readonly string[] = [
  ...[
    "if-match",
    "accept",
    "last-event-id",
    "content-type",
    "authorization",
    "cookie",
    "host",
    "origin",
  ],
  ...[
    "sec-fetch-site",
    "sec-fetch-mode",
    "x-forwarded-for",
    "if-none-match",
    "range",
    "content-length",
  ],
];

const bytesOf = (text: string) => new TextEncoder().encode(text);

const ODD_BODIES: readonly (() => Uint8Array)[] = [
  ...[
    "",
    "null",
    "[]",
    "{",
    '"',
    "NaN",
    "{}{}",
    "[1e999]",
    '{"a":1,"a":2}',
    "\ufeff{}",
    "1".repeat(400),
  ],
  ...['{"__proto__":{"role":"admin"}}', '{"constructor":{"prototype":{"x":1}}}', '{"networks":{}}'],
  ...[
    "[".repeat(20_000),
    '{"a":'.repeat(10_000),
    `[${"[],".repeat(20_000)}[]]`,
    `"${"\\u0000".repeat(9000)}"`,
  ],
  ...['{"digits":["1","2"]}', '{"version":1,"networks":[[]]}', `{"${"k".repeat(30_000)}":1}`],
].map((text) => () => bytesOf(text));

/** From its own page, as a browser sends it. */
export const PAGE_HEADERS = {
  host: "127.0.0.1:8080",
  origin: "http://127.0.0.1:8080",
  "content-type": "application/json",
} as const;

export async function makeRequest(maker: Maker): Promise<MadeRequest> {
  const kind = below(maker.random, 10);
  const right = await rightRequest(maker);
  if (kind < 4) return right;
  const hostile = pick(HOSTILE, maker.random) ?? HOSTILE[0];
  return hostile?.(right, maker) ?? right;
}

async function rightRequest(maker: Maker): Promise<MadeRequest> {
  const { random, operations, definitions } = maker;
  const { method, path, operation } = pick(operations, random) as Told;
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(pick(PARTS[name] ?? OTHER_PARTS, random) ?? ""),
  );
  const query = (operation.parameters ?? [])
    .filter(({ in: where, required }) => where === "query" && (required || below(random, 3) === 0))
    .map(({ name, schema }) => [
      name,
      String(name === "format" ? pick(FORMATS, random) : sample(schema, random, definitions)),
    ]);
  const target = query.length > 0 ? `${filled}?${new URLSearchParams(query)}` : filled;
  const isChange = operation.parameters?.some(({ name }) => name === "If-Match");
  const now = isChange && below(random, 5) > 0 ? await maker.current(filled) : undefined;
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const made =
    schema && (now && below(random, 2) === 0 ? now.value : sample(schema, random, definitions));
  return {
    ...{ method, target, body: bytesOf(made === undefined ? "" : JSON.stringify(made)) },
    headers: { ...PAGE_HEADERS, ...(now ? { "if-match": now.tag } : {}) },
  };
}

type Hostile = (right: MadeRequest, maker: Maker) => MadeRequest;

const HOSTILE: readonly Hostile[] = [
  (right, { random }) => ({ ...right, body: damagedBody(right.body, random) }),
  (right, { random }) => ({ ...right, body: damagedBody(right.body, random) }),
  (right, { random }) => ({ ...right, body: pick(ODD_BODIES, random)?.() ?? right.body }),
  (right, { random }) => ({
    ...right,
    body: Uint8Array.from({ length: below(random, 200) }, () => below(random, 256)),
  }),
  (right, { random }) => ({ ...right, method: pick(ODD_METHODS, random) ?? right.method }),
  (right, { random }) => ({ ...right, target: pick(ODD_TARGETS, random) ?? right.target }),
  (right, { random }) => ({ ...right, target: withOddPart(right.target, random) }),
  (right, { random }) => ({ ...right, target: withOddQuery(right.target, random) }),
  (right, { random }) => ({
    ...right,
    headers: {
      ...right.headers,
      [pick(ODD_HEADERS, random) ?? "accept"]: pick(ODD_TEXTS, random) ?? "",
    },
  }),
  // A header that came twice is joined by commas.
  (right, { random }) => {
    const name = pick(Object.keys(right.headers), random) ?? "host";
    return { ...right, headers: { ...right.headers, [name]: `${right.headers[name]}, x` } };
  },
];

function damagedBody(body: Uint8Array, random: Random): Uint8Array {
  if (body.length === 0) return bytesOf(JSON.stringify(pick(STRANGE, random)));
  const value: unknown = JSON.parse(new TextDecoder().decode(body));
  return bytesOf(JSON.stringify(damaged(value, random)));
}

function withOddPart(target: string, random: Random): string {
  const [path = "", ...query] = target.split("?");
  const parts = path.split("/");
  parts[1 + below(random, parts.length - 1)] = pick(ODD_PARTS, random) ?? "";
  return [parts.join("/"), ...query].join("?");
}

function withOddQuery(target: string, random: Random): string {
  const [path = "", query = ""] = target.split("?");
  const names = [
    "limit",
    "offset",
    "client",
    "sort",
    "format",
    "note",
    "confirmWithinSeconds",
    "x",
  ];
  const odd = `${pick(names, random)}=${encodeURIComponent(pick(ODD_TEXTS, random) ?? "")}`;
  const ways = [
    `${query}&${odd}`,
    `${query}&${query}`,
    `&&=&=x&${query}`,
    `${query}%`,
    `%00=%ff&${odd}`,
  ];
  return `${path}?${pick(ways, random)}`;
}

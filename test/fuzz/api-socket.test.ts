// The same requests over a real socket, and bytes that are none: each is answered in HTTP or hung up on, at once, and the
// next one is answered as if nothing had been. `FUZZ=5000` asks that often, `SEED=7` other things.

import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listenUnix } from "../../daemon/io/http-server.ts";
import { askLater } from "../http/ask.ts";
import { type MadeRequest, makeRequest } from "../support/api-requests.ts";
import { pick, type Random } from "../support/json-schema-samples.ts";
import { type Document, definitionsOf, operationsOf } from "../support/open-api.ts";
import { below, seeded } from "../support/random.ts";
import { wholeApi } from "../support/whole-api.ts";

const COUNT = Number(process.env.FUZZ ?? 600);
const SEED = Number(process.env.SEED ?? 20261202);

test(`${COUNT} requests over a socket, seed ${SEED}`, { timeout: 600_000 }, async () => {
  const random = seeded(SEED);
  const folder = mkdtempSync(join(tmpdir(), "tandem-fuzz-"));
  const path = join(folder, "s");
  const { app, faults } = wholeApi();
  const server = await listenUnix(path, app);
  try {
    const answer = await askLater(app.answer, "/api/v1/openapi.json");
    const document = answer.json() as Document;
    const operations = operationsOf(document).filter(({ path: one }) => one !== "/api/v1/events");
    const definitions = definitionsOf(document);
    const current = async () => undefined;
    const seen = new Set<string>();
    for (let i = 0; i < COUNT; i++) {
      const made = await makeRequest({ random, operations, definitions, current });
      const bytes = pick(WIRES, random)?.(made, random) ?? Buffer.alloc(0);
      const status = statusOf(await exchange(path, bytes));
      seen.add(status);
      // Nobody can be answered who has not said all; of what is said, nothing may break the box.
      expect(status, bytes.toString("latin1").slice(0, 400)).toMatch(/^([234][0-9]{2}|silent)$/);
      expect(faults).toEqual([]);
    }
    expect([...seen]).toEqual(expect.arrayContaining(["200", "400", "404", "405", "413", "431"]));
    const last = await exchange(path, wireOf("GET", "/api/v1/status", {}, Buffer.alloc(0)));
    expect(statusOf(last)).toBe("200");
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});

type Wire = (made: MadeRequest, random: Random) => Buffer;

function wireOf(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  more = "",
): Buffer {
  const lines = Object.entries({ host: "x", ...headers, "content-length": String(body.length) });
  const head = [`${method} ${target} HTTP/1.1`, ...lines.map((line) => line.join(": "))].join(
    "\r\n",
  );
  return Buffer.concat([
    Buffer.from(`${head}\r\n${more}connection: close\r\n\r\n`, "latin1"),
    body,
  ]);
}

const plain: Wire = ({ method, target, headers, body }) => wireOf(method, target, headers, body);
const withMore =
  (more: string): Wire =>
  ({ method, target, headers, body }) =>
    wireOf(method, target, headers, body, more);

const WIRES: readonly Wire[] = [
  ...[plain, plain, plain, plain],
  withMore("Host: evil.example\r\n"),
  withMore("If-Match: a\r\nIf-Match: b\r\n"),
  withMore("Content-Length: 5\r\n"),
  withMore("Transfer-Encoding: chunked\r\n"),
  withMore(`X-Long: ${"a".repeat(9000)}\r\n`),
  withMore("No Colon\r\n"),
  withMore("Expect: 100-continue\r\n"),
  // Cut anywhere, with a byte that is another, or the same twice in a row.
  (made, random) => {
    const bytes = plain(made, random);
    return bytes.subarray(0, below(random, bytes.length));
  },
  (made, random) => {
    const bytes = plain(made, random);
    bytes[below(random, Math.min(bytes.length, 120))] = below(random, 256);
    return bytes;
  },
  (made, random) => Buffer.concat([plain(made, random), plain(made, random)]),
  ({ headers }) => wireOf("POST", "/api/v1/pairing/confirm", headers, Buffer.alloc(200_000, "a")),
  (_, random) => Buffer.from(Array.from({ length: 300 }, () => below(random, 256))),
];

/** What comes back until the other side hangs up. */
function exchange(path: string, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = connect(path, () => socket.end(bytes));
    socket.on("data", (part) => parts.push(part));
    // The box may hang up while there is still something to be sent.
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(parts)));
  });
}

/** Of the first answer that is no mere "go on"; "silent" where there was none. */
function statusOf(answer: Buffer): string {
  if (answer.length === 0) return "silent";
  const text = answer.toString("latin1").replace("HTTP/1.1 100 Continue\r\n\r\n", "");
  return /^HTTP\/1\.1 ([0-9]{3}) /.exec(text)?.[1] ?? "no HTTP";
}

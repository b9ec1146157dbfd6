// The same requests over a real socket, and bytes that are none: each is answered in HTTP or hung up on, at once, and the
// next one is answered as if nothing had been. `FUZZ=5000` asks that often, `SEED=7` other things.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listenUnix } from "../../daemon/io/http-server.ts";
import { askLater } from "../http/ask.ts";
import { type MadeRequest, makeRequest } from "../support/api-requests.ts";
import { pick, type Random } from "../support/json-schema-samples.ts";
import { type Document, definitionsOf, operationsOf } from "../support/open-api.ts";
import { below, seeded } from "../support/random.ts";
import { answerIn, exchange, wireOf } from "../support/raw-http.ts";
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

/** "silent" where nothing came back, "no HTTP" where it was none. */
function statusOf(bytes: Buffer): string {
  return bytes.length === 0 ? "silent" : String(answerIn(bytes)?.status ?? "no HTTP");
}

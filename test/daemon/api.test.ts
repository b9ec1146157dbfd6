// The API of a real daemon, asked over its Unix socket for whatever comes to mind: it answers as its document says, lives
// on, and says of no mistake of its own. `FUZZ=5000` asks that often, `SEED=7` other things.

import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerComplaints, described, operationFor } from "../support/api-answers.ts";
import { makeRequest } from "../support/api-requests.ts";
import { type Document, definitionsOf, operationsOf } from "../support/open-api.ts";
import { seeded } from "../support/random.ts";
import { answerIn, exchange, wireOf } from "../support/raw-http.ts";
import { RealDaemon } from "./real-daemon.ts";

const COUNT = Number(process.env.FUZZ ?? 300);
const SEED = Number(process.env.SEED ?? 20261204);

/** Live streams and captures do not end soon, and after these the daemon is to be started again. */
const LEFT_OUT = [
  ...["/api/v1/events", "/api/v1/capture"],
  ...["/api/v1/factory-reset", "/api/v1/restore"],
];

const daemon = new RealDaemon();

beforeAll(async () => {
  daemon.start();
  await daemon.until(() => true);
});
afterAll(() => daemon.remove());

async function send(
  method: string,
  target: string,
  headers = {},
  body: Uint8Array = new Uint8Array(),
) {
  const bytes = wireOf(method, target, headers, body);
  return answerIn(await exchange(path.join(daemon.folder, "tandem.sock"), bytes));
}

test(`${COUNT} requests to a real daemon, seed ${SEED}`, { timeout: 600_000 }, async () => {
  const random = seeded(SEED);
  const document = JSON.parse((await send("GET", "/api/v1/openapi.json"))?.text ?? "") as Document;
  const operations = operationsOf(document).filter(({ path: one }) => !LEFT_OUT.includes(one));
  const definitions = definitionsOf(document);
  const current = async () => undefined;
  let taken = 0;
  for (let i = 0; i < COUNT; i++) {
    const made = await makeRequest({ random, operations, definitions, current });
    const seen = await send(made.method, made.target, made.headers, made.body);
    // Of what is no HTTP, such as a method that there is not, the server says no more than that.
    if (seen?.header("content-type") === undefined) {
      expect([400, 413, 431, undefined], described(made)).toContain(seen?.status);
      continue;
    }
    const operation = operationFor(document, made, true);
    expect(answerComplaints(document, operation, made, seen), described(made)).toEqual([]);
    taken += seen.status < 300 ? 1 : 0;
  }
  expect(taken).toBeGreaterThan(COUNT / 5);
  expect((await daemon.status()).box.name).toBe("A");
  expect(daemon.output).not.toContain("an answer over HTTP failed");
});

// The authority of the pair, kept as a record.

import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { makeAuthority } from "../daemon/io/web-keys.ts";
import { LIMITS } from "../daemon/limits.ts";
import { AUTHORITY_KEY, AuthorityRecord } from "../daemon/web-authority.ts";
import { WebBench } from "./support/web-bench.ts";

const made = makeAuthority({ notBefore: 1_700_000_000_000, notAfter: 2_000_000_000_000 });

test("what is set is found again, and fits into a record", () => {
  const records = new Map<string, string>();
  const store = new AuthorityRecord(records, () => true);
  expect(store.get()).toBeUndefined();
  store.set(made);
  expect(store.get()).toEqual(made);
  expect(Buffer.byteLength(records.get(AUTHORITY_KEY) ?? "")).toBeLessThan(2048);
});

test("whether one may be made is asked each time", () => {
  let mayMake = false;
  const store = new AuthorityRecord(new Map(), () => mayMake);
  expect(store.mayMake).toBe(false);
  mayMake = true;
  expect(store.mayMake).toBe(true);
});

test.each([
  "",
  "null",
  "1",
  "[]",
  "{}",
  '{"certificate":"x"}',
  '{"certificate":"x","privateKey":1}',
  "{",
])("a record that says %j is replaced by one of use", async (text) => {
  const records = new Map([[AUTHORITY_KEY, text]]);
  const store = new AuthorityRecord(records, () => true);
  const bench = new WebBench();
  bench.authority = store.get();
  bench.monotonic += LIMITS.certificateRetryMilliseconds;
  bench.look();
  expect(bench.certificate.shown).toBeDefined();
  expect(bench.authority?.certificate).toContain("BEGIN CERTIFICATE");
  await bench.certificate.written();
  rmSync(bench.folder, { recursive: true });
});

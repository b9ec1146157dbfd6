// When two configurations are the same, and what is none.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  documentOf,
  isFactory,
  NO_DOCUMENT,
  NoDocument,
  parseDocument,
  saysTheSame,
} from "../../../daemon/core/sync/shared-document.ts";
import { LIMITS } from "../../../daemon/limits.ts";

test("the order of settings and the spaces between them do not count, that of lists does", () => {
  const hash = (text: string) => parseDocument(text).hash;
  expect(hash('{"a": 1, "b": {"c": [1, 2], "d": null}}')).toBe(
    hash('{ "b":{"d":null,"c":[1,2]},\n "a":1 }'),
  );
  expect(hash('{"a":[1,2]}')).not.toBe(hash('{"a":[2,1]}'));
  expect(hash('{"a":1}')).not.toBe(hash('{"a":"1"}'));
  expect(hash('{"__proto__":1}')).not.toBe(hash("{}"));
});

test("what is sent as text has the same hash at the other end", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const document = documentOf(value);
      expect(parseDocument(document.text)).toMatchObject(document);
      expect(saysTheSame(value, JSON.parse(document.text))).toBe(true);
    }),
  );
});

test("what nests without end, is too large or is no JSON is no document", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  expect(() => parseDocument(deep)).toThrow(NoDocument);
  expect(() => documentOf("x".repeat(LIMITS.configDocumentBytesMax))).toThrow(/is larger than/);
  expect(() => parseDocument("{")).toThrow(/is not JSON/);
});

test("the factory's has no networks", () => {
  expect(isFactory(documentOf({ version: 1, networks: [] }))).toBe(true);
  expect(isFactory(documentOf({ version: 1, networks: [{}] }))).toBe(false);
  expect(isFactory(documentOf({ networks: 1 }))).toBe(false);
  expect(isFactory(NO_DOCUMENT)).toBe(false);
});

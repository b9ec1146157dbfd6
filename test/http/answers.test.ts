// What the document of the API says of answers is what the types of the answers say. `WRITE=1` writes it anew, for
// `biome check --write` to put into its form.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ANSWER_TYPES, answerNames, answerOf, SCHEMAS } from "../../daemon/http/answers.ts";
import type { Route } from "../../daemon/http/route.ts";
import { reachable, schemasOfTypes } from "../support/type-schemas.ts";
import { wholeApi } from "../support/whole-api.ts";

const FOLDER = new URL("../../daemon/http/", import.meta.url);
/** Named in the document by others. */
const OTHERS = ["Network"];

function typesAsTheyAre() {
  const files = readdirSync(FOLDER).filter((file) => /^api-.*\.ts$/.test(file));
  const texts = files.map((file) => readFileSync(new URL(file, FOLDER), "utf8"));
  const names = answerNames().filter((name) => !OTHERS.includes(name));
  return reachable(schemasOfTypes(texts, SCHEMAS), names, SCHEMAS);
}

test("the definitions are those of the types (WRITE=1 writes them anew)", () => {
  const types = typesAsTheyAre();
  if (process.env.WRITE)
    writeFileSync(new URL("answers.json", FOLDER), JSON.stringify(types, null, 2));
  else expect(ANSWER_TYPES).toEqual(types);
});

test("every row that answers with JSON is told of", () => {
  const { routes } = wholeApi().app;
  const isJson = ({ media = ["application/json"] }: Route) => media.includes("application/json");
  const untold = routes
    .filter((route) => isJson(route) && answerOf(route) === undefined)
    .map(({ method, path }) => `${method} ${path}`);
  expect(untold).toEqual([
    "GET /api/v1/openapi.json",
    "GET /api/v1/schema/config",
    "GET /api/v1/schema/box",
  ]);
});

const read = (text: string) => schemasOfTypes([text], "#");

test("a type of every kind", () => {
  const text = `
    // Not told of.
    import type { B } from "./b.ts";
    export type * from "./b.ts";
    /** One of
     * three. */
    export type Word = "a" | "b" | "c";
    export interface First {
      /** Told of. */
      readonly word: Word;
      readonly list: readonly (string | null)[];
      readonly more?: Readonly<Record<string, number>>;
    }
    export interface Second extends First {
      readonly inner: { readonly is: true; readonly what: unknown } | null;
      readonly one: 1;
    }
    export type Either =
      | { readonly kind: "x" }
      | "none"
      | Second;
  `;
  const first = {
    word: { $ref: "#Word", description: "Told of." },
    list: { type: "array", items: { type: ["string", "null"] } },
    more: { type: "object", additionalProperties: { type: "number" } },
  };
  const inner = {
    type: ["object", "null"],
    properties: { is: { const: true }, what: {} },
    required: ["is", "what"],
  };
  expect(read(text)).toEqual({
    Word: { enum: ["a", "b", "c"], description: "One of three." },
    First: { type: "object", properties: first, required: ["word", "list"] },
    Second: {
      type: "object",
      properties: { ...first, inner, one: { const: 1 } },
      required: ["word", "list", "inner", "one"],
    },
    Either: {
      anyOf: [
        { enum: ["none"] },
        { type: "object", properties: { kind: { const: "x" } }, required: ["kind"] },
        { $ref: "#Second" },
      ],
    },
  });
  expect(Object.keys(reachable(read(text), ["Second"], "#"))).toEqual(["Second", "Word"]);
});

test.each([
  ["export const a = 1;", "const a is no type"],
  ["export type A = Partial<B>;", "Partial is not read here"],
  ["export type A = B & C;", "& stands where ; should"],
  [
    "export interface A extends B { readonly a: string; }",
    "B is extended, and there is no such type",
  ],
  ["export interface A { readonly a: string;", "the file ends"],
])("%s is refused", (text, reason) => {
  expect(() => read(text)).toThrow(reason);
});

// The document of the API is whole, and says what the rows say.

import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { jsonResponse } from "../../daemon/http/message.ts";
import { openApi } from "../../daemon/http/open-api.ts";
import { row } from "../../daemon/http/route.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { schemaRoutes } from "../../daemon/http/schema-routes.ts";
import { BODIES } from "../../daemon/schema-documents.ts";
import { schemaSource } from "../../daemon/schema-source.ts";
import { FakeBox } from "../support/fake-box.ts";
import { at, type Document, type Operation, operationsOf } from "../support/open-api.ts";
import { schemaDocument } from "../support/schema-document.ts";
import { wholeApi } from "../support/whole-api.ts";
import { askLater } from "./ask.ts";

const { app } = wholeApi();
const document = (await askLater(app.answer, "/api/v1/openapi.json")).json() as Document;
const operations = operationsOf(document);
const LABELLED = operations.map((one) => [`${one.method} ${one.path}`, one] as const);

test("every row is told of once, and nothing else is", () => {
  expect(LABELLED.map(([name]) => name).sort()).toEqual(
    app.routes.map(({ method, path }) => `${method} ${path}`).sort(),
  );
  expect(operations.length).toBeGreaterThan(40);
});

test("the document and both schemas can be read by a viewer, and by nobody less", async () => {
  for (const path of ["/api/v1/openapi.json", "/api/v1/schema/config", "/api/v1/schema/box"]) {
    expect((await askLater(app.answer, path)).status).toBe(200);
    const nobody = { name: "", role: "nobody", via: "nobody", from: "192.168.1.9" } as const;
    expect((await askLater(wholeApi(() => nobody).app.answer, path)).status).toBe(401);
  }
  for (const file of ["config", "box"] as const) {
    const answer = await askLater(app.answer, `/api/v1/schema/${file}`);
    expect(answer.json()).toEqual(schemaDocument(`${file}.json`));
  }
  expect(document).toMatchObject({ openapi: "3.1.1", info: { title: "Tandem", version: "dev" } });
});

test("each is made once", async () => {
  let asked = 0;
  const source = schemaSource(() => [], "tandem");
  const routes = schemaRoutes({
    schemaOf: (file) => {
      asked++;
      return source.schemaOf(file);
    },
    document: () => source.document(),
  });
  const { answer } = createWebApp(new FakeBox(), { routes });
  const get = async (file: string) => (await askLater(answer, `/api/v1/schema/${file}`)).text();
  const [first, second] = [await get("box"), await get("box")];
  expect([asked, first === second]).toEqual([1, true]);
  await get("config");
  expect(asked).toBe(2);
});

test("everything that is referred to is there", () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref);
  expect(refs.length).toBeGreaterThan(100);
  for (const ref of new Set(refs)) expect(at(document, ref ?? ""), ref).toBeTypeOf("object");
});

test("each has a name of its own", () => {
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^(get|post|put|patch|delete)[A-Z][A-Za-z0-9]+$/);
  expect(names).toContain("getConfigHistoryByGeneration");
});

describe.each(LABELLED)("%s", (_, { path, method, operation }) => {
  test("has a sentence, and answers with statuses that have one", () => {
    expect(operation.summary).toMatch(/^[A-Z].*\.$/);
    for (const [status, answer] of Object.entries(operation.responses)) {
      const { description = "", content = {} } = answer.$ref
        ? (at(document, answer.$ref) as Operation["responses"][string])
        : answer;
      expect(description, status).toMatch(/^[A-Z].*\.$/);
      const types = Object.keys(content);
      if (Number(status) >= 400 && status !== "413")
        expect(types).toEqual(["application/problem+json"]);
      if (status === "200") expect(types).not.toEqual([]);
    }
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["403", "421", "500"]));
    expect(Object.keys(operation.responses).some((status) => status < "300")).toBe(true);
  });

  test("tells of every part of its path, and of what it takes", () => {
    const inPath = (operation.parameters ?? []).filter((one) => one.in === "path");
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{[^}]+\}/g) ?? []);
    const route = app.routes.find((one) => one.method === method && one.path === path);
    expect(operation.requestBody !== undefined).toBe(route?.body !== undefined);
    expect(operation["x-least-role"]).toBe(route?.role);
    const isOpen = route?.role === "nobody" || route?.isLocal === true;
    expect(operation.security).toEqual(isOpen ? [] : [{ session: [] }, { token: [] }]);
  });
});

test("a change of what others may have changed takes If-Match, and says what comes of it without", () => {
  const put = operations.find(({ operation }) => operation.operationId === "putNetworksByNetwork");
  expect(put?.operation.parameters?.map(({ name, in: where }) => `${where} ${name}`)).toEqual([
    "path network",
    "query confirmWithinSeconds",
    "query note",
    "header If-Match",
  ]);
  expect(Object.keys(put?.operation.responses ?? {})).toEqual(
    expect.arrayContaining(["200", "404", "409", "422", "428"]),
  );
});

test("what the configuration has to say about is told of by its schema, and of rows that there are", () => {
  for (const [name, schema] of Object.entries(BODIES)) {
    const [, one] = LABELLED.find(([label]) => label === name) ?? [];
    const told = one?.operation.requestBody?.content["application/json"]?.schema;
    expect(told, name).toEqual({ $ref: `#/components/schemas/${schema}` });
  }
  const reservation = at(document, "#/components/schemas/Reservation") as { $ref: string };
  expect(at(document, reservation.$ref)).toMatchObject({ required: ["address"] });
});

test("a row of every kind", () => {
  const routes = [
    row({
      ...{ method: "PATCH", path: "/api/v1/users/{name}", role: "admin", summary: "Changes it." },
      body: v.strictObject({ role: v.picklist(["admin", "viewer"]) }),
      query: v.strictObject({ note: v.optional(v.string(), "") }),
      answers: { 200: "changed", 404: "there is no such user" },
      handle: () => jsonResponse({}),
    }),
    row({
      ...{
        method: "POST",
        path: "/api/v1/button",
        role: "nobody",
        isLocal: true,
        summary: "On it.",
      },
      answers: { 204: "pressed" },
      media: ["text/plain"],
      handle: () => jsonResponse({}),
    }),
  ];
  const made = openApi({ version: "1", cookie: "c", routes, schemas: {}, bodies: {} });
  const content = { schema: { $ref: "#/components/schemas/Problem" } };
  expect(made.paths).toMatchObject({
    "/api/v1/users/{name}": {
      patch: {
        operationId: "patchUsersByName",
        tags: ["users"],
        parameters: [
          { name: "name", in: "path", required: true },
          { name: "note", in: "query", required: false, schema: { type: "string", default: "" } },
        ],
        requestBody: { required: true },
        responses: {
          200: { description: "Changed.", content: { "application/json": {} } },
          404: {
            description: "There is no such user.",
            content: { "application/problem+json": content },
          },
          413: { $ref: "#/components/responses/TooLong" },
        },
        "x-least-role": "admin",
      },
    },
    "/api/v1/button": { post: { security: [], "x-only-over": "unix-socket" } },
  });
  const button = operationsOf(made as unknown as Document)[1]?.operation.responses;
  expect(Object.keys(button ?? {})).toEqual(["204", "403", "413", "415", "421", "500"]);
  expect(button?.[204]).toEqual({ description: "Pressed." });
});

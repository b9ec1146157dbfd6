// The OpenAPI 3.1 document of the box, made of the rows of its API: what is not in a row is not in the document, and
// nothing is told of twice.

import type * as v from "valibot";
import { ANSWER_TYPES, answerOf, SCHEMAS } from "./answers.ts";
import { DIALECT, type JsonSchema, toJsonSchema } from "./json-schema.ts";
import type { Route } from "./route.ts";

export interface ApiDescription {
  readonly version: string;
  /** Name of the cookie of a session. */
  readonly cookie: string;
  readonly routes: readonly Route[];
  /** Schemas that have a name, such as Config. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** The name of what a row takes whose own schema leaves that open: by method and path, "PUT /api/v1/config". */
  readonly bodies: Readonly<Record<string, string>>;
}

/** Throws an Error when a row has a schema that cannot be told of. */
export function openApi(api: ApiDescription): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of api.routes) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operation(route, api) });
  }
  return {
    openapi: "3.1.1",
    info: {
      ...{ title: "Tandem", version: api.version, license: { name: "Apache-2.0" } },
      description: ABOUT,
    },
    jsonSchemaDialect: DIALECT,
    servers: [{ url: "/", description: "The box that this document is from." }],
    paths,
    components: {
      schemas: { ...ANSWER_TYPES, ...api.schemas, Problem: PROBLEM },
      responses: Object.fromEntries(
        Object.values(COMMON).map(([name, description, hasBody]) => [
          name,
          hasBody ? problemAnswer(description) : { description },
        ]),
      ),
      securitySchemes: {
        session: {
          ...{ type: "apiKey", in: "cookie", name: api.cookie },
          description: "Given to a browser that has logged in.",
        },
        token: { type: "http", scheme: "bearer", description: "For programs." },
      },
    },
  };
}

const ABOUT = [
  "Two boxes, one DHCP service. What is refused is answered with a problem (RFC 9457) that says why in a sentence.",
  "Every GET can be a HEAD. Over the Unix socket of the box no login is needed: the file says who may.",
].join(" ");

const PROBLEM: JsonSchema = {
  type: "object",
  description: "Why something was refused (RFC 9457).",
  properties: {
    type: { type: "string", description: "Always about:blank: the title is that of the status." },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "One sentence for people." },
    errors: {
      type: "array",
      description: "Everything that is wrong with what was sent.",
      items: {
        type: "object",
        properties: { path: { type: "string" }, reason: { type: "string" } },
        required: ["path", "reason"],
      },
    },
  },
  required: ["type", "title", "status", "detail"],
};

type Common = readonly [
  name: string,
  description: string,
  hasBody: boolean,
  isOf: (route: Route) => boolean,
];

/** What a row need not say, as it goes for all rows of a kind. */
const COMMON: Readonly<Record<number, Common>> = {
  400: ["NotUnderstood", "What was sent cannot be understood.", true, takesSomething],
  401: ["LogInFirst", "Nobody has logged in.", true, ({ role }) => role !== "nobody"],
  403: ["MayNot", "Who asks, or the page from which it is asked, may not.", true, () => true],
  413: ["TooLong", "The body is longer than this takes.", false, changes],
  415: ["NoJson", "What was sent is not called application/json.", true, changes],
  421: ["OtherName", "The box was opened by a name that is not its own.", true, () => true],
  500: ["OwnMistake", "The box made a mistake; its log says more.", true, () => true],
};

function takesSomething({ path, query, body }: Route): boolean {
  return path.includes("{") || query !== undefined || body !== undefined;
}

function changes({ method }: Route): boolean {
  return method !== "GET";
}

function operation(route: Route, api: ApiDescription): JsonSchema {
  const { method, path, role, summary } = route;
  const parameters = [...pathParameters(path), ...queryParameters(route), ...tagParameter(route)];
  const body = bodyOf(route, api);
  const needsLogin = role !== "nobody" && !route.isLocal;
  return {
    operationId: nameOf(method, path),
    tags: [path.split("/")[3] ?? "metrics"],
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: responsesOf(route),
    security: needsLogin ? [{ session: [] }, { token: [] }] : [],
    "x-least-role": role,
    ...(route.isLocal ? { "x-only-over": "unix-socket" } : {}),
    ...(route.isBeforePassword ? { "x-before-password": true } : {}),
  };
}

/** "GET /api/v1/users/{name}" is getUsersByName. */
function nameOf(method: string, path: string): string {
  const words =
    path
      .replace(/^\/api\/v1\//, "")
      .replaceAll("{", "by-")
      .match(/[A-Za-z0-9]+/g) ?? [];
  const capital = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1);
  return method.toLowerCase() + words.map(capital).join("");
}

function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true },
    schema: { type: "string", minLength: 1 },
  }));
}

function queryParameters({ query }: Route): JsonSchema[] {
  if (!query) return [];
  const { properties = {}, required = [] } = toJsonSchema(query);
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => ({
    ...{ name, in: "query", schema },
    required: (required as readonly string[]).includes(name),
  }));
}

/** A change of what others may have changed meanwhile says which version it was made from. */
function tagParameter({ answers }: Route): JsonSchema[] {
  if (!(428 in answers)) return [];
  const description = "The ETag of the version that this change was made from.";
  return [{ name: "If-Match", in: "header", description, schema: { type: "string" } }];
}

function bodyOf(route: Route, api: ApiDescription): JsonSchema | undefined {
  const { method, path, body } = route;
  if (!body) return undefined;
  const name = api.bodies[`${method} ${path}`];
  const schema = name === undefined ? toJsonSchema(body) : { $ref: `${SCHEMAS}${name}` };
  return { required: isNeeded(body), content: { "application/json": { schema } } };
}

/** No body is an empty object. */
function isNeeded(body: v.GenericSchema): boolean {
  const { required = [], type } = toJsonSchema(body);
  return type !== "object" || (required as readonly string[]).length > 0;
}

function responsesOf(route: Route): JsonSchema {
  const own = Object.entries(route.answers).map(([status, meaning]) => {
    const description = `${meaning.slice(0, 1).toUpperCase()}${meaning.slice(1)}.`;
    const answer =
      Number(status) < 300 ? goodAnswer(route, status, description) : problemAnswer(description);
    return [status, answer] as const;
  });
  const common = Object.entries(COMMON).flatMap(([status, [name, , , isOf]]) =>
    isOf(route) ? [[status, { $ref: `#/components/responses/${name}` }] as const] : [],
  );
  return Object.fromEntries([...common, ...own]);
}

function goodAnswer(route: Route, status: string, description: string): JsonSchema {
  if (status === "204") return { description };
  const schema = answerOf(route);
  const { media = ["application/json"] } = route;
  const content = media.map((type) => [
    type,
    schema && type === "application/json" ? { schema } : {},
  ]);
  return { description, content: Object.fromEntries(content) };
}

function problemAnswer(description: string): JsonSchema {
  const schema = { $ref: `${SCHEMAS}Problem` };
  return { description, content: { "application/problem+json": { schema } } };
}

// Whether an answer is as the OpenAPI document says, and in the form that all answers have.

import type { MadeRequest } from "./api-requests.ts";
import { complaints } from "./json-schema-check.ts";
import { type Answer, at, type Document, definitionsOf, type Operation } from "./open-api.ts";

/** What came back. */
export interface Seen {
  readonly status: number;
  header(name: string): string | undefined;
  readonly text: string;
}

/** What the document has of a request; nothing of one that is of no path, or that is said over the socket only. */
export function operationFor(
  document: Document,
  { method, target }: MadeRequest,
  isOverSocket: boolean,
): Operation | undefined {
  const parts = target.split("?")[0]?.split("/") ?? [];
  const paths = Object.keys(document.paths).filter((path) => {
    const wanted = path.split("/");
    return (
      wanted.length === parts.length &&
      wanted.every((part, index) => part.startsWith("{") || part === parts[index])
    );
  });
  // A path without a part in braces goes first.
  const [path = ""] = paths.sort((a, b) => a.split("{").length - b.split("{").length);
  const operation = document.paths[path]?.[method === "HEAD" ? "get" : method.toLowerCase()];
  const isKnown = /^[A-Z]+$/.test(method) && (isOverSocket || !operation?.["x-only-over"]);
  return isKnown ? operation : undefined;
}

/** In what it is not as it should be. */
export function answerComplaints(
  document: Document,
  operation: Operation | undefined,
  made: MadeRequest,
  seen: Seen,
): string[] {
  const { status } = seen;
  const type = seen.header("content-type")?.split(";")[0] ?? "";
  const told = operation?.responses[status];
  const { content }: Answer = told?.$ref ? (at(document, told.$ref) as Answer) : (told ?? {});
  const wrong: string[] = [];
  // Where there is no such thing, or not by this method, no document has to say so; nor of the files of the page.
  const usual = [403, 404, 405, 421, ...(made.target.startsWith("/api/") ? [] : [200])];
  if (!operation && !usual.includes(status)) wrong.push(`${status} of nothing`);
  if (operation && !told) wrong.push(`${status} is not told of`);
  if (status >= 500 && status !== 503) wrong.push(`${status} is a fault`);
  if (content && !Object.hasOwn(content, type)) wrong.push(`${type} is not told of for ${status}`);
  if (seen.header("x-content-type-options") !== "nosniff")
    wrong.push("the usual headers are missing");
  if (operation && status < 300) wrong.push(...bodyComplaints(document, operation, made));
  if (made.method === "HEAD") return wrong;
  if (status >= 400) wrong.push(...problemComplaints(document, status, type, seen.text));
  else if (type === "application/json") {
    const schema = content?.[type]?.schema ?? {};
    const found = complaints(schema, JSON.parse(seen.text), definitionsOf(document));
    wrong.push(...found.map((text) => `answered ${text}`));
  }
  return wrong;
}

function problemComplaints(
  document: Document,
  status: number,
  type: string,
  text: string,
): string[] {
  if (type !== "application/problem+json") return [`${status} in ${type}`];
  const problem = JSON.parse(text) as { readonly status: number; readonly detail: string };
  const schema = at(document, "#/components/schemas/Problem") as Record<string, unknown>;
  const wrong = complaints(schema, problem);
  if (problem.status !== status) wrong.push(`says ${problem.status}`);
  if (!/^\S.*[.!?]$/s.test(problem.detail)) wrong.push(`no sentence: ${problem.detail}`);
  return wrong;
}

/** What was taken is what the document says that is taken. */
function bodyComplaints(document: Document, operation: Operation, { body }: MadeRequest): string[] {
  const schema = operation.requestBody?.content["application/json"]?.schema;
  if (!schema) return [];
  const value: unknown = body.length === 0 ? {} : JSON.parse(new TextDecoder().decode(body));
  return complaints(schema, value, definitionsOf(document)).map((text) => `taken, but ${text}`);
}

/** For a person who wants to send it again. */
export function described({ method, target, headers, body }: MadeRequest): string {
  const sent = new TextDecoder().decode(body).slice(0, 300);
  return `${method} ${target.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)} ${sent}`;
}

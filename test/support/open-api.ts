// An OpenAPI document as a test reads it.

import type { Schema } from "./json-schema-check.ts";

export interface Answer {
  readonly $ref?: string;
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly responses: Readonly<Record<string, Answer>>;
  readonly security: unknown;
  readonly "x-least-role": string;
  readonly "x-only-over"?: string;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Told {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function operationsOf({ paths }: Document): Told[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ method: method.toUpperCase(), path, operation },
    })),
  );
}

/** What a reference such as "#/components/schemas/Problem" names. */
export function at(document: object, ref: string): unknown {
  let here: unknown = document;
  for (const part of ref.replace(/^#\//, "").split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    here = (here as Readonly<Record<string, unknown>> | undefined)?.[name];
  }
  return here;
}

const known = new WeakMap<object, Readonly<Record<string, Schema>>>();

/** All definitions that are referred to, by their references. */
export function definitionsOf(document: object): Readonly<Record<string, Schema>> {
  const earlier = known.get(document);
  if (earlier) return earlier;
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, ref]) => ref ?? "",
  );
  const definitions = Object.fromEntries(refs.map((ref) => [ref, at(document, ref) as Schema]));
  known.set(document, definitions);
  return definitions;
}

// From the types that the API says its answers in to JSON Schema. It reads what those files are written in: interfaces,
// unions, lists, records and literals. Anything else is an error, so that nothing is told of wrongly.

import type { Schema } from "./json-schema-check.ts";

export type Definitions = Readonly<Record<string, Schema>>;

/** All exported types of these files, by name. What another one is said by is a `$ref` that begins with `base`. */
export function schemasOfTypes(texts: readonly string[], base: string): Definitions {
  const reader = new TypeReader(base);
  for (const text of texts) reader.read(text);
  return reader.finished();
}

/** Those of them that are needed to say what these are. */
export function reachable(
  definitions: Definitions,
  names: Iterable<string>,
  base: string,
): Definitions {
  const reached: Record<string, Schema> = {};
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const schema = definitions[name];
    if (!schema) throw new Error(`there is no type ${name}`);
    if (Object.hasOwn(reached, name)) continue;
    reached[name] = schema;
    const refs = JSON.stringify(schema).matchAll(/"\$ref":"([^"]+)"/g);
    queue.push(...Array.from(refs, ([, ref = ""]) => ref.slice(base.length)));
  }
  return Object.fromEntries(Object.entries(reached).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const TOKEN = /\/\*\*[\s\S]*?\*\/|\/\/[^\n]*|"[^"]*"|[A-Za-z_$][\w$]*|[0-9]+|[^\s]/g;

const PRIMITIVES: Readonly<Record<string, Schema>> = {
  string: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  null: { type: "null" },
  true: { const: true },
  false: { const: false },
  unknown: {},
};

class TypeReader {
  readonly #definitions: Record<string, Schema> = {};
  /** What each interface that extends another one extends. */
  readonly #wider = new Map<string, string>();
  readonly #base: string;
  #tokens: readonly string[] = [];
  #at = 0;

  constructor(base: string) {
    this.#base = base;
  }

  read(text: string): void {
    this.#tokens = Array.from(text.matchAll(TOKEN), ([token]) => token).filter(
      (one) => !one.startsWith("//"),
    );
    this.#at = 0;
    while (this.#at < this.#tokens.length) this.#statement();
  }

  #statement(): void {
    const description = this.#description();
    if (this.#token === "import" || this.#following(["export", "type", "*"])) {
      while (this.#take() !== ";");
      return;
    }
    this.#expect("export");
    const kind = this.#take();
    const name = this.#take();
    if (kind === "interface") {
      if (this.#token === "extends") this.#wider.set(name, this.#widerOf());
      this.#definitions[name] = { ...this.#members(), ...description };
    } else if (kind === "type") {
      this.#expect("=");
      this.#definitions[name] = { ...this.#type(), ...description };
      this.#expect(";");
    } else throw new Error(`${kind} ${name} is no type`);
  }

  #widerOf(): string {
    this.#expect("extends");
    return this.#take();
  }

  /** With what each extends in it, which may stand in another file. */
  finished(): Definitions {
    const names = Object.keys(this.#definitions);
    return Object.fromEntries(names.map((name) => [name, this.#whole(name)]));
  }

  #whole(name: string): Schema {
    const own = this.#definitions[name];
    if (!own) throw new Error(`${name} is extended, and there is no such type`);
    const wider = this.#wider.get(name);
    return wider === undefined ? own : merged(this.#whole(wider), own);
  }

  #members(): Schema {
    this.#expect("{");
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    while (this.#token !== "}") {
      const description = this.#description();
      if (this.#token === "readonly") this.#take();
      const name = this.#take();
      const isOptional = this.#token === "?";
      if (isOptional) this.#take();
      else required.push(name);
      this.#expect(":");
      properties[name] = { ...this.#type(), ...description };
      if (this.#token !== "}") this.#expect(";");
    }
    this.#expect("}");
    return { type: "object", properties, required };
  }

  #type(): Schema {
    if (this.#token === "|") this.#take();
    const parts = [this.#part()];
    while (this.#token === "|") {
      this.#take();
      parts.push(this.#part());
    }
    return united(parts);
  }

  #part(): Schema {
    if (this.#token === "readonly") this.#take();
    let schema = this.#primary();
    while (this.#following(["[", "]"])) {
      this.#at += 2;
      schema = { type: "array", items: schema };
    }
    return schema;
  }

  #primary(): Schema {
    if (this.#token === "{") return this.#members();
    const token = this.#take();
    if (token.startsWith('"')) return { const: JSON.parse(token) as string };
    if (/^[0-9]/.test(token)) return { const: Number(token) };
    if (token === "(") return this.#closed(this.#type(), ")");
    if (token === "Readonly") return this.#inBrackets();
    if (token === "Record") return this.#record();
    if (!/^[A-Za-z]/.test(token) || this.#token === "<")
      throw new Error(`${token} is not read here`);
    return PRIMITIVES[token] ?? { $ref: `${this.#base}${token}` };
  }

  #inBrackets(): Schema {
    this.#expect("<");
    return this.#closed(this.#type(), ">");
  }

  #record(): Schema {
    for (const one of ["<", "string", ","]) this.#expect(one);
    return { type: "object", additionalProperties: this.#closed(this.#type(), ">") };
  }

  #closed(schema: Schema, end: string): Schema {
    this.#expect(end);
    return schema;
  }

  #description(): { readonly description?: string } {
    if (!this.#token.startsWith("/**")) return {};
    const text = this.#take()
      .replace(/^\/\*\*|\*\/$/g, "")
      .replace(/^\s*\* ?/gm, "");
    return { description: text.replace(/\s+/g, " ").trim() };
  }

  get #token(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #following(tokens: readonly string[]): boolean {
    return tokens.every((token, index) => this.#tokens[this.#at + index] === token);
  }

  #take(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Error("the file ends in the middle of a type");
    return token;
  }

  #expect(token: string): void {
    const found = this.#take();
    if (found !== token) throw new Error(`${found} stands where ${token} should`);
  }
}

function merged(wider: Schema, own: Schema): Schema {
  return {
    ...own,
    properties: { ...(wider.properties ?? {}), ...(own.properties ?? {}) },
    required: [...((wider.required as string[] | undefined) ?? []), ...(own.required as string[])],
  };
}

/** Words that may stand there as a list, and null as one more type where there is one type. */
function united(parts: readonly Schema[]): Schema {
  const [first = {}, second = {}] = parts;
  if (parts.length === 1) return first;
  const values = parts.map((one) => one.const);
  if (values.every((value) => typeof value === "string")) return { enum: values };
  if (parts.length === 2 && second.type === "null" && typeof first.type === "string") {
    return { ...first, type: [first.type, "null"] };
  }
  const words = values.filter((value) => typeof value === "string");
  const others = parts.filter((one) => typeof one.const !== "string");
  return { anyOf: words.length > 0 ? [{ enum: words }, ...others] : others };
}

// Expressions of dhcpd.conf (dhcp-eval(5)) that say who is a member of a class.

import type { Plain } from "../wire/option-codecs.ts";
import { RELAY_SUBOPTION } from "../wire/relay-agent.ts";
import { allOf, anyOf, type FieldPart, Inexpressible, partExists, partIs } from "./isc-match.ts";
import type { Token } from "./isc-statements.ts";
import { hexBytes, wholeNumberOf } from "./isc-values.ts";

/** The code of an option by its name in the file; undefined when there is none. */
export type CodeOf = (name: string) => number | undefined;

/** A text of bytes that is known, or a part of the packet. */
export type Data =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "part"; readonly part: FieldPart; readonly written?: "hex" };

/** A condition as the match language has it. Throws Inexpressible. */
export function readCondition(words: readonly Token[], codeOf: CodeOf): Plain {
  const reader = new Expression(words, codeOf);
  const match = reader.either();
  reader.end();
  return match;
}

/** What the classes below another one are told apart by. Throws Inexpressible. */
export function readData(words: readonly Token[], codeOf: CodeOf): Data {
  const reader = new Expression(words, codeOf);
  const data = reader.data();
  reader.end();
  return data;
}

/** Holds when both are the same. Throws Inexpressible. */
export function same(left: Data, right: Data): Plain {
  if (left.kind === "part" && right.kind === "bytes")
    return partIs(left.part, asBytes(left, right.bytes));
  if (right.kind === "part" && left.kind === "bytes")
    return partIs(right.part, asBytes(right, left.bytes));
  throw new Inexpressible("Only what a client sends is compared, and only with a fixed value.");
}

const DEPTH_MAX = 32;

class Expression {
  readonly #words: readonly Token[];
  readonly #codeOf: CodeOf;
  #at = 0;
  #depth = 0;

  constructor(words: readonly Token[], codeOf: CodeOf) {
    this.#words = words;
    this.#codeOf = codeOf;
  }

  end(): void {
    if (this.#at < this.#words.length) throw this.#unclear();
  }

  either(): Plain {
    const parts = [this.#both()];
    while (this.#takes("or")) parts.push(this.#both());
    return anyOf(parts);
  }

  data(): Data {
    this.#enter();
    const word = this.#next();
    const found = word.isQuoted || word.isSign ? undefined : DATA[word.text.toLowerCase()];
    const data = found ? found(this) : this.#constant(word);
    this.#depth--;
    return data;
  }

  /** "(" data { "," number } ")". */
  call(numbers: number): { readonly of: Data; readonly numbers: readonly number[] } {
    this.#expect("(");
    const of = this.data();
    const read = Array.from({ length: numbers }, () => {
      this.#expect(",");
      const value = wholeNumberOf(this.#next().text);
      if (value === undefined || value < 0) throw this.#unclear();
      return value;
    });
    this.#expect(")");
    return { of, numbers: read };
  }

  optionName(): FieldPart["field"] {
    const name = this.#next().text;
    const suboption = AGENT.get(name);
    if (suboption !== undefined) return { kind: "suboption", code: suboption };
    const code = this.#codeOf(name);
    if (code === undefined) throw new Inexpressible(`The option "${name}" is not compared here.`);
    return { kind: "option", code };
  }

  /** binary-to-ascii(16, 8, ":", DATA): bytes as hex digits. */
  written(): Data {
    this.#expect("(");
    const base = this.#next().text;
    this.#expect(",");
    const width = this.#next().text;
    this.#expect(",");
    const separator = this.#next().text;
    this.#expect(",");
    const of = this.data();
    this.#expect(")");
    if (base !== "16" || width !== "8" || separator !== ":" || of.kind !== "part") {
      throw new Inexpressible("Bytes are compared as they are, and not in this writing.");
    }
    return { ...of, written: "hex" };
  }

  /** concat("a", "b", …) of fixed texts. */
  joined(): Data {
    const bytes: number[] = [];
    this.#expect("(");
    do {
      const part = this.data();
      if (part.kind !== "bytes")
        throw new Inexpressible("What is joined from parts is not compared.");
      bytes.push(...part.bytes);
    } while (this.#takes(","));
    this.#expect(")");
    return { kind: "bytes", bytes: Uint8Array.from(bytes) };
  }

  /** encode-int(NUMBER, WIDTH). */
  encoded(): Data {
    this.#expect("(");
    const value = wholeNumberOf(this.#next().text);
    this.#expect(",");
    const width = { 8: 1, 16: 2, 32: 4 }[this.#next().text];
    this.#expect(")");
    if (value === undefined || value < 0 || width === undefined) throw this.#unclear();
    const all = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
    return { kind: "bytes", bytes: Uint8Array.from(all.slice(4 - width)) };
  }

  #both(): Plain {
    const parts = [this.#one()];
    while (this.#takes("and")) parts.push(this.#one());
    return allOf(parts);
  }

  #one(): Plain {
    this.#enter();
    const match = this.#oneInside();
    this.#depth--;
    return match;
  }

  #oneInside(): Plain {
    if (this.#takes("not")) return { not: this.#one() };
    if (this.#takes("exists")) return partExists(this.optionName());
    if (this.#takes("known")) return { known: true };
    if (this.#takes("(")) {
      const inner = this.either();
      this.#expect(")");
      return inner;
    }
    const left = this.data();
    if (this.#takes("!")) {
      this.#expect("=");
      return { not: same(left, this.data()) };
    }
    if (!this.#takes("=")) {
      throw new Inexpressible("Only conditions with = and != can be said here.");
    }
    return same(left, this.data());
  }

  #constant(word: Token): Data {
    const bytes = word.isQuoted ? word.bytes : hexBytes(word.text);
    if (bytes === undefined || word.isSign) throw this.#unclear();
    return { kind: "bytes", bytes };
  }

  #enter(): void {
    if (++this.#depth > DEPTH_MAX) throw new Inexpressible("The condition is nested too deeply.");
  }

  #next(): Token {
    const word = this.#words[this.#at++];
    if (word === undefined) throw this.#unclear();
    return word;
  }

  #takes(text: string): boolean {
    const word = this.#words[this.#at];
    if (word === undefined || word.isQuoted || word.text.toLowerCase() !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw this.#unclear();
  }

  #unclear(): Inexpressible {
    const near = this.#words[Math.min(this.#at, this.#words.length) - 1]?.text ?? "";
    return new Inexpressible(`The condition cannot be read near "${near}".`);
  }
}

const AGENT: ReadonlyMap<string, number> = new Map([
  ["agent.circuit-id", RELAY_SUBOPTION.agentCircuitId.code],
  ["agent.remote-id", RELAY_SUBOPTION.agentRemoteId.code],
]);

const DATA: Readonly<Record<string, (reader: Expression) => Data>> = {
  __proto__: null as never,
  option: (reader) => part({ field: reader.optionName(), from: 0, length: undefined }),
  hardware: () => part({ field: { kind: "hardware" }, from: 0, length: undefined }),
  substring: (reader) => {
    const { of, numbers } = reader.call(2);
    const [from = 0, length = 0] = numbers;
    if (of.kind === "bytes") return { kind: "bytes", bytes: of.bytes.slice(from, from + length) };
    if (of.part.from < 0 || of.part.length !== undefined) throw new Inexpressible(NESTED);
    return { ...of, part: { ...of.part, from: of.part.from + from, length } };
  },
  suffix: (reader) => {
    const { of, numbers } = reader.call(1);
    const [length = 0] = numbers;
    if (of.kind === "bytes")
      return { kind: "bytes", bytes: of.bytes.slice(-length || of.bytes.length) };
    if (of.part.from !== 0 || of.part.length !== undefined) throw new Inexpressible(NESTED);
    return { ...of, part: { ...of.part, from: -length, length } };
  },
  concat: (reader) => reader.joined(),
  "encode-int": (reader) => reader.encoded(),
  "binary-to-ascii": (reader) => reader.written(),
};

const NESTED = "A part of a part is not compared here.";

function part(of: FieldPart): Data {
  return { kind: "part", part: of };
}

/** What a part has to be when its writing as hex digits is this text. */
function asBytes(data: Data & { readonly kind: "part" }, bytes: Uint8Array): Uint8Array {
  if (data.written === undefined) return bytes;
  const read = hexBytes(new TextDecoder().decode(bytes));
  if (read === undefined) throw new Inexpressible("The text is not bytes as hex digits.");
  return read;
}

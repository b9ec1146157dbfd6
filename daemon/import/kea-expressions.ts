// The test of a client class in Kea: what it asks of a packet, as our match language says it.

import { parseIpv4 } from "../base/address.ts";
import { optionByCode } from "../wire/dhcp4-options.ts";
import type { Plain } from "../wire/option-codecs.ts";
import { allOf, anyOf, type FieldPart, Inexpressible, partExists, partIs } from "./isc-match.ts";
import { hexBytes, wholeNumberOf } from "./isc-values.ts";

export interface TestNames {
  /** The code of an option of the main space by its name. */
  codeOf(name: string): number | undefined;
  /** The match of a class that stands earlier, or is built in; undefined: it could not be taken over. */
  memberOf(name: string): Plain | undefined;
}

/** Throws Inexpressible. */
export function readTest(text: string, names: TestNames): Plain {
  if (text.length > CHARACTERS_MAX) throw new Inexpressible("The test is too long.");
  const reader = new Test(text, names);
  const match = reader.either();
  reader.end();
  return match;
}

const CHARACTERS_MAX = 20_000;
const DEPTH_MAX = 32;
const TOKEN = /\s+|'[^']*'|0x[0-9a-fA-F]+|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|==|[A-Za-z0-9_-]+|[\s\S]/g;

type Data =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "part"; readonly part: FieldPart; readonly separator?: string };

class Test {
  readonly #words: readonly string[];
  readonly #names: TestNames;
  #at = 0;
  #depth = 0;

  constructor(text: string, names: TestNames) {
    this.#words = (text.match(TOKEN) ?? []).filter((word) => word.trim() !== "");
    this.#names = names;
  }

  end(): void {
    if (this.#at < this.#words.length) throw this.#unclear();
  }

  either(): Plain {
    const parts = [this.#both()];
    while (this.#takes("or")) parts.push(this.#both());
    return anyOf(parts);
  }

  #both(): Plain {
    const parts = [this.#one()];
    while (this.#takes("and")) parts.push(this.#one());
    return allOf(parts);
  }

  #one(): Plain {
    if (++this.#depth > DEPTH_MAX) throw new Inexpressible("The test is nested too deeply.");
    const match = this.#oneInside();
    this.#depth--;
    return match;
  }

  #oneInside(): Plain {
    if (this.#takes("not")) return { not: this.#one() };
    if (this.#takes("member")) return this.#member();
    if (this.#takes("(")) {
      const inner = this.either();
      this.#expect(")");
      return inner;
    }
    const left = this.#data();
    if ("exists" in left) return partExists(left.exists);
    if (!this.#takes("==")) throw this.#unclear();
    const right = this.#data();
    if ("exists" in right) throw this.#unclear();
    return same(left, right);
  }

  #member(): Plain {
    this.#expect("(");
    const name = this.#quoted();
    this.#expect(")");
    const match = this.#names.memberOf(name);
    if (match !== undefined) return match;
    throw new Inexpressible(`The class "${name}", of which it speaks, could not be taken over.`);
  }

  #data(): Data | { readonly exists: FieldPart["field"] } {
    const word = this.#next();
    const read = Object.hasOwn(READERS, word) ? READERS[word] : undefined;
    if (read) return read.call(this);
    if (word.startsWith("'")) return constant(new TextEncoder().encode(word.slice(1, -1)));
    const address = parseIpv4(word);
    const bytes =
      address === undefined
        ? /^0x/.test(word)
          ? hexBytes(word)
          : undefined
        : Uint8Array.from([24, 16, 8, 0], (shift) => (address >>> shift) & 255);
    if (bytes === undefined) throw this.#unclear();
    return constant(bytes);
  }

  /** option[60].hex, option[82].option[1].exists. */
  option(): Data | { readonly exists: FieldPart["field"] } {
    this.#expect("[");
    const name = this.#next();
    this.#expect("]");
    this.#expect(".");
    const code = wholeNumberOf(name) ?? this.#names.codeOf(name);
    if (code === undefined) throw new Inexpressible(`The option "${name}" is not known here.`);
    if (!this.#takes("option")) return this.#form({ kind: "option", code });
    if (code !== 82) throw new Inexpressible("Options in options are not compared here.");
    return this.relay();
  }

  /** [1].hex of what a relay says. */
  relay(): Data | { readonly exists: FieldPart["field"] } {
    this.#expect("[");
    const code = wholeNumberOf(this.#next());
    this.#expect("]");
    this.#expect(".");
    if (code === undefined) throw this.#unclear();
    return this.#form({ kind: "suboption", code });
  }

  packet(): Data {
    this.#expect(".");
    const name = this.#next();
    if (name === "mac") return part({ kind: "mac" });
    if (name === "giaddr") return part({ kind: "relay" });
    throw new Inexpressible(`Of a packet "${name}" is not compared here.`);
  }

  substring(): Data {
    this.#expect("(");
    const of = this.#data();
    this.#expect(",");
    const from = Number(this.#signed());
    this.#expect(",");
    const length = this.#takes("all") ? undefined : Number(this.#signed());
    this.#expect(")");
    if ("exists" in of || Number.isNaN(from) || Number.isNaN(length ?? 0)) throw this.#unclear();
    if (of.kind === "bytes") {
      return constant(of.bytes.slice(from, length === undefined ? undefined : from + length));
    }
    if (of.part.from !== 0 || of.part.length !== undefined) {
      throw new Inexpressible("A part of a part is not compared here.");
    }
    return { ...of, part: { ...of.part, from, length } };
  }

  hexstring(): Data {
    this.#expect("(");
    const of = this.#data();
    this.#expect(",");
    const separator = this.#quoted();
    this.#expect(")");
    if ("exists" in of || of.kind === "bytes") throw this.#unclear();
    return { ...of, separator };
  }

  #form(field: FieldPart["field"]): Data | { readonly exists: FieldPart["field"] } {
    const form = this.#next();
    if (form === "exists") return { exists: field };
    const shape = field.kind === "option" ? optionByCode(field.code)?.codec.shape : undefined;
    const isPlain = form === "hex" || shape === undefined || shape === "text" || shape === "bytes";
    if ((form !== "hex" && form !== "text") || !isPlain) {
      throw new Inexpressible("An option is compared as its bytes here, and not in this writing.");
    }
    return part(field);
  }

  #signed(): string {
    return this.#takes("-") ? `-${this.#next()}` : this.#next();
  }

  #quoted(): string {
    const word = this.#next();
    if (!word.startsWith("'") || word.length < 2) throw this.#unclear();
    return word.slice(1, -1);
  }

  #next(): string {
    const word = this.#words[this.#at++];
    if (word === undefined) throw this.#unclear();
    return word;
  }

  #takes(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) throw this.#unclear();
  }

  #unclear(): Inexpressible {
    const near = this.#words[Math.min(this.#at, this.#words.length) - 1] ?? "";
    return new Inexpressible(`The test cannot be said here, near "${near}".`);
  }
}

type ReadData = (this: Test) => Data | { readonly exists: FieldPart["field"] };

const READERS: Readonly<Record<string, ReadData>> = {
  option: Test.prototype.option,
  relay4: Test.prototype.relay,
  pkt4: Test.prototype.packet,
  substring: Test.prototype.substring,
  hexstring: Test.prototype.hexstring,
};

function part(field: FieldPart["field"]): Data {
  return { kind: "part", part: { field, from: 0, length: undefined } };
}

function constant(bytes: Uint8Array): Data {
  return { kind: "bytes", bytes };
}

function same(left: Data, right: Data): Plain {
  const [of, other] = left.kind === "part" ? [left, right] : [right, left];
  if (of.kind !== "part" || other.kind !== "bytes") {
    throw new Inexpressible("Only what a client sends is compared, and only with a fixed value.");
  }
  if (of.separator === undefined) return partIs(of.part, other.bytes);
  const digits = new TextDecoder().decode(other.bytes).replaceAll(of.separator || ":", "");
  const bytes = hexBytes(digits);
  if (bytes === undefined) throw new Inexpressible("The text is not bytes as hex digits.");
  return partIs(of.part, bytes);
}

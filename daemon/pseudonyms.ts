// Invented names for devices: the same device has the same one everywhere in a document, and another one in the next
// document. Hardware addresses are found by their form wherever they stand; names by where they stand, and then in texts.

import { sha256Hex } from "./base/sha256.ts";

/** Settings and facts that are the name of a device, or hold it. */
const NAME_KEYS: readonly string[] = ["hostname", "host-name"];
const CLIENT_ID_KEYS: readonly string[] = ["clientId", "circuitId", "remoteId"];
/** Words of our own: a device that is called as one of them does not change them. */
const VOCABULARY: readonly string[] = [
  ...["id", "kind", "level", "severity", "state", "role", "verdict", "source", "mode"],
  ...["version", "node", "kernel", "interface", "protocol", "type"],
];

/** Files of the box have numbers as long as addresses are. */
const FILES_KEY = "stateFiles";

const HEX_PAIRS = /(?<![0-9a-f:-])(?:[0-9a-f]{2}[:-]){5,}[0-9a-f]{2}(?![0-9a-f:-])/gi;
const HEX_DOTTED = /(?<![0-9a-f.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-f.])/gi;
/** A MAC address or an identifier of a client (with 01 and the address, or a DUID); hashes of 64 digits are none. */
const HEX_RUN = /(?<![0-9a-z])(?:[0-9a-f]{2}){6,31}(?![0-9a-z])/gi;
/** The end of an IPv6 address that was made of a MAC address (RFC 4291 appendix A). */
const EUI64 =
  /(?<=:)([0-9a-f]{1,4}):([0-9a-f]{0,2})ff:fe([0-9a-f]{2}):([0-9a-f]{1,4})(?![0-9a-f:])/gi;
const LABEL = /[a-z0-9][a-z0-9-]*/gi;

/** For everybody, nobody, and of the gateway that moves (RFC 5798 §7.3): they are no device's. */
const NOBODYS = /^(ffffffffffff|000000000000|00005e0001..|00005e0002..|01005e......|3333........)$/;
/** Hardware type Ethernet in front of a hardware address (RFC 2132 §9.14). */
const ETHERNET_TYPE = "01";
const MAC_DIGITS = 12;

export class Pseudonyms {
  readonly #key: Uint8Array;
  /** Names of devices, in lower case, without a domain. */
  readonly #names = new Set<string>();
  /** Digits that were made already, by what they are for. */
  readonly #made = new Map<string, string>();

  /** `key`: random bytes, and others for each document. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** A name of a device to be looked for in texts; of one with a domain its first part. */
  know(name: string): void {
    const label = firstLabel(name).toLowerCase();
    if (label !== "") this.#names.add(label);
  }

  /** Finds the names of devices that a document says by where they stand. */
  learn(value: unknown, key = "", parent = ""): void {
    if (typeof value === "string" && isName(key, parent)) this.know(value);
    else if (Array.isArray(value)) for (const one of value) this.learn(one, key, parent);
    else if (typeof value === "object" && value !== null) {
      for (const [name, one] of Object.entries(value)) this.learn(one, name, key);
    }
  }

  /**
   * The same document without its devices, text by text, so that whoever asks for the next step can do something else
   * in between. `learn` and `know` come first.
   */
  *blank(value: unknown, key = "", parent = ""): Generator<void, unknown> {
    if (typeof value === "string") {
      yield;
      return this.#text(value, key, parent);
    }
    if (Array.isArray(value)) {
      const blanked: unknown[] = [];
      for (const one of value) blanked.push(yield* this.blank(one, key, parent));
      return blanked;
    }
    if (typeof value !== "object" || value === null) return value;
    const entries: [string, unknown][] = [];
    for (const [name, one] of Object.entries(value)) {
      entries.push([this.#addresses(name), yield* this.blank(one, name, key)]);
    }
    return Object.fromEntries(entries);
  }

  #text(text: string, key: string, parent: string): string {
    if (text === "") return text;
    if (key === "serial") return `serial-${this.#digits(text, 8)}`;
    if (CLIENT_ID_KEYS.includes(key)) return this.#identifier(text);
    if (isName(key, parent)) return this.#nameOf(firstLabel(text)) + domainOf(text);
    if (key === "name" && parent === FILES_KEY) return text;
    const blanked = this.#addresses(text);
    return VOCABULARY.includes(key) ? blanked : this.#namesIn(blanked);
  }

  #namesIn(text: string): string {
    return text.replace(LABEL, (word) => {
      return this.#names.has(word.toLowerCase()) ? this.#nameOf(word) : word;
    });
  }

  #nameOf(label: string): string {
    return `device-${this.#digits(label.toLowerCase(), 8)}`;
  }

  #addresses(text: string): string {
    return text
      .replace(EUI64, (...parts) => this.#eui64(parts.slice(1, 5) as string[]))
      .replace(HEX_PAIRS, (pairs) => {
        const invented = this.#identifier(pairs.replace(/[:-]/g, ""));
        return (invented.match(/../g) ?? []).join(pairs[2]);
      })
      .replace(HEX_DOTTED, (dotted) => {
        return (this.#identifier(dotted.replaceAll(".", "")).match(/.{4}/g) ?? []).join(".");
      })
      .replace(HEX_RUN, (run) => this.#identifier(run));
  }

  /** As long as before. Text that is no hex comes out as hex. */
  #identifier(text: string): string {
    const digits = text.toLowerCase();
    if (digits.length === MAC_DIGITS) return this.#mac(digits);
    if (digits.length === MAC_DIGITS + 2 && digits.startsWith(ETHERNET_TYPE)) {
      return ETHERNET_TYPE + this.#mac(digits.slice(2));
    }
    return this.#digits(digits, digits.length);
  }

  /** Locally administered, as no device on sale has it. */
  #mac(digits: string): string {
    return NOBODYS.test(digits) ? digits : `02${this.#digits(digits, MAC_DIGITS - 2)}`;
  }

  #eui64([first = "", second = "", third = "", fourth = ""]: readonly string[]): string {
    const head = (Number.parseInt(first, 16) ^ 0x0200).toString(16).padStart(4, "0");
    const tail = fourth.padStart(4, "0");
    const mac = this.#mac(`${head}${second.padStart(2, "0")}${third}${tail}`);
    const [a = "", b = "", c = ""] = [mac.slice(2, 4), mac.slice(4, 6), mac.slice(6)];
    return `00${a}:${b}ff:fe${c.slice(0, 2)}:${c.slice(2)}`;
  }

  #digits(text: string, count: number): string {
    let digits = this.#made.get(text) ?? "";
    while (digits.length < count) {
      const named = new TextEncoder().encode(`${digits.length} ${text}`);
      digits += sha256Hex(Uint8Array.from([...this.#key, ...named]));
    }
    this.#made.set(text, digits);
    return digits.slice(0, count);
  }
}

/** The name in a reservation is the device's; other things have names of their own. */
function isName(key: string, parent: string): boolean {
  return NAME_KEYS.includes(key) || (key === "name" && parent === "reservations");
}

function domainOf(name: string): string {
  return name.slice(firstLabel(name).length);
}

function firstLabel(name: string): string {
  return name.split(".", 1)[0] ?? "";
}

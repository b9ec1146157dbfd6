// dhcpd.leases (dhcpd.leases(5)): a log, of which the last entry of an address counts.

import { formatIpv4, parseIpv4 } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { LIMITS } from "../limits.ts";
import type { ImportedLease } from "./imported.ts";
import { macOf } from "./isc-host-statements.ts";
import type { Statement } from "./isc-statements.ts";
import type { Notes, Place } from "./notes.ts";

/** Leases of all files, as they are read one after the other. */
export class LeaseBook {
  readonly #notes: Notes;
  /** Undefined: the address is free, or nobody can tell. */
  readonly #byAddress = new Map<string, ImportedLease | undefined>();
  readonly #strange = new Map<string, { place: Place; text: string; count: number }>();
  #file = "";

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  /** The first file with leases, as a whole. */
  get place(): Place {
    return { file: this.#file, line: 0 };
  }

  /** `lease 10.77.0.5 { … }`. */
  read(statement: Statement): void {
    const { place, text, words, body } = statement;
    if (this.#file === "") this.#file = place.file;
    const parsed = parseIpv4(words[1]?.text ?? "");
    if (parsed === undefined || !body || words.length !== 2) {
      this.#notes.unreadable(place, text, "It is not a lease of an address.");
      return;
    }
    const address = formatIpv4(parsed);
    if (!this.#byAddress.has(address) && this.#byAddress.size >= LIMITS.poolAddressesMax) {
      this.#strangeOne("more", statement);
      return;
    }
    this.#byAddress.set(address, this.#leaseOf(address, statement, body));
  }

  done(): ImportedLease[] {
    const leases = [...this.#byAddress.values()].filter((lease) => lease !== undefined);
    const over = this.#byAddress.size - leases.length;
    if (over > 0) {
      const reason = `${over === 1 ? "One address was" : `${over} addresses were`} free, or held for a client that is gone: there is no lease to take over.`;
      this.#notes.leftOut(this.place, "", reason);
    }
    for (const [what, { place, text, count }] of this.#strange) {
      const reason = STRANGE.get(what) ?? "Leases have nothing of this kind here";
      const times = count === 1 ? "" : `, and ${count - 1} more like it`;
      this.#notes.leftOut(place, text, `${reason}${times}.`);
    }
    return leases;
  }

  #leaseOf(
    address: string,
    lease: Statement,
    body: readonly Statement[],
  ): ImportedLease | undefined {
    const found: Found = { state: "active", expiresAt: undefined, isOver: false };
    for (const statement of body) {
      const keyword = statement.words[0]?.text.toLowerCase() ?? "";
      const read = Object.hasOwn(PARTS, keyword) ? PARTS[keyword] : undefined;
      if (read) {
        if (read(statement, found) === false) this.#strangeOne("unreadable", statement);
      } else if (!OF_NO_USE.has(keyword)) this.#strangeOne(keyword, statement);
    }
    if (found.isOver) return undefined;
    const { state, expiresAt, mac, clientId, hostname } = found;
    // An abandoned address is that of nobody; it rests until then.
    if (state === "declined") return { address, state, expiresAt };
    if (mac === undefined && clientId === undefined) {
      this.#strangeOne("nobody", lease);
      return undefined;
    }
    return {
      address,
      state,
      ...(mac !== undefined && { mac }),
      ...(clientId !== undefined && { clientId }),
      ...(hostname !== undefined && { hostname }),
      expiresAt,
    };
  }

  #strangeOne(what: string, { place, text }: Statement): void {
    const known = this.#strange.get(what);
    if (known) known.count++;
    else if (this.#strange.size < STRANGE_MAX) this.#strange.set(what, { place, text, count: 1 });
  }
}

interface Found {
  state: ImportedLease["state"];
  expiresAt: number | undefined;
  mac?: string;
  clientId?: string;
  hostname?: string;
  isOver: boolean;
}

const STRANGE_MAX = 200;

const STRANGE: ReadonlyMap<string, string> = new Map([
  ["unreadable", "This part of a lease cannot be read"],
  ["nobody", "The lease does not say whose it is"],
  ["more", `A box has ${LIMITS.poolAddressesMax} leases at most`],
  ["set", "What dhcpd computed for a client is not kept here"],
  ["on", "Nothing is run for single leases here"],
]);

/** Known, and of no use for going on with the lease. */
const OF_NO_USE = new Set([
  "starts",
  "tstp",
  "tsfp",
  "atsfp",
  "cltt",
  "next",
  "rewind",
  "bootp",
  "option",
  "dynamic-bootp",
  "hostname",
  "billing",
  "vendor-class-identifier",
]);

const PARTS: Readonly<Record<string, (statement: Statement, found: Found) => boolean>> = {
  ends: ({ words }, found) => {
    const time = timeOf(words.slice(1).map((word) => word.text));
    if (time === "unreadable") {
      found.isOver = true;
      return false;
    }
    found.expiresAt = time;
    return true;
  },
  binding: ({ words }, found) => {
    const state = words[2]?.text;
    if (state === "abandoned") found.state = "declined";
    else if (state !== "active") found.isOver = true;
    return state !== undefined;
  },
  abandoned: (_, found) => {
    found.state = "declined";
    return true;
  },
  hardware: ({ words }, found) => {
    const mac = macOf(words);
    if (mac === undefined) return false;
    found.mac = mac;
    return true;
  },
  uid: ({ words }, found) => {
    const [, value] = words;
    const bytes = value?.isQuoted ? value.bytes : undefined;
    const text = bytes ? hex(bytes) : (value?.text ?? "").replaceAll(":", "");
    if (!/^([0-9a-f]{2}){1,255}$/i.test(text)) return false;
    found.clientId = text.toLowerCase();
    return true;
  },
  "client-hostname": ({ words }, found) => {
    const name = words[1]?.text ?? "";
    if (name !== "") found.hostname = name;
    return true;
  },
};

/** "4 2026/11/26 10:00:00" in UTC, "epoch 1795687200", or "never": seconds since 1970. */
function timeOf(words: readonly string[]): number | undefined | "unreadable" {
  const [first, second, third] = words;
  if (first === "never" && second === undefined) return undefined;
  if (first === "epoch") return /^[0-9]{1,12}$/.test(second ?? "") ? Number(second) : "unreadable";
  const date = /^(\d{4})\/(\d{1,2})\/(\d{1,2})$/
    .exec(second ?? "")
    ?.slice(1)
    .map(Number);
  const time = /^(\d{1,2}):(\d{1,2}):(\d{1,2})$/
    .exec(third ?? "")
    ?.slice(1)
    .map(Number);
  if (!date || !time || !/^[0-6]$/.test(first ?? "")) return "unreadable";
  const [year = 0, month = 0, day = 0] = date;
  const [hour = 0, minute = 0, second_ = 0] = time;
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second_);
  return Number.isFinite(milliseconds) ? milliseconds / 1000 : "unreadable";
}

// Kea's memfile of leases: a log in CSV, of which the last line of an address counts.

import { formatIpv4, parseIpv4, parseMac } from "../base/address.ts";
import { LIMITS } from "../limits.ts";
import type { ImportedLease } from "./imported.ts";
import { NOTES_MAX, type Notes, type Place } from "./notes.ts";

const TEXT_CHARACTERS_MAX = 64 << 20;
const FOREVER = 0xffffffff;

/** Whether a file is one of leases: it begins with the names of its columns. */
export function isLeaseFile(text: string): boolean {
  return /^\ufeff?address,/.test(text);
}

/** kea-leases4.csv.2 is older than .1, and both are than the one that is written to. */
export function inOrder(files: readonly string[]): string[] {
  const age = (file: string) => {
    const end = /\.csv\.([a-z0-9]+)$/.exec(file)?.[1] ?? "";
    return ["2", "1", "output", "completed", ""].indexOf(end);
  };
  return files.toSorted((a, b) => age(a) - age(b));
}

export class CsvLeases {
  readonly #notes: Notes;
  readonly #byAddress = new Map<string, ImportedLease | undefined>();
  readonly #counts = new Map<string, { place: Place; text: string; count: number }>();
  #file = "";

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  /** The first file of leases as a whole. */
  get place(): Place {
    return { file: this.#file, line: 0 };
  }

  read(file: string, text: string): void {
    if (this.#file === "") this.#file = file;
    let line = 0;
    let columns: readonly string[] = [];
    let start = 0;
    const end = Math.min(text.length, TEXT_CHARACTERS_MAX);
    while (start < end) {
      const found = text.indexOf("\n", start);
      const lineEnd = found < 0 ? text.length : found;
      const row = text.slice(start, lineEnd).replace(/\r$/, "");
      start = lineEnd + 1;
      line++;
      if (line === 1) columns = row.replace(/^\ufeff/, "").split(",");
      else if (row !== "") this.#row(row, columns, { file, line });
    }
    if (text.length > end) {
      this.#notes.leftOut({ file, line }, "", `The file was read up to ${end} characters.`);
    }
  }

  done(): ImportedLease[] {
    const leases = [...this.#byAddress.values()].filter((lease) => lease !== undefined);
    const over = this.#byAddress.size - leases.length;
    if (over > 0) {
      const reason = `${over === 1 ? "One address was" : `${over} addresses were`} free, or held for a client that is gone: there is no lease to take over.`;
      this.#notes.leftOut(this.place, "", reason);
    }
    for (const [reason, { place, text, count }] of this.#counts) {
      const more = count === 1 ? "" : ` There are ${count - 1} more like it.`;
      this.#notes.leftOut(place, text, `${reason}${more}`);
    }
    return leases;
  }

  #row(row: string, columns: readonly string[], place: Place): void {
    const values = row.split(",");
    const of = (name: string) => unescaped(values[columns.indexOf(name)] ?? "");
    const parsed = parseIpv4(of("address"));
    if (parsed === undefined || values.length < REQUIRED) {
      this.#count("The line is not that of a lease.", row, place);
      return;
    }
    const address = formatIpv4(parsed);
    if (!this.#byAddress.has(address) && this.#byAddress.size >= LIMITS.poolAddressesMax) {
      this.#count(`A box has ${LIMITS.poolAddressesMax} leases at most.`, row, place);
      return;
    }
    this.#byAddress.set(address, this.#leaseOf(address, of, row, place));
    if (of("user_context") !== "")
      this.#count("What is remarked with a lease is not kept.", row, place);
  }

  #leaseOf(
    address: string,
    of: (name: string) => string,
    row: string,
    place: Place,
  ): ImportedLease | undefined {
    const lifetime = numberFrom(of("valid_lifetime"));
    const expire = numberFrom(of("expire"));
    const state = of("state");
    if (lifetime === undefined || expire === undefined) {
      this.#count("The line does not say when the lease ends.", row, place);
      return undefined;
    }
    // Kea deletes a lease by writing it once more with a lifetime of 0.
    if (lifetime === 0 || (state !== "" && state !== "0" && state !== "1")) return undefined;
    const expiresAt = lifetime === FOREVER ? undefined : expire;
    if (state === "1") return { address, state: "declined", expiresAt };
    const mac = of("hwaddr").toLowerCase();
    const clientId = of("client_id").replaceAll(":", "").toLowerCase();
    const hasMac = parseMac(mac) !== undefined;
    const hasId = /^([0-9a-f]{2}){1,255}$/.test(clientId);
    if (!hasMac && !hasId) {
      this.#count("The line does not say whose lease it is.", row, place);
      return undefined;
    }
    const hostname = of("hostname").replace(/\.$/, "");
    return {
      address,
      state: "active",
      ...(hasMac && { mac }),
      ...(hasId && { clientId }),
      ...(hostname !== "" && { hostname }),
      expiresAt,
    };
  }

  #count(reason: string, text: string, place: Place): void {
    const known = this.#counts.get(reason);
    if (known) known.count++;
    else if (this.#counts.size < NOTES_MAX) this.#counts.set(reason, { place, text, count: 1 });
  }
}

/** address, hwaddr, client_id, valid_lifetime and expire have been there always. */
const REQUIRED = 5;

function numberFrom(text: string): number | undefined {
  return /^[0-9]{1,12}$/.test(text) ? Number(text) : undefined;
}

/** Kea writes a comma inside a value as "&#x2c", and any other sign likewise. */
function unescaped(value: string): string {
  return value.replace(/&#x([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

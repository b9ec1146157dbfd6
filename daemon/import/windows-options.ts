// Options of an export, with the classes of clients that they are for.

import { hex } from "../base/bytes.ts";
import type { DeviceDraft } from "./device-draft.ts";
import { CODE, packed, setNetworkOption, setOption } from "./device-options.ts";
import type { DraftClass, DraftLevel, DraftNetwork, Said } from "./device-parts.ts";
import type { Fields } from "./windows-fields.ts";
import { optionBytes, parseData } from "./windows-values.ts";

/** Windows keeps what it does about DNS in this one (its netsh manual). */
const DNS_UPDATES = 81;
/** Of one element: there are 254 codes, and some classes. */
const OPTIONS_MAX = 4096;

/** Types of definitions, as `customOptions` names them. */
const ONE_VALUE: Readonly<Record<string, string>> = {
  ipaddress: "ipv4",
  ipv4address: "ipv4",
  string: "text",
  byte: "u8",
  word: "u16",
  dword: "u32",
};
const SEVERAL_VALUES: Readonly<Record<string, string>> = {
  ipaddress: "ipv4-list",
  ipv4address: "ipv4-list",
  string: "bytes",
  byte: "u8-list",
  word: "u16-list",
  dword: "u32-list",
};

export interface WindowsOption {
  readonly said: Said;
  readonly code: number;
  readonly content: Uint8Array;
  /** Names of classes; empty: none. */
  readonly vendorClass: string;
  readonly userClass: string;
}

interface WindowsClass {
  readonly type: string;
  readonly data: Uint8Array;
}

/** Definitions of classes and of options, and the classes that were made of them. */
export class WindowsOptions {
  readonly #draft: DeviceDraft;
  readonly #classes = new Map<string, WindowsClass>();
  readonly #types = new Map<string, string>();
  readonly #made = new Map<string, DraftClass | undefined>();

  constructor(draft: DeviceDraft) {
    this.#draft = draft;
  }

  define(server: Fields): void {
    for (const one of server.list("Classes", "Class")) {
      const name = one.text("Name");
      const data = parseData(one.text("Data"));
      const type = one.text("Type").toLowerCase();
      one.text("Description");
      one.sayRest();
      if (data) this.#classes.set(name.toLowerCase(), { type, data });
      else this.#draft.unreadable(one.said(), "What clients of the class send cannot be read.");
    }
    for (const one of server.list("OptionDefinitions", "OptionDefinition")) {
      const key = keyOf(Number(one.text("OptionId")), one.text("VendorClass"));
      this.#types.set(key, one.text("Type"));
      this.#defineOption(one);
    }
  }

  /** Options of a vendor class are inside of another option and have no names here. */
  #defineOption(one: Fields): void {
    if (one.text("VendorClass") !== "") return;
    const types = /^true$/i.test(one.text("MultiValued")) ? SEVERAL_VALUES : ONE_VALUE;
    const name = one.text("Type").toLowerCase();
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    const id = one.text("OptionId");
    if (type !== undefined && /^[0-9]{1,3}$/.test(id)) {
      this.#draft.defineOption(Number(id), one.text("Name"), type);
    }
  }

  /** The values of one level, read; a note for each that cannot be. */
  read(level: Fields): WindowsOption[] {
    const options: WindowsOption[] = [];
    for (const [index, one] of level.list("OptionValues", "OptionValue").entries()) {
      const id = one.text("OptionId");
      const vendorClass = one.text("VendorClass");
      const userClass = one.text("UserClass");
      const values = one.all("Value").map(({ text }) => text);
      one.sayRest();
      const said = one.said();
      if (index >= OPTIONS_MAX) {
        this.#draft.leftOut(said, `There may be ${OPTIONS_MAX} options at most.`);
        continue;
      }
      const code = /^[0-9]{1,3}$/.test(id) ? Number(id) : -1;
      const type = this.#types.get(keyOf(code, vendorClass));
      const content = optionBytes(code, type, values);
      if (code < 0) this.#draft.unreadable(said, "It names no option.");
      else if (typeof content === "string") this.#draft.unreadable(said, content);
      else if (code === DNS_UPDATES && vendorClass === "") {
        this.#draft.leftOut(said, "It is about updates of DNS, which are not made here.");
      } else if (content.length === 0) this.#draft.leftOut(said, "The option has no value.");
      else options.push({ said, code, content, vendorClass, userClass });
    }
    return options;
  }

  /** For all networks; a network's own come later, and win. */
  placeForServer(options: readonly WindowsOption[]): void {
    const draft = this.#draft;
    for (const { said, code, content } of plain(options)) {
      if (OF_NETWORKS.has(code)) {
        for (const network of draft.networks) setNetworkOption(draft, network, code, content, said);
        if (draft.networks.length === 0) draft.leftOut(said, "There is no network to tell it to.");
      } else setOption(draft, draft.level, code, content, said);
    }
    this.#placeInClasses(options, undefined);
  }

  placeForNetwork(options: readonly WindowsOption[], network: DraftNetwork): void {
    for (const { said, code, content } of plain(options)) {
      setNetworkOption(this.#draft, network, code, content, said);
    }
    this.#placeInClasses(options, network);
  }

  placeForReservation(options: readonly WindowsOption[], level: DraftLevel): void {
    for (const { said, code, content, vendorClass, userClass } of options) {
      if (vendorClass === "" && userClass === "")
        setOption(this.#draft, level, code, content, said);
      else {
        const reason =
          "Options of one device that depend on what it says of itself are not taken over.";
        this.#draft.leftOut(said, reason);
      }
    }
  }

  #placeInClasses(options: readonly WindowsOption[], network: DraftNetwork | undefined): void {
    const ofVendors = new Map<DraftClass, WindowsOption[]>();
    for (const option of options) {
      if (option.vendorClass === "" && option.userClass === "") continue;
      const one = this.#classFor(option, network);
      if (!one) continue;
      const { said, code, content } = option;
      if (option.vendorClass === "") setOption(this.#draft, one, code, content, said);
      else ofVendors.set(one, [...(ofVendors.get(one) ?? []), option]);
    }
    for (const [one, inside] of ofVendors) {
      const [first] = inside;
      if (first) setOption(this.#draft, one, CODE.vendorSpecific, packed(inside), first.said);
    }
  }

  /** Undefined, with a note, when the export does not say who is in it. */
  #classFor(option: WindowsOption, network: DraftNetwork | undefined): DraftClass | undefined {
    const { vendorClass, userClass, said } = option;
    const key = JSON.stringify([network?.name, vendorClass.toLowerCase(), userClass.toLowerCase()]);
    if (this.#made.has(key)) return this.#made.get(key);
    const match: Record<string, unknown> = {};
    for (const [setting, name] of [
      ["vendorClass", vendorClass],
      ["userClass", userClass],
    ] as const) {
      if (name === "") continue;
      const known = this.#classes.get(name.toLowerCase());
      if (!known) {
        this.#draft.leftOut(
          said,
          `The file does not say which clients are in the class "${name}".`,
        );
        return undefined;
      }
      match[setting] = matchText(known.data);
    }
    if (network) match.network = network.name;
    const names = [vendorClass, userClass, network?.name ?? ""].filter((name) => name !== "");
    const rank = Object.keys(match).length + (network ? 4 : 0);
    const made = this.#draft.addClass(names.join("-"), match, rank, said);
    this.#made.set(key, made);
    return made;
  }
}

const OF_NETWORKS = new Set<number>([CODE.router, CODE.dns, CODE.domain]);

function plain(options: readonly WindowsOption[]): WindowsOption[] {
  return options.filter(({ vendorClass, userClass }) => vendorClass === "" && userClass === "");
}

function keyOf(code: number, vendorClass: string): string {
  return `${code} ${vendorClass.toLowerCase()}`;
}

/** As text where that is what it is. */
function matchText(data: Uint8Array): string {
  const text = String.fromCharCode(...data);
  return /^[ -)+-~]+$/.test(text) && !/^0x/i.test(text) ? text : `0x${hex(data)}`;
}

// Options as a person writes them, `{"ntp-servers": ["10.0.0.1"]}`, to their bytes.

import { hex } from "../base/bytes.ts";
import { ConfigError } from "../base/errors.ts";
import type { OptionValue } from "../core/config-view.ts";
import { uriList } from "../wire/codec-identity.ts";
import { domainName, domainNames, domainSearch } from "../wire/codec-names.ts";
import { classlessRoutes, ipv6 } from "../wire/codec-network.ts";
import { suboptions } from "../wire/codec-structs.ts";
import {
  decodeOption,
  encodeOption,
  MALFORMED,
  OPTION,
  type OptionRow,
  optionByCode,
  optionByName,
} from "../wire/dhcp4-options.ts";
import {
  bool,
  bytes,
  type Codec,
  i32,
  ipv4,
  ipv4List,
  listOf,
  type Plain,
  text,
  u8,
  u8List,
  u16,
  u16List,
  u32,
} from "../wire/option-codecs.ts";
import { row } from "../wire/option-row.ts";

/** Types of custom options, as `customOptions` names them. */
export const SHAPES: Readonly<Record<string, Codec<unknown>>> = {
  ipv4,
  "ipv4-list": ipv4List,
  ipv6,
  "ipv6-list": listOf(ipv6, "ipv6-list"),
  text,
  bool,
  u8,
  u16,
  u32,
  i32,
  "u8-list": u8List,
  "u16-list": u16List,
  "u32-list": listOf(u32, "u32-list"),
  "domain-name": domainName,
  "domain-names": domainNames,
  "domain-search": domainSearch,
  "classless-routes": classlessRoutes,
  "uri-list": uriList,
  suboptions,
  bytes,
};

/** Options that the server fills itself, with the setting that says how. */
const SETTING_FOR = new Map<number, string>([
  [OPTION.ipAddressLeaseTime.code, "leaseSeconds"],
  [OPTION.renewalTimeValue.code, "renewSeconds"],
  [OPTION.rebindingTimeValue.code, "rebindSeconds"],
  [OPTION.rapidCommit.code, "rapidCommit"],
  [OPTION.authentication.code, "forceRenew"],
  [OPTION.forcerenewNonceCapable.code, "forceRenew"],
]);

export interface CustomOptionRow {
  readonly code: number;
  readonly name: string;
  /** A key of SHAPES. */
  readonly type: string;
}

/** The options of one configuration: those of the table and its own. */
export class OptionNames {
  readonly #custom = new Map<string, OptionRow<unknown>>();

  constructor(custom: readonly CustomOptionRow[]) {
    for (const { code, name, type } of custom) {
      const codec = SHAPES[type];
      if (codec) this.#custom.set(name, row(code, name, codec, "configuration", "network"));
    }
  }

  /** By a name of the table, one of `customOptions`, or "option-224". */
  find(name: string): OptionRow<unknown> | undefined {
    return this.#custom.get(name) ?? optionByName(name);
  }

  /**
   * One option's bytes; null is one taken away. Throws ConfigError when there is no such option, when
   * it is not for a person to set, or when the value does not fit.
   */
  encode(name: string, value: unknown): OptionValue {
    const found = this.find(name);
    if (!found) throw new ConfigError("there is no DHCP option of this name");
    refuseServerMade(found);
    if (value === null) return { code: found.code, data: new Uint8Array(0) };
    const data = encodeValue(found, value as Plain);
    // No content means "taken away" to the core; the few options that may be empty pay for that.
    if (data.length === 0) {
      throw new ConfigError("an option without content cannot be set; null takes an option away");
    }
    return { code: found.code, data };
  }

  /** All options of one level, in the order written. Throws as `encode` does. */
  encodeAll(options: Readonly<Record<string, unknown>>): OptionValue[] {
    return Object.entries(options).map(([name, value]) => this.encode(name, value));
  }
}

/** One option of the table, as `OptionNames.encode` without custom options has it. */
export function encodeConfigured(name: string, value: unknown): OptionValue {
  return TABLE.encode(name, value);
}

/**
 * What an option holds as configuration writes it: in the shape that the table has for it, or as bare bytes. Throws
 * ConfigError when it is not for a person to set, or empty.
 */
export function writtenOption(code: number, data: Uint8Array): { name: string; value: Plain } {
  const known = optionByCode(code);
  const decoded = known ? decodeOption(known, data) : MALFORMED;
  if (known && decoded !== MALFORMED) {
    const value = known.codec.format(decoded);
    TABLE.encode(known.name, value);
    return { name: known.name, value };
  }
  const name = `option-${code}`;
  TABLE.encode(name, hex(data));
  return { name, value: hex(data) };
}

/** The name of an option in the table, or the one that any code has. */
export function nameOfOption(code: number): string {
  return optionByCode(code)?.name ?? `option-${code}`;
}

/** Why no custom option may have this code or name; undefined when it may. */
export function customOptionProblem(code: number, name: string): string | undefined {
  const byCode = optionByCode(code);
  if (byCode) return `option ${code} is already known as "${byCode.name}"`;
  const byName = optionByName(name);
  if (byName) return `"${name}" is already the name of option ${byName.code}`;
  if (name.startsWith("option-")) return 'names with "option-" are for options given as bare bytes';
  return undefined;
}

const TABLE = new OptionNames([]);

function encodeValue(found: OptionRow<unknown>, value: Plain): Uint8Array {
  // RFC 2132 §8.4: what vendors put in here is mostly a list of options of their own.
  const isVendorList = found.code === OPTION.vendorSpecificInformation.code && Array.isArray(value);
  const codec: Codec<unknown> = isVendorList ? suboptions : found.codec;
  try {
    return encodeOption({ ...found, codec }, codec.parse(value));
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function refuseServerMade(found: OptionRow<unknown>): void {
  // A raw name must not be a way around the table.
  const { code, sender } = optionByCode(found.code) ?? found;
  const setting = SETTING_FOR.get(code);
  if (setting !== undefined) {
    throw new ConfigError(`the server fills this option; the setting for it is ${setting}`);
  }
  if (sender !== "network" && sender !== "both") {
    throw new ConfigError(
      "this option is not set by configuration; the server or a client fills it",
    );
  }
}

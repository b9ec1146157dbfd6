// Options that dhcpd or Kea has in its file: those of the standards, and those that the file defines itself.

import { type CustomOptionRow, customOptionProblem } from "../config/options.ts";
import { optionByCode } from "../wire/dhcp4-options.ts";
import { type Dialect, standardCode } from "./isc-option-names.ts";
import { type Settings, type Source, setSuboption } from "./isc-settings.ts";
import {
  customType,
  customValue,
  ourValue,
  standardFormat,
  type ValueFormat,
} from "./isc-values.ts";
import type { Notes } from "./notes.ts";

/** An option of the file. Those of another space than the main one are carried in an option of it. */
export interface KnownOption {
  /** Undefined: the main space. */
  readonly space: string | undefined;
  readonly code: number;
  /** Undefined: nobody knows how its values are written, except as bytes. */
  readonly format: ValueFormat | undefined;
}

export class OptionBook {
  readonly #dialect: Dialect;
  readonly #notes: Notes;
  readonly #custom: CustomOptionRow[];
  /** By "space.name", or the name in the main space. */
  readonly #defined = new Map<string, KnownOption>();
  readonly #formats = new Map<string, ValueFormat>();

  /** New custom options are put at the end of `custom`. */
  constructor(dialect: Dialect, notes: Notes, custom: CustomOptionRow[]) {
    this.#dialect = dialect;
    this.#notes = notes;
    this.#custom = custom;
  }

  /** The file says what an option is. `format` undefined: a type that nothing here has. */
  define(name: string, { space, code, format }: KnownOption, source: Source): void {
    const { place, text } = source;
    if (!Number.isInteger(code) || code < 0 || code > 0xffff) {
      this.#notes.unreadable(place, text, "The code of an option is a number.");
      return;
    }
    this.#defined.set(space === undefined ? name : `${space}.${name}`, { space, code, format });
    if (format) this.#formats.set(`${space ?? ""}.${code}`, format);
    if (space !== undefined || optionByCode(code)) return;
    if (code < 1 || code > 254) {
      this.#notes.leftOut(place, text, "Options have codes from 1 to 254.");
      return;
    }
    this.#addCustom(name, code, format, source);
  }

  /** By the name in the file, "space.name" in a space of its own. */
  find(name: string): KnownOption | undefined {
    const defined = this.#defined.get(name);
    if (defined) return defined;
    const code = standardCode(name, this.#dialect);
    return code === undefined ? undefined : this.byCode(undefined, code);
  }

  byCode(space: string | undefined, code: number): KnownOption {
    const own = this.#formats.get(`${space ?? ""}.${code}`);
    return { space, code, format: own ?? (space === undefined ? standardFormat(code) : undefined) };
  }

  /** Puts an option of these bytes into the settings. */
  set(settings: Settings, { space, code }: KnownOption, bytes: Uint8Array, source: Source): void {
    if (space === "dhcp6") {
      this.#notes.leftOut(source.place, source.text, "Only IPv4 is served here.");
      return;
    }
    if (space !== undefined) {
      if (code >= 1 && code <= 254) setSuboption(settings, space, code, { ...source, bytes });
      else this.#notes.leftOut(source.place, source.text, "Options have codes from 1 to 254.");
      return;
    }
    if (code === 58 || code === 59) {
      const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
      settings.times.set(code === 58 ? "renewSeconds" : "rebindSeconds", { ...source, value });
      return;
    }
    const custom = this.#custom.find((one) => one.code === code);
    const value = custom && customValue(custom.type, bytes);
    const ours = value === undefined ? ourValue(code, bytes) : { name: custom?.name ?? "", value };
    settings.options.set(code, { ...source, code, ...ours });
  }

  #addCustom(
    name: string,
    code: number,
    format: ValueFormat | undefined,
    { place, text }: Source,
  ): void {
    const ours = name.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-");
    const isTaken = this.#custom.some((one) => one.code === code || one.name === ours);
    const isName = /^[a-z][a-z0-9-]{0,62}$/.test(ours);
    const problem = isName ? customOptionProblem(code, ours) : "the name cannot be one here";
    if (isTaken || problem !== undefined) {
      const reason = `It has no name here (${problem ?? "the name or the code is there twice"}): its values are written as bytes of option-${code}.`;
      this.#notes.changed(place, text, reason);
      return;
    }
    const type = format ? customType(format) : "bytes";
    this.#custom.push({ code, name: ours, type });
    if (ours !== name) this.#notes.changed(place, text, `It is called "${ours}" here.`);
    const isExact = type !== "bytes" || format?.types.join() === "bytes";
    if (isExact) return;
    this.#notes.changed(
      place,
      text,
      "There is no such type here: its values are written as bytes.",
    );
  }
}

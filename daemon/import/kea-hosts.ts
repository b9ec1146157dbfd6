// Reservations of Kea.

import { formatMac, parseIpv4 } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { type HostKey, type HostPlan, hostAddress } from "./isc-hosts.ts";
import { noSettings } from "./isc-settings.ts";
import { hexBytes } from "./isc-values.ts";
import type { JsonEntry, JsonValue } from "./kea-json.ts";
import { entriesByKey, readKeys, textOf, textsOf } from "./kea-keys.ts";
import { type LevelTools, levelReaders, readDefs, unclear } from "./kea-levels.ts";

export interface HostRead {
  readonly plan: HostPlan;
  /** Names of classes in the file. */
  readonly classes: readonly string[];
}

/** Undefined: nothing here recognises the device, which was noted. */
export function readHost(item: JsonValue, tools: LevelTools): HostRead | undefined {
  const { notes } = tools;
  const settings = noSettings();
  const found: { key?: HostKey; name?: string; address?: string; classes: string[] } = {
    classes: [],
  };
  const key = (setting: keyof HostKey, keyOf: (bytes: Uint8Array) => string | undefined) => {
    return (entry: JsonEntry) => {
      const bytes = bytesOf(textOf(entry) ?? "");
      const value = bytes && bytes.length <= 255 ? keyOf(bytes) : undefined;
      if (value === undefined) unclear(entry, notes);
      else found.key = { [setting]: value };
    };
  };
  const unknownKey = (reason: string) => (entry: JsonEntry) => {
    notes.leftOut(entry.place, entry.text, reason);
  };
  readDefs(entriesByKey(item).get("option-def"), tools);
  readKeys(
    item,
    {
      ...levelReaders(settings, tools),
      "hw-address": key("mac", (bytes) => (bytes.length === 6 ? formatMac(bytes) : undefined)),
      "client-id": key("clientId", hex),
      "circuit-id": key("circuitId", (bytes) => `0x${hex(bytes)}`),
      duid: unknownKey(
        "A device is recognised by its whole client identifier here, of which a DUID is only a part.",
      ),
      "flex-id": unknownKey(
        "A device is not recognised by an identifier that is put together here.",
      ),
      "ip-address": (entry) => {
        const text = textOf(entry);
        if (text === undefined || parseIpv4(text) === undefined) unclear(entry, notes);
        else if (text !== "0.0.0.0") found.address = text;
      },
      hostname: (entry) => {
        const name = textOf(entry) ?? "";
        if (name === "") return;
        found.name = name;
        const option = { code: 12, name: "host-name", value: name };
        if (!settings.options.has(12)) settings.options.set(12, { ...option, ...sourceOf(entry) });
      },
      "client-classes": (entry) => {
        found.classes = textsOf(entry);
      },
    },
    notes,
  );
  const { place } = item;
  const text = `reservation of ${found.address ?? found.name ?? "no address"}`;
  if (!found.key) {
    notes.leftOut(
      place,
      text,
      "It does not say what the device is recognised by here, so all of it was left out.",
    );
    return undefined;
  }
  const addresses = found.address === undefined ? [] : [hostAddress(found.address)];
  const plan = { name: found.name ?? "", key: found.key, addresses, settings, place, text };
  return { plan, classes: found.classes };
}

function sourceOf({ place, text }: JsonEntry) {
  return { place, text };
}

/** Hex digits, or text in single quotes. */
function bytesOf(written: string): Uint8Array | undefined {
  const quoted = /^\s*'([^']+)'\s*$/.exec(written)?.[1];
  const hexadecimal = written.trim().replaceAll(/[-]/g, ":");
  return quoted === undefined ? hexBytes(hexadecimal) : new TextEncoder().encode(quoted);
}

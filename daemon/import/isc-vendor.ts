// Options of a vendor that dhcpd and Kea have by name in a space of their own: here they are the content of option 43
// (RFC 2132 §8.4), or of option 125 for an enterprise (RFC 3925 §4).

import { Writer } from "../wire/writer.ts";
import type { SetOption, Settings, Suboption } from "./isc-settings.ts";
import { ourValue } from "./isc-values.ts";
import type { Notes } from "./notes.ts";

const CONTENT_BYTES_MAX = 255;

/** The same settings with the options that their vendor options are carried in. */
export function withVendorOptions(settings: Settings, notes: Notes): Settings {
  if (settings.suboptions.size === 0 && settings.encapsulations.size === 0) return settings;
  const options = new Map(settings.options);
  const carried = new Set<string>();
  for (const [code, { value, place, text }] of settings.encapsulations) {
    carried.add(value.space);
    const inner = written(settings.suboptions.get(value.space) ?? new Map(), notes);
    const bytes = value.enterprise === undefined ? inner : ofEnterprise(value.enterprise, inner);
    if (bytes.length === 0) continue;
    if (inner.length > CONTENT_BYTES_MAX) {
      notes.leftOut(place, text, `Its options have more than ${CONTENT_BYTES_MAX} bytes together.`);
      continue;
    }
    const set: SetOption = { code, ...ourValue(code, bytes), place, text };
    options.set(code, set);
  }
  for (const [space, codes] of settings.suboptions) {
    if (carried.has(space)) continue;
    for (const { place, text } of codes.values()) {
      const reason = `It is an option of "${space}", which no option carries to clients at this place.`;
      notes.leftOut(place, text, reason);
    }
  }
  return { ...settings, options };
}

function written(codes: ReadonlyMap<number, Suboption>, notes: Notes): Uint8Array {
  const writer = new Writer();
  for (const [code, { bytes, place, text }] of codes) {
    if (bytes.length <= CONTENT_BYTES_MAX) writer.u8(code).counted8(bytes);
    else notes.leftOut(place, text, `It has more than ${CONTENT_BYTES_MAX} bytes.`);
  }
  return writer.done();
}

function ofEnterprise(enterprise: number, inner: Uint8Array): Uint8Array {
  const data = inner.length > CONTENT_BYTES_MAX ? new Uint8Array(0) : inner;
  return new Writer().u32(enterprise).counted8(data).done();
}

// Options as bytes, put into a level of the draft. Those that a configuration has settings of its own for go there.

import type { Ipv4 } from "../base/address.ts";
import { ConfigError } from "../base/errors.ts";
import { encodeConfigured, nameOfOption, writtenOption } from "../config/options.ts";
import type { DeviceDraft } from "./device-draft.ts";
import type { DraftLevel, DraftNetwork, Said } from "./device-parts.ts";
import { isDomainName } from "./dnsmasq-words.ts";

export const CODE = {
  router: 3,
  dns: 6,
  domain: 15,
  vendorSpecific: 43,
  leaseTime: 51,
  renewal: 58,
  rebinding: 59,
} as const;

/** What is said of an option that is set again. */
export const INSTEAD = "It counts instead of an earlier statement for the same option.";
const INFINITE = 0xffffffff;
const LEASE_SECONDS_MIN = 60;

/** Empty content: clients are not to be told the option. Leaves a note where it cannot be set. */
export function setOption(
  draft: DeviceDraft,
  level: DraftLevel,
  code: number,
  content: Uint8Array,
  said: Said,
): void {
  if (TIMES.has(code)) {
    setTime(draft, level, code, content, said);
    return;
  }
  try {
    const { name, value } =
      content.length === 0
        ? withdrawn(code)
        : (draft.customOption(code, content) ?? writtenOption(code, content));
    for (const same of [nameOfOption(code), `option-${code}`, draft.customName(code)]) {
      if (same === undefined || !Object.hasOwn(level.options, same)) continue;
      delete level.options[same];
      draft.changed(said, INSTEAD);
    }
    level.options[name] = value;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    draft.leftOut(said, `Option ${code} cannot be set: ${error.message}.`);
  }
}

/** Throws ConfigError when it is not for a person to set. */
function withdrawn(code: number): { name: string; value: null } {
  const name = nameOfOption(code);
  encodeConfigured(name, null);
  return { name, value: null };
}

/** The same for a network, which has settings for routers, DNS servers and the domain. */
export function setNetworkOption(
  draft: DeviceDraft,
  network: DraftNetwork,
  code: number,
  content: Uint8Array,
  said: Said,
): void {
  const addresses = addressesOf(content);
  const text = code === CODE.domain ? textOf(content) : undefined;
  if (code === CODE.router && addresses) {
    const [first] = addresses;
    network.gateway = first;
    delete network.options.router;
    if (addresses.length > 1) setOption(draft, network, code, content, said);
  } else if (code === CODE.dns && addresses) network.dns = addresses;
  else if (text !== undefined && (text === "" || isDomainName(text))) {
    network.domain = text === "" ? undefined : text;
  } else setOption(draft, network, code, content, said);
}

const TIMES = new Set<number>([CODE.leaseTime, CODE.renewal, CODE.rebinding]);

function setTime(
  draft: DeviceDraft,
  level: DraftLevel,
  code: number,
  content: Uint8Array,
  said: Said,
): void {
  const seconds = content.length === 4 ? u32(content, 0) : 0;
  if (seconds === 0) draft.leftOut(said, `Option ${code} is not a length of time here.`);
  else if (code === CODE.leaseTime) {
    level.leaseSeconds = shownLease(draft, seconds, said);
  } else if (seconds === INFINITE) {
    draft.leftOut(said, "A lease that is never renewed is one that never ends.");
  } else {
    const setting = code === CODE.renewal ? "renewSeconds" : "rebindSeconds";
    draft.renewal(level, setting, seconds, said);
  }
}

/** A lease shorter than a box may give gets the shortest there is, with a note. */
export function shownLease(
  draft: DeviceDraft,
  wanted: number | "infinite",
  said: Said,
): number | "infinite" {
  if (wanted === "infinite" || wanted >= INFINITE) return "infinite";
  if (wanted >= LEASE_SECONDS_MIN) return wanted;
  draft.changed(said, `Leases are ${LEASE_SECONDS_MIN} seconds long at least.`);
  return LEASE_SECONDS_MIN;
}

/** Undefined when the bytes are not addresses; none for an option that is not told. */
function addressesOf(content: Uint8Array): Ipv4[] | undefined {
  if (content.length % 4 !== 0) return undefined;
  return Array.from({ length: content.length / 4 }, (_, i) => u32(content, 4 * i) as Ipv4);
}

function u32(content: Uint8Array, at: number): number {
  return (
    (content[at] ?? 0) * 2 ** 24 +
    (((content[at + 1] ?? 0) << 16) | ((content[at + 2] ?? 0) << 8) | (content[at + 3] ?? 0))
  );
}

function textOf(content: Uint8Array): string {
  return new TextDecoder().decode(content);
}

/** Options inside of another one: code, length and content of each; those that are too long are left out. */
export function packed(
  parts: readonly { readonly code: number; readonly content: Uint8Array }[],
): Uint8Array {
  const bytes: number[] = [];
  for (const { code, content } of parts) {
    if (code < 0 || code > 254 || content.length > 255) continue;
    bytes.push(code, content.length, ...content);
  }
  return Uint8Array.from(bytes);
}

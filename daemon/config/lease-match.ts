// Whether the device of a lease is in a class, as far as a lease can tell: much of what a match may ask for stands in
// packets only, and then nothing is claimed.

import { isRandomisedMac } from "../base/address.ts";
import { BytesMatcher } from "../core/bytes-match.ts";
import { CLIENT_ID_IDENTITY } from "../core/client-identity.ts";
import type { BytesTest, ClassConfig, Match } from "../core/config-view.ts";
import { LIMITS } from "../limits.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import type { LeaseFacts } from "./consequence-scene.ts";

/** Undefined: the lease does not say. */
type Membership = boolean | undefined;

export interface KnownDevice {
  readonly lease: LeaseFacts;
  /** It has a reservation on its network. */
  readonly isReserved: () => boolean;
  /** Name of its network. */
  readonly network: string;
}

/** For every class, in their order. */
export function membershipOf(classes: readonly ClassConfig[], device: KnownDevice): Membership[] {
  const known: Membership[] = [];
  for (const { match } of classes) known.push(matches(match, device, known));
  return known;
}

function matches(match: Match, device: KnownDevice, classes: readonly Membership[]): Membership {
  const { lease, isReserved, network } = device;
  switch (match.kind) {
    case "all":
      return together(match.of, false, device, classes);
    case "any":
      return together(match.of, true, device, classes);
    case "not": {
      const inner = matches(match.of, device, classes);
      return inner === undefined ? undefined : !inner;
    }
    case "mac":
      return match.prefix.every((byte, index) => lease.chaddr[index] === byte);
    case "randomised-mac":
      return isRandomisedMac(lease.chaddr);
    case "known":
      return isReserved();
    case "network":
      return match.name === network;
    case "class":
      return classes[match.index];
    case "option":
      return optionMatches(match.code, match.test, lease);
    default:
      return undefined;
  }
}

/** What settles it is `settles`; else it is known only when every part is. */
function together(
  parts: readonly Match[],
  settles: boolean,
  device: KnownDevice,
  classes: readonly Membership[],
): Membership {
  let isKnown = true;
  for (const part of parts) {
    const one = matches(part, device, classes);
    if (one === settles) return settles;
    if (one === undefined) isKnown = false;
  }
  return isKnown ? !settles : undefined;
}

const UTF8 = new TextEncoder();
/** Thousands of leases are compared with the same few tests. */
const MATCHERS = new WeakMap<BytesTest, BytesMatcher>();

function optionMatches(code: number, test: BytesTest, lease: LeaseFacts): Membership {
  const content = contentOf(code, lease);
  if (content === undefined) return undefined;
  let matcher = MATCHERS.get(test);
  if (!matcher) {
    matcher = new BytesMatcher(test, code !== CLIENT_ID);
    MATCHERS.set(test, matcher);
  }
  return matcher.matches(content, 0, content.length);
}

const CLIENT_ID = OPTION.clientIdentifier.code;

/** Undefined: it is not kept, or was not there the last time. */
function contentOf(code: number, { client, hostname, vendorClass }: LeaseFacts) {
  switch (code) {
    case CLIENT_ID:
      return client[0] === CLIENT_ID_IDENTITY ? client.subarray(1) : undefined;
    case OPTION.hostName.code:
      return hostname === "" ? undefined : UTF8.encode(hostname);
    case OPTION.vendorClassIdentifier.code: {
      // A longer one is cut off there.
      const isWhole = vendorClass !== "" && vendorClass.length < LIMITS.vendorClassBytesMax;
      return isWhole ? UTF8.encode(vendorClass) : undefined;
    }
    default:
      return undefined;
  }
}

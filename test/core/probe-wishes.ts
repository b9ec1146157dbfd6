// Offers that are to wait for a probe, for the tests of conflict-probes.ts.

import { ANY, ipv4, parseMac } from "../../daemon/base/address.ts";
import { ClientIdentity } from "../../daemon/core/client-identity.ts";
import type { ProbeWish } from "../../daemon/core/conflict-probes.ts";
import { LIMITS } from "../../daemon/limits.ts";

export const OWN_MAC = mac("02:00:5e:00:01:01");
export const CLIENT_MAC = mac("02:00:5e:00:01:11");
export const STRANGER = mac("02:00:5e:00:01:99");
export const ROUTER = mac("02:00:5e:00:01:fe");
export const OWN_ADDRESS = ipv4("10.77.0.1");
export const ADDRESS = ipv4("10.77.0.100");
export const WAIT = LIMITS.probeMilliseconds;

function mac(text: string): Uint8Array {
  const bytes = parseMac(text);
  if (!bytes) throw new Error(text);
  return bytes;
}

/** A client by its number, with the hardware address that belongs to it. */
export function client(number = 0): ClientIdentity {
  const identity = new ClientIdentity(7);
  identity.setClientId(Uint8Array.of(0, number >>> 8, number & 255), 0, 3);
  return identity;
}

export function wish(parts: Partial<ProbeWish> = {}): ProbeWish {
  const bytes = parts.bytes ?? Uint8Array.of(1, 2, 3, 4);
  return {
    lan: 0,
    address: ADDRESS,
    client: client(),
    clientMac: CLIENT_MAC,
    senderMac: ROUTER,
    way: "arp",
    relay: ANY,
    offer: Uint8Array.of(9),
    bytes,
    start: 0,
    end: bytes.length,
    checksumReady: true,
    tries: 0,
    ...parts,
  };
}

// Addresses that an interface has by itself, and those that VRRP has between the boxes on a pair port.

/** fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

/** Of the addresses that keepalived puts on a pair port: each box has one, and whoever has the gateway one more. */
export const HEARTBEAT_PREFIX = "fe80::7464:";

/** Stays with its box: where that is reached does not change when the gateway moves. */
export function isOwnLinkLocal(address: string): boolean {
  return isLinkLocal(address) && !address.toLowerCase().startsWith(HEARTBEAT_PREFIX);
}

// Numbers of draft-ietf-dhc-failover-12 that stand inside options, by the names they have here.

/** §12.3. "free" is available to the primary, "backup" to the secondary. */
export const BINDING_STATUS = {
  free: 1,
  active: 2,
  expired: 3,
  released: 4,
  abandoned: 5,
  reset: 6,
  backup: 7,
} as const;
export type BindingStatus = keyof typeof BINDING_STATUS;

/**
 * §12.24. The draft describes RECOVER-WAIT without giving it a number; 254 is what dhcpd sends.
 * STARTUP has a number that is never sent: the flag of §12.23 says it.
 */
export const SERVER_STATE = {
  startup: 1,
  normal: 2,
  "communications-interrupted": 3,
  "partner-down": 4,
  "potential-conflict": 5,
  recover: 6,
  paused: 7,
  shutdown: 8,
  "recover-done": 9,
  "resolution-interrupted": 10,
  "conflict-done": 11,
  "recover-wait": 254,
} as const;
export type ServerState = keyof typeof SERVER_STATE;

/** §12.21. */
export const REJECT_REASON = {
  "illegal-address": 1,
  "fatal-conflict": 2,
  "missing-binding-information": 3,
  "time-mismatch": 4,
  "invalid-mclt": 5,
  "unknown-reason": 6,
  "duplicate-connection": 7,
  "invalid-partner": 8,
  "tls-not-supported": 9,
  "tls-not-configured": 10,
  "tls-required": 11,
  "digest-not-supported": 12,
  "digest-not-configured": 13,
  "protocol-version-mismatch": 14,
  "outdated-binding-information": 15,
  "less-critical-binding-information": 16,
  "no-traffic": 17,
  "hash-bucket-conflict": 18,
  "address-not-reserved": 19,
  "digest-mismatch": 20,
  "missing-digest": 21,
  unknown: 254,
} as const;
export type RejectReason = keyof typeof REJECT_REASON;

/** §12.12: bits of IP-flags. */
export const IP_FLAG = { reserved: 0x0001, bootp: 0x0002 } as const;

/** §12.23: the only bit of server-flags. */
export const STARTUP_FLAG = 0x01;

/** §12.9: bits of the DDNS option. */
export const DDNS_FLAG = {
  addressDone: 0x0001,
  addressIsServers: 0x0002,
  pointerDone: 0x0004,
  pointerIsServers: 0x0008,
} as const;

/** §12.26 and §12.27. */
export const TLS_REPLY = { none: 0, use: 1 } as const;
export const TLS_REQUEST = { none: 0, wanted: 1, required: 2 } as const;

/** §12.20: the only version there is. */
export const PROTOCOL_VERSION = 1;

/** §12.11: one bit for each of the 256 buckets of RFC 3074. */
export const HASH_BUCKET_BYTES = 32;

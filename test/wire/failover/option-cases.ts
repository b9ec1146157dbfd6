// One case list for both directions: the value of an option, and its content on the wire.

import type { Ipv4 } from "../../../daemon/base/address.ts";
import type { OptionField, OptionValue } from "../../../daemon/wire/failover/options.ts";

export interface OptionCase<F extends OptionField> {
  readonly value: OptionValue<F>;
  /** Content in hex; spaces and comments do not count. */
  readonly content: string;
}

export const OPTION_CASES: { readonly [F in OptionField]: readonly OptionCase<F>[] } = {
  addressesTransferred: [
    { value: 5, content: "00000005" },
    { value: 0, content: "00000000" },
  ],
  assignedIpAddress: [{ value: 0x0a4d0014 as Ipv4, content: "0a4d0014" }],
  bindingStatus: [
    { value: "free", content: "01" },
    { value: "active", content: "02" },
    { value: "expired", content: "03" },
    { value: "released", content: "04" },
    { value: "abandoned", content: "05" },
    { value: "reset", content: "06" },
    { value: "backup", content: "07" },
  ],
  clientIdentifier: [{ value: bytes(1, 2, 0, 0, 0, 0, 1), content: "01 020000000001" }],
  clientHardwareAddress: [
    { value: { htype: 1, chaddr: bytes(2, 0, 0, 0, 0, 1) }, content: "01 020000000001" },
    // RFC 4390: InfiniBand has addresses that do not fit into chaddr.
    { value: { htype: 32, chaddr: bytes() }, content: "20" },
    { value: { htype: 255, chaddr: new Uint8Array(16) }, content: `ff ${"00".repeat(16)}` },
  ],
  clientLastTransactionTime: [{ value: 1795461001, content: "6b048f89" }],
  clientReplyOptions: [
    { value: { magic: 0x63825363, options: bytes() }, content: "63825363" },
    { value: { magic: 0x63825363, options: bytes(53, 1, 5) }, content: "63825363 350105" },
  ],
  clientRequestOptions: [
    {
      value: { magic: 0x63825363, options: bytes(12, 3, 97, 98, 99) },
      content: "638253630c03616263",
    },
  ],
  ddns: [
    { value: { flags: 0x000f, name: "a.example" }, content: "000f 0161 076578616d706c65 00" },
    { value: { flags: 0, name: "." }, content: "0000 00" },
  ],
  delayedServiceParameter: [{ value: 255, content: "ff" }],
  hashBucketAssignment: [
    {
      value: Uint8Array.from({ length: 32 }, (_, i) => (i < 16 ? 255 : 0)),
      content: `${"ff".repeat(16)} ${"00".repeat(16)}`,
    },
  ],
  ipFlags: [
    { value: 0, content: "0000" },
    { value: 1, content: "0001" },
    { value: 3, content: "0003" },
  ],
  leaseExpirationTime: [
    { value: 0, content: "00000000" },
    { value: 0xffffffff, content: "ffffffff" },
  ],
  maxUnackedBndupd: [{ value: 10, content: "0000000a" }],
  mclt: [{ value: 3600, content: "00000e10" }],
  message: [
    { value: "unknown IP address", content: "756e6b6e6f776e2049502061646472657373" },
    { value: "", content: "" },
    { value: "größer", content: "6772c3b6c39f6572" },
  ],
  messageDigest: [
    { value: { type: 1, digest: new Uint8Array(16).fill(0xaa) }, content: `01 ${"aa".repeat(16)}` },
  ],
  potentialExpirationTime: [{ value: 1795461211, content: "6b04905b" }],
  receiveTimer: [{ value: 20, content: "00000014" }],
  protocolVersion: [{ value: 1, content: "01" }],
  rejectReason: [
    { value: "illegal-address", content: "01" },
    { value: "fatal-conflict", content: "02" },
    { value: "missing-binding-information", content: "03" },
    { value: "time-mismatch", content: "04" },
    { value: "invalid-mclt", content: "05" },
    { value: "unknown-reason", content: "06" },
    { value: "duplicate-connection", content: "07" },
    { value: "invalid-partner", content: "08" },
    { value: "tls-not-supported", content: "09" },
    { value: "tls-not-configured", content: "0a" },
    { value: "tls-required", content: "0b" },
    { value: "digest-not-supported", content: "0c" },
    { value: "digest-not-configured", content: "0d" },
    { value: "protocol-version-mismatch", content: "0e" },
    { value: "outdated-binding-information", content: "0f" },
    { value: "less-critical-binding-information", content: "10" },
    { value: "no-traffic", content: "11" },
    { value: "hash-bucket-conflict", content: "12" },
    { value: "address-not-reserved", content: "13" },
    { value: "digest-mismatch", content: "14" },
    { value: "missing-digest", content: "15" },
    { value: "unknown", content: "fe" },
  ],
  relationshipName: [{ value: "fo", content: "666f" }],
  serverFlags: [
    { value: 0, content: "00" },
    { value: 1, content: "01" },
  ],
  serverState: [
    { value: "normal", content: "02" },
    { value: "communications-interrupted", content: "03" },
    { value: "partner-down", content: "04" },
    { value: "potential-conflict", content: "05" },
    { value: "recover", content: "06" },
    { value: "paused", content: "07" },
    { value: "shutdown", content: "08" },
    { value: "recover-done", content: "09" },
    { value: "resolution-interrupted", content: "0a" },
    { value: "conflict-done", content: "0b" },
    { value: "recover-wait", content: "fe" },
  ],
  startTimeOfState: [{ value: 1795461001, content: "6b048f89" }],
  tlsReply: [{ value: 1, content: "01" }],
  tlsRequest: [{ value: 2, content: "02" }],
  vendorClassIdentifier: [{ value: "isc-4.4.3-P1", content: "6973632d342e342e332d5031" }],
  vendorSpecificOptions: [
    { value: [], content: "" },
    {
      value: [
        { code: 1, content: bytes(9, 8) },
        { code: 300, content: bytes() },
      ],
      content: "0001 0002 0908  012c 0000",
    },
  ],
};

/** Contents that are read although no one may send them, and what they are read as. */
export const READ_ONLY_CASES: { readonly [F in OptionField]?: readonly OptionCase<F>[] } = {
  bindingStatus: [
    { value: 0, content: "00" },
    { value: 9, content: "09" },
  ],
  rejectReason: [{ value: 22, content: "16" }],
  serverState: [
    { value: "startup", content: "01" },
    { value: 77, content: "4d" },
    { value: 0, content: "00" },
  ],
  ipFlags: [{ value: 0x8001, content: "8001" }],
  serverFlags: [{ value: 0xff, content: "ff" }],
  ddns: [{ value: { flags: 0xfff0, name: "a" }, content: "fff0 016100" }],
  protocolVersion: [{ value: 2, content: "02" }],
  tlsRequest: [{ value: 3, content: "03" }],
  tlsReply: [{ value: 9, content: "09" }],
  delayedServiceParameter: [{ value: 0, content: "00" }],
  maxUnackedBndupd: [{ value: 0, content: "00000000" }],
  hashBucketAssignment: [
    { value: new Uint8Array(16), content: "00".repeat(16) },
    { value: bytes(), content: "" },
  ],
  relationshipName: [{ value: "", content: "" }],
};

/** Contents that end the connection, and what is said about them. */
export const MALFORMED_CASES: readonly (readonly [OptionField, string, string])[] = [
  ["addressesTransferred", "000005", "length 3, not 4"],
  ["assignedIpAddress", "0a4d001400", "length 5, not 4"],
  ["bindingStatus", "", "length 0, not 1"],
  ["bindingStatus", "0002", "length 2, not 1"],
  ["clientIdentifier", "", "length 0, not 1 to 65535"],
  ["clientHardwareAddress", "", "length 0, not 1 to 17"],
  ["clientHardwareAddress", `01 ${"00".repeat(17)}`, "length 18, not 1 to 17"],
  ["clientHardwareAddress", "00 020000000001", "0 is no hardware type"],
  ["clientLastTransactionTime", "", "length 0, not 4"],
  ["clientReplyOptions", "638253", "length 3, not 4 to 65535"],
  ["clientRequestOptions", "", "length 0, not 4 to 65535"],
  ["ddns", "0000", "length 2, not 3 to 257"],
  ["ddns", "0000 0161", "the name has no end"],
  ["ddns", "0000 05616200", "the label is cut short"],
  ["ddns", "0000 c000", "the pointer does not lead backwards"],
  ["ddns", "0000 00 00", "1 bytes too many"],
  ["delayedServiceParameter", "", "length 0, not 1"],
  ["ipFlags", "01", "length 1, not 2"],
  ["leaseExpirationTime", "0000000000", "length 5, not 4"],
  ["maxUnackedBndupd", "0a", "length 1, not 4"],
  ["mclt", "001e", "length 2, not 4"],
  ["messageDigest", "", "length 0, not 1 to 65535"],
  ["potentialExpirationTime", "00", "length 1, not 4"],
  ["receiveTimer", "", "length 0, not 4"],
  ["protocolVersion", "0001", "length 2, not 1"],
  ["rejectReason", "", "length 0, not 1"],
  ["serverFlags", "0000", "length 2, not 1"],
  ["serverState", "", "length 0, not 1"],
  ["startTimeOfState", "00", "length 1, not 4"],
  ["tlsReply", "", "length 0, not 1"],
  ["tlsRequest", "0000", "length 2, not 1"],
  ["vendorSpecificOptions", "000100", "its header is cut"],
  ["vendorSpecificOptions", "0001 0002 09", "its content is cut"],
];

/** Values that no one may send, and what is said about them. */
export const UNSENDABLE_CASES: {
  readonly [F in OptionField]?: readonly (readonly [OptionValue<F>, string])[];
} = {
  addressesTransferred: [
    [-1, "-1 is not 0 to 4294967295"],
    [0.5, "0.5 is not 0 to 4294967295"],
    [Number.NaN, "NaN is not 0 to 4294967295"],
  ],
  bindingStatus: [
    [0, "0 is never sent"],
    [2, "2 is never sent"],
    [9, "9 is never sent"],
  ],
  clientIdentifier: [[bytes(), "0 bytes, needs 1 or more"]],
  clientHardwareAddress: [
    [{ htype: 0, chaddr: bytes(1) }, "0 is not 1 to 255"],
    [{ htype: 1, chaddr: new Uint8Array(17) }, "chaddr of 17 bytes, at most 16"],
  ],
  ddns: [
    [{ flags: 16, name: "a" }, "16 has bits that are not defined"],
    [{ flags: 0, name: "a..b" }, 'a label of "a..b" has 0 bytes'],
  ],
  delayedServiceParameter: [[0, "0 is not 1 to 255"]],
  hashBucketAssignment: [[new Uint8Array(31), "31 bytes, not 32"]],
  ipFlags: [[4, "4 has bits that are not defined"]],
  leaseExpirationTime: [[2 ** 32, "4294967296 is not 0 to 4294967295"]],
  maxUnackedBndupd: [[0, "0 is not 1 to 4294967295"]],
  message: [["\ud800", "the text holds half a character"]],
  protocolVersion: [[2, "2 is not 1 to 1"]],
  rejectReason: [[22, "22 is never sent"]],
  relationshipName: [["", "the text is empty"]],
  serverFlags: [[2, "2 has bits that are not defined"]],
  serverState: [
    ["startup", "startup is never sent"],
    [77, "77 is never sent"],
  ],
  tlsReply: [[2, "2 is not 0 to 1"]],
  tlsRequest: [[3, "3 is not 0 to 2"]],
};

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

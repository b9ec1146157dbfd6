// Relay agent information (RFC 3046): sub-options in a table of their own.

import { virtualSubnet } from "./codec-identity.ts";
import { type Suboption, suboptions } from "./codec-structs.ts";
import { MALFORMED, type Malformed } from "./dhcp4-message.ts";
import {
  bytes,
  bytesOf,
  bytesOrEmpty,
  type Codec,
  flag,
  ipv4,
  isList,
  isRecord,
  refused,
  text,
  u8,
  u32,
} from "./option-codecs.ts";
import { decodeOption, type OptionRow, row } from "./option-row.ts";

export type RelayAgentInformation = readonly Suboption[];

export const RELAY_SUBOPTION = {
  agentCircuitId: row(1, "agent-circuit-id", bytes, "RFC 3046 §3.1", "relay"),
  agentRemoteId: row(2, "agent-remote-id", bytes, "RFC 3046 §3.2", "relay"),
  docsisDeviceClass: row(4, "docsis-device-class", u32, "RFC 3256 §2", "relay"),
  linkSelection: row(5, "link-selection", ipv4, "RFC 3527 §3", "relay"),
  subscriberId: row(6, "subscriber-id", text, "RFC 3993 §3.1", "relay"),
  radiusAttributes: row(7, "radius-attributes", bytes, "RFC 4014 §3", "relay"),
  authentication: row(8, "authentication", bytes, "RFC 4030 §4", "relay"),
  vendorSpecificInformation: row(9, "vendor-specific-information", bytes, "RFC 4243 §3", "relay"),
  /** Bit 7 (0x80): the client sent its message to the relay by unicast. */
  relayAgentFlags: row(10, "relay-agent-flags", u8, "RFC 5010 §3", "relay"),
  serverIdentifierOverride: row(11, "server-identifier-override", ipv4, "RFC 5107 §4", "relay"),
  relayAgentIdentifier: row(12, "relay-agent-identifier", bytes, "RFC 6925 §4", "relay"),
  accessTechnologyType: row(13, "access-technology-type", bytesOf(2, 2), "RFC 7839 §4.2", "relay"),
  accessNetworkName: row(14, "access-network-name", text, "RFC 7839 §4.3.1", "relay"),
  accessPointName: row(15, "access-point-name", text, "RFC 7839 §4.3.2", "relay"),
  accessPointBssid: row(16, "access-point-bssid", bytesOf(6, 6), "RFC 7839 §4.3.3", "relay"),
  operatorIdentifier: row(17, "operator-identifier", u32, "RFC 7839 §4.4.1", "relay"),
  operatorRealm: row(18, "operator-realm", text, "RFC 7839 §4.4.2", "relay"),
  /** Present: reply to the UDP port the relay sent from, not to 67. */
  relaySourcePort: row(19, "relay-source-port", flag, "RFC 8357 §4.1", "relay"),
  virtualSubnet: row(151, "virtual-subnet", virtualSubnet, "RFC 6607 §3.2", "relay"),
  virtualSubnetControl: row(152, "virtual-subnet-control", flag, "RFC 6607 §3.3", "relay"),
} as const;

const bySuboptionCode = new Map<number, OptionRow<unknown>>(
  Object.values(RELAY_SUBOPTION).map((one) => [one.code, one]),
);
const bySuboptionName = new Map<string, OptionRow<unknown>>(
  Object.values(RELAY_SUBOPTION).map((one) => [one.name, one]),
);

/** RFC 3046 §2: the whole option; configuration and page see its sub-options by name. */
export const relayAgentInformation: Codec<RelayAgentInformation> = {
  ...suboptions,
  shape: "relay-agent-information",
  parse: (input) => {
    if (!isList(input) || input.length === 0) throw refused(input, "a list of sub-options");
    return input.map((one) => {
      if (!isRecord(one)) throw refused(one, "a sub-option");
      const { suboption, value } = one;
      const known = bySuboptionName.get(String(suboption));
      if (known !== undefined) {
        return { code: known.code, data: known.codec.encode(known.codec.parse(value ?? null)) };
      }
      if (typeof suboption !== "number") throw refused(suboption ?? null, "a sub-option");
      return { code: u8.parse(suboption), data: bytesOrEmpty.parse(value ?? null) };
    });
  },
  format: (value) =>
    value.map(({ code, data }) => {
      const known = bySuboptionCode.get(code);
      const decoded = known === undefined ? MALFORMED : decodeOption(known, data);
      return known === undefined || decoded === MALFORMED
        ? { suboption: code, value: bytesOrEmpty.format(data) }
        : { suboption: known.name, value: known.codec.format(decoded) };
    }),
};

/** One sub-option of a decoded option 82: absent, present or malformed, as options are. */
export function readSuboption<T>(
  information: RelayAgentInformation,
  row: OptionRow<T>,
): T | undefined | Malformed {
  const found = information.find((one) => one.code === row.code);
  return found === undefined ? undefined : decodeOption(row, found.data);
}

import { describe, expect, test } from "vitest";
import {
  decodeOption,
  MALFORMED,
  OPTION,
  type OptionRow,
} from "../../daemon/wire/dhcp4-options.ts";
import {
  RELAY_SUBOPTION,
  type RelayAgentInformation,
  readSuboption,
} from "../../daemon/wire/relay-agent.ts";
import { fromHex } from "./messages.ts";

function decode(hex: string): RelayAgentInformation {
  const information = decodeOption(OPTION.relayAgentInformation, fromHex(hex));
  if (information === MALFORMED) throw new Error("malformed");
  return information;
}

const information = decode(`
  01 04 65 74 68 30       # circuit "eth0"
  02 06 02 00 5e 00 01 11 # remote: a MAC
  05 04 0a 4e 00 00       # link selection 10.78.0.0 (RFC 3527)
  0a 01 80                # flags: the client sent by unicast (RFC 5010)
  0b 04 0a 4e 00 01       # server identifier override 10.78.0.1 (RFC 5107)
  0c 03 01 02 03          # relay identifier (RFC 6925)
  13 00                   # relay source port (RFC 8357)
  97 04 00 72 65 64       # virtual subnet "red" (RFC 6607)
  98 00                   # and its control
  06 01 ff                # a subscriber that is not UTF-8
`);

test.each([
  ["agentCircuitId", fromHex("65746830")],
  ["agentRemoteId", fromHex("02005e000111")],
  ["linkSelection", 0x0a4e0000],
  ["relayAgentFlags", 0x80],
  ["serverIdentifierOverride", 0x0a4e0001],
  ["relayAgentIdentifier", fromHex("010203")],
  ["relaySourcePort", true],
  ["virtualSubnet", { type: 0, id: fromHex("726564") }],
  ["virtualSubnetControl", true],
  ["subscriberId", MALFORMED],
  ["docsisDeviceClass", undefined],
] as const)("%s", (name, expected) => {
  const row: OptionRow<unknown> = RELAY_SUBOPTION[name];
  expect(readSuboption(information, row)).toEqual(expected);
});

test("a link selection of another length is malformed, not absent", () => {
  expect(readSuboption(decode("05 03 0a 4e 00"), RELAY_SUBOPTION.linkSelection)).toBe(MALFORMED);
});

describe("the table", () => {
  const rows = Object.values(RELAY_SUBOPTION);
  test("codes and names are unique", () => {
    expect(new Set(rows.map((row) => row.code)).size).toBe(rows.length);
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  });

  test.each(Object.entries(RELAY_SUBOPTION))("%s: key and name agree", (key, row) => {
    const camel = row.name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    expect(camel).toBe(key);
    expect(row.reference).toMatch(/^RFC \d{4} §\d+(\.\d+)*$/);
  });
});

test("what does not follow its sub-option's shape is shown as bytes, and parses back", () => {
  const { codec } = OPTION.relayAgentInformation;
  const plain = codec.format(decode("05 03 0a 4e 00  06 01 ff"));
  expect(plain).toEqual([
    { suboption: 5, value: "0a4e00" },
    { suboption: 6, value: "ff" },
  ]);
  expect(codec.encode(codec.parse(plain))).toEqual(fromHex("05 03 0a 4e 00  06 01 ff"));
});

// Bytes of options, written as a configuration has them.

import { describe, expect, test } from "vitest";
import { encodeConfigured, nameOfOption, writtenOption } from "../../daemon/config/options.ts";
import { parseHex } from "../../daemon/wire/option-codecs.ts";

function bytes(text: string): Uint8Array {
  return parseHex(text) ?? new Uint8Array(0);
}

describe("written as the table has it, or as bare bytes", () => {
  test.each([
    [42, "0a4d0003", { name: "ntp-servers", value: ["10.77.0.3"] }],
    [19, "01", { name: "ip-forwarding", value: true }],
    [19, "07", { name: "option-19", value: "07" }],
    [66, "626f6f74", { name: "tftp-server-name", value: "boot" }],
    [119, "01610162000163c000", { name: "domain-search", value: ["a.b", "c.a.b"] }],
    [43, "0102", { name: "vendor-specific-information", value: "0102" }],
    [224, "0a0b", { name: "option-224", value: "0a0b" }],
  ])("%i %s", (code, content, written) => {
    const { name, value } = writtenOption(code, bytes(content));
    expect({ name, value }).toEqual(written);
    expect(encodeConfigured(name, value).code).toBe(code);
  });
});

test.each([
  [51, "00000e10", "the server fills this option; the setting for it is leaseSeconds"],
  [53, "01", "this option is not set by configuration"],
  [0, "01", "there is no DHCP option of this name"],
  [255, "01", "there is no DHCP option of this name"],
  [224, "", "an option without content cannot be set"],
])("%i %s is refused", (code, content, reason) => {
  expect(() => writtenOption(code, bytes(content))).toThrow(reason);
});

test("every code has a name", () => {
  expect(nameOfOption(3)).toBe("router");
  expect(nameOfOption(224)).toBe("option-224");
});

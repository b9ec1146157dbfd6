import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../daemon/base/errors.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import {
  decodeOption,
  encodeOption,
  MALFORMED,
  OPTION,
  optionByCode,
  optionByName,
  readOption,
  unknownOption,
} from "../../daemon/wire/dhcp4-options.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";
import { fromHex, messageBytes } from "./messages.ts";
import { OPTION_CASES } from "./option-cases.ts";
import { MALFORMED_CASES, UNENCODABLE_CASES, UNPARSEABLE_CASES } from "./option-refusals.ts";
import { ALL_ROWS, anyValueOf } from "./option-values.ts";

describe("the table", () => {
  test("codes and names are unique, and no row is Pad or End", () => {
    expect(new Set(ALL_ROWS.map((row) => row.code)).size).toBe(ALL_ROWS.length);
    expect(new Set(ALL_ROWS.map((row) => row.name)).size).toBe(ALL_ROWS.length);
    for (const row of ALL_ROWS) expect(row.code).toBeGreaterThan(0);
    for (const row of ALL_ROWS) expect(row.code).toBeLessThan(255);
  });

  test("every option of RFC 2132 has a row", () => {
    const codes = ALL_ROWS.filter((row) => row.reference.startsWith("RFC 2132")).map(
      (row) => row.code,
    );
    const upTo = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i);
    expect(codes.toSorted((a, b) => a - b)).toEqual([...upTo(1, 61), ...upTo(64, 76)]);
  });

  test.each(Object.entries(OPTION))("%s: key, name, reference and bounds agree", (key, row) => {
    expect(row.name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())).toBe(key);
    expect(row.reference).toMatch(/^(RFC \d{4}( §\d+(\.\d+)*)?|\[MS-DHCPE\]|draft-[a-z0-9-]+)$/);
    expect(row.min).toBeLessThanOrEqual(row.max);
    expect(optionByCode(row.code)).toBe(row);
    expect(optionByName(row.name)).toBe(row);
  });

  test("a code without a name is bytes, by number", () => {
    expect(optionByCode(224)).toBeUndefined();
    const row = optionByName("option-224");
    expect(row?.code).toBe(224);
    expect(row?.codec.parse("01:02")).toEqual(Uint8Array.of(1, 2));
    for (const name of ["option-0", "option-255", "option-1000", "option-01", "no-such"]) {
      expect(optionByName(name), name).toBeUndefined();
    }
  });
});

describe("each case in every direction", () => {
  test.each(OPTION_CASES)("$name $bytes", ({ row, value, bytes, plain }) => {
    expect(decodeOption(row, bytes)).toEqual(value);
    expect(encodeOption(row, value)).toEqual(bytes);
    expect(row.codec.parse(plain)).toEqual(value);
    expect(row.codec.format(value)).toEqual(plain);
  });

  test.each(OPTION_CASES)("$name $bytes with foreign bytes on both sides", (one) => {
    for (const poison of [0x00, 0x41, 0xff]) {
      const around = new Uint8Array(one.bytes.length + 20).fill(poison);
      around.set(one.bytes, 9);
      expect(decodeOption(one.row, around, 9, 9 + one.bytes.length)).toEqual(one.value);
    }
  });

  test.each(OPTION_CASES)("$name $bytes: a value holds no view of the packet", (one) => {
    // Of a Buffer too, whose `slice` does not copy.
    for (const own of [one.bytes.slice(), Buffer.from(one.bytes)]) {
      const value = decodeOption(one.row, own);
      own.fill(0xee);
      expect(value).toEqual(one.value);
    }
  });

  test.each(OPTION_CASES)("$name $bytes: a cut is the same whatever follows", ({ row, bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      const [first, ...others] = [0x00, 0x03, 0xff].map((poison) => {
        const around = new Uint8Array(bytes.length + 40).fill(poison);
        around.set(bytes.subarray(0, length), 20);
        const value = decodeOption(row, around, 20, 20 + length);
        return value === MALFORMED ? "malformed" : JSON.stringify(row.codec.format(value));
      });
      for (const other of others) expect(other, `${length} bytes`).toBe(first);
    }
  });

  test.each([
    ["a\\.", "02 61 2e"],
    ["a\\..", "02 61 2e 00"],
    ["a\\\\.", "02 61 5c 00"],
    [".", "00"],
  ])("the dot at the end of %s is told from one inside the label", (name, hex) => {
    const value = {
      serverUpdates: false,
      serverOverrides: false,
      noServerUpdates: false,
      isWireForm: true,
      rcode1: 0,
      rcode2: 0,
      name,
    };
    expect(encodeOption(OPTION.clientFqdn, value)).toEqual(fromHex(`04 00 00 ${hex}`));
    expect(decodeOption(OPTION.clientFqdn, fromHex(`04 00 00 ${hex}`))).toEqual(value);
  });

  test("a single value in configuration is a list of one", () => {
    expect(OPTION.router.codec.parse("10.77.0.1")).toEqual(
      OPTION.router.codec.parse(["10.77.0.1"]),
    );
    expect(OPTION.domainSearch.codec.parse("a.ex")).toEqual(["a.ex"]);
  });

  test("trailing NULs of text are dropped (RFC 2132 §2)", () => {
    expect(decodeOption(OPTION.hostName, fromHex("6c 61 70 00 00"))).toBe("lap");
  });

  test("bits outside a route's mask are zeroed (RFC 3442)", () => {
    const decoded = decodeOption(OPTION.classlessStaticRoute, fromHex("0c 0a 4f  0a 4d 00 01"));
    expect(OPTION.classlessStaticRoute.codec.format(decoded as never)).toEqual([
      { destination: "10.64.0.0/12", router: "10.77.0.1" },
    ]);
  });

  test("a reserved resolver preference is read as medium (RFC 6731 §4.3)", () => {
    const content = fromHex("fe  0a 4d 00 01  00 00 00 00  02 65 78 00");
    expect(decodeOption(OPTION.rdnssSelection, content)).toMatchObject({ preference: 0 });
  });

  test("names that share a tail are written once, in any letter case as given", () => {
    const names = ["a.Office.example", "b.Office.example", "office.example"];
    const content = encodeOption(OPTION.domainSearch, names);
    expect(content.length).toBe(18 + 4 + 9);
    expect(decodeOption(OPTION.domainSearch, content)).toEqual(names);
  });

  test("no pointer is written to a place that a pointer cannot name", () => {
    const names = Array.from({ length: 700 }, (_, i) => `host-${i}-${"x".repeat(20)}.zone${i}.ex`);
    const content = encodeOption(OPTION.domainSearch, [...names, ...names]);
    expect(content.length).toBeGreaterThan(0x4000);
    expect(decodeOption(OPTION.domainSearch, content)).toEqual([...names, ...names]);
  });

  test.each([
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["1::", "00010000000000000000000000000000"],
    ["1:0:0:2::3", "00010000000000020000000000000003"],
    ["1:2:3:4:5:6:0:8", "00010002000300040005000600000008"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ])("IPv6 %s (RFC 5952)", (shown, hex) => {
    const { codec } = OPTION.dhcp4o6SourceAddress;
    expect(codec.format(fromHex(hex))).toBe(shown);
    expect(codec.parse(shown)).toEqual(fromHex(hex));
  });
});

describe("what is refused", () => {
  test.each(MALFORMED_CASES)("$0.name: %s", (row, _, hex) => {
    expect(decodeOption(row, fromHex(hex))).toBe(MALFORMED);
  });

  test.each(UNENCODABLE_CASES)("$0.name cannot hold %s", (row, _, value) => {
    expect(() => encodeOption(row, value)).toThrow(EncodeError);
  });

  test.each(UNPARSEABLE_CASES)("$0.name: configuration %j", (row, input) => {
    expect(() => row.codec.parse(input)).toThrow(ConfigError);
    expect(() => row.codec.parse(input)).toThrow(/ is not | is missing/);
  });
});

describe("every row, with arbitrary values", () => {
  test.each(ALL_ROWS)("$name ($code) round-trips", (row) => {
    fc.assert(
      fc.property(anyValueOf(row), (value) => {
        const content = encodeOption(row, value);
        expect(content.length).toBeGreaterThanOrEqual(row.min);
        expect(content.length).toBeLessThanOrEqual(row.max);
        expect(decodeOption(row, content)).toEqual(value);
        const plain = row.codec.format(value);
        expect(JSON.parse(JSON.stringify(plain))).toEqual(plain);
        expect(encodeOption(row, row.codec.parse(plain))).toEqual(content);
      }),
      { numRuns: 50 },
    );
  });

  test.each(ALL_ROWS)("$name ($code) takes any bytes without throwing", (row) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (content) => {
        const value = decodeOption(row, content);
        if (value === MALFORMED) return;
        row.codec.format(value);
        // Bytes that mean something can be said again, and then mean the same.
        expect(decodeOption(row, encodeOption(row, value))).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });
});

describe("readOption", () => {
  const read = (options: number[], row = OPTION.router) =>
    readOption(decodeBytes(messageBytes({ options })), row);

  test("absent, present and malformed are three outcomes", () => {
    expect(read([255])).toBeUndefined();
    expect(read([3, 4, 10, 77, 0, 1, 255])).toEqual([0x0a4d0001]);
    expect(read([3, 3, 10, 77, 0, 255])).toBe(MALFORMED);
    expect(read([3, 0, 255])).toBe(MALFORMED);
  });

  test("pieces are read as one (RFC 3396 §7)", () => {
    expect(read([3, 2, 10, 77, 3, 2, 0, 1, 255])).toEqual([0x0a4d0001]);
  });

  test("an option without a row is its bytes", () => {
    const message = decodeBytes(messageBytes({ options: [224, 2, 7, 8, 255] }));
    expect(readOption(message, unknownOption(224))).toEqual(Uint8Array.of(7, 8));
    expect(readOption(message, unknownOption(225))).toBeUndefined();
  });
});

function decodeBytes(bytes: Uint8Array) {
  return decodeDhcp4(bytes, 0, bytes.length);
}

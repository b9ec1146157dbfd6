import { describe, expect, test } from "vitest";
import { hex } from "../../../daemon/base/bytes.ts";
import { DecodeError } from "../../../daemon/base/errors.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { MessageWriter } from "../../../daemon/wire/failover/message-writer.ts";
import { MESSAGE } from "../../../daemon/wire/failover/messages.ts";
import {
  type FailoverOption,
  isKnownOption,
  OPTION,
  OPTION_CODES,
  type OptionField,
  optionName,
} from "../../../daemon/wire/failover/options.ts";
import { EncodeError } from "../../../daemon/wire/writer.ts";
import { fromHex } from "../messages.ts";
import {
  MALFORMED_CASES,
  OPTION_CASES,
  type OptionCase,
  READ_ONLY_CASES,
  UNSENDABLE_CASES,
} from "./option-cases.ts";

const FIELDS = Object.keys(OPTION) as OptionField[];
type AnyCase = OptionCase<OptionField>;

describe("the table", () => {
  test("has a row for each code of the draft, in order", () => {
    const codes = FIELDS.map((field) => OPTION[field].code);
    expect(codes).toEqual(Array.from({ length: OPTION_CODES - 1 }, (_, i) => i + 1));
    expect(new Set(FIELDS.map((field) => OPTION[field].name)).size).toBe(codes.length);
  });

  test("names its options, and others by number", () => {
    expect([optionName(15), optionName(0), optionName(30)]).toEqual([
      "MCLT",
      "option 0",
      "option 30",
    ]);
    expect([isKnownOption(29), isKnownOption(0), isKnownOption(30)]).toEqual([true, false, false]);
  });

  test("every option can come in some message", () => {
    const used = new Set(Object.values(MESSAGE).flatMap((one) => Object.keys(one.body)));
    expect(FIELDS.filter((field) => !used.has(field))).toEqual([]);
  });
});

describe.each(FIELDS)("%s", (field) => {
  const option = OPTION[field] as FailoverOption<unknown>;

  test("is written and read as the cases say", () => {
    const cases: readonly AnyCase[] = OPTION_CASES[field];
    expect(cases.length).toBeGreaterThan(0);
    for (const { value, content } of cases) {
      const wanted = fromHex(content);
      expect(read(option, wanted)).toEqual(value);
      const writer = new MessageWriter();
      option.codec.encode(value, writer);
      expect(hex(writer.take())).toBe(hex(wanted));
      expect(option.codec.format(value)).toMatch(/^\S+$|^"/);
    }
  });

  test("nothing in its value is a view of the message", () => {
    for (const { value, content } of OPTION_CASES[field] as readonly AnyCase[]) {
      const bytes = fromHex(content);
      const got = option.codec.decode(bytes, 0, bytes.length);
      bytes.fill(0x5a);
      expect(got).toEqual(value);
    }
  });

  test("is read, and not written, outside what may be sent", () => {
    for (const { value, content } of (READ_ONLY_CASES[field] ?? []) as readonly AnyCase[]) {
      expect(read(option, fromHex(content))).toEqual(value);
      expect(() => option.codec.encode(value, new MessageWriter())).toThrow(EncodeError);
    }
  });

  test("refuses to write what may not be sent", () => {
    for (const [value, reason] of (UNSENDABLE_CASES[field] ?? []) as readonly [unknown, string][]) {
      const write = () => option.codec.encode(value, new MessageWriter());
      expect(write).toThrow(EncodeError);
      expect(write).toThrow(reason);
    }
  });
});

test.each(MALFORMED_CASES)("malformed %s: %s", (field, content, reason) => {
  const { code, name } = OPTION[field];
  const carrier = Object.entries(MESSAGE).find(([, { body }]) => field in body);
  if (carrier === undefined) throw new Error(`no message carries ${name}`);
  const [messageName, { code: type }] = carrier;
  // Options of a vendor mean something only beside its name.
  const vendor: [number, Uint8Array][] = code === 29 ? [[28, fromHex("61")]] : [];
  const message = messageOf(type, [[code, fromHex(content)], ...vendor]);
  const decode = () => decodeMessage(message, 0, message.length, "isc");
  expect(decode).toThrow(DecodeError);
  expect(decode).toThrow(reason);
  expect(decode).toThrow(new RegExp(`^${messageName} ${name} at byte \\d+: `));
});

test("the fault of a value is said with its place in the message", () => {
  const message = messageOf(6, [
    [28, fromHex("61")],
    [29, fromHex("0001 0001 aa  0002 0009")],
  ]);
  expect(() => decodeMessage(message, 0, message.length, "isc")).toThrow(
    // 12 of the header, 5 of option 28, 4 of option 29's own header, 5 of the first one inside.
    "CONNECTACK vendor-specific-options at byte 26: vendor option at byte 5: its content is cut",
  );
});

test("text that is not UTF-8 is read with marks in it", () => {
  expect(read(OPTION.message, fromHex("61 ff 62"))).toBe("a\ufffdb");
});

function read(option: FailoverOption<unknown>, content: Uint8Array): unknown {
  expect(content.length).toBeGreaterThanOrEqual(option.codec.min);
  expect(content.length).toBeLessThanOrEqual(option.codec.max);
  // Bytes on both sides that do not belong to it.
  const around = Uint8Array.from([0xee, ...content, 0xee]);
  return option.codec.decode(around, 1, 1 + content.length);
}

function messageOf(type: number, options: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const writer = new MessageWriter().u16(0).u8(type).u8(12).u32(0).u32(0);
  for (const [code, content] of options) writer.u16(code).u16(content.length).bytes(content);
  writer.u16At(0, writer.length);
  return writer.take();
}

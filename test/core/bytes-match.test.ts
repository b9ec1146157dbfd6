import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BytesMatcher } from "../../daemon/core/bytes-match.ts";
import type { BytesTest } from "../../daemon/core/config-view.ts";
import { ascii } from "../wire/messages.ts";

type How = Exclude<BytesTest["how"], "present">;

const PRESENT: BytesTest = { how: "present" };

function bytesTest(how: How, text: string, ignoreCase = false): BytesTest {
  return { how, bytes: Uint8Array.from(ascii(text)), ignoreCase };
}

function is(text: string, ignoreCase = false): BytesTest {
  return bytesTest("is", text, ignoreCase);
}

/** The content stands between others that would match, were they looked at. */
function matches(wanted: BytesTest, content: string, isText = true): boolean {
  const around = wanted.how === "present" ? [] : [...wanted.bytes];
  const bytes = Uint8Array.from([...around, ...ascii(content), ...around]);
  const start = around.length;
  return new BytesMatcher(wanted, isText).matches(bytes, start, start + content.length);
}

describe("content", () => {
  test.each<[string, BytesTest, boolean]>([
    ["PXEClient:Arch:00007", PRESENT, true],
    ["PXEClient:Arch:00007", bytesTest("starts-with", "PXEClient"), true],
    ["PXEClient:Arch:00007", bytesTest("starts-with", "XEClient"), false],
    ["PXEClient:Arch:00007", bytesTest("ends-with", ":00007"), true],
    ["PXEClient:Arch:00007", bytesTest("ends-with", ":0000"), false],
    ["PXEClient:Arch:00007", bytesTest("contains", "Arch"), true],
    ["PXEClient:Arch:00007", bytesTest("contains", "arch"), false],
    ["PXEClient:Arch:00007", bytesTest("contains", "arch", true), true],
    ["PXEClient:Arch:00007", bytesTest("contains", "00007"), true],
    ["PXEClient:Arch:00007", bytesTest("contains", "00007x"), false],
    ["PXEClient", is("PXEClient"), true],
    ["PXEClient", is("PXEClient:"), false],
    ["PXEClient:", is("PXEClient"), false],
    ["PXEClient", is("pxeclient"), false],
    ["PXEClient", is("pxeCLIENT", true), true],
    ["abc", bytesTest("starts-with", "abcd"), false],
    ["abc", bytesTest("ends-with", "xabc"), false],
    ["aab", bytesTest("contains", "ab"), true],
    ["abc", bytesTest("contains", ""), true],
    ["", PRESENT, true],
    ["", is(""), true],
    ["", is("a"), false],
    ["", bytesTest("starts-with", ""), true],
  ])("%j and %j: %s", (content, wanted, expected) => {
    expect(matches(wanted, content)).toBe(expected);
    expect(matches(wanted, content, false)).toBe(expected);
  });

  test("only ASCII letters have a second case", () => {
    for (const [sent, wanted] of [
      ["@", "`"],
      ["[", "{"],
      ["\xc4", "\xe4"],
      ["1", "\x11"],
    ] as const) {
      expect(matches(is(wanted, true), sent)).toBe(false);
      expect(matches(is(sent, true), sent)).toBe(true);
    }
  });

  test("RFC 2132 §2: NULs at the end of a text do not count, in the middle they do", () => {
    expect(matches(is("MSFT 5.0"), "MSFT 5.0\0\0")).toBe(true);
    expect(matches(bytesTest("ends-with", "5.0"), "MSFT 5.0\0")).toBe(true);
    expect(matches(is("MSFT"), "MSFT\x005.0")).toBe(false);
    expect(matches(is(""), "\0\0")).toBe(true);
  });

  test("NULs count where they are configured, and where the content is no text", () => {
    expect(matches(is("MSFT\0"), "MSFT\0")).toBe(true);
    expect(matches(is("MSFT\0"), "MSFT")).toBe(false);
    expect(matches(is("MSFT"), "MSFT\0", false)).toBe(false);
  });

  test("is compared as plain texts are", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "A", "\x80"), maxLength: 6 });
    const plain: Record<How, (sent: string, wanted: string) => boolean> = {
      is: (sent, wanted) => sent === wanted,
      "starts-with": (sent, wanted) => sent.startsWith(wanted),
      "ends-with": (sent, wanted) => sent.endsWith(wanted),
      contains: (sent, wanted) => sent.includes(wanted),
    };
    const how = fc.constantFrom(...(Object.keys(plain) as How[]));
    fc.assert(
      fc.property(text, text, how, fc.boolean(), (sent, wanted, name, ignoreCase) => {
        const fold = (one: string) => (ignoreCase ? one.toLowerCase() : one);
        const got = matches(bytesTest(name, wanted, ignoreCase), sent);
        expect(got).toBe(plain[name](fold(sent), fold(wanted)));
      }),
    );
  });
});

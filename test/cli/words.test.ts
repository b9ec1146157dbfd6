import { describe, expect, test } from "vitest";
import { columns, jsonText, printable, wrap } from "../../daemon/cli/terminal.ts";
import { ago, bytes, clockTime, span } from "../../daemon/cli/words.ts";

describe("ages", () => {
  test.each([
    [0, "just now"],
    [2000, "just now"],
    [-2000, "just now"],
    [3000, "3 seconds ago"],
    [59_000, "59 seconds ago"],
    [60_000, "1 minute ago"],
    [3_599_000, "59 minutes ago"],
    [7_200_000, "2 hours ago"],
    [86_400_000, "1 day ago"],
    [-90_000, "in 1 minute"],
    [-3_660_000, "in 1 h 1 min"],
    [-43_140_000, "in 11 h 59 min"],
    [-86_400_000 * 3, "in 3 days"],
    [Number.NaN, "(unknown)"],
  ])("%d ms is %s", (difference, text) => {
    expect(ago(1e12 - difference, 1e12)).toBe(text);
  });

  test("spans, sizes and times", () => {
    expect([span(0), span(0.4), span(1), span(43_200)]).toEqual([
      "0 seconds",
      "0 seconds",
      "1 second",
      "12 hours",
    ]);
    expect([bytes(0), bytes(999), bytes(1500), bytes(48_000_000), bytes(5e12)]).toEqual([
      "0 bytes",
      "999 bytes",
      "1.5 kB",
      "48 MB",
      "5000 GB",
    ]);
    expect(clockTime("nonsense")).toBe("(unknown)");
  });
});

describe("columns and lines", () => {
  test("columns are as wide as their widest cell, without trailing blanks", () => {
    expect(
      columns([
        ["a", "bb", "c"],
        ["dddd", "", ""],
        ["\x1b[31mx\x1b[0m", "ü", "y"],
      ]),
    ).toEqual(["a     bb  c", "dddd", "\x1b[31mx\x1b[0m     ü   y"]);
  });

  test("wrap breaks between words and keeps a word too long whole", () => {
    expect(wrap("one two three", 9, "  ")).toBe("one two\n  three");
    expect(wrap("incomprehensibilities", 5, "")).toBe("incomprehensibilities");
    expect(wrap("", 5, "")).toBe("");
  });
});

describe("escapes", () => {
  test("ordinary text of any language stays", () => {
    for (const text of ["plain", "Büro-Drucker", "打印机", "принтер", "🖨"]) {
      expect(printable(text)).toBe(text);
    }
  });

  test("JSON keeps its own line ends only", () => {
    const text = jsonText({ a: "x\ny\u009b\u{e0041}" }, 2);
    expect(text.split("\n")).toHaveLength(4);
    expect(JSON.parse(text)).toEqual({ a: "x\ny\u009b\u{e0041}" });
  });
});

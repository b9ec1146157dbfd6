// The XML of an export: what is read, and what is refused.

import { describe, expect, test } from "vitest";
import { parseXml, type XmlElement } from "../../daemon/import/windows-xml.ts";

function root(text: string): XmlElement {
  const read = parseXml(text);
  if ("reason" in read) throw new Error(read.reason);
  return read;
}

test("elements, text, entities, lines", () => {
  const read = root(
    [
      '<?xml version="1.0"?>',
      "<a:x xmlns:a=\"urn:a\" b='c'>",
      "<!-- no -->",
      "<y/>",
      ' <z n = "1" >&lt;&amp;&#65;&#x1F600;&quot;&apos;&gt; </z>',
      "<w>a<v/>b</w></a:x>",
      "",
    ].join("\r\n"),
  );
  expect(read).toMatchObject({ name: "x", line: 2, text: "" });
  expect(read.children).toEqual([
    { name: "y", line: 4, children: [], text: "" },
    { name: "z", line: 5, children: [], text: "<&A\u{1F600}\"'>" },
    { name: "w", line: 6, children: [{ name: "v", line: 6, children: [], text: "" }], text: "ab" },
  ]);
});

describe("refused", () => {
  test.each([
    ["", 1, "The file has no element."],
    ["text", 1, "There is text outside of all elements."],
    ["<a/>\n<b/>", 2, "There is more than one element that all others are in."],
    ["<a>\n<b>\n</a>", 3, "a is closed here, and was not opened last."],
    ["<a>\n<b>\n", 3, "The file ends inside of b, which begins in line 2."],
    ["</a>", 1, "a is closed here, and was not opened last."],
    [
      '<!DOCTYPE a [<!ENTITY b "c">]><a/>',
      1,
      "An export has no document type and no raw text: this file is not read.",
    ],
    [
      "<a><![CDATA[x]]></a>",
      1,
      "An export has no document type and no raw text: this file is not read.",
    ],
    ["<a>\n&b;</a>", 2, "&b; stands for nothing that is known here."],
    ["<a>&#0;</a>", 1, "&#0; stands for nothing that is known here."],
    ["<a>&#xD800;</a>", 1, "&#xD800; stands for nothing that is known here."],
    ["<a>&lt</a>", 1, "&lt stands for nothing that is known here."],
    ["<a>&constructor;</a>", 1, "&constructor; stands for nothing that is known here."],
    ["<a><b c></b></a>", 1, "What stands here is not a tag."],
    ["<a\n", 1, "What stands here is not a tag."],
    ["<a><!-- ", 1, "A comment is never closed."],
    ["<a>".repeat(40), 1, "Elements nest deeper than 32."],
    [`<a>${"x".repeat(70_000)}</a>`, 1, "The text of a is too long."],
  ])("%j", (text, line, reason) => {
    expect(parseXml(text)).toEqual({ line, reason });
  });

  test("ten million characters of tags that never close are read once", () => {
    expect(parseXml(`<a>${"<b".repeat(5_000_000)}`)).toMatchObject({ line: 1 });
    expect(parseXml(`<a ${"b='c' ".repeat(1_500_000)}`)).toMatchObject({ line: 1 });
    expect(parseXml(`<a>${"&".repeat(60_000)}`)).toMatchObject({ line: 1 });
  });
});

import { describe, expect, test } from "vitest";
import { CSV_HEADER, csvField, csvRow } from "../../daemon/http/lease-csv.ts";
import { fakeLease } from "../support/fake-box.ts";

describe("CSV fields", () => {
  test.each([
    ["plain", "plain"],
    ["", ""],
    ["with,comma", '"with,comma"'],
    ['say "hi"', '"say ""hi"""'],
    ["two\nlines", '"two\nlines"'],
    ["=1+1", `"'=1+1"`],
    ["+1", `"'+1"`],
    ["-1", `"'-1"`],
    ["@SUM(A1)", `"'@SUM(A1)"`],
    ["\t=1", `"'\t=1"`],
    ["\r=1", `"'\r=1"`],
    ["  =1", `"'  =1"`],
    ["|cmd", `"'|cmd"`],
    ["a=b", "a=b"],
    ["10.77.0.100", "10.77.0.100"],
  ])("%j becomes %j", (value, field) => {
    expect(csvField(value)).toBe(field);
  });
});

test("a row has as many fields as the header", () => {
  const columns = CSV_HEADER.trimEnd().split(",").length;
  expect(csvRow(fakeLease(1)).trimEnd().split(",")).toHaveLength(columns);
});

// Keeps daemon/RFC.md true: files that exist, tests that name their RFC, a test for every MUST, and the
// option table as it is.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { OPTION, type OptionRow } from "../../daemon/wire/dhcp4-options.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DOCUMENT = path.join(ROOT, "daemon/RFC.md");
const OPTIONS_BEGIN = "<!-- options -->\n";
const HOW_TO_WRITE =
  "daemon/RFC.md differs from the option table; write it anew: npx vitest run " +
  "--config test/vitest.config.ts --project unit test/spec/table.test.ts -u";

/** All that this program follows. */
const FOLLOWED = [
  ...[2131, 2132, 2563, 3004, 3011, 3046, 3203, 3396, 3397, 3442, 3527, 3925, 4039, 4361, 4388],
  ...[4578, 4702, 4833, 5010, 5107, 5227, 6148, 6704, 6842, 6925, 6926, 8357, 8910, 8925, 9463],
];

interface DocumentRow {
  readonly rfc: number;
  readonly options: readonly number[];
  readonly code: readonly string[];
  readonly tests: readonly string[];
}

interface MustRow {
  readonly section: string;
  readonly who: string;
  readonly test: string;
}

const text = readFileSync(DOCUMENT, "utf8");
const documents = tableUnder("## Documents").map(documentRow);
const musts = tableUnder("## RFC 2131, every MUST of section 4").map(mustRow);

describe("documents", () => {
  test("every RFC that is followed has one row", () => {
    const listed = documents.map(({ rfc }) => rfc);
    expect(listed).toEqual([...FOLLOWED].sort((a, b) => a - b));
  });

  test.each(documents)("RFC $rfc: code and tests exist", ({ code, tests }) => {
    expect(code.length).toBeGreaterThan(0);
    expect(tests.length).toBeGreaterThan(0);
    expect([...code, ...tests].filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  test.each(documents)("RFC $rfc: each of its tests names it", ({ rfc, tests }) => {
    const silent = tests.filter((file) => {
      const names = namesIn(file);
      return !names.some((name) => new RegExp(`RFC ${rfc}\\b`).test(name));
    });
    expect(silent).toEqual([]);
  });

  test("every RFC that a test of this folder names is listed", () => {
    const files = readdirSync(path.join(ROOT, "test/spec")).filter(
      (file) => file !== "table.test.ts",
    );
    const named = files.flatMap((file) => namesIn(`test/spec/${file}`)).join("\n");
    const numbers = [...named.matchAll(/RFC (\d{4})/g)].map((found) => Number(found[1]));
    expect([...new Set(numbers)].filter((number) => !FOLLOWED.includes(number))).toEqual([]);
  });
});

describe("RFC 2131, every MUST", () => {
  const names = readdirSync(path.join(ROOT, "test/spec")).flatMap((file) =>
    namesIn(`test/spec/${file}`),
  );

  test("each row binds a server or a client", () => {
    expect(musts.filter(({ who }) => who !== "server" && who !== "client")).toEqual([]);
  });

  test("each that binds a server names its test, which exists", () => {
    const quoted = musts.filter((row) => row.who === "server" && row.test.startsWith("`"));
    expect(quoted.length).toBeGreaterThan(30);
    const missing = quoted
      .map((row) => row.test.slice(1, -1))
      .filter((name) => !names.includes(name));
    expect(missing).toEqual([]);
  });

  test("each test is of the section of its row", () => {
    const wrong = musts.filter(
      ({ section, test }) => test.startsWith("`") && !test.startsWith(`\`§${section} MUST`),
    );
    expect(wrong).toEqual([]);
  });

  test("each test that says MUST of a section is in the table", () => {
    const listed = new Set(musts.map((row) => row.test.slice(1, -1)));
    const said = names.filter((name) => /^§[\d.]+ MUST/.test(name) && !name.includes("%"));
    expect(said.filter((name) => !listed.has(name))).toEqual([]);
  });
});

test("the option table is in the document as it is", async () => {
  const at = text.indexOf(OPTIONS_BEGIN);
  expect(at).toBeGreaterThan(0);
  const whole = text.slice(0, at + OPTIONS_BEGIN.length) + optionTable();
  await expect(whole, HOW_TO_WRITE).toMatchFileSnapshot(DOCUMENT);
});

/** One line for each row, in the order of codes. */
function optionTable(): string {
  const rows: readonly OptionRow<unknown>[] = Object.values(OPTION);
  const lines = rows
    .toSorted((a, b) => a.code - b.code)
    .map((row) => {
      const tests = documents
        .filter(({ options }) => options.includes(row.code))
        .flatMap((document) => document.tests)
        .filter((file) => file.startsWith("test/spec/"));
      const files = tests.length > 0 ? [...new Set(tests)] : ["test/wire/dhcp4-options.test.ts"];
      const walked = files.map((file) => file.slice("test/".length)).join(" ");
      const { code, name, codec, reference, sender } = row;
      return `| ${code} | ${name} | ${codec.shape} | ${reference} | ${sender} | ${walked} |`;
    });
  const head = [
    "| code | name | shape | defined in | sent by | tests |",
    "|---|---|---|---|---|---|",
  ];
  return `${[...head, ...lines].join("\n")}\n`;
}

/** The cells of the first table behind a heading, without its two head lines. */
function tableUnder(heading: string): string[][] {
  const start = text.indexOf(`${heading}\n`);
  if (start < 0) throw new Error(`no "${heading}" in daemon/RFC.md`);
  const lines = text.slice(start + heading.length).split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const rest = lines.slice(first + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function documentRow(cells: readonly string[]): DocumentRow {
  const [rfc, , , options, code, tests] = cells;
  return {
    rfc: Number(rfc),
    options: codesIn(options ?? ""),
    code: filesIn(code ?? "", "daemon/"),
    tests: filesIn(tests ?? "", "test/"),
  };
}

function mustRow(cells: readonly string[]): MustRow {
  const [section, , who, test] = cells;
  return { section: section ?? "", who: who ?? "", test: test ?? "" };
}

/** "50–59, 61" to numbers. */
function codesIn(list: string): number[] {
  return list.split(", ").flatMap((part) => {
    const [from, to] = part.split("–").map(Number);
    if (from === undefined || Number.isNaN(from)) return [];
    return Array.from({ length: (to ?? from) - from + 1 }, (_, i) => from + i);
  });
}

function filesIn(list: string, folder: string): string[] {
  return list
    .split(" ")
    .filter((file) => file !== "")
    .map((file) => folder + file);
}

/** Names of the tests and groups of a file, as they are written. */
function namesIn(file: string): string[] {
  const source = readFileSync(path.join(ROOT, file), "utf8");
  const calls =
    /\b(?:test|describe)(?:\.each\((?:[^()]|\([^()]*\))*\))?\(\s*(["'`])((?:(?!\1).)*)\1/gs;
  return [...source.matchAll(calls)].map((found) => found[2] ?? "");
}

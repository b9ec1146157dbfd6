// What people are told of the settings, against the schemas, the code that fills in what is left out, and the document.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ALL_TEXTS, type DescribedFile, textOf } from "../../daemon/config/describe.ts";
import type { JsonSchema } from "../../daemon/http/json-schema.ts";
import { complaints } from "../support/json-schema-check.ts";
import { schemaDocument } from "../support/schema-document.ts";
import { coreOf, firstOf, office } from "./loading.ts";

const README = readFileSync(new URL("../../daemon/README.md", import.meta.url), "utf8");

interface Setting {
  readonly file: DescribedFile;
  readonly path: string;
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

const SETTINGS = (["config.json", "box.json"] as const).flatMap((file) =>
  settingsOf(file, schemaDocument(file), ""),
);
const LABELLED = SETTINGS.map((one) => [`${one.file} ${one.path}`, one] as const);

/** Every setting of a file, however deep. */
function settingsOf(file: DescribedFile, schema: JsonSchema, path: string): Setting[] {
  const { properties = {}, items, additionalProperties: others, required } = schema;
  const own = Object.entries(properties as Record<string, JsonSchema>).flatMap(([name, one]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const isRequired = ((required as string[] | undefined) ?? []).includes(name);
    return [{ file, path: at, name, schema: one, isRequired }, ...settingsOf(file, one, at)];
  });
  const inList = items ? settingsOf(file, items as JsonSchema, `${path}[]`) : [];
  const inMap = others ? settingsOf(file, others as JsonSchema, `${path}.*`) : [];
  return [...own, ...inList, ...inMap];
}

function isNumeric({ type, anyOf = [] }: JsonSchema): boolean {
  return type === "integer" || type === "number" || (anyOf as JsonSchema[]).some(isNumeric);
}

const words = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

test("there are as many settings as there ever were", () => {
  expect(SETTINGS.length).toBeGreaterThan(120);
});

describe.each(LABELLED)("%s", (_, { file, path, name, schema }) => {
  const text = textOf(file, path);

  test("has a title of two to four words, and help in whole sentences that says more", () => {
    if (!text) throw new Error("it has no text");
    expect(text.title.split(" ").length).toBeGreaterThanOrEqual(2);
    expect(text.title.split(" ").length).toBeLessThanOrEqual(4);
    expect(text.title).toMatch(/^[A-Z][A-Za-z' -]*$/);
    for (const sentence of [text.help, text.without ?? "None."]) {
      expect(sentence).toMatch(/^[A-Z0-9][^`]*[.]$/);
      expect(sentence.split(/[.;] /).length).toBeLessThanOrEqual(3);
    }
    expect(text.help.length).toBeLessThanOrEqual(170);
    expect(text.help.toLowerCase()).not.toContain(text.title.toLowerCase());
    expect(words(text.help).length).toBeGreaterThan(words(text.title).length * 2);
  });

  test("has a unit if it is a number, and the one that its name says", () => {
    expect(text?.unit === undefined, "no unit").toBe(!isNumeric(schema) && schema.const !== 1);
    const named = /(Seconds|Milliseconds|Percent)(Max)?$/.exec(name)?.[1]?.toLowerCase();
    if (named !== undefined) expect(text?.unit).toBe(named);
    else expect(["none", "leases", undefined]).toContain(text?.unit);
  });

  test("has an example that the schema takes, unless it is a switch or made of others", () => {
    const isMade = ["section", "map", "switch"].includes(String(schema["x-ui"]));
    const isListOfObjects = "x-entry" in schema;
    const examples = schema.examples as unknown[] | undefined;
    expect(examples === undefined, "no example").toBe(isMade || isListOfObjects);
    for (const example of examples ?? []) expect(complaints(schema, example)).toEqual([]);
  });

  test("has a default that the schema takes", () => {
    if ("default" in schema) expect(complaints(schema, schema.default)).toEqual([]);
  });

  test("says in which boxes it counts", () => {
    const isBoxs = file === "box.json" && path !== "pair.port";
    expect(schema["x-scope"]).toBe(isBoxs ? "this-box" : "both-boxes");
  });
});

test("README.md knows every way to ask", () => {
  const [, told = ""] = /^\| `x-ui` \| [^:]*: (.*) \|$/m.exec(README) ?? [];
  const known = Array.from(told.matchAll(/`([a-z-]+)`/g), ([, way]) => way);
  const used = new Set(SETTINGS.map(({ schema }) => schema["x-ui"]));
  // Entries of lists of hardware addresses are asked for in a way of their own.
  expect([...used, "mac-prefix"].sort()).toEqual(known.sort());
});

test("no text is of a setting that there is not", () => {
  const all = new Set(SETTINGS.map(({ file, path }) => textOf(file, path)));
  const rows = Object.values(ALL_TEXTS).flatMap((texts) => Object.entries(texts));
  expect(rows.filter(([, text]) => !all.has(text)).map(([path]) => path)).toEqual([]);
});

describe("what counts for a setting that is left out is what the code makes of it", () => {
  const box = { pair: { role: "primary", partnerIdentity: "ab".repeat(32) } };
  const paired = (pair: object, own: Record<string, unknown> = box) =>
    coreOf(office({}, { pair: { name: "x", ...pair } }, own)).pair;
  const said = (file: DescribedFile, path: string) => textOf(file, path);

  test("numbers", () => {
    expect(paired({})?.mcltSeconds).toBe(said("config.json", "pair.mcltSeconds")?.default);
    expect(paired({})?.mode).toMatchObject({
      primaryPercent: said("config.json", "pair.primaryPercent")?.default,
    });
    expect(paired({ mode: "hot-standby" })?.mode).toMatchObject({
      reservePercent: said("config.json", "pair.reservePercent")?.default,
    });
  });

  test("sentences with numbers in them", () => {
    const fixed = { pair: { role: "primary", address: "192.0.2.1", partner: "192.0.2.2" } };
    const tandem = paired({});
    const isc = paired({ protocol: "isc" }, fixed);
    const wait = said("config.json", "pair.partnerWaitMilliseconds")?.without;
    expect(wait).toMatch(
      RegExp(`^${tandem?.partnerWaitMilliseconds}, or ${isc?.partnerWaitMilliseconds} `),
    );
    const safe = said("config.json", "pair.safeSeconds")?.without;
    expect(safe).toMatch(RegExp(`^${tandem?.safeSeconds}, or ${isc?.safeSeconds} `));
    const { leaseSeconds, minLeaseSeconds } = firstOf(office({}));
    expect(said("config.json", "leaseSeconds")?.without).toContain(` ${leaseSeconds} `);
    expect(said("config.json", "minLeaseSeconds")?.without).toContain(` ${minLeaseSeconds} `);
    const ports = [{}, { protocol: "isc" }].map((pair) => {
      const loaded = office({}, { pair: { name: "x", ...pair } }, fixed);
      return "config" in loaded ? loaded.config.pairLink?.port : loaded.issues;
    });
    expect(said("box.json", "pair.port")?.without).toMatch(RegExp(`^${ports[0]}, or ${ports[1]} `));
  });
});

describe("CONFIGURATION.md", () => {
  const DOC = readFileSync(new URL("../../daemon/CONFIGURATION.md", import.meta.url), "utf8");

  /** Legend: where the settings begin, the heading of their table, which of the tables there. */
  const TABLES: readonly (readonly [DescribedFile, string, string, number])[] = [
    ["box.json", "pair.", "What both files say", 0],
    ["box.json", "", "box.json", 0],
    ["config.json", "pair.", "What both files say", 1],
    ["config.json", "gateway.", "The gateway", 0],
    ["config.json", "networks[].pools[].", "Pools", 0],
    ["config.json", "networks[].reservations[].", "Reservations", 0],
    ["config.json", "networks[].", "Networks", 0],
    ["config.json", "classes[].", "Classes", 0],
    ["config.json", "", "The whole file", 0],
  ];

  interface Row {
    readonly default: string;
    readonly meaning: string;
  }

  /** The rows of a table by setting. */
  function rowsOf(heading: string, index: number): Map<string, Row> {
    const section = DOC.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
    const table = section.split("| setting | default | meaning |")[index + 1] ?? "";
    const rows = new Map<string, Row>();
    for (const line of table.split("\n\n")[0]?.split("\n") ?? []) {
      const [names = "", value = "", ...meaning] = line.split("|").slice(1);
      for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) {
        rows.set(name, { default: value.trim(), meaning: meaning.join("|") });
      }
    }
    return rows;
  }

  const levels = rowsOf("What every level may set", 0);

  function rowOf({ file, path }: Setting): { row: Row; isOwn: boolean } | undefined {
    const [, prefix = "", heading = "", index = 0] =
      TABLES.find(([of, start]) => of === file && path.startsWith(start)) ?? [];
    const [first = "", ...inner] = path.slice(prefix.length).split(/[.[]/);
    const row =
      rowsOf(heading, index).get(first) ?? (file === "config.json" ? levels.get(first) : undefined);
    if (!row) return undefined;
    const last = inner.at(-1);
    if (last !== undefined && !row.meaning.includes(`\`${last}\``)) return undefined;
    return { row, isOwn: last === undefined };
  }

  test.each(LABELLED)("has %s, with the default that counts", (_, setting) => {
    const { schema, isRequired, file, path } = setting;
    const found = rowOf(setting);
    if (!found) throw new Error("the document does not have it");
    if (!found.isOwn) return;
    const said = found.row.default;
    expect(said === "required", "is required").toBe(isRequired);
    const own = schema.default;
    if (own !== undefined && said.startsWith("`")) {
      expect(
        said.startsWith(`\`${JSON.stringify(own)}\``),
        `${said} for ${JSON.stringify(own)}`,
      ).toBe(true);
    } else if (own !== undefined) {
      expect([own, said]).toEqual([[], expect.stringMatching(/^(all|none|nobody)$/)]);
    } else {
      const without = textOf(file, path)?.without ?? "";
      for (const [number] of said.matchAll(/[0-9]+/g))
        expect(without).toMatch(RegExp(`\\b${number}\\b`));
    }
  });

  test("a setting that is not there would be noticed", () => {
    const setting = { file: "config.json", path: "networks[].colour" } as Setting;
    expect(rowOf(setting)).toBeUndefined();
  });
});

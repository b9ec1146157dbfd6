// Files that nobody wrote on purpose: mutated ones, and ones made to take long. Nothing may be thrown, every draft must
// be one that loads, and every note must point at a line that is there. `FUZZ=100000` runs that many, `SEED=7` others.

import { expect, test } from "vitest";
import type { Imported, Importer } from "../../daemon/import/imported.ts";
import { importIsc } from "../../daemon/import/isc.ts";
import { importKea } from "../../daemon/import/kea.ts";
import { lineStarts, NOTES_MAX } from "../../daemon/import/notes.ts";
import { fixtures, issuesOf } from "../import/reading.ts";
import { below, seeded } from "../support/random.ts";

const COUNT = Number(process.env.FUZZ ?? 600);
const SEED = Number(process.env.SEED ?? 20261130);

const SOURCES: readonly (readonly [string, Importer, readonly string[][]])[] = [
  [
    "isc",
    importIsc,
    [
      ["isc/office.conf", "isc/hosts.conf", "isc/dhcpd.leases"],
      ["isc/example.conf"],
      ["isc/dhcpd.conf.example"],
      ["isc/test-a6.conf"],
    ],
  ],
  [
    "kea",
    importKea,
    [
      ["kea/office.conf", "kea/subnets.json", "kea/kea-leases4.csv"],
      ["kea/classify2.json"],
      ["kea/all-options.json"],
      ["kea/shared-network.json"],
      ["kea/reservations.json"],
    ],
  ],
];

/** Words of both languages, and what numbers, texts and addresses go wrong with. */
const WORDS = [
  ..."{ } ; , ( ) [ ] \" ' # = : /* // \\ 0 -1 4294967295 99999999999 0x 1.2.3.4 255.255.255.255".split(
    " ",
  ),
  ..."infinite true null * ** 10.0.0.0/8 192.168.10.0/33 known unknown-clients not and or exists".split(
    " ",
  ),
  ...'\u0000 \ud800 é "" <?include "office.conf"?> include "office.conf"; option-43 unknown-1'.split(
    " ",
  ),
  ..."constructor __proto__ toString KNOWN UNKNOWN ALL DROP dhcp4 vendor-4491 52 53 61 82 121".split(
    " ",
  ),
];

function mutated(text: string, random: () => number): string {
  let changed = text;
  for (let left = 1 + below(random, 6); left > 0; left--) {
    const at = below(random, changed.length + 1);
    const length = below(random, 4) === 0 ? below(random, 400) : below(random, 12);
    const from = below(random, changed.length + 1);
    const inserted = [
      "",
      WORDS[below(random, WORDS.length)] ?? "",
      ` ${WORDS[below(random, WORDS.length)] ?? ""} `,
      changed.slice(from, from + below(random, 300)),
    ][below(random, 4)];
    changed = `${changed.slice(0, at)}${inserted}${changed.slice(at + length)}`;
  }
  return changed;
}

test.each(SOURCES)("%s: mutated files", (_, importer, groups) => {
  const random = seeded(SEED);
  for (let round = 0; round < COUNT; round++) {
    const files = fixtures(...(groups[below(random, groups.length)] ?? []));
    const [name, text] = [...files][below(random, files.size)] ?? ["", ""];
    files.set(name, mutated(text, random));
    const imported = importer(files);
    const issues = issuesOf(imported);
    if (issues.length > 0)
      throw new Error(`round ${round}: ${issues.join("\n")}\n${files.get(name)}`);
    expect(misplaced(imported, files), `round ${round}`).toEqual([]);
  }
});

function misplaced({ notes }: Imported, files: ReadonlyMap<string, string>): string[] {
  const lines = new Map([...files].map(([file, text]) => [file, lineStarts(text).length]));
  return notes
    .filter(({ file, line }) => line < 0 || line > (lines.get(file) ?? -1))
    .map(({ file, line, reason }) => `${file}:${line} ${reason}`);
}

const BIG = 300_000;
const HOSTILE: Readonly<Record<string, string>> = {
  "open braces": "{".repeat(BIG),
  "open blocks": "group {\n".repeat(BIG / 10),
  "closed braces": "}".repeat(BIG),
  "open lists": '{"Dhcp4":'.repeat(BIG / 10),
  brackets: "[".repeat(BIG),
  parentheses: `class "a" { match if ${"(".repeat(BIG / 20)} }`,
  "nots of one class": `class "a" { match if ${"not ".repeat(BIG / 20)} known; }`,
  quotes: '"'.repeat(BIG),
  "texts without an end": `option domain-name "${"\\".repeat(BIG)}`,
  "lines of comments": "# a\n".repeat(BIG),
  "comments in comments": "/* ".repeat(BIG),
  semicolons: ";".repeat(BIG),
  commas: `{"Dhcp4": [${",".repeat(BIG)}`,
  "one long word": "a".repeat(BIG),
  "one long statement": `option domain-name-servers ${"10.0.0.1, ".repeat(BIG / 10)};`,
  subnets: Array.from(
    { length: 5000 },
    (_, at) =>
      `subnet 10.${at >> 8}.${at & 255}.0 netmask 255.255.255.0 { range 10.${at >> 8}.${at & 255}.1 10.${at >> 8}.${at & 255}.9; }`,
  ).join("\n"),
  "classes of one name": 'class "a" { match if known; }\n'.repeat(10_000),
  "hosts of one subnet": `subnet 10.0.0.0 netmask 255.0.0.0 { range 10.0.0.1 10.255.255.254; }\n${Array.from({ length: 20_000 }, (_, at) => `host h${at} { hardware ethernet 0:0:0:0:${(at >> 8).toString(16)}:${(at & 255).toString(16)}; fixed-address 10.1.${at >> 8}.${at & 255}; }`).join("\n")}`,
  "hosts without an address": Array.from(
    { length: 20_000 },
    (_, at) =>
      `host h { hardware ethernet 0:0:0:0:${(at >> 8).toString(16)}:${(at & 255).toString(16)}; filename "x"; }`,
  ).join("\n"),
  "strange statements": "what is this;\n".repeat(50_000),
  "included by itself": 'include "a.conf";\n'.repeat(10_000),
  "leases of one address":
    "lease 10.0.0.1 { binding state active; ends never; hardware ethernet 0:0:0:0:0:1; }\n".repeat(
      20_000,
    ),
  "lines of leases": `address,hwaddr,client_id,valid_lifetime,expire\n${"10.0.0.1,00:00:00:00:00:01,,1,1\n".repeat(50_000)}`,
  "lines that are no leases": `address,hwaddr\n${",".repeat(BIG)}\n${"x\n".repeat(50_000)}`,
  "a test without an end": `{"Dhcp4": {"client-classes": [{"name": "a", "test": "${"(not ".repeat(4000)}"}]}}`,
  "settings of one name": `{"Dhcp4": {${'"a": 1, '.repeat(50_000)}}}`,
};

test.each(Object.keys(HOSTILE))("%s do not take long", (name) => {
  for (const importer of [importIsc, importKea]) {
    const start = performance.now();
    const imported = importer(new Map([["a.conf", HOSTILE[name] ?? ""]]));
    expect(performance.now() - start).toBeLessThan(5000);
    expect(imported.notes.length).toBeLessThanOrEqual(NOTES_MAX + 1);
    expect(issuesOf(imported)).toEqual([]);
  }
});

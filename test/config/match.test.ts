// The match language: daemon/CONFIGURATION.md has its words, these are its sentences.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { type MatchNames, matchKeys, parseMatch } from "../../daemon/config/match.ts";
import { compileMatch } from "../../daemon/core/class-match.ts";
import { bytes, text } from "../support/client-frame.ts";
import { coreOf, issues, nth, office } from "./loading.ts";

const NAMES: MatchNames = {
  optionCode: (name) => ({ "user-class": 77, "host-name": 12, "option-224": 224 })[name],
  earlierClass: (name) => (name === "phones" ? 0 : "there is no class of this name"),
  hasNetwork: (name) => name === "office" || name === "guest",
};

function parse(input: unknown) {
  const said: string[] = [];
  const match = parseMatch(input, NAMES, "match", (path, reason) => said.push(`${path} ${reason}`));
  return { match, said };
}

describe("a condition", () => {
  const is = (content: Uint8Array, ignoreCase = false) => ({
    how: "is",
    bytes: content,
    ignoreCase,
  });

  test.each([
    [{ vendorClass: "MSFT 5.0" }, { kind: "option", code: 60, test: is(text("MSFT 5.0")) }],
    [{ userClass: "iPXE" }, { kind: "user-class", test: is(text("iPXE")) }],
    [{ hostname: "Tv" }, { kind: "option", code: 12, test: is(text("Tv"), true) }],
    [{ clientId: "01:0a0b" }, { kind: "option", code: 61, test: is(bytes(1, 10, 11)) }],
    [{ mac: "02-00-5E" }, { kind: "mac", prefix: bytes(2, 0, 0x5e) }],
    [{ randomisedMac: true }, { kind: "randomised-mac" }],
    [{ randomisedMac: false }, { kind: "not", of: { kind: "randomised-mac" } }],
    [{ arch: "x86-64-uefi" }, { kind: "arch", of: [7, 9] }],
    [{ arch: ["ebc", 0, "x86-64-uefi"] }, { kind: "arch", of: [9, 0, 7] }],
    [{ circuitId: "0x0102" }, { kind: "relay-suboption", code: 1, test: is(bytes(1, 2)) }],
    [{ remoteId: "a" }, { kind: "relay-suboption", code: 2, test: is(text("a")) }],
    [{ subscriberId: "a" }, { kind: "relay-suboption", code: 6, test: is(text("a")) }],
    [{ relay: ["10.0.0.1"] }, { kind: "relay", of: [ipv4("10.0.0.1")] }],
    [{ known: false }, { kind: "not", of: { kind: "known" } }],
    [{ network: "office" }, { kind: "network", name: "office" }],
    [{ class: "phones" }, { kind: "class", index: 0 }],
    [{ option: { "option-224": true } }, { kind: "option", code: 224, test: { how: "present" } }],
    [
      { option: { "option-224": false } },
      { kind: "not", of: { kind: "option", code: 224, test: { how: "present" } } },
    ],
    [{ option: { "user-class": "iPXE" } }, { kind: "user-class", test: is(text("iPXE")) }],
    [{ not: { known: true } }, { kind: "not", of: { kind: "known" } }],
  ])("%j", (input, match) => {
    expect(parse(input)).toEqual({ match, said: [] });
  });

  test("all keys must hold, any value of a list may", () => {
    const known = { kind: "known" };
    const office = { kind: "network", name: "office" };
    const guest = { kind: "network", name: "guest" };
    expect(parse({ known: true, network: ["office", "guest"] }).match).toEqual({
      kind: "all",
      of: [known, { kind: "any", of: [office, guest] }],
    });
    expect(parse({ any: [{ known: true }, { network: "guest" }] }).match).toEqual({
      kind: "any",
      of: [known, guest],
    });
    expect(parse({ all: [{ known: true }] }).match).toEqual(known);
  });

  test.each([
    ["PXE*", "starts-with", "PXE"],
    ["*PXE", "ends-with", "PXE"],
    ["*PXE*", "contains", "PXE"],
    ["*a*b*", "contains", "a*b"],
    ["0x5058*", "starts-with", "PX"],
    ["*0x5058", "ends-with", "PX"],
  ])("the text %s", (input, how, content) => {
    const expected = { how, bytes: text(content), ignoreCase: false };
    expect(parse({ vendorClass: input }).match).toEqual({
      kind: "option",
      code: 60,
      test: expected,
    });
  });

  test.each(["*", "**"])("%s is any content", (input) => {
    expect(parse({ circuitId: input }).match).toMatchObject({ test: { how: "present" } });
  });
});

describe("what is refused", () => {
  test.each([
    [undefined, "match is missing"],
    ["x", 'match must be an object of conditions (found "x")'],
    [{}, "match has no condition, and would match every client"],
    [{ colour: "red" }, "match.colour is not a known condition"],
    [{ toString: "red" }, "match.toString is not a known condition"],
    [{ vendorClass: 7 }, "match.vendorClass must be text in quotes (found 7)"],
    [{ vendorClass: [] }, "match.vendorClass is an empty list, which no client matches"],
    [{ vendorClass: ["a", ""] }, 'match.vendorClass[1] is empty; "*" stands for any content'],
    [{ circuitId: "0x012" }, 'match.circuitId is not hex digits in pairs (found "0x012")'],
    [{ clientId: "printer" }, 'match.clientId is not hex digits in pairs (found "printer")'],
    [{ mac: "02:00:5" }, "match.mac is not a MAC or its first bytes, such as 02:00:5e"],
    [{ randomisedMac: 1 }, "match.randomisedMac must be true or false (found 1)"],
    [
      { arch: ["vax"] },
      "match.arch[0] is neither a number nor the name of a machine such as x86-64-uefi",
    ],
    [{ arch: 65_536 }, "match.arch is neither a number"],
    [{ relay: "10.0.0" }, "match.relay is not an IPv4 address"],
    [{ network: "attic" }, 'match.network there is no network of this name (found "attic")'],
    [{ class: "vans" }, 'match.class there is no class of this name (found "vans")'],
    [{ option: { warp: true } }, "match.option.warp there is no DHCP option of this name"],
    [{ option: {} }, "match.option must be an object of option names"],
    [{ any: { known: true } }, "match.any must be a list of matches"],
    [{ any: [] }, "match.any is an empty list"],
    [{ not: { any: [{ known: 3 }] } }, "match.not.any[0].known must be true or false (found 3)"],
  ])("%j", (input, reason) => {
    const { match, said } = parse(input);
    expect(match).toBeUndefined();
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(reason);
  });

  test("all faults of a match are said at once", () => {
    expect(parse({ mac: ["x", "02"], not: { known: 1, arch: "vax" } }).said).toHaveLength(3);
  });
});

describe("classes", () => {
  const listed = (...classes: unknown[]) => office({}, { classes });

  test("may refer to earlier ones, by their place", () => {
    const core = coreOf(
      listed(
        { name: "a", match: { known: true } },
        { name: "b", match: { not: { class: "a" } }, deny: true },
      ),
    );
    expect(core.classes.map(({ name, isDenied }) => [name, isDenied])).toEqual([
      ["a", false],
      ["b", true],
    ]);
    expect(nth(core.classes, 1).match).toEqual({ kind: "not", of: { kind: "class", index: 0 } });
  });

  test("may not refer to themselves, to later or unknown ones, or share a name", () => {
    const classes = [
      { name: "a", match: { class: ["a", "b", "c"] } },
      { name: "b", match: { known: true } },
      { name: "b", match: { known: true } },
    ];
    expect(issues(listed(...classes))).toEqual([
      'config.json classes[2].name: "b" is also the name of classes[1]',
      'config.json classes[0].match.class[0]: is the class itself (found "a")',
      'config.json classes[0].match.class[1]: comes later, as classes[1]; only earlier classes count (found "b")',
      'config.json classes[0].match.class[2]: there is no class of this name (found "c")',
    ]);
  });

  test("in pools are known ones", () => {
    const pools = [{ from: "10.77.0.100", to: "10.77.0.110", allow: ["a", "b"], deny: ["a"] }];
    const file = { classes: [{ name: "a", match: { known: true } }] };
    expect(issues(office({ pools }, file))).toEqual([
      'config.json networks[0].pools[0].allow[1]: there is no class "b"',
      `config.json networks[0].pools[0].deny[0]: "a" is in the pool's allow list as well`,
    ]);
  });

  test("there are as many as the core can hold, and no more", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: `c${i}`, match: { known: true } }));
    expect(coreOf(listed(...many(256))).classes).toHaveLength(256);
    expect(issues(listed(...many(257)))[0]).toContain("may list 256 classes at most");
  });

  test("match options of one's own by their name", () => {
    const file = {
      customOptions: [{ code: 224, name: "badge", type: "text" }],
      classes: [{ name: "a", match: { option: { badge: "staff*" } } }],
    };
    expect(nth(coreOf(office({}, file)).classes, 0).match).toMatchObject({ code: 224 });
  });

  test("that nest too deep are refused, however deep", () => {
    for (const depth of [40, 50_000]) {
      let match: unknown = { known: true };
      for (let i = 0; i < depth; i++) match = { not: match };
      expect(issues(listed({ name: "a", match }))).toEqual([
        "config.json (the whole file): nests deeper than 32 levels",
      ]);
    }
  });
});

describe("whatever stands in a match", () => {
  const leaf = fc.oneof(
    fc.constantFrom("*", "PXE*", "0x01", "02:00:5e", "office", "phones", "x86-bios", "10.0.0.1"),
    fc.boolean(),
    fc.integer({ min: -1, max: 70_000 }),
    fc.constant(null),
    fc.string(),
  );
  const { match: anyMatch } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("value")), tie("match")),
    match: fc.dictionary(fc.constantFrom(...matchKeys()), tie("value"), { maxKeys: 3 }),
  }));

  test("is either refused with a reason, or something that the core takes", () => {
    let taken = 0;
    fc.assert(
      fc.property(anyMatch, (input) => {
        const { match, said } = parse(input);
        expect(match === undefined).toBe(said.length > 0);
        if (!match) return;
        taken++;
        expect(() => compileMatch(match, 1)).not.toThrow();
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

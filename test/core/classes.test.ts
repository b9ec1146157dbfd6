import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { ClassMembership, ClassSet, type MatchInput } from "../../daemon/core/classes.ts";
import {
  type BytesTest,
  type ClassConfig,
  type Match,
  NOTHING_SET,
} from "../../daemon/core/config-view.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { RelayView } from "../../daemon/wire/relay-view.ts";
import { ascii, type MessageParts, messageBytes, option } from "../wire/messages.ts";

const ALWAYS: Match = { kind: "all", of: [] };
const NEVER: Match = { kind: "any", of: [] };
const PRESENT: BytesTest = { how: "present" };

function bytesTest(
  how: "is" | "starts-with" | "ends-with" | "contains",
  text: string,
  ignoreCase = false,
): BytesTest {
  return { how, bytes: Uint8Array.from(ascii(text)), ignoreCase };
}

function is(text: string, ignoreCase = false): BytesTest {
  return bytesTest("is", text, ignoreCase);
}

function classOf(match: Match, isDenied = false): ClassConfig {
  return { ...NOTHING_SET, name: "some", match, isDenied };
}

function packet(
  options: readonly number[] = [],
  parts: MessageParts = {},
  about: Partial<MatchInput> = {},
): MatchInput {
  const bytes = messageBytes({ ...parts, options: [...options, 255] });
  const message = decodeDhcp4(bytes, 0, bytes.length);
  const relay = new RelayView();
  relay.read(message);
  return { message, relay, isKnown: false, networkName: "office", ...about };
}

function matched(matches: readonly Match[], input: MatchInput): number[] {
  const into = new ClassMembership();
  new ClassSet(matches.map((match) => classOf(match))).evaluate(input, into);
  return indexesOf(into);
}

function indexesOf(membership: ClassMembership): number[] {
  return Array.from({ length: membership.count }, (_, place) => membership.indexAt(place));
}

function matches(match: Match, input: MatchInput): boolean {
  return matched([match], input).length === 1;
}

describe("options", () => {
  const vendor = (content: string) => packet(option(60, ascii(content)));
  const ofVendor = (how: BytesTest): Match => ({ kind: "option", code: 60, test: how });

  test("an absent option matches nothing, its absence does", () => {
    for (const how of [PRESENT, is(""), bytesTest("contains", "")]) {
      expect(matches(ofVendor(how), packet())).toBe(false);
      expect(matches({ kind: "not", of: ofVendor(how) }, packet())).toBe(true);
    }
  });

  test("NULs at the end do not count in a text (RFC 2132 §2), in other options they do", () => {
    expect(matches(ofVendor(is("MSFT 5.0")), vendor("MSFT 5.0\0"))).toBe(true);
    const match: Match = { kind: "option", code: 61, test: is("\x01") };
    expect(matches(match, packet(option(61, [1])))).toBe(true);
    expect(matches(match, packet(option(61, [1, 0])))).toBe(false);
  });

  test("the host name is option 12", () => {
    const match: Match = { kind: "option", code: 12, test: bytesTest("starts-with", "cam-", true) };
    expect(matches(match, packet(option(12, ascii("CAM-7"))))).toBe(true);
    expect(matches(match, packet(option(12, ascii("desk"))))).toBe(false);
  });

  test("an option in pieces is compared joined, whichever class asks first", () => {
    const input = packet([...option(60, ascii("PXE")), ...option(60, ascii("Client"))]);
    const asked = ["PXEClient", "PXE", "PXEClient"].map((text) => ofVendor(is(text)));
    expect(matched(asked, input)).toEqual([0, 2]);
  });

  test("what was joined for one packet is not there for the next", () => {
    const set = new ClassSet([classOf(ofVendor(is("ab"))), classOf(ofVendor(is("cd")))]);
    const into = new ClassMembership();
    set.evaluate(packet([...option(60, ascii("a")), ...option(60, ascii("b"))]), into);
    expect(indexesOf(into)).toEqual([0]);
    set.evaluate(packet([...option(60, ascii("c")), ...option(60, ascii("d"))]), into);
    expect(indexesOf(into)).toEqual([1]);
    set.evaluate(vendor("ab"), into);
    expect(indexesOf(into)).toEqual([0]);
  });

  test("an option in the overloaded file field is found", () => {
    const file = [...option(60, ascii("here")), 255];
    expect(matches(ofVendor(is("here")), packet(option(52, [1]), { file }))).toBe(true);
  });

  test("a message that does not start at the first byte of its memory", () => {
    const bytes = messageBytes({ options: [...option(60, ascii("here")), 255] });
    const shifted = new Uint8Array(bytes.length + 42);
    shifted.set(bytes, 42);
    const message = decodeDhcp4(shifted, 42, shifted.length);
    expect(matches(ofVendor(is("here")), { ...packet(), message })).toBe(true);
  });
});

describe("user class", () => {
  const userClass = (how: BytesTest): Match => ({ kind: "user-class", test: how });
  const sends = (...content: number[]) => packet(option(77, content));
  const counted = (...texts: string[]) => texts.flatMap((text) => [text.length, ...ascii(text)]);

  test("RFC 3004: any of the texts behind their lengths", () => {
    const input = sends(...counted("guest", "kiosk"));
    expect(matches(userClass(is("guest")), input)).toBe(true);
    expect(matches(userClass(is("kiosk")), input)).toBe(true);
    expect(matches(userClass(is("KIOSK", true)), input)).toBe(true);
    expect(matches(userClass(bytesTest("starts-with", "kio")), input)).toBe(true);
    expect(matches(userClass(is("guestkiosk")), input)).toBe(false);
    expect(matches(userClass(bytesTest("contains", "tk")), input)).toBe(false);
  });

  test("iPXE and others send bare text", () => {
    expect(matches(userClass(is("iPXE")), sends(...ascii("iPXE")))).toBe(true);
    expect(matches(userClass(is("iPXE")), sends(...ascii("iPXE"), 0))).toBe(true);
    expect(matches(userClass(is("PXE")), sends(...ascii("iPXE")))).toBe(false);
  });

  test("bare text whose first character happens to be its length is still that text", () => {
    const text = `!${"x".repeat(33)}`;
    expect(matches(userClass(is(text)), sends(...ascii(text)))).toBe(true);
    expect(matches(userClass(is(text.slice(1))), sends(...ascii(text)))).toBe(true);
  });

  test.each([
    ["too short", [4, ...ascii("abc")]],
    ["too long", [2, ...ascii("abc")]],
    ["an empty item", [0, 3, ...ascii("abc")]],
  ])("lengths that do not work out make no list: %s", (_, content) => {
    expect(matches(userClass(is("abc")), sends(...content))).toBe(false);
    expect(matches(userClass(bytesTest("contains", "abc")), sends(...content))).toBe(true);
    expect(matches(userClass(PRESENT), sends(...content))).toBe(true);
  });

  test("present or not", () => {
    expect(matches(userClass(PRESENT), sends())).toBe(true);
    expect(matches(userClass(PRESENT), packet())).toBe(false);
  });

  test("a list that is cut in pieces", () => {
    const content = counted("guest", "kiosk");
    const input = packet([...option(77, content.slice(0, 4)), ...option(77, content.slice(4))]);
    expect(matches(userClass(is("guest")), input)).toBe(true);
    expect(matches(userClass(is("kiosk")), input)).toBe(true);
  });
});

describe("relay", () => {
  const circuit = (how: BytesTest): Match => ({ kind: "relay-suboption", code: 1, test: how });
  const relayed = (...content: number[]) => packet(option(82, content));

  test("a sub-option is compared byte for byte", () => {
    const input = relayed(...option(1, ascii("eth0/1\0")), ...option(2, ascii("switch")));
    expect(matches(circuit(bytesTest("starts-with", "eth0/")), input)).toBe(true);
    expect(matches(circuit(is("eth0/1\0")), input)).toBe(true);
    expect(matches(circuit(is("eth0/1")), input)).toBe(false);
    expect(matches({ kind: "relay-suboption", code: 2, test: is("switch") }, input)).toBe(true);
    expect(matches({ kind: "relay-suboption", code: 6, test: PRESENT }, input)).toBe(false);
  });

  test("an empty sub-option is there", () => {
    expect(matches(circuit(PRESENT), relayed(1, 0))).toBe(true);
    expect(matches(circuit(is("")), relayed(1, 0))).toBe(true);
    expect(matches(circuit(PRESENT), packet())).toBe(false);
  });

  test("malformed relay information counts as absent", () => {
    expect(matches(circuit(PRESENT), relayed(1, 1, 65, 2, 9, 1))).toBe(false);
  });

  test("giaddr is one of the relays", () => {
    const of = [ipv4("10.0.0.1"), ipv4("192.168.7.1")];
    expect(matches({ kind: "relay", of }, packet([], { giaddr: of[1] as number }))).toBe(true);
    expect(matches({ kind: "relay", of }, packet([], { giaddr: 0x0a000002 }))).toBe(false);
    expect(matches({ kind: "relay", of }, packet())).toBe(false);
  });
});

describe("hardware address", () => {
  const mac = (...prefix: number[]): Match => ({ kind: "mac", prefix: Uint8Array.from(prefix) });
  const chaddr = [0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c];

  test("begins with one to six bytes", () => {
    const input = packet([], { chaddr });
    for (let length = 1; length <= 6; length++) {
      expect(matches(mac(...chaddr.slice(0, length)), input)).toBe(true);
    }
    expect(matches(mac(0x00, 0x1b, 0x22), input)).toBe(false);
    expect(matches(mac(0x1b), input)).toBe(false);
  });

  test("only Ethernet has such addresses, and only hlen bytes of the field count", () => {
    expect(matches(mac(0x00, 0x1b), packet([], { chaddr, htype: 6 }))).toBe(false);
    expect(matches(mac(0x00, 0x1b), packet([], { chaddr, hlen: 2 }))).toBe(true);
    expect(matches(mac(0x00, 0x1b), packet([], { chaddr, hlen: 1 }))).toBe(false);
    expect(matches(mac(0x00, 0x00), packet([], { chaddr: [], hlen: 0 }))).toBe(false);
  });

  test.each<[string, MessageParts, boolean]>([
    ["universal", { chaddr: [0x00, 1, 2, 3, 4, 5] }, false],
    ["locally administered", { chaddr: [0x02, 1, 2, 3, 4, 5] }, true],
    ["locally administered, other bits set", { chaddr: [0xfe, 1, 2, 3, 4, 5] }, true],
    ["multicast", { chaddr: [0x03, 1, 2, 3, 4, 5] }, false],
    ["not Ethernet", { chaddr: [0x02, 1, 2, 3, 4, 5], htype: 7 }, false],
    ["too short", { chaddr: [0x02, 1, 2, 3, 4], hlen: 5 }, false],
    ["too long", { chaddr: [0x02, 1, 2, 3, 4, 5, 6], hlen: 7 }, false],
  ])("randomised: %s", (_, parts, expected) => {
    expect(matches({ kind: "randomised-mac" }, packet([], parts))).toBe(expected);
  });
});

describe("architecture", () => {
  const efi: Match = { kind: "arch", of: [7, 9] };

  test("any of the client's is any of the wanted", () => {
    expect(matches(efi, packet(option(93, [0, 7])))).toBe(true);
    expect(matches(efi, packet(option(93, [0, 0, 0, 9])))).toBe(true);
    expect(matches(efi, packet(option(93, [0, 0])))).toBe(false);
    expect(matches(efi, packet(option(93, [7, 0])))).toBe(false);
    expect(matches(efi, packet())).toBe(false);
  });

  test("what is no list of numbers names nothing", () => {
    expect(matches(efi, packet(option(93, [])))).toBe(false);
    expect(matches(efi, packet(option(93, [7])))).toBe(false);
    expect(matches(efi, packet(option(93, [0, 7, 0])))).toBe(false);
  });

  test("numbers above 255, and a list in pieces", () => {
    expect(matches({ kind: "arch", of: [0x1234] }, packet(option(93, [0x12, 0x34])))).toBe(true);
    expect(matches(efi, packet([...option(93, [0, 0, 0]), ...option(93, [7])]))).toBe(true);
  });
});

describe("classes together", () => {
  test("known, and the network's name", () => {
    expect(matches({ kind: "known" }, packet([], {}, { isKnown: true }))).toBe(true);
    expect(matches({ kind: "known" }, packet())).toBe(false);
    expect(matches({ kind: "network", name: "office" }, packet())).toBe(true);
    expect(matches({ kind: "network", name: "offic" }, packet())).toBe(false);
  });

  test("all, any and not", () => {
    const not = (of: Match): Match => ({ kind: "not", of });
    const input = packet();
    expect(matches({ kind: "all", of: [ALWAYS, ALWAYS] }, input)).toBe(true);
    expect(matches({ kind: "all", of: [ALWAYS, NEVER] }, input)).toBe(false);
    expect(matches({ kind: "any", of: [NEVER, ALWAYS] }, input)).toBe(true);
    expect(matches({ kind: "any", of: [NEVER, NEVER] }, input)).toBe(false);
    expect(matches(not(NEVER), input)).toBe(true);
    expect(matches(not({ kind: "all", of: [not(NEVER), ALWAYS] }), input)).toBe(false);
  });

  test("a class that needs no option of its own is judged without any", () => {
    const vendor: Match = { kind: "option", code: 60, test: PRESENT };
    const host: Match = { kind: "option", code: 12, test: PRESENT };
    const either: Match = { kind: "any", of: [vendor, host] };
    const absent: Match = { kind: "any", of: [{ kind: "not", of: vendor }] };
    const both: Match = { kind: "all", of: [{ kind: "all", of: [] }, vendor, host] };
    const asked = [either, absent, both, { kind: "any", of: [vendor, vendor] } as Match];
    expect(matched(asked, packet())).toEqual([1]);
    expect(matched(asked, packet(option(12, [1])))).toEqual([0, 1]);
    expect(matched(asked, packet(option(60, [1])))).toEqual([0, 3]);
    expect(matched(asked, packet([...option(12, [1]), ...option(60, [1])]))).toEqual([0, 2, 3]);
  });

  test("a class may build on earlier ones, and only on those", () => {
    const second: Match = { kind: "class", index: 0 };
    const third: Match = { kind: "not", of: { kind: "class", index: 1 } };
    expect(matched([ALWAYS, second, third], packet())).toEqual([0, 1]);
    expect(matched([NEVER, second, third], packet())).toEqual([2]);
    expect(() => matched([{ kind: "class", index: 0 }], packet())).toThrow("earlier");
    expect(() => matched([{ kind: "not", of: { kind: "class", index: 1 } }], packet())).toThrow();
  });

  test("a membership is of the last packet only, and in the order of the classes", () => {
    const vendor: Match = { kind: "option", code: 60, test: PRESENT };
    const set = new ClassSet(
      [ALWAYS, vendor, { kind: "not", of: vendor } as Match].map((match) => classOf(match)),
    );
    const into = new ClassMembership();
    set.evaluate(packet(option(60, [1])), into);
    expect(indexesOf(into)).toEqual([0, 1]);
    set.evaluate(packet(), into);
    expect(indexesOf(into)).toEqual([0, 2]);
    expect([0, 1, 2, 3].map((index) => into.has(index))).toEqual([true, false, true, false]);
    new ClassSet([]).evaluate(packet(), into);
    expect(into.count).toBe(0);
    expect(into.has(0)).toBe(false);
  });

  test("any denied class denies", () => {
    const set = new ClassSet([classOf(ALWAYS), classOf({ kind: "known" }, true), classOf(ALWAYS)]);
    const into = new ClassMembership();
    set.evaluate(packet(), into);
    expect(set.isDenied(into)).toBe(false);
    set.evaluate(packet([], {}, { isKnown: true }), into);
    expect(set.isDenied(into)).toBe(true);
    expect(set.size).toBe(3);
  });

  test("as many classes as are allowed", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(LIMITS.classesMax - 1)), (chosen) => {
        const all = Array.from({ length: LIMITS.classesMax }, (_, index) =>
          chosen.includes(index) ? ALWAYS : NEVER,
        );
        const into = new ClassMembership();
        new ClassSet(all.map((match) => classOf(match))).evaluate(packet(), into);
        expect(indexesOf(into)).toEqual(chosen.sort((a, b) => a - b));
        expect(all.map((_, index) => into.has(index))).toEqual(all.map((one) => one === ALWAYS));
      }),
    );
    const tooMany = Array.from({ length: LIMITS.classesMax + 1 }, () => classOf(NEVER));
    expect(() => new ClassSet(tooMany)).toThrow("more classes");
  });

  test("any tree says what plain logic says", () => {
    interface Case {
      readonly match: Match;
      readonly expected: boolean;
    }
    const { tree } = fc.letrec<{ tree: Case }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Case>(
          { match: { kind: "known" }, expected: true },
          { match: { kind: "network", name: "home" }, expected: false },
          { match: { kind: "option", code: 60, test: is("thing") }, expected: true },
          { match: { kind: "arch", of: [7] }, expected: false },
        ),
        tie("tree").map(
          ({ match, expected }): Case => ({
            match: { kind: "not", of: match },
            expected: !expected,
          }),
        ),
        fc.array(tie("tree"), { maxLength: 3 }).map(
          (of): Case => ({
            match: { kind: "all", of: of.map(({ match }) => match) },
            expected: of.every(({ expected }) => expected),
          }),
        ),
        fc.array(tie("tree"), { maxLength: 3 }).map(
          (of): Case => ({
            match: { kind: "any", of: of.map(({ match }) => match) },
            expected: of.some(({ expected }) => expected),
          }),
        ),
      ),
    }));
    const input = packet(option(60, ascii("thing")), {}, { isKnown: true });
    fc.assert(
      fc.property(tree, ({ match, expected }) => {
        expect(matches(match, input)).toBe(expected);
      }),
    );
  });
});

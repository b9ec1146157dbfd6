import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pseudonyms } from "../../daemon/pseudonyms.ts";

const KEY = new Uint8Array(32).fill(7);
const MAC = "52:54:00:12:34:56";

function blank(value: unknown, names: readonly string[] = [], key = KEY): unknown {
  const pseudonyms = new Pseudonyms(key);
  for (const name of names) pseudonyms.know(name);
  pseudonyms.learn(value);
  const steps = pseudonyms.blank(value);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

const invented = blank(MAC) as string;
const digits = invented.replaceAll(":", "");

describe("a hardware address", () => {
  test("is another one that no device on sale has, and the same one each time", () => {
    expect(invented).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(blank([MAC, { of: MAC }])).toEqual([invented, { of: invented }]);
    expect(blank("52:54:00:12:34:57")).not.toBe(invented);
    expect(blank(MAC, [], new Uint8Array(32))).not.toBe(invented);
  });

  test.each([
    ["in capitals", "52:54:00:12:34:5A", blank("52:54:00:12:34:5a")],
    ["with dashes", "52-54-00-12-34-56", invented.replaceAll(":", "-")],
    ["with dots", "5254.0012.3456", (digits.match(/.{4}/g) ?? []).join(".")],
    ["bare", "525400123456", digits],
    ["with the type in front", "01525400123456", `01${digits}`],
    ["with the type and colons", `01:${MAC}`, `01:${invented}`],
    ["in a sentence", `10.0.0.7 is given to ${MAC}.`, `10.0.0.7 is given to ${invented}.`],
    ["twice", `${MAC},${MAC}`, `${invented},${invented}`],
  ])("is found %s", (_, text, expected) => {
    expect(blank(text)).toBe(expected);
  });

  test("is found in the name of a field", () => {
    expect(blank({ [MAC]: 1 })).toEqual({ [invented]: 1 });
  });

  test("is found in an IPv6 address that was made of it, and stays the same", () => {
    const [, b, c, d, e, f] = invented.split(":");
    const address = `fe80::00${b}:${c}ff:fe${d}:${e}${f}/64`;
    expect(blank("fe80::5054:ff:fe12:3456/64")).toBe(address);
    expect(blank("fe80::1:2:3:4/64")).toBe("fe80::1:2:3:4/64");
  });

  test.each([
    "ff:ff:ff:ff:ff:ff",
    "00:00:00:00:00:00",
    "00:00:5e:00:01:33",
    "10.77.0.2",
    "2026-05-28T20:26:42.000Z",
    "ab".repeat(32),
    "b8:27:eb",
    "Snapshot of 1000000 leases written in 20 ms.",
  ])("is not %s", (text) => {
    expect(blank(text)).toBe(text);
  });
});

describe("a name", () => {
  const name = blank("annas-laptop", ["annas-laptop"]) as string;

  test("is another one, in texts too, whatever its case and with or without a domain", () => {
    expect(name).toMatch(/^device-[0-9a-f]{8}$/);
    const text = "Given to Annas-Laptop (annas-laptop.office.example), not to annas or laptop.";
    expect(blank(text, ["annas-laptop.office.example"])).toBe(
      `Given to ${name} (${name}.office.example), not to annas or laptop.`,
    );
  });

  test("is found by where it stands, and from there in texts", () => {
    const document = {
      why: "annas-laptop is away.",
      networks: [
        { name: "office", reservations: [{ name: "annas-laptop.lan", address: "1.2.3.4" }] },
      ],
      classes: [{ name: "some", match: { hostname: ["toms-*", "annas-laptop"] } }],
      pools: [{ options: { "host-name": "annas-laptop" } }],
    };
    const found = JSON.stringify(blank(document));
    expect(found).not.toMatch(/annas|toms/);
    expect(found.split(name)).toHaveLength(5);
    expect(found).toContain('"office"');
    expect(found).toContain('"some"');
  });

  test("that is a word of ours changes no word of ours", () => {
    const document = { level: "info", id: "office", name: "office", text: "On office: info." };
    const office = blank("office", ["office"]) as string;
    expect(blank(document, ["info", "office"])).toEqual({
      level: "info",
      id: "office",
      name: office,
      text: `On ${office}: ${blank("info", ["info"])}.`,
    });
  });
});

test("identifiers are as long as before, and files keep their names", () => {
  const document = { clientId: "ff00112233445566778899", circuitId: "eth 1/1/04" };
  const found = blank(document) as typeof document;
  expect(found.clientId).toMatch(/^[0-9a-f]{22}$/);
  expect(found.clientId).not.toBe(document.clientId);
  expect(found.circuitId).toMatch(/^[0-9a-f]{10}$/);
  const files = { stateFiles: [{ name: "journal/journal-0000000000000012.tdj", bytes: 1 }] };
  expect(blank(files)).toEqual(files);
});

test("the text of any address in any of its spellings does not survive", () => {
  const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => {
    // One of a device: neither a group's, nor of a protocol.
    bytes[0] = (bytes[0] ?? 0) | 0x04;
    bytes[0] &= 0xfe;
    return Buffer.from(bytes).toString("hex");
  });
  const around = fc.constantFrom("", " ", "(", ")", ",", "= ", "\n", '"', ".", "/");
  fc.assert(
    fc.property(mac, around, around, fc.integer({ min: 0, max: 3 }), (hex, before, after, form) => {
      const pairs = hex.match(/../g) ?? [];
      const text = [pairs.join(":"), pairs.join("-"), hex, hex.toUpperCase()][form] ?? "";
      const found = blank(`${before}${text}${after}`) as string;
      expect(found.toLowerCase()).not.toContain(text.toLowerCase());
      expect(found).toHaveLength(before.length + text.length + after.length);
    }),
  );
});

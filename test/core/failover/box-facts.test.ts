import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ipv4 } from "../../../daemon/base/address.ts";
import { type BoxFacts, factsOf, vendorOptions } from "../../../daemon/core/failover/box-facts.ts";
import type { VendorOption } from "../../../daemon/wire/failover/codecs.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { encodeMessage } from "../../../daemon/wire/failover/encode.ts";
import type { MessageOf } from "../../../daemon/wire/failover/messages.ts";
import { bytes, macBytes } from "../../support/client-frame.ts";

const FACTS: BoxFacts = {
  boot: 0x12345678,
  sequence: 0x010203040506,
  epoch: 3,
  partnerSequence: 0,
  serverIds: [0x0a4d0002 as Ipv4, 0xc0a80001 as Ipv4],
  macs: [macBytes("02:00:00:00:00:01"), macBytes("fe:ff:ff:ff:ff:ff")],
};
const NUMBERS = ["boot", "sequence", "partnerSequence", "epoch"] as const;

const number48 = fc.nat({ max: 2 ** 48 - 1 });
const address = fc.nat({ max: 0xffffffff }) as fc.Arbitrary<Ipv4>;
const anyFacts: fc.Arbitrary<BoxFacts> = fc.record({
  boot: number48,
  sequence: number48,
  epoch: number48,
  partnerSequence: number48,
  serverIds: fc.array(address, { maxLength: 64 }),
  macs: fc.array(fc.uint8Array({ minLength: 6, maxLength: 6 }), { maxLength: 64 }),
});

/** The content of an option of these facts by its code. */
function contentOf(facts: BoxFacts, code: number): number[] {
  const found = vendorOptions(facts).find((option) => option.code === code);
  return Array.from(found?.content ?? []);
}

/** The facts with the content of one option replaced; undefined: without the option. */
function changed(code: number, content: Uint8Array | undefined): BoxFacts | undefined {
  const others = vendorOptions(FACTS).filter((option) => option.code !== code);
  return factsOf(content ? [...others, { code, content }] : others);
}

function contact(vendorSpecificOptions: readonly VendorOption[]): MessageOf<"CONTACT"> {
  const vendorClassIdentifier = "tandem-1";
  return { type: "CONTACT", time: 1, xid: 2, vendorClassIdentifier, vendorSpecificOptions };
}

describe("what two boxes tell each other", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        expect(factsOf(vendorOptions(facts))).toEqual(facts);
      }),
    );
  });

  test("comes back through a message", () => {
    const sent = encodeMessage(contact(vendorOptions(FACTS)), "tandem");
    const received = decodeMessage(sent, 0, sent.length, "tandem");
    sent.fill(0);
    if (received.type !== "CONTACT") throw new Error(received.type);
    expect(factsOf(received.vendorSpecificOptions)).toEqual(FACTS);
  });

  test("is six bytes for each number, and addresses one behind the other", () => {
    expect(contentOf(FACTS, 1)).toEqual([0, 0, 0x12, 0x34, 0x56, 0x78]);
    expect(contentOf(FACTS, 2)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(contentOf(FACTS, 5)).toEqual([10, 77, 0, 2, 192, 168, 0, 1]);
    expect(contentOf(FACTS, 4)).toEqual([0, 0, 0, 0, 0, 3]);
    expect(contentOf(FACTS, 6)).toEqual([2, 0, 0, 0, 0, 1, 0xfe, 255, 255, 255, 255, 255]);
  });

  test("has each option once", () => {
    const codes = vendorOptions(FACTS).map(({ code }) => code);
    expect(codes.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("is the first 64 addresses of a box that has more, and still fits into a message", () => {
    const serverIds = Array.from({ length: 90 }, (_, i) => (0x0a000000 + i) as Ipv4);
    const macs = Array.from({ length: 90 }, (_, i) => bytes(2, 0, 0, 0, 0, i));
    const options = vendorOptions({ ...FACTS, serverIds, macs });
    expect(factsOf(options)).toEqual({
      ...FACTS,
      serverIds: serverIds.slice(0, 64),
      macs: macs.slice(0, 64),
    });
    const contact = {
      type: "CONTACT",
      time: 0,
      xid: 0,
      vendorClassIdentifier: "tandem-1",
    } as const;
    const sent = encodeMessage({ ...contact, vendorSpecificOptions: options }, "tandem");
    expect(sent.length).toBeLessThan(1000);
  });
});

describe("what a partner says that is not all of it", () => {
  test("nothing at all is nothing known", () => {
    expect(factsOf(undefined)).toBeUndefined();
    expect(factsOf([])).toBeUndefined();
  });

  test.each(NUMBERS)("without %s nothing is known", (name) => {
    const facts = { ...FACTS, [name]: 0x7fffffffffff };
    const code = vendorOptions(facts).find(({ content }) => content[0] === 0x7f)?.code ?? 0;
    expect(code).toBeGreaterThan(0);
    expect(changed(code, undefined)).toBeUndefined();
    expect(changed(code, bytes(0, 0, 0, 0, 1))).toBeUndefined();
    expect(changed(code, bytes(0, 0, 0, 0, 0, 0, 1))).toBeUndefined();
    expect(changed(code, bytes(0, 0, 0, 0, 0, 1))).toEqual({ ...FACTS, [name]: 1 });
  });

  test("without addresses, or with half of one, it is known to have none", () => {
    for (const content of [undefined, bytes(), bytes(10, 77, 0), bytes(10, 77, 0, 2, 10)]) {
      expect(changed(5, content)).toEqual({ ...FACTS, serverIds: [] });
    }
    for (const content of [undefined, bytes(), bytes(2, 0, 0, 0, 0), new Uint8Array(13)]) {
      expect(changed(6, content)).toEqual({ ...FACTS, macs: [] });
    }
  });

  test("what it says beyond that is passed over", () => {
    expect(changed(99, bytes(1, 2, 3))).toEqual(FACTS);
  });
});

// Options from later RFCs, from the configuration to the client: the examples of the RFCs, where they
// have any, in the bytes of an offer.

import { describe, expect, test } from "vitest";
import type { Plain } from "../../daemon/wire/option-codecs.ts";
import { ACK, bytes, CoreBench, kinds, network, text } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, configured, textOf } from "./networks.ts";

judgeAllSent();

describe("RFC 3396 long options", () => {
  test("RFC 3396 §5: content above 255 bytes comes in several options of one code, in order", () => {
    const content = Uint8Array.from({ length: 600 }, (_, i) => i % 251);
    const bench = new CoreBench([network({ options: [{ code: 224, data: content }] })]);
    const reply = bench.discover(A, { options: { 55: bytes(224), 57: bytes(5, 220) } });
    expect(reply?.option(224)).toEqual(Array.from(content));
    expect(lengthsOf(reply?.frame ?? bytes(), 224).length).toBeGreaterThan(2);
  });

  test("RFC 3396 §7: pieces that a client sends are joined before they are read", () => {
    const bench = new CoreBench();
    // The frame builder cuts at 255 bytes: a vendor class of 300 arrives in two pieces.
    const options = { 60: text("v".repeat(300)) };
    const held = bench.lease(A, { options });
    expect(bench.at(held)?.vendorClass).toBe("v".repeat(64));
  });

  test("RFC 3396 §6: relay agent information of more than 255 bytes is echoed whole", () => {
    // Cut between two sub-options, for readers that look at one piece at a time.
    const sizes = [120, 124, 90];
    const parts = sizes.flatMap((size, i) => [i + 1, size, ...new Array<number>(size).fill(7)]);
    const reply = new CoreBench().discover(A, {
      giaddr: "10.77.0.9",
      sourceMac: "02:00:00:00:00:99",
      options: { 82: bytes(...parts), 57: bytes(5, 220) },
    });
    expect(reply?.option(82)).toEqual(parts);
  });
});

describe("RFC 3397 domain search", () => {
  test("RFC 3397 §2: the names of the example, the second one pointing into the first", () => {
    const value = ["eng.apple.com", "marketing.apple.com"];
    expect(offered("domain-search", value)).toEqual([
      ...[3, ...text("eng"), 5, ...text("apple"), 3, ...text("com"), 0],
      ...[9, ...text("marketing"), 0xc0, 0x04],
    ]);
  });
});

describe("RFC 3442 classless static routes", () => {
  test("RFC 3442: the destination descriptors of its table", () => {
    const router = "10.77.0.1";
    const rows: readonly (readonly [string, number[]])[] = [
      ["0.0.0.0/0", [0]],
      ["10.0.0.0/8", [8, 10]],
      ["10.0.0.0/24", [24, 10, 0, 0]],
      ["10.17.0.0/16", [16, 10, 17]],
      ["10.27.129.0/24", [24, 10, 27, 129]],
      ["10.229.0.128/25", [25, 10, 229, 0, 128]],
      ["10.198.122.47/32", [32, 10, 198, 122, 47]],
    ];
    const value = rows.map(([destination]) => ({ destination, router }));
    const wire = rows.flatMap(([, descriptor]) => [...descriptor, 10, 77, 0, 1]);
    expect(offered("classless-static-route", value)).toEqual(wire);
  });

  test("RFC 3442: who asks for routes and routers gets only the routes", () => {
    const routes = configured("classless-static-route", [
      { destination: "0.0.0.0/0", router: "10.77.0.1" },
    ]);
    const options = [configured("router", ["10.77.0.1"]), routes];
    const bench = new CoreBench([network({ options })]);
    const asked = bench.discover(A, { options: { 55: bytes(3, 121) } })?.message;
    expect([asked?.has(121), asked?.has(3)]).toEqual([true, false]);
  });
});

describe("RFC 4702 client FQDN", () => {
  test("RFC 4702 §4: a server that updates no DNS does not answer the option, and does not mind it", () => {
    const fqdn = bytes(5, 0, 0, 6, ...text("laptop"), 2, ...text("ex"), 0);
    const bench = new CoreBench();
    const options = { 55: bytes(1, 81), 81: fqdn };
    const offer = bench.discover(A, { options });
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", { options });
    expect(ack?.type).toBe(ACK);
    expect([offer?.message.has(81), ack?.message.has(81)]).toEqual([false, false]);
  });

  test("RFC 4702 §2: a malformed one costs the client nothing", () => {
    const bench = new CoreBench();
    bench.lease(A, { options: { 81: bytes(4, 0) } });
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
  });
});

describe("RFC 4833 time zones", () => {
  test("RFC 4833 §2: the POSIX form (100) and the name in the database (101), without a NUL", () => {
    const posix = "EST5EDT4,M3.2.0/02:00,M11.1.0/02:00";
    expect(offered("posix-timezone", posix)).toEqual(Array.from(text(posix)));
    expect(offered("tz-database-timezone", "Europe/Zurich")).toEqual([...text("Europe/Zurich")]);
  });
});

describe("RFC 8910 captive portal", () => {
  test("RFC 8910 §2.1: the URI of the API, without a NUL", () => {
    const uri = "https://portal.office.example/api";
    expect(offered("captive-portal", uri)).toEqual(Array.from(text(uri)));
  });

  test("RFC 8910 §2.1: it goes to who asks for it, and to who asks for nothing in particular", () => {
    const options = [configured("captive-portal", "https://p.example/")];
    const bench = new CoreBench([network({ options })]);
    expect(bench.discover(A, { options: { 55: bytes(1, 3) } })?.message.has(114)).toBe(false);
    expect(textOf(bench.discover(A), 114)).toBe("https://p.example/");
  });
});

describe("RFC 9463 encrypted DNS resolvers", () => {
  test("RFC 9463 §5.1: name, addresses and service parameters behind their lengths", () => {
    const value = [
      { priority: 1, name: "dns.ex", addresses: ["10.77.0.1"], parameters: "000100026832" },
      { priority: 2, name: "dns.ex" },
    ];
    const name = [3, ...text("dns"), 2, ...text("ex"), 0];
    expect(offered("designated-resolvers", value)).toEqual([
      ...[0, 22, 0, 1, name.length, ...name, 4, 10, 77, 0, 1, 0, 1, 0, 2, ...text("h2")],
      ...[0, 11, 0, 2, name.length, ...name],
    ]);
  });
});

describe("RFC 3925 vendor-identifying options", () => {
  test("RFC 3925 §4: an enterprise number, a length, and the vendor's own options", () => {
    const value = [{ enterprise: 3561, data: "0102abcd" }];
    expect(offered("vendor-identifying-vendor-specific", value)).toEqual([
      ...[0, 0, 0x0d, 0xe9, 4, 1, 2, 0xab, 0xcd],
    ]);
  });
});

/** The content of an option in the offer of a network that has it. */
function offered(name: string, value: Plain): number[] | undefined {
  const option = configured(name, value);
  const bench = new CoreBench([network({ options: [option] })]);
  return bench.discover(A, { options: { 55: bytes(option.code) } })?.option(option.code);
}

/** Lengths of the pieces of an option in the options field of a frame. */
function lengthsOf(frame: Uint8Array, wanted: number): number[] {
  const lengths: number[] = [];
  let at = 42 + 240;
  while (at < frame.length && frame[at] !== 255) {
    const length = frame[at + 1] ?? 0;
    if (frame[at] === wanted) lengths.push(length);
    at += frame[at] === 0 ? 1 : 2 + length;
  }
  return lengths;
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileStart } from "../../daemon/journal/record.ts";
import {
  decodeEnd,
  decodeLease,
  decodeStart,
  encodeEnd,
  encodeLease,
  encodeStart,
  LEASE_BYTES_MIN,
  lookAt,
  lookAtStart,
  recordLength,
  recordSequence,
  recordType,
  recordWall,
  START_BYTES,
  TYPE,
} from "../../daemon/journal/record.ts";
import { HEAD_BYTES, RECORD_BYTES_MAX, WALL_MAX } from "../../daemon/journal/record-bytes.ts";
import { anyLease } from "../support/any-lease.ts";
import { makeLease } from "../support/leases.ts";
import { reseal } from "./files.ts";

const SALT = 0x9d3c11f7;
const WALL = 1_780_000_123;

const anyRecord = fc.uint8Array({ minLength: HEAD_BYTES, maxLength: 120 });

function encoded(lease = makeLease(7, 9), salt = SALT): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES_MAX);
  return bytes.subarray(0, encodeLease(bytes, 0, lease, WALL, salt));
}

describe("lease record", () => {
  test("any lease comes back as it was", () => {
    fc.assert(
      fc.property(
        anyLease,
        fc.nat({ max: 200 }),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        (lease, at, salt) => {
          const bytes = new Uint8Array(at + RECORD_BYTES_MAX).fill(0xee);
          const end = encodeLease(bytes, at, lease, WALL, salt);
          expect(lookAt(bytes.subarray(0, end), at, salt)).toBe("good");
          expect(recordType(bytes, at)).toBe(TYPE.lease);
          expect(recordLength(bytes, at)).toBe(end - at);
          expect(recordSequence(bytes, at)).toBe(lease.sequence);
          expect(recordWall(bytes, at)).toBe(WALL);
          expect(decodeLease(bytes, at)).toEqual(lease);
          expect(bytes[end]).toBe(0xee);
        },
      ),
    );
  });

  test("every layout decision, byte by byte", () => {
    const lease = makeLease(0x0102030405, 9, {
      hostname: "tv",
      vendorClass: "",
      client: Uint8Array.of(1, 5),
    });
    const bytes = encoded({
      ...lease,
      startsAt: 1,
      seenAt: 2,
      expiresAt: 2 ** 32 + 3,
      clockUncertain: true,
    });
    expect(Array.from(bytes.subarray(0, 2))).toEqual([0xd7, 0x4a]);
    expect(Array.from(bytes.subarray(6))).toEqual([
      ...[0, 68], // length
      ...[1, 1], // version, type
      ...[0, 1, 2, 3, 4, 5], // sequence
      ...[0, 0x6a, 0x18, 0xa5, 0x7b], // wall time of writing
      ...[10, 77, 0, 9], // address
      0x82, // active, clock uncertain
      1, // htype
      ...[0, 0, 0, 0, 1],
      ...[0, 0, 0, 0, 2],
      ...[1, 0, 0, 0, 3],
      ...[0, 0, 0xa8, 0xc0], // lease seconds
      ...[6, 111, 102, 102, 105, 99, 101], // network
      ...[0, 2, 1, 5], // client
      ...[6, 2, 0, 0x5e, 0, 0, 9], // chaddr
      ...[2, 116, 118], // host name
      0, // vendor class
    ]);
  });

  test("what older versions do not know comes behind, and only then", () => {
    const lease = makeLease(7, 9);
    const short = encoded(lease);
    for (const [more, behind] of [
      [{ canForceRenew: true, xid: 0x89abcdef }, [1, 0x89, 0xab, 0xcd, 0xef, 0]],
      [{ relayAgent: Uint8Array.of(1, 1, 7) }, [0, 0, 0, 0, 0, 3, 1, 1, 7]],
      [{ relayAgent: Uint8Array.of(2, 0), canForceRenew: true }, [1, 0, 0, 0, 0, 2, 2, 0]],
    ] as const) {
      const long = encoded({ ...lease, ...more });
      expect(long[8]).toBe(2);
      expect(Array.from(long.subarray(9, short.length))).toEqual(Array.from(short.subarray(9)));
      expect(Array.from(long.subarray(short.length))).toEqual(behind);
      expect(decodeLease(long, 0)).toEqual({ ...lease, ...more });
      const unknownFlag = long.slice();
      unknownFlag[short.length] = 2;
      expect(lookAt(reseal(unknownFlag, SALT), 0, SALT)).toBe("unreadable");
    }
  });

  test("what concerns the partner comes behind all of that, and only then", () => {
    const lease = makeLease(7, 9);
    const short = encoded(lease);
    const none = [0, 0, 0, 0, 0];
    for (const [more, behind] of [
      [{ toldUntil: 0x1122334455 }, [0, 0, 0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, ...none]],
      [{ agreedUntil: 5 }, [0, 0, 0, 0, 0, 0, ...none, 0, 0, 0, 0, 5]],
      [{ fromPartner: true }, [2, 0, 0, 0, 0, 0, ...none, ...none]],
      [
        {
          fromPartner: true,
          agreedUntil: 5,
          relayAgent: Uint8Array.of(2, 0),
          canForceRenew: true,
          xid: 9,
        },
        [3, 0, 0, 0, 9, 2, 2, 0, ...none, 0, 0, 0, 0, 5],
      ],
    ] as const) {
      const long = encoded({ ...lease, ...more });
      expect(long[8]).toBe(3);
      expect(Array.from(long.subarray(9, short.length))).toEqual(Array.from(short.subarray(9)));
      expect(Array.from(long.subarray(short.length))).toEqual(behind);
      expect(decodeLease(long, 0)).toEqual({ ...lease, ...more });
      const unknownFlag = long.slice();
      unknownFlag[short.length] = 4;
      expect(lookAt(reseal(unknownFlag, SALT), 0, SALT)).toBe("unreadable");
    }
  });

  test("a record from before leases had a relay is read", () => {
    const record = Uint8Array.from([
      ...[0xd7, 0x4a, 0, 0, 0, 0, 0, 68, 1, 1, 0, 0, 0, 0, 0, 5, 0, 0x6a, 0x18, 0xa5, 0x7b],
      ...[10, 77, 0, 9, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0xa8, 0xc0],
      ...[6, 111, 102, 102, 105, 99, 101, 0, 2, 1, 5, 6, 2, 0, 0x5e, 0, 0, 9, 2, 116, 118, 0],
    ]);
    expect(lookAt(reseal(record, SALT), 0, SALT)).toBe("good");
    const lease = decodeLease(record, 0);
    expect(lease).toMatchObject({ network: "office", hostname: "tv", sequence: 5, expiresAt: 3 });
    expect(lease.relayAgent).toEqual(new Uint8Array(0));
    expect(lease).toMatchObject({ canForceRenew: false, xid: 0 });
    expect(lease).toMatchObject({ toldUntil: 0, agreedUntil: 0, fromPartner: false });
  });

  test("the largest lease that the encoder allows fits", () => {
    const long = "x".repeat(255);
    const lease = makeLease(1, 1, {
      network: long,
      hostname: long,
      vendorClass: long,
      client: new Uint8Array(1024),
      chaddr: new Uint8Array(255),
      relayAgent: new Uint8Array(255).fill(1),
      canForceRenew: true,
      toldUntil: WALL_MAX,
      agreedUntil: WALL_MAX,
      fromPartner: true,
    });
    expect(decodeLease(encoded(lease), 0)).toEqual(lease);
    expect(encoded(lease).length).toBeLessThan(RECORD_BYTES_MAX);
  });

  test("what cannot be stored is our mistake", () => {
    const bad = [
      { startsAt: -1 },
      { seenAt: 1.5 },
      { expiresAt: WALL_MAX + 1 },
      { expiresAt: Number.NaN },
      { sequence: 2 ** 48 },
      { hostname: "x".repeat(256) },
      { hostname: "é".repeat(128) },
      { client: new Uint8Array(1025) },
      { chaddr: new Uint8Array(256) },
      { relayAgent: new Uint8Array(256) },
      { toldUntil: -1 },
      { toldUntil: Number.NaN },
      { agreedUntil: WALL_MAX + 1 },
      { agreedUntil: 0.5 },
    ];
    for (const more of bad) expect(() => encoded(makeLease(1, 1, more))).toThrow();
  });

  test("every single flipped bit, every cut, and any other salt is noticed", () => {
    const bytes = encoded();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(lookAt(flipped, 0, SALT)).toBe("unreadable");
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(lookAt(bytes.subarray(0, length), 0, SALT)).toBe("unreadable");
    }
    expect(lookAt(bytes, 0, SALT ^ 1)).toBe("unreadable");
    expect(lookAt(bytes, 0, 0)).toBe("unreadable");
  });

  test("lengths inside that do not add up are refused, even under a right checksum", () => {
    const good = encoded();
    let refused = 0;
    for (let at = HEAD_BYTES; at < good.length; at++) {
      for (const value of [0, 1, 5, 7, 200, 255]) {
        const bytes = good.slice();
        bytes[at] = value;
        reseal(bytes, SALT);
        const look = lookAt(bytes, 0, SALT);
        if (look === "unreadable") refused++;
        // Whatever is accepted must decode within the record.
        else expect(decodeLease(bytes, 0).vendorClass.length).toBeLessThanOrEqual(good.length);
      }
    }
    expect(refused).toBeGreaterThan(20);
  });

  test("random bytes under a right checksum never decode past the end", () => {
    fc.assert(
      fc.property(anyRecord, fc.constantFrom(1, 2, 3), (random, version) => {
        const bytes = random.slice();
        bytes.set([0xd7, 0x4a]);
        bytes[8] = version;
        bytes[9] = TYPE.lease;
        reseal(bytes, SALT);
        if (lookAt(bytes, 0, SALT) !== "good") return;
        expect(bytes.length).toBeGreaterThanOrEqual(LEASE_BYTES_MIN);
        const { client, chaddr, relayAgent } = decodeLease(bytes, 0);
        const texts = client.length + chaddr.length + relayAgent.length;
        expect(LEASE_BYTES_MIN + texts).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("other records", () => {
  test("the start of a file comes back as it was, and only at its place", () => {
    const start: FileStart = { kind: "segment", sequence: 2 ** 40 + 5, salt: SALT, after: 77 };
    for (const kind of ["segment", "snapshot"] as const) {
      const bytes = new Uint8Array(START_BYTES);
      expect(encodeStart(bytes, 0, { ...start, kind }, WALL)).toBe(START_BYTES);
      expect(lookAtStart(bytes)).toBe("good");
      expect(decodeStart(bytes, 0)).toEqual({ ...start, kind });
      expect(lookAt(bytes, 0, SALT)).toBe("unreadable");
      expect(lookAt(bytes, 0, 0)).toBe("unreadable");
    }
  });

  test("a salt of 0 is refused, since anybody could forge records then", () => {
    const start: FileStart = { kind: "segment", sequence: 1, salt: 0, after: 0 };
    expect(() => encodeStart(new Uint8Array(START_BYTES), 0, start, WALL)).toThrow();
  });

  test("the end of a snapshot comes back as it was", () => {
    const bytes = new Uint8Array(64);
    const end = encodeEnd(bytes, 3, { records: 100_000, sequence: 9 }, WALL, SALT);
    expect(lookAt(bytes.subarray(0, end), 3, SALT)).toBe("good");
    expect(recordType(bytes, 3)).toBe(TYPE.end);
    expect(decodeEnd(bytes, 3)).toBe(100_000);
    expect(recordSequence(bytes, 3)).toBe(9);
  });

  test("a newer version or type is not taken for damage", () => {
    const version = encoded();
    version[8] = 4;
    expect(lookAt(reseal(version, SALT), 0, SALT)).toBe("newer");
    const type = encoded();
    type[9] = 9;
    expect(lookAt(reseal(type, SALT), 0, SALT)).toBe("newer");
    const skippable = encoded();
    skippable[9] = 0x89;
    expect(lookAt(reseal(skippable, SALT), 0, SALT)).toBe("skippable");
  });
});

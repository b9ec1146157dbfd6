// What may be sent, what is taken, and what ends the connection.

import { describe, expect, test } from "vitest";
import type { Ipv4 } from "../../../daemon/base/address.ts";
import { hex } from "../../../daemon/base/bytes.ts";
import { DecodeError } from "../../../daemon/base/errors.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { describeMessage } from "../../../daemon/wire/failover/describe.ts";
import { encodeMessage, writeMessage } from "../../../daemon/wire/failover/encode.ts";
import { MessageWriter } from "../../../daemon/wire/failover/message-writer.ts";
import {
  DIALECTS,
  type Dialect,
  type FailoverMessage,
  MESSAGE,
  type ReceivedMessage,
} from "../../../daemon/wire/failover/messages.ts";
import { EncodeError } from "../../../daemon/wire/writer.ts";
import { fromHex } from "../messages.ts";
import {
  BNDACK,
  BNDUPD,
  CONNECT,
  CONNECTACK,
  DISCONNECT,
  ONE_OF_EACH,
  STATE,
  UPDATE,
} from "./message-cases.ts";

const SECOND = 0x0a4d0015 as Ipv4;

function decoded(bytes: Uint8Array, dialect: Dialect = "tandem"): ReceivedMessage {
  return decodeMessage(bytes, 0, bytes.length, dialect);
}

/** A message of the wire: its parts in hex, with the length filled in. */
function wire(type: string, options = "", offset = "0c"): Uint8Array {
  const rest = fromHex(`${type} ${offset} 6b048f89 00000007 ${options}`);
  const length = rest.length + 2;
  return Uint8Array.from([length >> 8, length & 0xff, ...rest]);
}

/** Both dialects, unless one is given. */
function expectRefused(message: FailoverMessage, reason: string, dialect?: Dialect): void {
  for (const one of dialect === undefined ? DIALECTS : [dialect]) {
    expect(() => encodeMessage(message, one), one).toThrow(EncodeError);
    expect(() => encodeMessage(message, one), one).toThrow(reason);
  }
}

function expectSent(message: FailoverMessage, dialect?: Dialect): void {
  for (const one of dialect === undefined ? DIALECTS : [dialect]) {
    expect(decoded(encodeMessage(message, one)), one).toEqual({ ...message, setAside: [] });
  }
}

describe("sending", () => {
  test.each(ONE_OF_EACH.map((one) => [one.type, one] as const))("%s", (_, message) => {
    expectSent(message);
  });

  test("there is one of each", () => {
    expect(ONE_OF_EACH.map((one) => one.type).toSorted()).toEqual(Object.keys(MESSAGE).toSorted());
  });

  test("a CONNECT byte by byte", () => {
    expect(hex(encodeMessage(CONNECT, "isc"))).toBe(
      hex(
        fromHex(`
          0062 05 0c 6b048f89 00000007
          0016 0002 666f            # relationship-name
          000e 0004 0000000a        # max-unacked-bndupd
          0013 0004 00000014        # receive-timer
          001c 0006 74616e64656d    # vendor-class-identifier
          0014 0001 01              # protocol-version
          001b 0001 00              # TLS-request
          000f 0004 00000e10        # MCLT
          000b 0020 ffffffffffffffffffffffffffffffff 00000000000000000000000000000000
        `),
      ),
    );
  });

  test("needs what the table asks for, in the dialect's words", () => {
    expectRefused({ ...CONNECT, mclt: undefined }, "CONNECT MCLT is missing");
    expectRefused({ ...CONNECT, tlsRequest: undefined }, "TLS-request is missing", "isc");
    expectSent({ ...CONNECT, tlsRequest: undefined }, "tandem");
    expectRefused({ ...STATE, serverFlags: undefined }, "STATE server-flags is missing");
    expectRefused({ ...DISCONNECT, rejectReason: undefined }, "reject-reason is missing");
    expectRefused({ type: "POOLRESP", time: 0, xid: 0 }, "addresses-transferred is missing");
  });

  test("refuses what has no business there, as a type or in a record that was spread", () => {
    const stray = { ...STATE, mclt: 60 };
    expectRefused(stray, "STATE MCLT has no business there");
    const misplaced = { ...BNDUPD, bindingStatus: "active" as const };
    expectRefused(misplaced, "BNDUPD binding-status has no business there");
    const inGroup = { ...BNDACK, bindings: [UPDATE] };
    expectRefused(inGroup, "BNDACK binding-status has no business there");
    expectRefused({ ...CONNECT, delayedServiceParameter: 3 }, "is never sent");
  });

  test("an acceptance has no message and no reason, a refusal has both", () => {
    expectRefused({ ...CONNECTACK, message: "no" }, "message may only be in a refusal");
    const answer = { assignedIpAddress: SECOND, message: "no" };
    expectRefused({ ...BNDACK, bindings: [answer] }, "message may only be in a refusal");
    expectSent({ ...BNDACK, bindings: [{ ...answer, rejectReason: "fatal-conflict" }] });
    expectRefused({ ...CONNECTACK, receiveTimer: undefined }, "receive-timer is missing");
  });

  test("a refusal to connect is bare in the draft and full from dhcpd", () => {
    const refusal = { ...CONNECTACK, rejectReason: "invalid-partner", message: "who?" } as const;
    expectSent(refusal, "isc");
    expectRefused(refusal, "may not be in a refusal", "tandem");
    const bare = { ...refusal, maxUnackedBndupd: undefined, receiveTimer: undefined };
    expectSent({ ...bare, relationshipName: undefined }, "isc");
    expectRefused(bare, "vendor-class-identifier may not be in a refusal", "tandem");
    // This one may be sent to both.
    expectSent({ ...bare, vendorClassIdentifier: undefined });
  });

  test("vendor options are sent to a box like this one, and only beside their class", () => {
    const vendorSpecificOptions = [{ code: 1, content: fromHex("aa") }];
    const contact = { type: "CONTACT", time: 0, xid: 0 } as const;
    const full = { ...contact, vendorClassIdentifier: "tandem", vendorSpecificOptions };
    expectSent(full, "tandem");
    expectRefused(full, "CONTACT vendor-class-identifier is never sent", "isc");
    expectRefused({ ...CONNECT, vendorSpecificOptions }, "is never sent", "isc");
    const classless = { ...contact, vendorSpecificOptions };
    const text = "CONTACT vendor-specific-options without vendor-class-identifier";
    expectRefused(classless, text, "tandem");
  });

  test("an update names the client that its status needs", () => {
    const bare = { ...UPDATE, clientIdentifier: undefined, clientHardwareAddress: undefined };
    for (const bindingStatus of ["active", "expired", "released"] as const) {
      const bindings = [{ ...bare, bindingStatus }];
      expectRefused({ ...BNDUPD, bindings }, `hardware-address is missing for ${bindingStatus}`);
    }
    for (const bindingStatus of ["free", "backup", "reset"] as const) {
      expectSent({ ...BNDUPD, bindings: [{ ...bare, bindingStatus }] });
      expectSent({ ...BNDUPD, bindings: [{ ...UPDATE, bindingStatus }] });
    }
    const bindingStatus = "abandoned";
    expectSent({ ...BNDUPD, bindings: [{ ...bare, bindingStatus }] });
    for (const client of ["clientIdentifier", "clientHardwareAddress"] as const) {
      const bindings = [{ ...bare, bindingStatus, [client]: UPDATE[client] } as const];
      expectRefused({ ...BNDUPD, bindings }, "BNDUPD names a client for abandoned");
    }
  });

  test("dhcpd gets all times always, the draft's own ones only with active", () => {
    const timeless = {
      ...UPDATE,
      leaseExpirationTime: undefined,
      potentialExpirationTime: undefined,
      startTimeOfState: undefined,
    };
    const free = { ...BNDUPD, bindings: [{ ...timeless, bindingStatus: "free" as const }] };
    expectSent(free, "tandem");
    expectRefused(free, "lease-expiration-time is missing", "isc");
    const active = { ...BNDUPD, bindings: [timeless] };
    expectRefused(active, "lease-expiration-time", "tandem");
    expectRefused(active, "lease-expiration-time is missing", "isc");
  });

  test("several addresses go to ours only, and none to nobody", () => {
    const two = { ...BNDUPD, bindings: [UPDATE, { ...UPDATE, assignedIpAddress: SECOND }] };
    expectSent(two, "tandem");
    expectRefused(two, "BNDUPD names 2 addresses, dhcpd takes one", "isc");
    expectRefused({ ...BNDUPD, bindings: [] }, "BNDUPD names no address");
    expectRefused({ ...BNDACK, bindings: [] }, "BNDACK names no address");
  });

  test("a value out of range is named with its message and option", () => {
    expectRefused({ ...CONNECT, mclt: -1 }, "CONNECT MCLT: -1 is not 0 to 4294967295");
    expectRefused({ ...STATE, serverState: "startup" }, "server-state: startup is never sent");
    expectRefused({ ...STATE, time: 2 ** 32 }, "STATE time: 4294967296 is not 0 to 4294967295");
    expectRefused({ ...STATE, xid: 1.5 }, "STATE xid: 1.5 is not 0 to 4294967295");
  });

  test("2048 bytes are the most", () => {
    const room = 2048 - 12 - 5 - 4;
    expectSent({ ...DISCONNECT, message: "x".repeat(room) });
    expectRefused({ ...DISCONNECT, message: "x".repeat(room + 1) }, "has 2049 bytes, at most 2048");
    expectRefused({ ...DISCONNECT, message: "x".repeat(70_000) }, "70000 is not 0 to 65535");
  });

  test("many messages go into one buffer, and a bad one leaves no trace in it", () => {
    const writer = new MessageWriter();
    const wanted: string[] = [];
    for (let round = 0; round < 40; round++) {
      for (const message of ONE_OF_EACH) {
        writeMessage(writer, message, "isc");
        wanted.push(hex(encodeMessage(message, "isc")));
      }
      const before = writer.length;
      const bad = { ...DISCONNECT, message: "x".repeat(3000) };
      expect(() => writeMessage(writer, bad, "isc")).toThrow(EncodeError);
      expect(writer.length).toBe(before);
    }
    expect(hex(writer.take())).toBe(wanted.join(""));
    expect(writer.length).toBe(0);
  });
});

describe("taking", () => {
  test("options that are unknown or misplaced are set aside", () => {
    const message = decoded(wire("0b", "00c8 0002 6869  000f 0002 0001  0000 0000"));
    expect(message).toEqual({
      type: "CONTACT",
      time: 1795461001,
      xid: 7,
      setAside: [
        { code: 200, offset: 12, content: fromHex("6869"), reason: "unknown" },
        { code: 15, offset: 18, content: fromHex("0001"), reason: "misplaced" },
        { code: 0, offset: 24, content: fromHex(""), reason: "unknown" },
      ],
    });
    expect(describeMessage(message)).toBe(
      "CONTACT xid 7; set aside: option 200 (unknown), MCLT (misplaced), option 0 (unknown)",
    );
  });

  test("nothing that was read changes with the memory it was read from", () => {
    const options = "0004 0002 0102  0002 0004 0a4d0014  00c8 0002 6869";
    const bytes = wire("03", options);
    const message = decoded(bytes);
    bytes.fill(0x5a);
    expect(message).toEqual(decoded(wire("03", options)));
  });

  test("vendor options need the vendor class, in any order", () => {
    const options = "001d 0005 0001 0001 aa";
    const known = decoded(wire("05", `${options}  001c 0001 76`));
    expect(known).toMatchObject({
      vendorSpecificOptions: [{ code: 1, content: fromHex("aa") }],
      setAside: [],
    });
    const [aside] = decoded(wire("05", options)).setAside;
    expect(aside).toMatchObject({ code: 29, offset: 12, reason: "no-vendor-class" });
    expect(decoded(wire("05", "001d 0001 00")).setAside).toHaveLength(1);
    expect(() => decoded(wire("05", "001d 0001 00  001c 0001 76"))).toThrow("its header is cut");
    expect(() => decoded(wire("05", `${options} ${options}`))).toThrow("a second time");
  });

  test("missing options are the receiver's affair", () => {
    for (const [name, { code }] of Object.entries(MESSAGE)) {
      const message = decoded(wire(code.toString(16).padStart(2, "0")));
      expect(message.type).toBe(name);
      if (message.type === "BNDUPD" || message.type === "BNDACK") {
        expect(message.bindings).toEqual([]);
      }
    }
  });

  test("updates come in groups that start with their address", () => {
    const first = "0002 0004 0a4d0014  0003 0001 02";
    const second = "0002 0004 0a4d0015  0003 0001 01  000c 0002 0001";
    const digest = "0011 0002 01aa";
    const message = decoded(wire("03", `${first} ${second} ${digest}`));
    expect(message).toMatchObject({
      bindings: [
        { assignedIpAddress: 0x0a4d0014, bindingStatus: "active", ipFlags: undefined },
        { assignedIpAddress: 0x0a4d0015, bindingStatus: "free", ipFlags: 1 },
      ],
      messageDigest: { type: 1, digest: fromHex("aa") },
    });
  });

  test("answers come in groups too", () => {
    const refused = "0002 0004 0a4d0015  0015 0001 10  0010 0002 6e6f";
    const message = decoded(wire("04", `0002 0004 0a4d0014 ${refused} 0002 0004 0a4d0016`));
    expect(message).toMatchObject({
      bindings: [
        { assignedIpAddress: 0x0a4d0014, rejectReason: undefined },
        { rejectReason: "less-critical-binding-information", message: "no" },
        { assignedIpAddress: 0x0a4d0016, rejectReason: undefined },
      ],
    });
  });

  test("options in front of the first address belong to it", () => {
    const message = decoded(wire("03", "0003 0001 02  0002 0004 0a4d0014  0002 0004 0a4d0015"));
    expect(message).toMatchObject({
      bindings: [
        { assignedIpAddress: 0x0a4d0014, bindingStatus: "active" },
        { assignedIpAddress: 0x0a4d0015, bindingStatus: undefined },
      ],
    });
  });

  test("an update without an address is one that can only be refused", () => {
    const message = decoded(wire("03", "0003 0001 02"));
    expect(message).toMatchObject({ bindings: [{ bindingStatus: "active" }] });
  });

  test("a payload offset of 8 is 12, above 12 is a longer header", () => {
    expect(decoded(wire("02", "0001 0004 00000005", "08"))).toMatchObject({
      addressesTransferred: 5,
    });
    expect(decoded(wire("02", "ffffffff 0001 0004 00000005", "10"))).toMatchObject({
      addressesTransferred: 5,
    });
    expect(decoded(wire("0b", "ffff", "0e"))).toMatchObject({ type: "CONTACT" });
  });

  test("only what lies between start and end counts", () => {
    const message = encodeMessage(STATE, "isc");
    const around = Uint8Array.from([9, 9, 9, ...message, 9, 9, 9]);
    expect(decodeMessage(around, 3, 3 + message.length, "isc")).toEqual(decoded(message, "isc"));
  });

  test("types: the draft ignores those from 128 on, dhcpd those without options", () => {
    const ignored = { type: "ignored", code: 200, time: 1795461001, xid: 7, setAside: [] };
    expect(decoded(wire("c8"), "tandem")).toEqual(ignored);
    expect(decoded(wire("c8"), "isc")).toEqual(ignored);
    expect(decoded(wire("c8", "0014 0001 01"), "tandem")).toEqual(ignored);
    expect(() => decoded(wire("c8", "0014 0001 01"), "isc")).toThrow("200 is not known");
    expect(decoded(wire("0d"), "isc")).toEqual({ ...ignored, code: 13 });
    expect(() => decoded(wire("0d"), "tandem")).toThrow("message type at byte 2: 13 is not known");
    expect(() => decoded(wire("0d", "0014 0001 01"), "isc")).toThrow(DecodeError);
    expect(() => decoded(wire("00"), "tandem")).toThrow("0 is not known");
    expect(describeMessage(decoded(wire("c8")))).toBe("type 200 xid 7");
  });
});

describe("the end of the connection", () => {
  test.each([
    ["an option twice", wire("0a", "0018 0001 02  0018 0001 02"), "STATE server-state at byte 17:"],
    [
      "an option twice in a group",
      wire("03", "0002 0004 0a4d0014  0003 0001 02  0003 0001 02"),
      "BNDUPD binding-status at byte 25: stands here a second time",
    ],
    ["two digests", wire("0b", "0011 0001 01  0011 0001 01"), "CONTACT message-digest at byte 17"],
    [
      "an option header that is cut",
      wire("0b", "001800"),
      "CONTACT option header at byte 12: 3 of 4 bytes",
    ],
    [
      "an option that runs past the end",
      wire("0a", "0018 0002 02"),
      "STATE server-state at byte 12: length 2, but the message ends after 1",
    ],
    ["an unknown one that does", wire("0b", "00c8 ffff"), "CONTACT option 200 at byte 12: length"],
    ["a payload offset of 0", wire("0b", "", "00"), "payload offset at byte 3: 0"],
    ["a payload offset of 11", wire("0b", "", "0b"), "payload offset at byte 3: 11"],
    ["a payload offset behind the end", wire("0b", "", "0d"), "payload offset at byte 3: 13"],
    ["a length that says less", fromHex("000c 0b 0c 00000000 00000000 00"), "message length"],
    ["a length that says more", fromHex("000d 0b 0c 00000000 00000000"), "message length"],
    ["a header that is cut", fromHex("000b 0b 0c 00000000 000000"), "message length at byte 0"],
    ["nothing at all", new Uint8Array(0), "message length at byte 0"],
  ])("%s", (_, bytes, reason) => {
    for (const dialect of DIALECTS) {
      expect(() => decoded(bytes, dialect)).toThrow(DecodeError);
      expect(() => decoded(bytes, dialect)).toThrow(reason);
    }
  });

  test("a message above 2048 bytes", () => {
    const long = Uint8Array.from([0x08, 0x01, ...new Uint8Array(2047)]);
    expect(() => decoded(long)).toThrow("message length at byte 0");
  });
});

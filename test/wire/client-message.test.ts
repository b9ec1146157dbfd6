import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { buildDiscover, type Discover } from "../../daemon/wire/client-message.ts";
import { describeFrame } from "../../daemon/wire/describe.ts";
import { decodeDhcp4, MESSAGE_TYPE } from "../../daemon/wire/dhcp4-message.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { EncodeError } from "../../daemon/wire/writer.ts";
import { judgeFrames, tsharkFields } from "../support/tshark.ts";
import { CLIENT_MAC } from "./messages.ts";

const MAC = Uint8Array.from(CLIENT_MAC);
const PLAIN: Discover = {
  sourceMac: MAC,
  xid: 0xfedcba98,
  isBroadcast: true,
  parameterList: [1, 3, 54],
};

function decoded(discover: Discover) {
  const bytes = buildDiscover(discover);
  const frame = new Frame();
  parseFrame(frame, bytes, 0, bytes.length, true);
  return { bytes, frame, message: decodeDhcp4(bytes, frame.payloadStart, frame.payloadEnd) };
}

describe("a DISCOVER", () => {
  test("goes from port 67 to everyone, and says what it must", () => {
    const { bytes, frame, message } = decoded(PLAIN);
    expect([frame.kind, frame.isBroadcast, frame.srcMac]).toEqual(["udp", true, MAC]);
    expect([frame.sourceIp, frame.destinationIp]).toEqual([0, ipv4("255.255.255.255")]);
    expect([frame.sourcePort, frame.destinationPort]).toEqual([67, 67]);
    expect(bytes.length).toBe(14 + 20 + 8 + 300);
    expect(message).toMatchObject({ op: 1, htype: 1, hlen: 6, hops: 0, xid: 0xfedcba98, secs: 0 });
    expect(message).toMatchObject({ flags: 0x8000, ciaddr: 0, yiaddr: 0, siaddr: 0, giaddr: 0 });
    expect(Array.from(message.chaddr)).toEqual([...CLIENT_MAC, ...new Array(10).fill(0)]);
    expect(message.codes()).toEqual([53, 55]);
    expect(message.u8(53)).toBe(MESSAGE_TYPE.discover);
    expect(message.raw(55)).toEqual(Uint8Array.of(1, 3, 54));
  });

  test("carries what else it is told to", () => {
    const clientId = Uint8Array.of(255, 1, 2, 3);
    const { frame, message } = decoded({
      ...PLAIN,
      secs: 700,
      isBroadcast: false,
      clientId,
      parameterList: [],
      sourcePort: 68,
    });
    expect([frame.sourcePort, frame.destinationPort]).toEqual([68, 67]);
    expect([message.secs, message.flags]).toEqual([700, 0]);
    expect(message.codes()).toEqual([53, 61]);
    expect(message.raw(61)).toEqual(clientId);
  });

  test("grows with its options, up to what an option can hold", () => {
    const long = new Uint8Array(255).fill(7);
    const { bytes, message } = decoded({
      ...PLAIN,
      clientId: long,
      parameterList: Array.from(long),
    });
    expect(bytes.length).toBe(42 + 240 + 3 + 257 + 257 + 1);
    expect([message.raw(61), message.raw(55)]).toEqual([long, long]);
    expect(() => buildDiscover({ ...PLAIN, clientId: new Uint8Array(256) })).toThrow(EncodeError);
    expect(() => buildDiscover({ ...PLAIN, parameterList: new Array(256).fill(1) })).toThrow(
      EncodeError,
    );
  });

  test("is told in one line", () => {
    const { bytes } = decoded(PLAIN);
    expect(describeFrame(bytes, 0, bytes.length)).toBe(
      "02:00:5e:00:01:11 > ff:ff:ff:ff:ff:ff 0.0.0.0:67 > 255.255.255.255:67 " +
        "DISCOVER xid fedcba98 02:00:5e:00:01:11 broadcast parameter-request-list 1,3,54",
    );
  });

  test("is right to tshark", () => {
    const frames = [
      buildDiscover(PLAIN),
      buildDiscover({ ...PLAIN, xid: 0, secs: 0xffff, isBroadcast: false, sourcePort: 68 }),
      buildDiscover({ ...PLAIN, clientId: Uint8Array.of(1, ...CLIENT_MAC), parameterList: [3] }),
      // An odd length, for the checksum.
      buildDiscover({ ...PLAIN, clientId: new Uint8Array(100).fill(255) }),
      buildDiscover({ ...PLAIN, clientId: new Uint8Array(101).fill(255) }),
    ];
    expect(judgeFrames(frames)).toEqual([]);
    const fields = tsharkFields(frames, ["dhcp.option.dhcp", "dhcp.id", "udp.checksum.status"]);
    for (const field of fields) {
      expect([field["dhcp.option.dhcp"], field["udp.checksum.status"]]).toEqual([["1"], ["1"]]);
    }
    expect(fields[0]?.["dhcp.id"]).toEqual(["0xfedcba98"]);
  });
});

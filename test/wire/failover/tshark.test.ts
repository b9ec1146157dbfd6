// What we write, as tshark reads it: an independent reader of the same draft.

import { describe, expect, test } from "vitest";
import { encodeMessage } from "../../../daemon/wire/failover/encode.ts";
import { DIALECTS, type FailoverMessage, MESSAGE } from "../../../daemon/wire/failover/messages.ts";
import { judgeFrames, tsharkFields } from "../../support/tshark.ts";
import {
  BNDACK,
  BNDUPD,
  CONNECT,
  CONNECTACK,
  DISCONNECT,
  ONE_OF_EACH,
  UPDATE,
} from "./message-cases.ts";

const REFUSED: FailoverMessage = {
  ...CONNECTACK,
  maxUnackedBndupd: undefined,
  receiveTimer: undefined,
  vendorClassIdentifier: undefined,
  rejectReason: "hash-bucket-conflict",
  message: "no",
};

describe.each(DIALECTS)("in the dialect %s", (dialect) => {
  const sent = [...ONE_OF_EACH, REFUSED];
  const frames = sent.map((one, i) => tcpFrame(encodeMessage(one, dialect), 40_000 + i));

  test("tshark finds nothing wrong", () => {
    expect(judgeFrames(frames)).toEqual([]);
  });

  test("tshark sees type, xid and the same options in the same order", () => {
    const names = ["dhcpfo.type", "dhcpfo.xid", "dhcpfo.length", "dhcpfo.optioncode"];
    for (const [i, seen] of tsharkFields(frames, names).entries()) {
      const message = sent[i];
      if (message === undefined) throw new Error(`frame ${i}`);
      expect(seen["dhcpfo.type"], message.type).toEqual([`${MESSAGE[message.type].code}`]);
      expect(Number(seen["dhcpfo.xid"]?.[0]), message.type).toBe(7);
      const bytes = encodeMessage(message, dialect);
      expect(seen["dhcpfo.length"], message.type).toEqual([`${bytes.length}`]);
      expect(seen["dhcpfo.optioncode"], message.type).toEqual(codesOf(bytes));
    }
  });
});

test("tshark reads the values that we wrote", () => {
  const frames = [BNDUPD, BNDACK, CONNECT, DISCONNECT].map((one, i) =>
    tcpFrame(encodeMessage(one, "isc"), 50_000 + i),
  );
  const names = [
    "dhcpfo.optioncode",
    "dhcpfo.assignedipaddress",
    "dhcpfo.bindingstatus",
    "dhcpfo.clienthardwareaddress",
    "dhcpfo.leaseexpirationtime",
    "dhcpfo.potentialexpirationtime",
    "dhcpfo.relationshipname",
    "dhcpfo.mclt",
    "dhcpfo.rejectreason",
    "dhcpfo.message",
  ];
  const [update, answer, connect, disconnect] = tsharkFields(frames, names);
  expect(update).toMatchObject({
    "dhcpfo.optioncode": ["2", "3", "4", "5", "13", "18", "25", "6", "12"],
    "dhcpfo.assignedipaddress": ["10.77.0.20"],
    "dhcpfo.bindingstatus": ["2"],
    "dhcpfo.clienthardwareaddress": ["02:00:00:00:00:01"],
    "dhcpfo.leaseexpirationtime": [`${UPDATE.leaseExpirationTime}`],
    "dhcpfo.potentialexpirationtime": [`${UPDATE.potentialExpirationTime}`],
  });
  expect(answer).toMatchObject({ "dhcpfo.optioncode": ["2"] });
  expect(connect).toMatchObject({
    "dhcpfo.optioncode": ["22", "14", "19", "28", "20", "27", "15", "11"],
    "dhcpfo.relationshipname": ["fo"],
    "dhcpfo.mclt": ["3600"],
  });
  expect(disconnect).toMatchObject({
    "dhcpfo.rejectreason": ["17"],
    "dhcpfo.message": ["silence"],
  });
});

/** The codes of all options, in wire order. */
function codesOf(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const codes: string[] = [];
  for (let at = 12; at < bytes.length; at += 4 + view.getUint16(at + 2)) {
    codes.push(`${view.getUint16(at)}`);
  }
  return codes;
}

/** An Ethernet frame with one segment of a connection of its own. */
function tcpFrame(payload: Uint8Array, port: number): Uint8Array {
  const frame = new Uint8Array(54 + payload.length);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00]);
  frame.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 99, 0, 1, 10, 99, 0, 2], 14);
  view.setUint16(16, 40 + payload.length);
  view.setUint16(24, checksum(frame.subarray(14, 34)));
  view.setUint16(34, port);
  view.setUint16(36, 647);
  view.setUint32(38, 1);
  frame.set([0x50, 0x18, 0xff, 0xff], 46);
  frame.set(payload, 54);
  return frame;
}

function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) {
    sum += ((header[at] ?? 0) << 8) | (header[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

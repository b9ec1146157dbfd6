// What real dhcpd wrote: every message of every capture is read as others read it, and written again to
// the same bytes. What a script sent there on purpose, and what we make of it, is in the snapshot.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { formatIpv4, type Ipv4 } from "../../../daemon/base/address.ts";
import { hex } from "../../../daemon/base/bytes.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { describeMessage } from "../../../daemon/wire/failover/describe.ts";
import { encodeMessage } from "../../../daemon/wire/failover/encode.ts";
import { MessageStream } from "../../../daemon/wire/failover/message-stream.ts";
import {
  DIALECTS,
  type FailoverMessage,
  MESSAGE,
  type ReceivedMessage,
} from "../../../daemon/wire/failover/messages.ts";
import {
  BINDING_STATUS,
  REJECT_REASON,
  SERVER_STATE,
} from "../../../daemon/wire/failover/numbers.ts";
import { OPTION, type OptionField } from "../../../daemon/wire/failover/options.ts";
import { fromHex } from "../messages.ts";
import {
  CAPTURES,
  type CapturedMessage,
  FIXTURES,
  flowsOf,
  messagesOf,
  scriptedSide,
} from "./captures.ts";

const NUMBERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  bindingStatus: BINDING_STATUS,
  serverState: SERVER_STATE,
  rejectReason: REJECT_REASON,
};
const FIELDS = Object.keys(OPTION) as OptionField[];

test("every fixture has its provenance, and the other way round", () => {
  const provenance = readFileSync(path.join(FIXTURES, "PROVENANCE.md"), "utf8");
  const named = Array.from(provenance.matchAll(/`(\d\d[a-z]?-[a-z0-9-]+)`/g), (match) => match[1]);
  expect([...new Set(named)].toSorted()).toEqual(CAPTURES.toSorted());
  const others = Array.from(provenance.matchAll(/^`([a-z0-9.-]+)` was not/gm), (match) => match[1]);
  expect(others).toEqual(["load-balance-vectors.json"]);
  const files = readdirSync(FIXTURES).filter((name) => name !== "PROVENANCE.md");
  for (const file of files) {
    if (!others.includes(file)) expect(CAPTURES).toContain(file.split(".")[0]);
  }
  for (const other of others) expect(files).toContain(other);
});

test("the captures hold every type of message, from dhcpd itself", () => {
  const codes = CAPTURES.flatMap((capture) =>
    messagesOf(capture)
      .filter((one) => one.from !== scriptedSide(capture))
      .map((one) => one.typeCode),
  );
  expect([...new Set(codes)].toSorted()).toEqual(
    Object.values(MESSAGE)
      .map((one) => one.code)
      .toSorted(),
  );
});

describe.each(CAPTURES)("%s", (capture) => {
  const messages = messagesOf(capture);
  const scripted = scriptedSide(capture);
  const genuine = messages.filter((one) => one.from !== scripted);

  test("what dhcpd sent is read to the fields and options that are in it", () => {
    for (const message of genuine) expectSameContent(message);
  });

  test("what dhcpd sent is written to the same bytes, in its dialect", () => {
    for (const message of genuine) {
      const received = decoded(message.hex);
      expect(received.setAside, at(message)).toEqual([]);
      expect(encodedAgain(received), at(message)).toBe(message.hex);
    }
  });

  test("both dialects read the same", () => {
    for (const { hex: bytes, typeCode } of messages) {
      if (typeCode > 12) continue;
      expect(outcomeOf(bytes, DIALECTS[0])).toEqual(outcomeOf(bytes, DIALECTS[1]));
    }
  });

  test("the TCP streams give these messages, however they are cut", () => {
    for (const { name, segments } of flowsOf(capture)) {
      const wanted = messages.filter((one) => `${one.src} ${one.dst}` === name);
      const bytes = Uint8Array.from(segments.flatMap((segment) => [...segment]));
      const sevens = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
        bytes.subarray(7 * i, 7 * i + 7),
      );
      const ones = Array.from(bytes, (byte) => Uint8Array.of(byte));
      for (const chunks of [segments, [bytes], sevens, ones]) {
        expect(streamed(chunks), name).toEqual(wanted.map((one) => one.hex));
      }
    }
  });

  test("no message is missing from the streams", () => {
    const inStreams = flowsOf(capture).flatMap((flow) => streamed(flow.segments));
    expect(inStreams.toSorted()).toEqual(messages.map((one) => one.hex).toSorted());
  });
});

describe.each(CAPTURES.filter((capture) => scriptedSide(capture) !== undefined))(
  "%s",
  (capture) => {
    test("what the script sent: in two dialects, and again", () => {
      const odd = messagesOf(capture)
        .filter((one) => one.from === scriptedSide(capture))
        .filter((one) => outcomeOf(one.hex, "isc") !== one.hex);
      const lines = odd.flatMap((one) => {
        const [tandem, isc] = DIALECTS.map((dialect) => outcomeOf(one.hex, dialect));
        const same = tandem === isc ? [`  both: ${isc}`] : [`  tandem: ${tandem}`, `  isc: ${isc}`];
        return [`frame ${one.frame}: ${one.hex}`, ...same];
      });
      expect(`\n${lines.join("\n")}\n`).toMatchSnapshot();
    });
  },
);

test.each(["02-leases", "07-shutdown-paused"])("%s as text", (capture) => {
  const lines = messagesOf(capture).map(
    (one) => `${one.from} ${describeMessage(decoded(one.hex))}`,
  );
  expect(`\n${lines.join("\n")}\n`).toMatchSnapshot();
});

function at(message: CapturedMessage): string {
  return `frame ${message.frame} of the ${message.from}`;
}

function decoded(bytes: string): ReceivedMessage {
  const message = fromHex(bytes);
  return decodeMessage(message, 0, message.length, "isc");
}

function encodedAgain(message: ReceivedMessage): string {
  if (message.type === "ignored") return "";
  return hex(encodeMessage(message, "isc"));
}

/** The same bytes again, or what we say about them. */
function outcomeOf(bytes: string, dialect: (typeof DIALECTS)[number]): string {
  const message = fromHex(bytes);
  let received: ReceivedMessage;
  try {
    received = decodeMessage(message, 0, message.length, dialect);
  } catch (error) {
    return String(error);
  }
  const text = `${describeMessage(received)}`;
  if (received.type === "ignored") return text;
  try {
    // Always in dhcpd's dialect: the script plays dhcpd.
    const again = hex(encodeMessage(received, "isc"));
    return again === bytes ? again : `${text}; written as ${again}`;
  } catch (error) {
    return `${text}; not written: ${String(error)}`;
  }
}

function streamed(chunks: readonly Uint8Array[]): string[] {
  const stream = new MessageStream();
  const found: string[] = [];
  for (const chunk of chunks) {
    stream.push(chunk);
    for (let one = stream.next(); one !== undefined; one = stream.next()) found.push(hex(one));
  }
  return found;
}

function expectSameContent(message: CapturedMessage): void {
  const received = decoded(message.hex);
  const where = at(message);
  expect(received.type, where).toBe(
    Object.entries(MESSAGE).find(([, { code }]) => code === message.typeCode)?.[0],
  );
  expect([received.time, received.xid], where).toEqual([message.time, message.xid]);
  if (received.type === "ignored") throw new Error(where);
  const fields = valuesOf(received);
  expect(Object.keys(fields).length, where).toBe(message.options.length);
  for (const option of message.options) {
    const field = FIELDS.find((one) => OPTION[one].code === option.code);
    if (field === undefined) throw new Error(`${where}: option ${option.code}`);
    expect(option.name, where).toBe(OPTION[field].name);
    const wanted = option.raw ?? option.value;
    expect(asCaptured(field, fields[field]), `${where}: ${field}`).toBe(wanted);
  }
}

/** All options of a message with one address at most, group or not. */
function valuesOf(message: FailoverMessage): Record<string, unknown> {
  const groups = message.type === "BNDUPD" || message.type === "BNDACK" ? message.bindings : [];
  expect(groups.length).toBeLessThanOrEqual(1);
  const all = Object.entries({ ...message, ...groups[0] });
  return Object.fromEntries(all.filter(([field, value]) => value !== undefined && field in OPTION));
}

/** A value in the form in which the captures' own reader wrote it down. */
function asCaptured(field: OptionField, value: unknown): unknown {
  const numbers = NUMBERS[field];
  if (numbers !== undefined) return numbers[value as string];
  if (field === "assignedIpAddress") return formatIpv4(value as Ipv4);
  if (value instanceof Uint8Array) return hex(value);
  if (field !== "clientHardwareAddress") return value;
  const { htype, chaddr } = value as { htype: number; chaddr: Uint8Array };
  return hex(Uint8Array.of(htype, ...chaddr));
}

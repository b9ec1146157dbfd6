// Properties of every message that may be sent. fast-check prints seed and counterexample.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../../../daemon/base/bytes.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { describeMessage } from "../../../daemon/wire/failover/describe.ts";
import { encodeMessage, writeMessage } from "../../../daemon/wire/failover/encode.ts";
import { MessageStream } from "../../../daemon/wire/failover/message-stream.ts";
import { MessageWriter } from "../../../daemon/wire/failover/message-writer.ts";
import { DIALECTS, type ReceivedMessage } from "../../../daemon/wire/failover/messages.ts";
import { sendable } from "./arbitrary-message.ts";

const HEADER_BYTES = 12;

function decoded(bytes: Uint8Array, dialect: (typeof DIALECTS)[number] = "isc"): ReceivedMessage {
  return decodeMessage(bytes, 0, bytes.length, dialect);
}

/** The options of a message, header and content together, in wire order. */
function optionsOf(bytes: Uint8Array): Uint8Array[] {
  const options: Uint8Array[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const next = at + 4 + 256 * (bytes[at + 2] ?? 0) + (bytes[at + 3] ?? 0);
    options.push(bytes.subarray(at, next));
    at = next;
  }
  return options;
}

function withOptions(bytes: Uint8Array, options: readonly Uint8Array[]): Uint8Array {
  const all = [...bytes.subarray(0, HEADER_BYTES), ...options.flatMap((one) => [...one])];
  return Uint8Array.from([all.length >> 8, all.length & 0xff, ...all.slice(2)]);
}

describe.each(DIALECTS)("every message that may be sent in the dialect %s", (dialect) => {
  const message = sendable(dialect);

  test("comes back as it was, to either dialect, and goes out to the same bytes", () => {
    fc.assert(
      fc.property(message, (sent) => {
        const bytes = encodeMessage(sent, dialect);
        for (const reader of DIALECTS) {
          const received = decoded(bytes, reader);
          expect(received).toEqual({ ...sent, setAside: [] });
          if (received.type === "ignored") throw new Error("ignored");
          expect(hex(encodeMessage(received, dialect))).toBe(hex(bytes));
          expect(describeMessage(received)).toBe(describeMessage(sent));
        }
      }),
    );
  });

  test("means the same with its options in any order", () => {
    const one = message.filter((sent) => !("bindings" in sent) || sent.bindings.length === 1);
    fc.assert(
      fc.property(one, fc.infiniteStream(fc.nat()), (sent, order) => {
        const bytes = encodeMessage(sent, dialect);
        const shuffled = optionsOf(bytes)
          .map((option) => ({ option, key: order.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ option }) => option);
        expect(decoded(withOptions(bytes, shuffled))).toEqual(decoded(bytes));
      }),
    );
  });

  test("means the same with unknown options in it, which are set aside", () => {
    const code = fc.oneof(fc.constant(0), fc.integer({ min: 30, max: 0xffff }));
    const unknown = fc.array(fc.tuple(code, fc.uint8Array({ maxLength: 9 }), fc.nat()), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(message, unknown, (sent, more) => {
        const bytes = encodeMessage(sent, dialect);
        fc.pre(bytes.length <= 1900);
        const options = optionsOf(bytes);
        for (const [number, content, place] of more) {
          const option = [number >> 8, number & 0xff, 0, content.length, ...content];
          options.splice(place % (options.length + 1), 0, Uint8Array.from(option));
        }
        const received = decoded(withOptions(bytes, options));
        const byContent = (a: readonly unknown[], b: readonly unknown[]) =>
          String(a).localeCompare(String(b));
        expect({ ...received, setAside: [] }).toEqual(decoded(bytes));
        expect(received.setAside.map((one) => [one.code, one.content]).toSorted(byContent)).toEqual(
          more.map(([number, content]) => [number, content]).toSorted(byContent),
        );
      }),
    );
  });

  test("any of its options twice ends the connection", () => {
    const one = message.filter((sent) => !("bindings" in sent) || sent.bindings.length === 1);
    fc.assert(
      fc.property(one, fc.nat(), (sent, which) => {
        const bytes = encodeMessage(sent, dialect);
        const options = optionsOf(bytes);
        const twice = options[which % Math.max(options.length, 1)];
        // A second address is a second update.
        fc.pre(twice !== undefined && twice[1] !== 2 && bytes.length <= 1700);
        const both = withOptions(bytes, [...options, twice ?? bytes]);
        expect(() => decoded(both)).toThrow("stands here a second time");
      }),
    );
  });

  test("cut short anywhere, it is refused or lacks the options behind the cut", () => {
    fc.assert(
      fc.property(message, fc.nat(), (sent, cut) => {
        const bytes = encodeMessage(sent, dialect);
        const kept = HEADER_BYTES + (cut % (bytes.length - HEADER_BYTES + 1));
        const short = withOptions(bytes.subarray(0, HEADER_BYTES), [
          bytes.subarray(HEADER_BYTES, kept),
        ]);
        const ends = [HEADER_BYTES];
        for (const option of optionsOf(bytes)) ends.push((ends.at(-1) ?? 0) + option.length);
        if (ends.includes(kept)) expect(decoded(short).type).toBe(sent.type);
        else expect(() => decoded(short)).toThrow(sent.type);
      }),
    );
  });

  test("any number of them pass a stream that is cut anywhere", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 300 })),
        (sent, cuts) => {
          const writer = new MessageWriter();
          for (const one of sent) writeMessage(writer, one, dialect);
          const bytes = writer.take();
          const stream = new MessageStream();
          const found: string[] = [];
          let at = 0;
          for (const size of [...cuts, bytes.length]) {
            stream.push(bytes.subarray(at, at + size));
            at = Math.min(at + size, bytes.length);
            for (let one = stream.next(); one; one = stream.next()) found.push(hex(one));
          }
          expect(found).toEqual(sent.map((one) => hex(encodeMessage(one, dialect))));
          expect([stream.held, stream.offset]).toEqual([0, bytes.length]);
        },
      ),
    );
  });
});

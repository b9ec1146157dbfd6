import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReplyWriter } from "../../daemon/wire/reply.ts";
import { shortenLease } from "../../daemon/wire/shorten-lease.ts";
import { messageBytes, option, u32, udpFrame } from "./messages.ts";
import { content, read, write } from "./replies.ts";

const FOREVER = 0xffffffff;
const DAY = 86_400;

interface Layout {
  /** Bytes of option 43 before the times: they decide where these come to lie. */
  readonly before: number;
  readonly after: number;
  readonly withRelayAgent: boolean;
}

function lease(seconds: number, t1: number | undefined, t2: number | undefined, layout: Layout) {
  return write((writer: ReplyWriter) => {
    if (layout.withRelayAgent) writer.bytes(82, content(21, 1));
    writer.u8(53, 5);
    if (layout.before > 0) writer.bytes(43, content(layout.before, 3));
    writer.u32(51, seconds);
    if (t1 !== undefined) writer.u32(58, t1);
    if (t2 !== undefined) writer.u32(59, t2);
    if (layout.after > 0) writer.bytes(125, content(layout.after, 5));
  });
}

const SMALL: Layout = { before: 0, after: 0, withRelayAgent: false };

function times(frame: Uint8Array) {
  const message = read(frame);
  return [message.u32(51), message.u32(58), message.u32(59)];
}

describe("a lease that becomes shorter", () => {
  test("is the reply that would have been made with the shorter time", () => {
    const frame = lease(DAY, DAY / 2, (DAY * 7) / 8, SMALL);
    shortenLease(frame, 600);
    expect(frame).toEqual(lease(600, 300, 525, SMALL));
  });

  test("is that wherever the options lie, and whatever the seconds are", () => {
    const layouts = fc.record({
      // Up to about 290 bytes the times are in the options field, then in file and sname.
      before: fc.integer({ min: 0, max: 310 }),
      after: fc.integer({ min: 0, max: 120 }),
      withRelayAgent: fc.boolean(),
    });
    const seconds = fc.oneof(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: FOREVER }),
    );
    fc.assert(
      fc.property(layouts, seconds, seconds, (layout, a, b) => {
        const [shorter, longer] = a < b ? [a, b] : [b, a];
        const make = (time: number) =>
          lease(time, Math.floor(time / 2), Math.floor((time * 7) / 8), layout);
        const frame = make(longer);
        shortenLease(frame, shorter);
        expect(frame).toEqual(make(shorter));
        // The reader refuses a wrong checksum.
        expect(times(frame)[0]).toBe(shorter);
      }),
    );
  });

  test.each([
    ["options", 0],
    ["file", 280],
  ])("times in %s are found", (_, before) => {
    const frame = lease(7200, 3600, 6300, { before, after: 0, withRelayAgent: true });
    expect(read(frame).has(52)).toBe(before > 0);
    shortenLease(frame, 1000);
    expect(times(frame)).toEqual([1000, 500, 875]);
  });

  test("times in sname are found behind a boot file's name", () => {
    const frame = write((writer) => {
      // A name that would be a lease time, if it were options.
      writer.file(Uint8Array.from(option(51, u32(7200))));
      writer.u8(53, 2);
      writer.bytes(43, content(200, 3));
      writer.bytes(125, content(97, 3));
      writer.u32(51, 7200);
      writer.u32(58, 3600);
      writer.u32(59, 6300);
    });
    expect(read(frame).u8(52)).toBe(2);
    shortenLease(frame, 1001);
    expect(times(frame)).toEqual([1001, 500, 875]);
  });

  test("a field that holds a name is not read as options", () => {
    const name = Uint8Array.from([51, 4, 0, 1, 0, 0, 58, 4, 0, 1, 0, 0]);
    const frame = write((writer) => {
      writer.sname(name);
      writer.file(name);
      writer.u8(53, 5);
    });
    const before = frame.slice();
    shortenLease(frame, 10);
    expect(frame).toEqual(before);
  });

  test("keeps T1 and T2 that are soon enough", () => {
    const frame = lease(DAY, 60, 120, SMALL);
    shortenLease(frame, 600);
    expect(times(frame)).toEqual([600, 60, 120]);
  });

  test("has a checksum, never 0, whatever that comes to", () => {
    const endless = lease(FOREVER, undefined, undefined, SMALL);
    const checksums = new Set<number>();
    for (let seconds = 0; seconds <= 0xffff; seconds++) {
      const frame = endless.slice();
      shortenLease(frame, seconds);
      checksums.add(((frame[40] as number) << 8) | (frame[41] as number));
    }
    // All there are but 0, which would say that there is none (RFC 768).
    expect(checksums.size).toBe(0xffff);
    expect(checksums.has(0)).toBe(false);
  });

  test("one that never ended has no T1 and T2 before and after", () => {
    const frame = lease(FOREVER, undefined, undefined, SMALL);
    shortenLease(frame, 600);
    expect(frame).toEqual(lease(600, undefined, undefined, SMALL));
  });
});

describe("a reply stays as it is", () => {
  test.each([
    ["when its lease is just as long", lease(600, 590, 595, SMALL), 600],
    ["when its lease is shorter, T1 and T2 close to its end too", lease(600, 590, 595, SMALL), 601],
    ["when the time is for ever", lease(FOREVER, undefined, undefined, SMALL), FOREVER],
    ["without a lease time", write((writer) => writer.u8(53, 6)), 1],
  ])("%s", (_, frame, seconds) => {
    const before = frame.slice();
    shortenLease(frame, seconds);
    expect(frame).toEqual(before);
  });
});

describe("headers of other kinds", () => {
  /** Options that begin at an odd byte, behind padding. */
  const payload = messageBytes({
    op: 2,
    options: [0, ...option(53, [5]), ...option(51, u32(7200)), ...option(58, u32(3600)), 255],
  });

  test("IP options are skipped", () => {
    const parts = { ipOptions: [1, 1, 1, 0], sourceIp: 0x0a000001, destinationIp: 0x0a000002 };
    const frame = udpFrame(parts, payload);
    shortenLease(frame, 100);
    expect(times(frame)).toEqual([100, 50, undefined]);
  });

  test("no checksum stays none", () => {
    const frame = udpFrame({ udpChecksum: 0 }, payload);
    shortenLease(frame, 100);
    expect(times(frame)).toEqual([100, 50, undefined]);
    expect([frame[40], frame[41]]).toEqual([0, 0]);
  });

  test("what follows the End of the options is not read", () => {
    const ended = messageBytes({
      op: 2,
      options: [...option(53, [5]), 255, 0, ...option(51, u32(7))],
    });
    const frame = udpFrame({}, ended);
    const before = frame.slice();
    shortenLease(frame, 1);
    expect(frame).toEqual(before);
  });

  test("what follows the datagram is not read", () => {
    const bare = messageBytes({ op: 2, options: option(53, [5]) });
    const frame = udpFrame({ trailer: option(51, u32(7200)) }, bare);
    const before = frame.slice();
    shortenLease(frame, 100);
    expect(frame).toEqual(before);
  });
});

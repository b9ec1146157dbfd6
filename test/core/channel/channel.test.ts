// The session outlives its connections: nothing is lost, nothing comes twice, whatever breaks when.

import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { Channel } from "../../../daemon/core/channel/channel.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import { FRAME, frameOf } from "../../../daemon/wire/channel-frames.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const bytesOf = (word: string): Uint8Array => new Uint8Array(Buffer.from(word, "latin1"));

/** Bytes on their way, by link; one that is cut delivers nothing more. */
class Wire {
  readonly ends: [End, End];
  readonly #queues = new Map<string, Uint8Array[]>();
  readonly #cut = new Set<number>();
  #links = 0;

  constructor() {
    this.ends = [new End(this, 0, 1), new End(this, 1, 2)];
  }

  get a(): End {
    return this.ends[0];
  }

  get b(): End {
    return this.ends[1];
  }

  /** A connection that `a` has dialled. */
  connect(): number {
    const link = ++this.#links;
    this.b.channel.begin(link, false);
    this.a.channel.begin(link, true);
    return link;
  }

  /** Nobody is told. */
  cut(link: number): void {
    this.#cut.add(link);
    for (const from of [0, 1]) this.#queues.delete(`${link} ${from}`);
  }

  write(from: number, link: number, bytes: Uint8Array): void {
    if (this.#cut.has(link)) return;
    const key = `${link} ${from}`;
    const queue = this.#queues.get(key) ?? [];
    queue.push(new Uint8Array(bytes));
    this.#queues.set(key, queue);
  }

  /** At most so many bytes of one direction of one link arrive. False: nothing was on its way. */
  deliver(most: number, pick: number): boolean {
    const waiting = [...this.#queues].filter(([, queue]) => queue.length > 0);
    const [key, queue] = waiting[pick % Math.max(1, waiting.length)] ?? [];
    const first = queue?.shift();
    if (!key || !queue || !first) return false;
    const [link = 0, from = 0] = key.split(" ").map(Number);
    if (first.length > most) queue.unshift(first.subarray(most));
    this.ends[1 - from]?.channel.bytes(link, first.subarray(0, most));
    return true;
  }

  settle(): void {
    for (let turn = 0; turn < 10_000; turn++) {
      for (const { channel } of this.ends) channel.flush();
      if (!this.deliver(Number.POSITIVE_INFINITY, 0)) return;
    }
    throw new Error("it does not settle");
  }
}

class End {
  readonly channel: Channel;
  readonly said: string[] = [];
  readonly dropped: string[] = [];

  constructor(wire: Wire, index: number, boot: number) {
    this.channel = new Channel(new Uint8Array(8).fill(boot), {
      write: (link, bytes) => wire.write(index, link, bytes),
      drop: (link, reason) => this.dropped.push(`${link} ${reason}`),
      opened: () => this.said.push("opened"),
      conversationOpened: () => this.said.push("conversation"),
      conversationClosed: (reason) => this.said.push(`hung up: ${reason}`),
      failover: (bytes) => this.said.push(...text(bytes)),
      control: (message) => this.said.push(`control of ${message.length}`),
      closed: (reason) => this.said.push(`closed: ${reason}`),
    });
  }

  /** What was said since the last time. */
  news(): string[] {
    return this.said.splice(0);
  }
}

let wire = new Wire();
beforeEach(() => {
  wire = new Wire();
});

function connected(): number {
  const link = wire.connect();
  wire.settle();
  expect([wire.a.news(), wire.b.news()]).toEqual([
    ["opened", "conversation"],
    ["opened", "conversation"],
  ]);
  return link;
}

test("both ends open once both have spoken", () => {
  connected();
  wire.a.channel.send(bytesOf("hello"));
  wire.b.channel.send(bytesOf("you"));
  wire.settle();
  expect(wire.b.news().join("")).toBe("hello");
  expect(wire.a.news().join("")).toBe("you");
});

test("what was lost with a connection arrives on the next, and neither end hears of it", () => {
  const link = connected();
  wire.a.channel.send(bytesOf("one"));
  wire.settle();
  wire.cut(link);
  for (const word of ["two", "three"]) {
    wire.a.channel.send(bytesOf(word));
    wire.a.channel.flush();
  }
  wire.b.channel.send(bytesOf("back"));
  wire.settle();
  expect(wire.b.news().join("")).toBe("one");
  wire.connect();
  wire.settle();
  expect(wire.b.news().join("")).toBe("twothree");
  expect(wire.a.news().join("")).toBe("back");
  expect(wire.b.dropped).toEqual([`${link} the session moves`]);
});

test("what is sent while there is no connection waits for one", () => {
  const link = connected();
  wire.cut(link);
  wire.a.channel.broken(link);
  wire.b.channel.broken(link);
  expect(wire.a.channel.link).toBeUndefined();
  wire.a.channel.send(bytesOf("later"));
  wire.settle();
  wire.connect();
  wire.settle();
  expect(wire.b.news().join("")).toBe("later");
});

test("the session moves while both connections stand, and the first is closed", () => {
  const first = connected();
  const second = wire.connect();
  wire.settle();
  expect(wire.a.channel.link).toBe(second);
  expect(wire.a.dropped).toEqual([`${first} the session moves`]);
  expect([wire.a.news(), wire.b.news()]).toEqual([[], []]);
});

test("a partner that has started again begins a new session, and the old one is over", () => {
  connected();
  const other = new End(wire, 1, 3);
  wire.ends[1] = other;
  wire.connect();
  wire.settle();
  const why = "the partner has begun anew";
  expect(wire.a.news()).toEqual([`hung up: ${why}`, `closed: ${why}`, "opened", "conversation"]);
  expect(other.news()).toEqual(["opened", "conversation"]);
});

test("an end is told with its reason, and everything sent before it arrives", () => {
  connected();
  wire.a.channel.send(bytesOf("bye"));
  wire.a.channel.end("this box stops");
  wire.settle();
  expect(wire.a.news()).toEqual(["hung up: this box stops", "closed: this box stops"]);
  const why = "the partner ended it: this box stops";
  expect(wire.b.news()).toEqual(["b", "y", "e", `hung up: ${why}`, `closed: ${why}`]);
});

test("a control message of the largest size arrives whole, and failover goes past it", () => {
  connected();
  wire.a.channel.sendControl(new Uint8Array(LIMITS.controlBytesMax));
  wire.a.channel.flush();
  wire.a.channel.send(bytesOf("x"));
  wire.settle();
  for (let turn = 0; turn < 100; turn++) {
    wire.b.channel.rest();
    wire.settle();
  }
  expect(wire.b.news()).toEqual(["x", `control of ${LIMITS.controlBytesMax}`]);
});

describe("a conversation", () => {
  test("ends when one hangs up, and the session with its control messages goes on", () => {
    connected();
    wire.a.channel.send(bytesOf("last"));
    wire.a.channel.hangUp();
    wire.a.channel.send(bytesOf("lost"));
    wire.a.channel.sendControl(bytesOf("more"));
    wire.settle();
    expect(wire.b.news()).toEqual([
      "l",
      "a",
      "s",
      "t",
      "hung up: the partner closed it",
      "control of 4",
    ]);
    expect(wire.a.news()).toEqual([]);
    expect(wire.a.channel.isOpen).toBe(true);
  });

  test("is begun anew by the box that has dialled, and not by the other one", () => {
    connected();
    wire.b.channel.hangUp();
    wire.settle();
    expect(wire.a.news()).toEqual(["hung up: the partner closed it"]);
    expect([wire.b.channel.call(), wire.a.channel.call()]).toEqual([false, true]);
    wire.settle();
    expect([wire.a.news(), wire.b.news()]).toEqual([["conversation"], ["conversation"]]);
  });

  test("does not mix with the one before, whatever is under way", () => {
    connected();
    const { a, b } = wire;
    for (const word of ["old", "older"]) b.channel.send(bytesOf(word));
    a.channel.hangUp();
    a.channel.call();
    a.channel.hangUp();
    a.channel.call();
    a.channel.send(bytesOf("too soon"));
    wire.settle();
    expect(a.news()).toEqual(["conversation"]);
    b.channel.send(bytesOf("new"));
    wire.settle();
    expect(a.news().join("")).toBe("new");
    expect(b.news()).toEqual([
      ...["hung up: the partner closed it", "conversation"],
      ...["hung up: the partner closed it", "conversation"],
    ]);
  });

  test("that both end at once is over once", () => {
    connected();
    wire.a.channel.hangUp();
    wire.b.channel.hangUp();
    wire.a.channel.call();
    wire.settle();
    expect([wire.a.news(), wire.b.news()]).toEqual([["conversation"], ["conversation"]]);
  });
});

test("a partner that takes nothing is not waited for without end", () => {
  const link = connected();
  wire.cut(link);
  const piece = new Uint8Array(1 << 20);
  const took = Array.from({ length: 9 }, () => wire.a.channel.send(piece));
  expect(took).toEqual([...Array(8).fill(true), false]);
  expect(wire.a.news()[0]).toMatch(/^hung up: the partner is too slow/);
});

describe("what no partner says ends the connection, and the session that it was of", () => {
  const count = (value: number): number[] => [0, 0, 0, 0, 0, value];
  test.each([
    ["an unknown kind", Uint8Array.of(99, 0, 0)],
    ["a frame that is too long", Uint8Array.of(FRAME.failover, 0xff, 0xff)],
    ["more than was sent", frameOf(FRAME.acknowledgement, Uint8Array.from(count(9)))],
    ["a count that is cut", frameOf(FRAME.acknowledgement, Uint8Array.of(1))],
    ["a count with more behind it", frameOf(FRAME.acknowledgement, new Uint8Array(7))],
    ["an answer to nothing", frameOf(FRAME.answer, new Uint8Array(19))],
    ["a call in the middle of a conversation", frameOf(FRAME.call, new Uint8Array(0))],
    ["an accept of nothing", frameOf(FRAME.accept, new Uint8Array(0))],
    ["a second ask", frameOf(FRAME.ask, Uint8Array.of(1))],
  ])("%s", (_, bytes) => {
    const link = connected();
    wire.b.channel.bytes(link, bytes);
    expect(wire.b.news()[0]).toMatch(/^hung up: the partner sent what cannot be read/);
    expect(wire.b.channel.isOpen).toBe(false);
  });

  test("a control message without end", () => {
    const link = connected();
    const part = frameOf(FRAME.part, new Uint8Array(16_384));
    for (let turn = 0; turn < 64; turn++) wire.b.channel.bytes(link, part);
    expect(wire.b.channel.isOpen).toBe(true);
    wire.b.channel.bytes(link, part);
    expect(wire.b.channel.isOpen).toBe(false);
  });

  test("a call by the box that did not dial", () => {
    const link = connected();
    wire.a.channel.hangUp();
    wire.a.channel.bytes(link, frameOf(FRAME.call, new Uint8Array(0)));
    expect(wire.a.channel.isOpen).toBe(false);
  });

  test("content before the greeting concerns only that connection", () => {
    connected();
    wire.b.channel.begin(50, false);
    wire.b.channel.bytes(50, frameOf(FRAME.failover, bytesOf("x")));
    expect(wire.b.channel.isOpen).toBe(true);
    expect(wire.b.dropped[0]).toMatch(/^50 the partner sent what cannot be read/);
  });

  test("another version is said", () => {
    wire.b.channel.begin(1, false);
    wire.b.channel.bytes(1, frameOf(FRAME.ask, new Uint8Array(31).fill(2)));
    expect(wire.b.dropped[0]).toContain("2 is not spoken here, but 1");
  });
});

test("whatever is cut, cut short, moved and sent: each end hears what was sent, once and in order", () => {
  const deed = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("send"),
        by: fc.nat(1),
        size: fc.integer({ min: 1, max: 40_000 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("control"),
        by: fc.nat(1),
        size: fc.integer({ min: 0, max: 90_000 }),
      }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("deliver"),
        by: fc.nat(5),
        size: fc.integer({ min: 1, max: 30_000 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("cut"), by: fc.nat(1), size: fc.nat(3) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("connect"), by: fc.nat(1), size: fc.nat(1) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("rest"), by: fc.nat(1), size: fc.nat(1) }),
    },
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 120 }), (deeds) => {
      wire = new Wire();
      const link = { last: connected() };
      const sent: [string, string] = ["", ""];
      const controls: [string[], string[]] = [[], []];
      let letter = 0;
      for (const { kind, by, size } of deeds) {
        const end = wire.ends[by % 2] as End;
        const me = (by % 2) as 0 | 1;
        if (kind === "send") {
          const word = String.fromCharCode(97 + (letter++ % 26)).repeat(size);
          sent[me] += word;
          end.channel.send(bytesOf(word));
        } else if (kind === "control") {
          controls[me].push(`control of ${size}`);
          end.channel.sendControl(new Uint8Array(size));
        } else if (kind === "deliver") wire.deliver(size, by);
        else if (kind === "rest") end.channel.rest();
        else if (kind === "connect") link.last = wire.connect();
        else {
          wire.cut(link.last);
          if (size & 1) wire.a.channel.broken(link.last);
          if (size & 2) wire.b.channel.broken(link.last);
        }
        end.channel.flush();
      }
      wire.connect();
      for (let turn = 0; turn < 100; turn++) {
        wire.settle();
        for (const { channel } of wire.ends) channel.rest();
      }
      for (const me of [0, 1] as const) {
        const heard = (wire.ends[1 - me] as End).news();
        expect(heard.filter((one) => one.startsWith("closed"))).toEqual([]);
        expect(heard.filter((one) => one.startsWith("control"))).toEqual(controls[me]);
        expect(heard.filter((one) => one.length === 1).join("") === sent[me]).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

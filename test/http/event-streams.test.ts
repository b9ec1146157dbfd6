import { describe, expect, test } from "vitest";
import { createWebApp } from "../../daemon/http/routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FakeBox, fakeLease, iso } from "../support/fake-box.ts";
import { type Answer, ask, type Reader } from "./ask.ts";

interface Received {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Reads an event stream as a browser does. */
class Listener {
  readonly reader: Reader;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Answer) {
    expect(response.header("content-type")).toBe("text/event-stream");
    this.reader = response.stream();
  }

  /** The next event, or undefined when there is none (yet). */
  next(): Received | undefined {
    this.#text += this.#decoder.decode(this.reader.read(), { stream: true });
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) return undefined;
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const parsed = parse(block);
      if (parsed !== undefined) return parsed;
    }
  }

  /** As many as asked for, or fewer when there are not more. */
  take(count: number): Received[] {
    const taken: Received[] = [];
    while (taken.length < count) {
      const event = this.next();
      if (event === undefined) break;
      taken.push(event);
    }
    return taken;
  }

  close(): void {
    this.reader.close();
  }
}

function parse(block: string): Received | undefined {
  const field = (name: string) =>
    block
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field("data");
  if (data === undefined) return undefined;
  return { event: field("event") ?? "message", id: field("id"), data: JSON.parse(data) };
}

function setUp() {
  const box = new FakeBox();
  const { answer, streams } = createWebApp(box);
  const get = (target: string, headers: Record<string, string> = {}) =>
    ask(answer, target, { headers });
  const listen = (lastEventId?: string, query = "") => {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
    return new Listener(get(`/api/v1/events${query}`, headers));
  };
  return { box, get, streams, listen };
}

describe("GET /api/v1/events", () => {
  test("begins with the status, then says what happens, in order", () => {
    const { box, listen } = setUp();
    const listener = listen();
    expect(listener.next()).toEqual({
      event: "status",
      id: undefined,
      data: { status: box.status() },
    });
    const lease = fakeLease(5);
    box.grant(lease);
    box.say("10.77.0.105 on office is given to device-5.");
    box.change({ state: "degraded", why: "The disk is slow." });
    const [first, second, third] = listener.take(3);
    expect(first).toEqual({ event: "leases", id: undefined, data: { leases: [lease] } });
    expect(second?.event).toBe("log");
    expect(second?.data).toEqual({ event: box.log[0] });
    expect(third?.data).toMatchObject({ status: { why: "The disk is slow." } });
  });

  test("resumes log events after the last one seen, by header or query", () => {
    const { box, listen } = setUp();
    for (let n = 1; n <= 5; n++) box.say(`event ${n}`);
    const all = listen().take(6);
    const id = all[3]?.id;
    expect(id).toMatch(/-3$/);
    for (const listener of [listen(id), listen(undefined, `?lastEventId=${id}`)]) {
      const [, fourth, fifth] = listener.take(3);
      expect(fourth?.data).toEqual({ event: box.log[3] });
      expect(fifth?.data).toEqual({ event: box.log[4] });
      listener.close();
    }
  });

  test("an id of an earlier run of the daemon starts from the beginning", () => {
    const { box, listen } = setUp();
    box.say("before");
    const id = listen().take(2)[1]?.id;
    box.log.length = 0;
    box.current.box = { ...box.current.box, startedAt: iso(Date.parse(box.status().time)) };
    box.say("after the restart");
    const [, event] = listen(id).take(2);
    expect(event?.data).toMatchObject({ event: { sentence: "after the restart" } });
    for (const odd of ["", "x", "-1", "zz-99999999999999999999", "1-1\nevent: x"]) {
      const [, same] = listen(undefined, `?lastEventId=${encodeURIComponent(odd)}`).take(2);
      expect(same?.data).toMatchObject({ event: { sentence: "after the restart" } });
    }
  });

  test("a status that says nothing new is not sent again; keep-alive sends it all the same", () => {
    const { box, streams, listen } = setUp();
    const listener = listen();
    listener.next();
    box.change({ why: "one" });
    box.emit({ kind: "status", status: { ...box.status(), time: iso(1) } });
    box.change({ why: "two" });
    const [one, two] = listener.take(2);
    expect(one?.data).toMatchObject({ status: { why: "one" } });
    expect(two?.data).toMatchObject({ status: { why: "two" } });
    streams.keepAlive();
    expect(listener.next()).toMatchObject({ event: "status" });
  });

  test("a listener that came in between hears of a change back", () => {
    const { box, listen } = setUp();
    const first = listen();
    box.change({ why: "one" });
    first.close();
    box.change({ why: "two" });
    const second = listen();
    box.change({ why: "one" });
    const [before, after] = second.take(2);
    expect(before?.data).toMatchObject({ status: { why: "two" } });
    expect(after?.data).toMatchObject({ status: { why: "one" } });
  });

  test("in a flood, a bounded part and the word that there was more", () => {
    const { box, listen } = setUp();
    const listener = listen();
    listener.next();
    const many = Array.from({ length: LIMITS.eventLeasesMax + 50 }, (_, n) => fakeLease(n));
    box.emit({ kind: "leases", leases: many });
    const data = listener.next()?.data as { leases: unknown[]; more: boolean };
    expect(data.leases).toHaveLength(LIMITS.eventLeasesMax);
    expect(data.more).toBe(true);
  });

  test("a client's line ends cannot forge an event", () => {
    const { box, listen } = setUp();
    const listener = listen();
    listener.next();
    box.grant(fakeLease(1, { hostname: "x\n\nevent: status\ndata: {}\n\n\u2028" }));
    box.say("end");
    const [first, second] = listener.take(2);
    expect(first?.event).toBe("leases");
    expect(second?.event).toBe("log");
  });
});

describe("listeners are bounded", () => {
  test("one too many gets 503, and a place that was left is free again", () => {
    const { box, get, streams, listen } = setUp();
    const listeners: Listener[] = [];
    for (let n = 0; n < LIMITS.eventStreamsMax; n++) listeners.push(listen());
    expect(box.listenerCount).toBe(1);
    const refused = get("/api/v1/events");
    expect(refused.status).toBe(503);
    expect(refused.header("retry-after")).toBe("5");
    listeners[0]?.close();
    expect(streams.count).toBe(LIMITS.eventStreamsMax - 1);
    listen().next();
  });

  test("the last one that leaves ends the subscription", () => {
    const { box, listen } = setUp();
    const listener = listen();
    listener.next();
    expect(box.listenerCount).toBe(1);
    listener.close();
    expect(box.listenerCount).toBe(0);
  });

  test("one that does not read is cut off at the limit, the others go on", () => {
    const { box, streams, listen } = setUp();
    const slow = listen();
    const quick = listen();
    quick.next();
    const lease = fakeLease(1, { vendorClass: "v".repeat(1000) });
    let sent = 0;
    while (streams.count === 2 && sent < 10_000) {
      box.grant(lease);
      sent++;
      quick.next();
    }
    expect(streams.count).toBe(1);
    expect(sent * 1000).toBeLessThan(2 * LIMITS.eventStreamBytesMax);
    expect(slow.reader.state).toBe("cut");
    expect(slow.reader.waitingBytes).toBeGreaterThanOrEqual(LIMITS.eventStreamBytesMax);
    expect(quick.reader.state).toBe("open");
    box.say("still here");
    expect(quick.next()?.event).toMatch(/leases|log/);
  });

  test("closing ends all streams cleanly", () => {
    const { box, streams, listen } = setUp();
    const listener = listen();
    listener.next();
    streams.closeAll();
    expect(listener.next()).toBeUndefined();
    expect(listener.reader.state).toBe("ended");
    box.say("too late");
    expect(box.listenerCount).toBe(0);
  });
});

test("as JSON: the whole ring, and no stream", () => {
  const { box, get, streams } = setUp();
  box.say("one");
  box.say("two");
  const response = get("/api/v1/events", { accept: "application/json" });
  expect(response.json()).toEqual({ events: box.log });
  expect(streams.count).toBe(0);
  const unknown = get("/api/v1/events?format=xml");
  expect(unknown.status).toBe(406);
});

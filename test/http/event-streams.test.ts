import { describe, expect, test } from "vitest";
import { createWebApp } from "../../daemon/http/routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FakeBox, fakeLease, iso } from "../support/fake-box.ts";

interface Received {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Reads an event stream as a browser does; ends with it. */
class Listener {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error("no body");
    this.#reader = reader;
  }

  /** The next event, or undefined when the stream has ended. Rejects when it was cut. */
  async next(): Promise<Received | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const parsed = parse(block);
        if (parsed !== undefined) return parsed;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async take(count: number): Promise<Received[]> {
    const taken: Received[] = [];
    while (taken.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      taken.push(event);
    }
    return taken;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
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
  const { app, streams } = createWebApp(box);
  const listen = async (lastEventId?: string, query = "") => {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
    const response = await app.request(`http://localhost/api/v1/events${query}`, { headers });
    return new Listener(response);
  };
  return { box, app, streams, listen };
}

describe("GET /api/v1/events", () => {
  test("begins with the status, then says what happens, in order", async () => {
    const { box, listen } = setUp();
    const listener = await listen();
    expect(await listener.next()).toEqual({
      event: "status",
      id: undefined,
      data: { status: box.status() },
    });
    const lease = fakeLease(5);
    box.grant(lease);
    box.say("10.77.0.105 on office is given to device-5.");
    box.change({ state: "degraded", why: "The disk is slow." });
    const [first, second, third] = await listener.take(3);
    expect(first).toEqual({ event: "leases", id: undefined, data: { leases: [lease] } });
    expect(second?.event).toBe("log");
    expect(second?.data).toEqual({ event: box.log[0] });
    expect(third?.data).toMatchObject({ status: { why: "The disk is slow." } });
  });

  test("resumes log events after the last one seen, by header or query", async () => {
    const { box, listen } = setUp();
    for (let n = 1; n <= 5; n++) box.say(`event ${n}`);
    const all = await (await listen()).take(6);
    const id = all[3]?.id;
    expect(id).toMatch(/-3$/);
    for (const listener of [await listen(id), await listen(undefined, `?lastEventId=${id}`)]) {
      const [, fourth, fifth] = await listener.take(3);
      expect(fourth?.data).toEqual({ event: box.log[3] });
      expect(fifth?.data).toEqual({ event: box.log[4] });
      await listener.cancel();
    }
  });

  test("an id of an earlier run of the daemon starts from the beginning", async () => {
    const { box, listen } = setUp();
    box.say("before");
    const id = (await (await listen()).take(2))[1]?.id;
    box.log.length = 0;
    box.current.box = { ...box.current.box, startedAt: iso(Date.parse(box.status().time)) };
    box.say("after the restart");
    const [, event] = await (await listen(id)).take(2);
    expect(event?.data).toMatchObject({ event: { sentence: "after the restart" } });
    for (const odd of ["", "x", "-1", "zz-99999999999999999999", "1-1\nevent: x"]) {
      const [, same] = await (
        await listen(undefined, `?lastEventId=${encodeURIComponent(odd)}`)
      ).take(2);
      expect(same?.data).toMatchObject({ event: { sentence: "after the restart" } });
    }
  });

  test("a status that says nothing new is not sent again; keep-alive sends it all the same", async () => {
    const { box, streams, listen } = setUp();
    const listener = await listen();
    await listener.next();
    box.change({ why: "one" });
    box.emit({ kind: "status", status: { ...box.status(), time: iso(1) } });
    box.change({ why: "two" });
    const [one, two] = await listener.take(2);
    expect(one?.data).toMatchObject({ status: { why: "one" } });
    expect(two?.data).toMatchObject({ status: { why: "two" } });
    streams.keepAlive();
    expect(await listener.next()).toMatchObject({ event: "status" });
  });

  test("a listener that came in between hears of a change back", async () => {
    const { box, listen } = setUp();
    const first = await listen();
    box.change({ why: "one" });
    await first.cancel();
    box.change({ why: "two" });
    const second = await listen();
    box.change({ why: "one" });
    const [before, after] = await second.take(2);
    expect(before?.data).toMatchObject({ status: { why: "two" } });
    expect(after?.data).toMatchObject({ status: { why: "one" } });
  });

  test("in a flood, a bounded part and the word that there was more", async () => {
    const { box, listen } = setUp();
    const listener = await listen();
    await listener.next();
    const many = Array.from({ length: LIMITS.eventLeasesMax + 50 }, (_, n) => fakeLease(n));
    box.emit({ kind: "leases", leases: many });
    const data = (await listener.next())?.data as { leases: unknown[]; more: boolean };
    expect(data.leases).toHaveLength(LIMITS.eventLeasesMax);
    expect(data.more).toBe(true);
  });

  test("a client's line ends cannot forge an event", async () => {
    const { box, listen } = setUp();
    const listener = await listen();
    await listener.next();
    box.grant(fakeLease(1, { hostname: "x\n\nevent: status\ndata: {}\n\n\u2028" }));
    box.say("end");
    const [first, second] = await listener.take(2);
    expect(first?.event).toBe("leases");
    expect(second?.event).toBe("log");
  });
});

describe("listeners are bounded", () => {
  test("one too many gets 503, and a place that was left is free again", async () => {
    const { box, app, streams, listen } = setUp();
    const listeners = [];
    for (let n = 0; n < LIMITS.eventStreamsMax; n++) listeners.push(await listen());
    expect(box.listenerCount).toBe(1);
    const refused = await app.request("http://localhost/api/v1/events");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).not.toBeNull();
    await listeners[0]?.cancel();
    expect(streams.count).toBe(LIMITS.eventStreamsMax - 1);
    await (await listen()).next();
  });

  test("the last one that leaves ends the subscription", async () => {
    const { box, listen } = setUp();
    const listener = await listen();
    await listener.next();
    expect(box.listenerCount).toBe(1);
    await listener.cancel();
    expect(box.listenerCount).toBe(0);
  });

  test("one that does not read is cut off at the limit, the others go on", async () => {
    const { box, streams, listen } = setUp();
    const slow = await listen();
    const quick = await listen();
    await quick.next();
    const lease = fakeLease(1, { vendorClass: "v".repeat(1000) });
    let sent = 0;
    while (streams.count === 2 && sent < 10_000) {
      box.grant(lease);
      sent++;
      await quick.next();
    }
    expect(streams.count).toBe(1);
    expect(sent * 1000).toBeLessThan(2 * LIMITS.eventStreamBytesMax);
    await expect(slow.take(100_000)).rejects.toThrow("too slowly");
    box.say("still here");
    expect((await quick.next())?.event).toMatch(/leases|log/);
  });

  test("closing ends all streams cleanly", async () => {
    const { box, streams, listen } = setUp();
    const listener = await listen();
    await listener.next();
    streams.closeAll();
    expect(await listener.next()).toBeUndefined();
    expect(box.listenerCount).toBe(0);
  });
});

test("as JSON: the whole ring, and no stream", async () => {
  const { box, app, streams } = setUp();
  box.say("one");
  box.say("two");
  const headers = { accept: "application/json" };
  const response = await app.request("http://localhost/api/v1/events", { headers });
  expect(await response.json()).toEqual({ events: box.log });
  expect(streams.count).toBe(0);
  const unknown = await app.request("http://localhost/api/v1/events?format=xml");
  expect(unknown.status).toBe(406);
});

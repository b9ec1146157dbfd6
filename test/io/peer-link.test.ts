import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../daemon/limits.ts";
import {
  addresses,
  begin,
  box,
  ELSEWHERE,
  end,
  HERE,
  joined,
  knock,
  knocked,
  listen,
  listening,
  port,
  release,
  silentServer,
  sockets,
  THERE,
  turns,
  until,
} from "../support/peer-ends.ts";

beforeEach(begin);
afterEach(end);

describe("two boxes", () => {
  test("both dial at once: both connections stand, on both sides, and carry bytes", async () => {
    const [a, b] = [box(), box(THERE, HERE)];
    await listening(a, b);
    a.link.dial();
    b.link.dial();
    await until(() => a.events.length === 2 && b.events.length === 2);
    expect([a.events, b.events]).toEqual([
      ["open 1", "open 2"],
      ["open 1", "open 2"],
    ]);
    a.say(1, "one ", "message");
    a.say(2, "other");
    await until(() => b.text(1).length + b.text(2).length === 16);
    expect([b.text(1), b.text(2)].sort()).toEqual(["one message", "other"]);
    expect(a.events).toHaveLength(2);
  });

  test("numbers are never used again, and each connection is told as closed once", async () => {
    const [a, b] = [box(), box(THERE, HERE)];
    await listening(a, b);
    for (let n = 1; n <= 3; n++) {
      a.link.dial();
      await until(() => b.events.includes(`open ${n}`) && a.events.includes(`open ${n}`));
      (n === 2 ? b : a).link.close(n);
      await until(() => a.events.length === 2 * n && b.events.length === 2 * n);
    }
    const [mine, theirs] = ["this box closed it", "the partner closed it"];
    expect(a.events).toEqual([
      ...["open 1", `closed 1: ${mine}`, "open 2", `closed 2: ${theirs}`],
      ...["open 3", `closed 3: ${mine}`],
    ]);
    expect(b.events).toEqual([
      ...["open 1", `closed 1: ${theirs}`, "open 2", `closed 2: ${mine}`],
      ...["open 3", `closed 3: ${theirs}`],
    ]);
  });

  test("nothing leaves before the flush; a close sends what was left first", async () => {
    const [a, b] = await joined();
    a.link.send(1, new TextEncoder().encode("goodbye"));
    await turns(20);
    expect(b.text(1)).toBe("");
    a.link.close(1);
    a.say(1, " never sent");
    await until(() => b.events.length === 2);
    expect(b.text(1)).toBe("goodbye");
  });

  test("an open, bytes and a close are each followed by the end of a batch", async () => {
    const [a, b] = await joined();
    expect(b.batches).toBe(1);
    a.say(1, "x");
    await until(() => b.text(1) === "x");
    expect(b.batches).toBe(2);
    a.link.close(1);
    await until(() => b.events.length === 2);
    expect(b.batches).toBe(3);
  });

  test("a second dial while one is under way adds nothing", async () => {
    const [a, b] = [box(), box(THERE, HERE)];
    await listening(a, b);
    a.link.dial();
    a.link.dial();
    await until(() => b.events.length === 1 && a.events.length === 1);
    await turns(20);
    expect([a.events, b.events]).toEqual([["open 1"], ["open 1"]]);
  });

  test("stop sends what was gathered, tells nothing more, and frees the port", async () => {
    const [a, b] = await joined();
    a.link.send(1, new TextEncoder().encode("paused"));
    await a.link.stop();
    await until(() => b.events.length === 2);
    expect(b.text(1)).toBe("paused");
    expect(a.events).toEqual(["open 1"]);
    a.link.dial();
    a.link.configure(addresses(HERE, ELSEWHERE));
    const again = box();
    await listening(again);
    expect(a.events).toEqual(["open 1"]);
  });
});

describe("other addresses", () => {
  test("close what stood, and are listened on; the same ones again change nothing", async () => {
    const [a, b] = await joined();
    a.link.configure(addresses(HERE, THERE));
    await turns(20);
    expect(a.events).toEqual(["open 1"]);
    a.link.configure(addresses(HERE, ELSEWHERE));
    await until(() => a.events.length === 2 && b.events.length === 2);
    expect(a.events[1]).toBe("closed 1: the addresses were changed");
    await listening(a);
    const partner = await knock(ELSEWHERE);
    await until(() => a.events.length === 3);
    expect(a.events[2]).toBe("open 2");
    const stranger = await knock(THERE);
    await once(stranger, "close");
    expect(partner.destroyed).toBe(false);
  });

  test("none at all: nobody is listened to, and a dial fails", async () => {
    const a = box();
    await listening(a);
    a.link.configure(undefined);
    a.link.dial();
    expect(a.events).toEqual([]);
    await until(() => a.events.length === 1);
    expect(a.events).toEqual(["closed 0: no partner is configured"]);
    const refused = connect({ port, host: HERE, localAddress: THERE });
    await expect(once(refused, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("while a dial is under way: it fails, and is told once", async () => {
    const [a, b] = [box(), box(THERE, HERE)];
    await listening(a, b);
    a.link.dial();
    a.link.configure(addresses(HERE, ELSEWHERE));
    await until(() => a.events.length === 1);
    await turns(20);
    expect(a.events).toEqual(["closed 0: the addresses were changed"]);
  });
});

describe("who connects", () => {
  test("strangers are turned away and counted", async () => {
    const a = box();
    await listening(a);
    for (let i = 0; i < 3; i++) await once(await knock(ELSEWHERE), "close");
    expect(a.events).toEqual([]);
    expect(a.link.counters).toMatchObject({ opened: 0, strangers: 3, surplus: 0 });
  });

  test("more than a few connections are too many, also one that this box would dial", async () => {
    const a = box();
    await listening(a);
    const held: Socket[] = [];
    for (let n = 1; n <= LIMITS.peerConnectionsMax; n++) {
      held.push(await knock(THERE));
      await until(() => a.events.length === n);
    }
    await once(await knock(THERE), "close");
    expect(a.link.counters).toMatchObject({ opened: LIMITS.peerConnectionsMax, surplus: 1 });
    a.link.dial();
    await until(() => a.events.length > LIMITS.peerConnectionsMax);
    expect(a.events.at(-1)).toBe("closed 0: there are too many connections");
    held[0]?.destroy();
    await until(() => a.events.length > LIMITS.peerConnectionsMax + 1);
    await knock(THERE);
    await until(() => a.events.at(-1) === `open ${LIMITS.peerConnectionsMax + 1}`);
  });
});

describe("a partner in trouble", () => {
  test("resets the connection", async () => {
    const [a, partner] = await knocked();
    partner.resetAndDestroy();
    await until(() => a.events.length === 2);
    expect(a.events[1]).toBe("closed 1: the partner reset it");
    a.say(1, "nobody there");
    await turns(20);
    expect(a.events).toHaveLength(2);
  });

  test("is gone when something is sent", async () => {
    const [a, partner] = await knocked();
    partner.resetAndDestroy();
    for (let i = 0; i < 3; i++) a.say(1, "x".repeat(1000));
    await until(() => a.events.length === 2);
    expect(a.events[1]).toMatch(/^closed 1: /);
  });

  test("does not read: what waits for it is bounded", async () => {
    const [a, partner] = await knocked();
    partner.pause();
    const piece = new Uint8Array(64 << 10);
    let sent = 0;
    while (a.events.length === 1 && sent < 64 * LIMITS.peerBytesMax) {
      a.link.send(1, piece);
      a.link.flush();
      sent += piece.length;
      if (sent % (1 << 20) === 0) await turns(1);
    }
    expect(a.events[1]).toBe(
      `closed 1: the partner is too slow: more than ${LIMITS.peerBytesMax} bytes wait for it`,
    );
    expect(sent).toBeGreaterThan(LIMITS.peerBytesMax);
  });

  test("is closed without a flush when too much was gathered, and not from within send", async () => {
    const [a] = await knocked();
    a.link.send(1, new Uint8Array(LIMITS.peerBytesMax));
    await turns(5);
    expect(a.events).toHaveLength(1);
    a.link.send(1, new Uint8Array(1));
    expect(a.events).toHaveLength(1);
    await until(() => a.events.length === 2);
    expect(a.events[1]).toMatch(/^closed 1: the partner is too slow/);
  });

  test("reads slowly: all arrives, in order", async () => {
    const [a, partner] = await knocked();
    const sent = Buffer.alloc(4 << 20);
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32BE(at, at);
    for (let at = 0; at < sent.length; at += 100_000) {
      a.link.send(1, sent.subarray(at, at + 100_000));
      if (at % 300_000 === 0) a.link.flush();
    }
    a.link.close(1);
    const parts: Buffer[] = [];
    for await (const part of partner) {
      parts.push(part as Buffer);
      await turns(1);
    }
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
  });

  test("ends its side only: the connection ends, and what was sent before still arrives", async () => {
    const [a, partner] = await knocked(true);
    a.say(1, "last words");
    partner.end();
    await until(() => a.events.length === 2);
    expect(a.events[1]).toBe("closed 1: the partner closed it");
    let heard = "";
    for await (const part of partner) heard += String(part);
    expect(heard).toBe("last words");
  });

  test("does not end its side: a close is over after a while, and hears nothing till then", async () => {
    const [a, partner] = await knocked(true);
    a.say(1, "last words");
    a.link.close(1);
    partner.resume();
    await once(partner, "end");
    partner.write("still talking");
    await turns(50);
    expect([a.events, a.text(1)]).toEqual([["open 1"], ""]);
    vi.advanceTimersByTime(LIMITS.peerCloseMilliseconds);
    await until(() => a.events.length === 2);
    expect(a.events[1]).toBe("closed 1: this box closed it");
  });
});

describe("dialling", () => {
  test("comes from this box's own address", async () => {
    const server = await listen(THERE);
    const a = box();
    await listening(a);
    a.link.dial();
    const [socket] = (await once(server, "connection")) as [Socket];
    sockets.push(socket);
    expect(socket.remoteAddress).toBe(HERE);
  });

  test("nobody listens there", async () => {
    const a = box();
    a.link.dial();
    expect(a.events).toEqual([]);
    await until(() => a.events.length === 1);
    expect(a.events).toEqual([`closed 0: nobody listens on port ${port} of ${THERE}`]);
    a.link.dial();
    await until(() => a.events.length === 2);
  });

  test("this box does not have its address", async () => {
    const a = box("192.0.2.1", THERE);
    a.link.dial();
    await until(() => a.events.length === 1);
    expect(a.events).toEqual(["closed 0: this box does not have the address 192.0.2.1"]);
  });

  test("a partner that does not answer is waited for a few seconds", async () => {
    const stop = await silentServer();
    try {
      const a = box();
      a.link.dial();
      await turns(50);
      expect(a.events).toEqual([]);
      vi.advanceTimersByTime(LIMITS.peerConnectMilliseconds - 1);
      await turns(5);
      expect(a.events).toEqual([]);
      vi.advanceTimersByTime(1);
      await until(() => a.events.length === 1);
      expect(a.events).toEqual([`closed 0: ${THERE} port ${port} did not answer`]);
    } finally {
      await stop();
    }
  });
});

describe("listening", () => {
  test("a port that is taken is said, and had as soon as it is free", async () => {
    const server = await listen(HERE);
    const a = box();
    await until(() => a.problems.length === 1);
    expect(a.problems).toEqual([`port ${port} of ${HERE} is in use`]);
    vi.advanceTimersByTime(LIMITS.peerListenRetryMilliseconds);
    await turns(20);
    expect(a.problems).toHaveLength(1);
    await release(server);
    vi.advanceTimersByTime(LIMITS.peerListenRetryMilliseconds);
    await until(() => a.problems.length === 2);
    expect(a.problems[1]).toBeUndefined();
    await knock(THERE);
    await until(() => a.events.length === 1);
  });

  test("an address that does not exist is said, and forgotten with another one", async () => {
    const a = box("192.0.2.1", THERE);
    await until(() => a.problems.length === 1);
    expect(a.problems).toEqual(["this box does not have the address 192.0.2.1"]);
    a.link.configure(addresses(HERE, THERE));
    expect(a.problems).toHaveLength(2);
    await listening(a);
    vi.advanceTimersByTime(LIMITS.peerListenRetryMilliseconds);
    await turns(20);
    expect(a.problems).toEqual(["this box does not have the address 192.0.2.1", undefined]);
  });

  test("stopped or changed while the port is being opened, it is not kept", async () => {
    const a = box();
    const b = box(THERE, HERE);
    a.link.configure(undefined);
    await b.link.stop();
    await turns(50);
    await Promise.all([listen(HERE), listen(THERE)]);
  });
});

// The link between two boxes that know each other by their keys. Timers are moved by hand.

import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { identityOf } from "../../daemon/io/identity.ts";
import { NO_TLS, WRONG_KEY } from "../../daemon/io/peer-tls.ts";
import { LIMITS } from "../../daemon/limits.ts";
import {
  addresses,
  type Box,
  begin,
  box,
  end,
  HERE,
  knock,
  listening,
  port,
  THERE,
  turns,
  until,
} from "../support/peer-ends.ts";

beforeEach(begin);
afterEach(end);

const [here, there, stranger] = [1, 2, 3].map((n) => identityOf(new Uint8Array(32).fill(n)));
if (!here || !there || !stranger) throw new Error("three boxes");

/** Of the box here, which has a key of its own and expects one. */
function boxHere(own = here, expected = there): Box {
  if (!own || !expected) throw new Error("two keys");
  return box(HERE, THERE, { identity: own, partnerId: expected.id });
}

function boxThere(own = there, expected = here): Box {
  if (!own || !expected) throw new Error("two keys");
  return box(THERE, HERE, { identity: own, partnerId: expected.id });
}

const partner = () => `${THERE} port ${port}`;

describe("two boxes with the keys that each expects of the other", () => {
  test("speak with each other, whoever dials", async () => {
    const [a, b] = [boxHere(), boxThere()];
    await listening(a, b);
    a.link.dial();
    b.link.dial();
    await until(() => a.events.length === 2 && b.events.length === 2);
    expect([...a.events, ...b.events].filter((event) => !event.startsWith("open"))).toEqual([]);
    a.say(1, "one");
    b.say(2, "x".repeat(300_000));
    await until(() => a.text(1).length + a.text(2).length === 300_000);
    await until(() => b.text(1).length + b.text(2).length === 3);
  });

  test("what was said last arrives before the close", async () => {
    const [a, b] = [boxHere(), boxThere()];
    await listening(a, b);
    a.link.dial();
    await until(() => a.events.length === 1 && b.events.length === 1);
    a.link.send(1, new TextEncoder().encode("goodbye"));
    a.link.close(1);
    await until(() => b.events.length === 2 && a.events.length === 2);
    expect(b.text(1)).toBe("goodbye");
    expect(a.events[1]).toBe("closed 1: this box closed it");
  });
});

describe("nobody else is spoken with", () => {
  test("a partner with another key is not, by who dials", async () => {
    const [a, b] = [boxHere(), boxThere(stranger)];
    await listening(a, b);
    a.link.dial();
    await until(() => a.events.length === 1);
    expect(a.events).toEqual([`closed 0: ${partner()}: ${WRONG_KEY}`]);
    expect(a.distrusted).toBe(WRONG_KEY);
    b.link.configure(addresses(THERE, HERE, { identity: there, partnerId: here.id }));
    await listening(b);
    a.link.dial();
    await until(() => a.events.length === 2);
    expect([a.events[1], a.distrusted]).toEqual(["open 1", undefined]);
  });

  test("nor by who is dialled", async () => {
    const [a, b] = [boxHere(), boxThere(stranger)];
    await listening(a, b);
    b.link.dial();
    await until(() => a.link.counters.insecure === 1);
    expect([a.events, a.distrusted]).toEqual([[], WRONG_KEY]);
    a.link.configure(undefined);
    expect(a.distrusted).toBeUndefined();
    // In TLS 1.3 who dials is done first, and hears of it then.
    await until(() => b.events.some((event) => event.startsWith("closed")));
    b.say(1, "nobody hears this");
    expect(a.received.size).toBe(0);
  });

  test("nor one that speaks plainly", async () => {
    const a = boxHere();
    await listening(a);
    const socket = await knock(THERE, false);
    socket.write(new Uint8Array(200).fill(1));
    await until(() => a.link.counters.insecure === 1);
    expect([a.events, a.distrusted]).toEqual([[], NO_TLS]);
  });

  test("who expects no key is told why there is no connection", async () => {
    const [a, b] = [boxHere(), box(THERE, HERE)];
    await listening(a, b);
    a.link.dial();
    await until(() => b.text(1).length > 0);
    b.link.close(1);
    await until(() => a.events.length === 1);
    expect(a.events[0]).toMatch(/^closed 0: .*before both had shown their keys$/);
  });

  test("one that says nothing is given up after a while, and is one of those that count", async () => {
    const a = boxHere();
    await listening(a);
    for (let n = 0; n <= LIMITS.peerConnectionsMax; n++) await knock(THERE, false);
    await until(() => a.link.counters.surplus === 1);
    vi.advanceTimersByTime(LIMITS.peerHandshakeMilliseconds);
    await until(() => a.link.counters.insecure === LIMITS.peerConnectionsMax);
    const b = boxThere();
    b.link.dial();
    await until(() => a.events.length === 1);
    expect(a.events).toEqual(["open 1"]);
  });

  test("rubbish opens nothing, and the partner can connect behind it", async () => {
    const a = boxHere();
    await listening(a);
    for (let n = 1; n <= 60; n++) {
      const socket = await knock(THERE, false);
      // Some of it begins like the first message of TLS.
      const head = n % 2 === 0 ? [22, 3, 1, 0, n] : [];
      socket.write(Uint8Array.from([...head, ...randomBytes(n * 7)]));
      socket.end();
      await until(() => a.link.counters.insecure === n);
    }
    const b = boxThere();
    b.link.dial();
    await until(() => a.events.length === 1 && b.events.length === 1);
  });
});

test("another key of the partner is another partner: what stands is closed", async () => {
  const [a, b] = [boxHere(), boxThere()];
  await listening(a, b);
  a.link.dial();
  await until(() => a.events.length === 1 && b.events.length === 1);
  a.link.configure(addresses(HERE, THERE, { identity: here, partnerId: there.id.slice() }));
  await turns(20);
  expect(a.events).toEqual(["open 1"]);
  a.link.configure(addresses(HERE, THERE, { identity: here, partnerId: stranger.id }));
  await until(() => a.events.length === 2);
  expect(a.events[1]).toBe("closed 1: the addresses were changed");
});

// Who is greeted at the door, how many at once and how often, and how it is counted. Connections come over loopback
// and are taken for those of a link.

import { randomBytes } from "node:crypto";
import { type EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { identityOf } from "../../daemon/io/identity.ts";
import { type DoorCounters, PeerDoor, type Visitor } from "../../daemon/io/peer-door.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { turns, until } from "../support/peer-ends.ts";

/** Where connections seem to come from, and where they really can be made to. */
const scene = vi.hoisted(() => ({ from: "", port: 0 }));

vi.mock("node:net", async (original) => {
  const net = await original<typeof import("node:net")>();
  const createServer = (options: object): unknown => {
    const server = net.createServer(options);
    const listen = server.listen.bind(server);
    server.prependListener("connection", (socket) =>
      Object.defineProperty(socket, "remoteAddress", { value: scene.from }),
    );
    server.listen = () =>
      listen(0, "127.0.0.1", () => {
        scene.port = (server.address() as { port: number }).port;
      });
    return server;
  };
  return { ...net, createServer };
});

const [own, other] = [1, 2].map((number) => identityOf(new Uint8Array(32).fill(number)));
if (!own || !other) throw new Error("two boxes");
const sockets: Socket[] = [];
let now = 1000;
let door: PeerDoor;
let visitors: Visitor[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  scene.from = "fe80::66%lan0";
  scene.port = 0;
  now += 60_000;
  visitors = [];
  door = new PeerDoor({
    isPath: (name) => name !== "wan0",
    isExpected: (name, address) => name === "lan0" && address === "fe80::2",
    arrived: (visitor) => visitors.push(visitor),
    problem: () => {},
    now: () => now,
  });
  door.configure({ identity: own, port: 8647 });
  await until(() => scene.port > 0);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  const stopping = door.stop();
  vi.runAllTimers();
  await stopping;
  vi.useRealTimers();
});

async function knock(): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: scene.port });
  sockets.push(socket.on("error", () => {}));
  await once(socket, "connect");
  return socket;
}

/** So many a second that none is refused for it. */
async function knocks(count: number): Promise<void> {
  for (let one = 0; one < count; one++) {
    now += 1000 / LIMITS.peerGreetingsPerSecond;
    await knock();
  }
}

/** Those that are not zero. */
function counted(): Partial<DoorCounters> {
  return Object.fromEntries(Object.entries(door.counters).filter(([, count]) => count > 0));
}

test.each(["fe80::66%lan0", "fe80::2%lan0"])(
  "whoever comes from %s and says nothing: a few are waited for, and all are counted once",
  async (from) => {
    scene.from = from;
    await knocks(LIMITS.peerGreetedMax + 5);
    await until(() => door.counters.surplus === 5);
    vi.advanceTimersByTime(LIMITS.peerHandshakeMilliseconds);
    await turns(20);
    expect(counted()).toEqual({ surplus: 5, "insecure-silent": LIMITS.peerGreetedMax });
  },
);

test.each(["fe80::66%lan0", "fe80::2%lan0"])(
  "so many a second are greeted from %s, and the rest cost nothing",
  async (from) => {
    scene.from = from;
    const most = LIMITS.peerGreetingsPerSecond;
    for (let one = 0; one < most + 7; one++) await knock();
    await until(() => door.counters["too-often"] === 7);
    now += 500;
    for (let one = 0; one < most; one++) await knock();
    await until(() => door.counters["too-often"] === 7 + most / 2);
  },
);

test("a flood on one interface keeps nobody out on another, nor the partner", async () => {
  for (let one = 0; one < 50; one++) await knock();
  await until(() => door.counters["too-often"] > 0);
  const before = door.counters["too-often"] + door.counters.surplus;
  for (const from of ["fe80::66%ded0", "fe80::2%lan0"]) {
    scene.from = from;
    const visits = visitors.length;
    await greeting(await knock(), other);
    await until(() => visitors.length === visits + 1);
  }
  expect(door.counters["too-often"] + door.counters.surplus).toBe(before);
  // The same address somewhere else is another one.
  scene.from = "fe80::2%ded0";
  await knocks(LIMITS.peerGreetedMax + 1);
  await until(() => door.counters.surplus > 0);
});

test("from where no box is looked for, nobody is greeted", async () => {
  for (scene.from of ["fe80::2%wan0", "10.77.0.9", "fd00::2%lan0"]) await knock();
  await until(() => door.counters.strangers === 3);
  expect(counted()).toEqual({ strangers: 3 });
});

test("other things than TLS, none at all, and no key are told apart", async () => {
  (await knock()).write(randomBytes(200));
  await until(() => door.counters["insecure-no-tls"] === 1);
  (await knock()).end();
  await until(() => door.counters["insecure-broke-off"] === 1);
  await greeting(await knock(), undefined);
  await until(() => door.counters["insecure-no-key"] === 1);
  expect(visitors).toEqual([]);
});

test("nothing but Ed25519 is reckoned with", async () => {
  const tls = connectTls({ socket: await knock(), rejectUnauthorized: false });
  let offered: readonly string[] = [];
  // Only now: the door closes it when it sees that there is no key.
  tls.once("secureConnect", () => {
    offered = tls.getSharedSigalgs();
  });
  sockets.push(tls.on("error", () => {}));
  await once(tls as EventEmitter, "close");
  expect(offered).toEqual(["Ed25519+UNDEF"]);
});

async function greeting(socket: Socket, identity: typeof own): Promise<void> {
  const shown = identity && { key: identity.privateKey, cert: identity.certificate };
  const tls = connectTls({ socket, rejectUnauthorized: false, ...shown });
  sockets.push(tls.on("error", () => {}));
  await once(tls as EventEmitter, "secureConnect");
}

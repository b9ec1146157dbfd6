// Where the page is open, as addresses come and go: with addresses of this machine's loopback that are said to be there.

import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ipv4, parseSubnet } from "../daemon/base/address.ts";
import { IoError } from "../daemon/base/errors.ts";
import type { LogValues } from "../daemon/catalogue.ts";
import type { WebPlan } from "../daemon/core/web/places.ts";
import { textResponse } from "../daemon/http/message.ts";
import { type KeyAndCertificate, makeAuthority, makeLeaf } from "../daemon/io/web-keys.ts";
import { LIMITS } from "../daemon/limits.ts";
import { WebListeners } from "../daemon/web-listeners.ts";
import { untilClosed } from "./support/tls-client.ts";

const OWN = "127.1.0.2";
const VIRTUAL = "127.1.0.1";
const DAY = 86_400_000;
const validity = { notBefore: Date.now() - DAY, notAfter: Date.now() + DAY };

function certificate(): KeyAndCertificate {
  return makeLeaf(makeAuthority(validity), "box-a", [{ kind: "dns", name: "box-a" }], validity);
}

/** A port that nobody has on loopback now. */
async function freePort(): Promise<number> {
  const server = await taken("0.0.0.0", 0);
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

async function taken(host: string, port: number): Promise<Server> {
  const server = createServer().listen({ host, port });
  await once(server, "listening");
  return server;
}

let now: number;
let present: Map<string, string[]>;
let conditions: Map<string, LogValues>;
let listeners: WebListeners;
let plan: WebPlan;
let others: Server[];

beforeEach(async () => {
  now = 0;
  others = [];
  present = new Map([["lan0", [OWN]]]);
  conditions = new Map();
  const subnet = parseSubnet("127.0.0.0/8");
  plan = {
    ...{ box: "a", port: await freePort(), wanInterface: "wan0", virtualAddresses: [VIRTUAL] },
    lans: [{ interfaceName: "lan0", address: OWN }],
    subnets: subnet ? [subnet] : [],
  };
  listeners = new WebListeners({
    side: { answer: () => textResponse(200, "text/plain", "hello") },
    now: () => now,
    addresses: () => present,
    setCondition: (id, subject, values) => {
      if (values) conditions.set(`${id} ${subject}`, values);
      else conditions.delete(`${id} ${subject}`);
    },
  });
});

afterEach(() => {
  listeners.stop();
  for (const server of others) server.close();
});

async function openIs(...addresses: readonly string[]): Promise<void> {
  await expect.poll(() => [...listeners.open.keys()]).toEqual(addresses);
}

async function connected(host: string): Promise<TLSSocket> {
  const socket = connect({ host, port: plan.port, rejectUnauthorized: false });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

async function isReached(host: string): Promise<boolean> {
  try {
    (await connected(host)).destroy();
    return true;
  } catch {
    return false;
  }
}

async function started(): Promise<void> {
  listeners.show(certificate());
  listeners.configure(plan);
  await openIs(OWN);
}

test("nothing is open before there are a plan and a certificate", async () => {
  listeners.configure(plan);
  await openIs();
  listeners.show(certificate());
  await openIs(OWN);
  expect(await isReached(OWN)).toBe(true);
  expect(await isReached("127.0.0.1")).toBe(false);
  listeners.configure(undefined);
  await openIs();
  expect(await isReached(OWN)).toBe(false);
});

test("a virtual address is open while it is here, and who is connected there is cut off when it goes", async () => {
  await started();
  expect(await isReached(VIRTUAL)).toBe(false);
  present.set("lan0", [OWN, VIRTUAL]);
  listeners.look();
  await openIs(OWN, VIRTUAL);
  const [moves, stays] = [await connected(VIRTUAL), await connected(OWN)];
  const cut = once(moves, "close");
  present.set("lan0", [OWN]);
  listeners.look();
  await cut;
  await openIs(OWN);
  expect(await isReached(VIRTUAL)).toBe(false);
  stays.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(stays, "data");
  // And again, as often as it comes.
  present.set("vrrp.51", [VIRTUAL]);
  listeners.look();
  await openIs(OWN, VIRTUAL);
});

test("an address that comes and goes faster than it is opened leaves nothing behind", async () => {
  await started();
  for (let i = 0; i < 20; i++) {
    present.set("lan0", i % 2 === 0 ? [OWN, VIRTUAL] : [OWN]);
    listeners.look();
  }
  await openIs(OWN);
  expect(await isReached(VIRTUAL)).toBe(false);
  present.set("lan0", [OWN, VIRTUAL]);
  listeners.look();
  await openIs(OWN, VIRTUAL);
  expect(conditions.size).toBe(0);
});

test("an address that this machine does not have is no trouble, and is tried again", async () => {
  await started();
  present.set("lan0", [OWN, "192.0.2.1"]);
  listeners.configure({ ...plan, virtualAddresses: ["192.0.2.1"] });
  await new Promise((resolve) => setTimeout(resolve, 50));
  listeners.look();
  await openIs(OWN);
  expect(conditions.size).toBe(0);
});

test("another port moves everything", async () => {
  await started();
  const before = plan.port;
  plan = { ...plan, port: await freePort() };
  listeners.configure(plan);
  await expect.poll(() => [...listeners.open]).toEqual([[OWN, plan.port]]);
  expect((await untilClosed(OWN, before)).bytes.length).toBe(0);
  expect(await isReached(OWN)).toBe(true);
});

describe("a port that another program has", () => {
  test("is said, tried again, and over when the program is gone", async () => {
    const other = await taken(OWN, plan.port);
    others.push(other);
    listeners.show(certificate());
    listeners.configure(plan);
    const condition = `web-port-busy ${OWN}`;
    await expect
      .poll(() => conditions.get(condition))
      .toEqual({
        ...{ port: plan.port, why: "another program uses it already" },
      });
    other.close();
    await once(other, "close");
    listeners.look();
    await openIs();
    now += LIMITS.httpsRetryMilliseconds;
    listeners.look();
    await openIs(OWN);
    expect(conditions.size).toBe(0);
  });

  test("is nothing any more when the page is not wanted there", async () => {
    others.push(await taken(VIRTUAL, plan.port));
    present.set("lan0", [OWN, VIRTUAL]);
    listeners.show(certificate());
    listeners.configure(plan);
    await expect.poll(() => conditions.size).toBe(1);
    present.set("lan0", [OWN]);
    listeners.look();
    expect(conditions.size).toBe(0);
    await openIs(OWN);
  });
});

test("who has an address of no network is not heard", async () => {
  const subnets = [{ address: ipv4("10.77.0.0"), prefix: 24, mask: ipv4("255.255.255.0") }];
  listeners.show(certificate());
  listeners.configure({ ...plan, subnets });
  await openIs(OWN);
  expect((await untilClosed(OWN, plan.port)).bytes.length).toBe(0);
  expect(listeners.counters.strangers).toBe(1);
});

test("a certificate that cannot be shown opens nothing", async () => {
  listeners.configure(plan);
  expect(() => listeners.show({ certificate: "rubbish", privateKey: "rubbish" })).toThrow(IoError);
  listeners.look();
  await openIs();
});

test("after the end nothing is open, and nothing opens again", async () => {
  await started();
  const socket = await connected(OWN);
  const cut = once(socket, "close");
  listeners.stop();
  await cut;
  listeners.configure(plan);
  await openIs();
  expect(await isReached(OWN)).toBe(false);
});

// Two real daemons as a pair, over TCP on the loopback: what the appliance wires together.

import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Client } from "../../daemon/cli/client.ts";
import type { IdentityView, PartnerStatus, Status, WhyView } from "../../daemon/http/api-types.ts";
import { judgeAllSent } from "../support/sent.ts";
import { Exchanges } from "./exchange.ts";
import { PacketPeer } from "./packet-peer.ts";
import { BOX, RealDaemon, SHARED } from "./real-daemon.ts";

judgeAllSent();

const MAC = "00:16:3e:00:00:01";
const OTHER = "00:16:3e:00:00:02";
const ADDRESSES = { primary: "127.0.0.1", secondary: "127.0.0.2" } as const;
/** A pool that is divided in a moment. */
const ALONE = {
  ...SHARED,
  networks: SHARED.networks.map((one) => ({
    ...one,
    pools: [{ from: "10.0.1.0", to: "10.0.1.255" }],
  })),
};
type Role = keyof typeof ADDRESSES;
type Paired = Extract<PartnerStatus, { paired: true }>;

let port = 0;
let a: RealDaemon;
let b: RealDaemon;
let peers: PacketPeer[] = [];
let clients: Exchanges;

beforeEach(async () => {
  port = await freePort();
  a = new RealDaemon(shared(), boxOf("primary"));
  b = new RealDaemon(shared(), boxOf("secondary"));
  clients = new Exchanges();
  peers = [
    await PacketPeer.listen(a.rawlinkSocket, clients.onFrame),
    await PacketPeer.listen(b.rawlinkSocket, () => {}),
  ];
});

afterEach(async () => {
  await Promise.all([a.remove(), b.remove()]);
  await Promise.all(peers.map((peer) => peer.close()));
});

/** All new clients are the primary's, which is the box that the exchanges speak to. */
function shared(): unknown {
  // A machine that is busy with other tests has time to acknowledge.
  const partnerWaitMilliseconds = 1000;
  return { ...ALONE, pair: { name: "test", mode: "hot-standby", partnerWaitMilliseconds } };
}

function boxOf(role: Role): unknown {
  const [name, lan] = role === "primary" ? ["A", "10.0.0.2"] : ["B", "10.0.0.3"];
  const other = role === "primary" ? "secondary" : "primary";
  const [address, partner] = [ADDRESSES[role], ADDRESSES[other]];
  const networks = { office: { interface: "lan0", address: `${lan}/16` } };
  return { ...BOX, name, networks, pair: { role, address, partner, port, partnerPort: port } };
}

function clientOf(daemon: RealDaemon): Client {
  return new Client(path.join(daemon.folder, "tandem.sock"));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

function pairOf({ partner }: Status): Paired {
  if (!partner.paired) throw new Error(partner.why);
  return partner;
}

const isInStep = (status: Status) =>
  status.partner.paired && status.partner.state === "normal" && status.partner.inStep;
const isAlone = (status: Status) =>
  status.partner.paired && status.partner.state === "communications-interrupted";
const says = (id: string) => (status: Status) => status.conditions.some((c) => c.id === id);

async function startBoth(): Promise<void> {
  a.start();
  b.start();
  await Promise.all([a.until(isInStep), b.until(isInStep)]);
}

describe("two boxes", () => {
  test("come into step, and each has the leases of the other", async () => {
    await startBoth();
    const granted = await clients.join(peers[0] as PacketPeer, MAC);
    expect(granted?.leaseSeconds).toBe(3600);
    const known = (await b.leases()).find(({ mac }) => mac === MAC);
    expect(known).toMatchObject({ address: granted?.address, state: "active" });
    const [ours, theirs] = [await a.status(), await b.status()];
    expect(ours).toMatchObject({
      state: "fine",
      why: "Both boxes are in step. Box A serves office, and its partner is ready to take over.",
    });
    expect(theirs).toMatchObject({
      state: "fine",
      why: "Both boxes are in step. Box B is ready to take over office from its partner.",
    });
    expect(pairOf(ours)).toMatchObject({ role: "primary", name: "test", partnerState: "normal" });
    expect(pairOf(theirs)).toMatchObject({ role: "secondary", protocol: "tandem", refusal: "" });
    const [pool] = ours.networks[0]?.pools ?? [];
    expect((pool?.free ?? 0) + (pool?.partners ?? 0)).toBe((pool?.size ?? 0) - 1);
    expect(pool?.partners).toBeGreaterThan(0);
  });

  test("know whose an address is that nobody has", async () => {
    await startBoth();
    await clients.join(peers[0] as PacketPeer, MAC);
    const why = async (daemon: RealDaemon, client: string): Promise<string> => {
      const { value } = await clientOf(daemon).get<WhyView>(`/api/v1/why?client=${client}`);
      return value.verdict;
    };
    const backup = (await a.leases()).find(({ state }) => state === "backup")?.address ?? "";
    const partners = "It belongs to the partner's share of the pool.";
    expect(await why(a, backup)).toContain(partners);
    expect(await why(b, backup)).not.toContain(partners);
    expect(await why(b, "10.0.1.255")).toContain(partners);
  });

  test("one that is told to end says so, and comes back as what it was", async () => {
    await startBoth();
    await clients.join(peers[0] as PacketPeer, MAC);
    expect(await a.end("SIGTERM")).toBe(0);
    const alone = await b.until(isAlone, 500);
    expect(pairOf(alone)).toMatchObject({ partnerState: "paused", stateWords: "alone" });
    expect(alone).toMatchObject({ state: "degraded", role: "serving" });
    expect(alone.why).toContain("The partner is away since");
    a.start();
    await Promise.all([a.until(isInStep), b.until(isInStep)]);
    expect(await a.leases()).toEqual(await b.leases());
    expect(b.output).toContain(
      'pair-state: In the pair this box was "alone" and is "in step" now.',
    );
  });
});

describe("with keys", () => {
  const identityOf = async (daemon: RealDaemon): Promise<string> => {
    const { value } = await clientOf(daemon).get<IdentityView>("/api/v1/identity");
    return value.identity;
  };
  const knowing = (role: Role, partnerIdentity: string): unknown => {
    const box = boxOf(role) as { pair: object };
    return { ...box, pair: { ...box.pair, partnerIdentity } };
  };

  test("two boxes come into step over TLS, and keep their keys", async () => {
    await startBoth();
    const [ofA, ofB] = [await identityOf(a), await identityOf(b)];
    expect(ofA).toMatch(/^[0-9a-f]{64}$/);
    expect(ofA).not.toBe(ofB);
    a.configure(shared(), knowing("primary", ofB));
    await b.until(isAlone);
    b.configure(shared(), knowing("secondary", ofA));
    await Promise.all([a.until(isInStep), b.until(isInStep)]);
    expect((await clients.join(peers[0] as PacketPeer, MAC))?.leaseSeconds).toBe(3600);
    await a.end("SIGKILL");
    a.start();
    await Promise.all([a.until(isInStep), b.until(isInStep)]);
    expect(await identityOf(a)).toBe(ofA);
  });

  test("a box that cannot have a key says so, speaks with nobody, and heals", async () => {
    a.configure(shared(), knowing("primary", "0".repeat(64)));
    const key = path.join(a.stateDir, "key");
    mkdirSync(key, { recursive: true });
    a.start();
    const told = await a.until(says("pair-not-listening"));
    const sentence = told.conditions.find(({ id }) => id === "pair-not-listening")?.sentence;
    expect(sentence).toContain(`${key} cannot be read`);
    rmSync(key, { recursive: true });
    await a.until((status) => !says("pair-not-listening")(status));
    expect(await identityOf(a)).toMatch(/^[0-9a-f]{64}$/);
  });

  test("a box with another key is nobody's partner, and people are told", async () => {
    await startBoth();
    const [ofA, ofB] = [await identityOf(a), await identityOf(b)];
    const other = `${ofA.slice(0, -1)}${ofA.endsWith("0") ? "1" : "0"}`;
    a.configure(shared(), knowing("primary", ofB));
    b.configure(shared(), knowing("secondary", other));
    const told = await b.until(says("pair-wrong-key"));
    expect(told.conditions.find(({ id }) => id === "pair-wrong-key")?.sentence).toBe(
      "What is at the partner's address is not believed to be the partner: it has another key than the partner of this box.",
    );
    expect(isInStep(told)).toBe(false);
    b.configure(shared(), knowing("secondary", ofA));
    const good = await b.until(isInStep);
    expect(says("pair-wrong-key")(good)).toBe(false);
  });
});

describe("partner-down", () => {
  const post = (daemon: RealDaemon) => clientOf(daemon).post("/api/v1/pair/partner-down");

  test("is refused while the partner answers, and done when it is killed", async () => {
    await startBoth();
    const refused = await post(b);
    expect(refused).toMatchObject({
      done: false,
      sentence: "The partner answers, so it is not down.",
    });
    expect(pairOf(await b.status()).state).toBe("normal");
    await a.end("SIGKILL");
    await b.until(isAlone);
    expect(await post(b)).toMatchObject({ done: true });
    const down = await b.until(says("partner-down"));
    expect(pairOf(down)).toMatchObject({ state: "partner-down", connected: false });
    a.start();
    await Promise.all([a.until(isInStep), b.until(isInStep)]);
  });

  test("comes with SIGUSR2 as well", async () => {
    await startBoth();
    process.kill(b.pid, "SIGUSR2");
    const refused = 'Asked for "partner-down": the partner answers, so it is not down.';
    await b.until(() => b.output.includes(refused));
    await a.end("SIGKILL");
    await b.until(isAlone);
    process.kill(b.pid, "SIGUSR2");
    await b.until(says("partner-down"));
    expect(b.output).toContain("this box works without its partner from now on");
  });

  test("means nothing to a box alone", async () => {
    a.configure(ALONE);
    a.start();
    await a.until((status) => status.networks[0]?.serving === true);
    expect(await post(a)).toMatchObject({ done: false, sentence: "This box is in no pair." });
    process.kill(a.pid, "SIGUSR2");
    await a.until(() => a.output.includes('"partner-down": this box is in no pair'));
  });
});

describe("the configuration", () => {
  test("takes a box out of its pair, and into it again, while it runs", async () => {
    await startBoth();
    await clients.join(peers[0] as PacketPeer, MAC);
    b.configure(ALONE, { ...(boxOf("secondary") as object), pair: undefined });
    const single = await b.until(({ partner }) => !partner.paired);
    expect(single).toMatchObject({ state: "fine", why: "Box B is serving office." });
    await a.until(isAlone);
    expect(await clients.join(peers[0] as PacketPeer, OTHER)).toBeDefined();
    b.configure(shared(), boxOf("secondary"));
    await Promise.all([a.until(isInStep), b.until(isInStep)]);
  });

  test("with a port that is taken: said, the pair works all the same, and it heals", async () => {
    const squatter = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => squatter.listen(port, ADDRESSES.primary, resolve));
    await startBoth();
    const busy = await a.until(says("pair-not-listening"));
    const sentence = `The partner cannot connect to this box: port ${port} of 127.0.0.1 is in use.`;
    expect(busy.conditions.map((condition) => condition.sentence)).toContain(sentence);
    expect(busy.state).toBe("fine");
    await new Promise((resolve) => squatter.close(resolve));
    await a.until((status) => !says("pair-not-listening")(status));
  });
});

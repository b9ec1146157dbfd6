// kill -9 under load at random moments: what was acknowledged is there afterwards, every time.

import { afterAll, beforeAll, expect, test } from "vitest";
import { formatIpv4, formatMac } from "../../daemon/base/address.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { address, clientFrame } from "../support/client-frame.ts";
import { seeded } from "../support/random.ts";
import { judgeAllSent } from "../support/sent.ts";
import { PacketPeer } from "./packet-peer.ts";
import { RealDaemon } from "./real-daemon.ts";

judgeAllSent();

const KILLS = Number(process.env.KILLS ?? 50);
const CLIENTS = 4000;
const DISCOVER = 1;
const REQUEST = 3;
const OFFER = 2;
const ACK = 5;
/** Exchanges in flight: enough that every group commit holds many records. */
const WINDOW = 64;

interface Acknowledged {
  readonly address: string;
  readonly leaseSeconds: number;
  readonly at: number;
}

let daemon: RealDaemon;
let peer: PacketPeer;
/** What clients were told, by MAC: the last acknowledgement counts. */
const acknowledged = new Map<string, Acknowledged>();
let acknowledgements = 0;
let nextClient = 0;

beforeAll(async () => {
  daemon = new RealDaemon();
  peer = await PacketPeer.listen(daemon.rawlinkSocket, answer);
});

afterAll(async () => {
  await daemon.remove();
  await peer.close();
});

test(`no acknowledged lease is missing after any of ${KILLS} kill -9 under load`, async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
  const random = seeded(seed);
  for (let kill = 0; kill < KILLS; kill++) {
    const where = `kill ${kill} of seed ${seed}`;
    daemon.start();
    await daemon.until((status) => status.networks[0]?.serving === true);
    await checkLeases(where);
    const before = acknowledgements;
    discover(WINDOW);
    await waitFor(() => acknowledgements > before, where);
    await new Promise((resolve) => setTimeout(resolve, random() * 150));
    await daemon.end("SIGKILL");
    await waitFor(() => !peer.isConnected, where);
  }
  daemon.start();
  await daemon.until((status) => status.networks[0]?.serving === true);
  await checkLeases("the end");
  process.stdout.write(`  ${KILLS} kills, ${acknowledgements} acknowledgements, none missing\n`);
}, 300_000);

async function checkLeases(where: string): Promise<void> {
  const leases = new Map((await daemon.leases()).map((lease) => [lease.address, lease]));
  const missing: string[] = [];
  for (const [mac, told] of acknowledged) {
    const lease = leases.get(told.address);
    const ends = Math.floor(told.at / 1000) + told.leaseSeconds;
    const holds = lease?.mac === mac && lease.state === "active";
    if (!holds || Date.parse(lease.expiresAt) / 1000 < ends) {
      missing.push(`${mac} ${told.address}: ${JSON.stringify(lease)}`);
    }
  }
  expect(missing, where).toEqual([]);
}

function discover(count: number): void {
  const frames: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const client = nextClient++ % CLIENTS;
    const mac = `00:16:3e:00:${hexByte(client >> 8)}:${hexByte(client & 255)}`;
    frames.push(clientFrame({ type: DISCOVER, mac, xid: client }));
  }
  peer.send(frames);
}

/** Keeps the window full: an offer is requested, an acknowledgement begins the next exchange. */
function answer(frame: Uint8Array): void {
  const message = decodeDhcp4(frame, 42, frame.length);
  const type = message.u8(53);
  const offered = formatIpv4(message.yiaddr);
  const mac = formatMac(message.chaddr.subarray(0, 6));
  if (type === OFFER) {
    const options = { 50: address(offered), 54: address("10.0.0.2") };
    peer.send([clientFrame({ type: REQUEST, mac, xid: message.xid, options })]);
  } else if (type === ACK) {
    const leaseSeconds = Number(message.u32(51));
    acknowledged.set(mac, { address: offered, leaseSeconds, at: Date.now() });
    acknowledgements++;
    discover(1);
  }
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

async function waitFor(condition: () => boolean, where: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline)
      throw new Error(`${where}: waited too long\n${daemon.output}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// A hostile machine on a wire of the lab: `attacker.ts PLAN.json SECONDS [KIND]` does one thing after the other, or
// only that, so many seconds each, and prints as one line of JSON what it sent. Run by node itself, on a host of
// the lab.

import { createSocket, type Socket as Datagrams } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { identityOf } from "../../daemon/io/identity.ts";
import { type Beacon, decodeBeacon, encodeBeacon } from "../../daemon/wire/beacon.ts";
import { below, seeded } from "./random.ts";

export interface AttackPlan {
  readonly interfaceName: string;
  /** Addresses of the link that the boxes have there. */
  readonly boxes: readonly string[];
  /** Further ones of this host. */
  readonly own: readonly string[];
  readonly port: number;
  readonly seed: number;
  /** One line for each beacon, in hex. */
  readonly recording: string;
}

const GROUP = "ff12::7464:6d";
/** At once; a second of it is far more than the partner ever sends. */
const DATAGRAMS = 20;
const SILENT = 200;

const [planFile = "", seconds = "1", only] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf8")) as AttackPlan;
const random = seeded(plan.seed);
const sent: Record<string, number> = {};
const me = identityOf(bytes(32));

function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(random, 256)));
}

function pick<T>(some: readonly T[]): T {
  return some[below(random, some.length)] as T;
}

/** Beacons that were on this wire; made up where there were none. */
const recorded: readonly Buffer[] = readFileSync(plan.recording, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => Buffer.from(line, "hex"));

/** What a box says, in the name of its key, but not signed with it; or of a key of its own. */
function madeUp(isOwnKey: boolean): Buffer {
  const { beacon } = decodeBeacon(pick(recorded));
  const sequence = beacon.sequence + below(random, 100);
  const changed: Beacon = isOwnKey
    ? { ...beacon, ...{ key: me.key, boot: bytes(8), sequence, serial: "<b>evil</b>" } }
    : { ...beacon, sequence };
  const unsigned = encodeBeacon(changed);
  return Buffer.concat([unsigned, me.sign(unsigned)]);
}

const DATAGRAM_KINDS: Readonly<Record<string, () => Buffer>> = {
  garbage: () => bytes(below(random, 1400)),
  empty: () => Buffer.alloc(0),
  oversized: () => Buffer.alloc(1025 + below(random, 440), 0x41),
  fragmented: () => Buffer.alloc(1500 + below(random, 60_000), 0x42),
  truncated: () => pick(recorded).subarray(0, below(random, 300)),
  replayed: () => pick(recorded),
  forged: () => madeUp(false),
  stranger: () => madeUp(true),
};

async function datagrams(name: string, make: () => Buffer): Promise<void> {
  const socket: Datagrams = createSocket({ type: "udp6" });
  socket.on("error", () => {});
  const places = [GROUP, ...plan.boxes].map((address) => `${address}%${plan.interfaceName}`);
  for (const end = Date.now() + Number(seconds) * 1000; Date.now() < end; await pause(5)) {
    for (let one = 0; one < DATAGRAMS; one++) {
      socket.send(make(), plan.port, pick(places), () => {});
      sent[name] = (sent[name] ?? 0) + 1;
    }
  }
  socket.close();
}

function knock(localAddress?: string): Socket {
  const host = `${pick(plan.boxes)}%${plan.interfaceName}`;
  const from = localAddress && { localAddress: `${localAddress}%${plan.interfaceName}` };
  const socket = connect({ host, port: plan.port, ...from });
  socket.on("error", () => {});
  return socket;
}

/** So many connections, over the time there is; all are closed behind it. */
async function connections(name: string, count: number, deed: (s: Socket) => void): Promise<void> {
  const all: Socket[] = [];
  for (let one = 0; one < count; one++) {
    const socket = knock(plan.own[one % Math.max(1, plan.own.length)]);
    all.push(socket);
    socket.once("connect", () => {
      sent[name] = (sent[name] ?? 0) + 1;
      deed(socket);
    });
    await pause((Number(seconds) * 1000) / count);
  }
  for (const socket of all) socket.destroy();
}

function withTls(socket: Socket, isKeyShown: boolean, deed: (tls: Socket) => void): void {
  const key = isKeyShown ? { key: me.privateKey, cert: me.certificate } : {};
  const tls = connectTls({ socket, rejectUnauthorized: false, ...key });
  tls.on("error", () => {});
  tls.once("secureConnect", () => deed(tls));
}

const nothing = (): void => {};
const CONNECTION_KINDS: Readonly<Record<string, readonly [number, (socket: Socket) => void]>> = {
  "tcp-silent": [SILENT, nothing],
  "tcp-garbage": [50, (socket) => socket.end(bytes(600))],
  "tcp-hello": [50, (socket) => socket.end(Buffer.concat([Buffer.of(22, 3, 1, 2, 0), bytes(600)]))],
  "tls-without-key": [20, (socket) => withTls(socket, false, nothing)],
  "tls-silent": [50, (socket) => withTls(socket, true, nothing)],
  "tls-garbage": [50, (socket) => withTls(socket, true, (tls) => tls.write(bytes(6000)))],
  "tls-too-long": [
    20,
    (socket) => withTls(socket, true, (tls) => tls.write(Buffer.alloc(99, 255))),
  ],
};

for (const [name, make] of Object.entries(DATAGRAM_KINDS)) {
  if (!only || only === name) await datagrams(name, make);
}
for (const [name, [count, deed]] of Object.entries(CONNECTION_KINDS)) {
  if (!only || only === name) await connections(name, count, deed);
}
process.stdout.write(`${JSON.stringify(sent)}\n`);
process.exit(0);

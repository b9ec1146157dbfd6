// What people look at when something does not work, on a real daemon: captures with tshark as the judge, also with
// clients that never read, the document for support without secrets, and the log.

import { execFile, execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../daemon/limits.ts";
import { clientFrame } from "../support/client-frame.ts";
import { countsOf } from "../support/pcapng.ts";
import { judgeAllSent } from "../support/sent.ts";
import { judgePcapFile, tsharkFileFields } from "../support/tshark.ts";
import { Exchanges } from "./exchange.ts";
import { PacketPeer } from "./packet-peer.ts";
import { BOX, DAEMON, RealDaemon, SHARED } from "./real-daemon.ts";

judgeAllSent();

const MAC = "00:16:3e:00:00:01";
const OTHER = "00:16:3e:00:00:02";
const INWARDS = "0x00000001";
const OUTWARDS = "0x00000002";

let daemon: RealDaemon;
let peer: PacketPeer;
let clients: Exchanges;

beforeEach(async () => {
  daemon = new RealDaemon();
  clients = new Exchanges();
  peer = await PacketPeer.listen(daemon.rawlinkSocket, clients.onFrame);
  daemon.start();
  await daemon.until((status) => status.networks[0]?.serving === true);
});

afterEach(async () => {
  await daemon.remove();
  await peer.close();
});

const socketPath = () => path.join(daemon.folder, "tandem.sock");

/** The answer as soon as it begins. */
function open(target: string, method = "GET", body = ""): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath: socketPath(), path: target, method, agent: false },
      resolve,
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

function post(target: string, content: object): Promise<IncomingMessage> {
  return open(target, "POST", JSON.stringify(content));
}

/** What may be a key, a hash or a salt, in hex or base64. */
function longWordsOf(text: string): string[] {
  return text.match(/[\w+/-]{16,}/g) ?? [];
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function get(target: string): Promise<string> {
  return (await bytesOf(await open(target))).toString();
}

function kept(bytes: Uint8Array): string {
  const file = path.join(daemon.folder, "some.pcapng");
  writeFileSync(file, bytes);
  return file;
}

describe("a capture", () => {
  test("has the messages of a device in both directions, and ends by itself", async () => {
    const response = await open(`/api/v1/capture?seconds=4&client=${MAC}`);
    const begun = Date.now() / 1000;
    expect(response.statusCode).toBe(200);
    expect(await clients.join(peer, MAC)).toBeDefined();
    expect(await clients.join(peer, OTHER)).toBeDefined();
    expect(daemon.output).toContain(`unix socket looks at the frames of ${MAC}, for 4 s at most.`);
    const bytes = await bytesOf(response);
    expect(countsOf(bytes)).toMatchObject({ frames: 4, received: 4, dropped: 0 });
    const file = kept(bytes);
    expect(judgePcapFile(file)).toEqual([]);
    const fields = ["frame.packet_flags_direction", "frame.interface_name", "dhcp.option.dhcp"];
    expect(tsharkFileFields(file, [...fields, "dhcp.hw.mac_addr"])).toEqual([
      [INWARDS, "lan0", "1", MAC],
      [OUTWARDS, "lan0", "2", MAC],
      [INWARDS, "lan0", "3", MAC],
      [OUTWARDS, "lan0", "5", MAC],
    ]);
    const times = tsharkFileFields(file, ["frame.time_epoch"]).map(([time]) => Number(time));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs((times[0] ?? 0) - begun)).toBeLessThan(4);
  });

  test("goes on when the LAN moves to another interface", async () => {
    const response = await open("/api/v1/capture");
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    expect(await clients.join(peer, MAC)).toBeDefined();
    daemon.configure(SHARED, {
      ...BOX,
      networks: { office: { interface: "lan7", address: "10.0.0.2/16" } },
    });
    await daemon.until((status) => status.networks[0]?.interface === "lan7");
    await daemon.until((status) => status.networks[0]?.serving === true);
    expect(await clients.join(peer, OTHER)).toBeDefined();
    await expect.poll(() => countsOf(Buffer.concat(parts)).frames, { timeout: 5000 }).toBe(8);
    response.destroy();
    const bytes = Buffer.concat(parts);
    expect(countsOf(bytes).interfaces).toEqual(["lan0", "lan7"]);
    const file = kept(bytes);
    expect(judgePcapFile(file)).toEqual([]);
    const seen = tsharkFileFields(file, ["frame.interface_name", "dhcp.hw.mac_addr"]);
    const of = (mac: string) => seen.filter(([, one]) => one === mac).map(([name]) => name);
    expect(of(MAC)).toEqual(Array(4).fill("lan0"));
    expect(of(OTHER)).toEqual(Array(4).fill("lan7"));
  });

  test("of the command line is a whole file, also when it is ended by hand", async () => {
    const file = path.join(daemon.folder, "by-hand.pcapng");
    const cli = path.join(path.dirname(DAEMON), "tandem.js");
    const argv = [cli, "--socket", socketPath(), "capture", "-w", file];
    const child = execFile(process.execPath, argv);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    expect(await clients.join(peer, MAC)).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 3 * LIMITS.captureFlushMilliseconds));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    await ended;
    expect(judgePcapFile(file)).toEqual([]);
    expect(tsharkFileFields(file, ["dhcp.option.dhcp"])).toEqual([["1"], ["2"], ["3"], ["5"]]);
    // The daemon has seen that its reader is gone.
    for (let i = 0; i < LIMITS.capturesMax; i++) {
      const again = await open("/api/v1/capture");
      expect(again.statusCode).toBe(200);
      again.destroy();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
});

describe("clients that never read", () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  function neverRead(target: string): Promise<Socket> {
    return new Promise((resolve) => {
      const socket = connect(socketPath(), () => {
        socket.pause();
        socket.write(`GET ${target} HTTP/1.1\r\nhost: localhost\r\n\r\n`, () => resolve(socket));
      });
      socket.on("error", () => {});
      sockets.push(socket);
    });
  }

  /** 20,000 messages of 500 devices, some 6 MB. */
  async function flood(): Promise<void> {
    const frames = Array.from({ length: 500 }, (_, i) => {
      const tail = [(i >> 8) & 255, i & 255].map((byte) => byte.toString(16).padStart(2, "0"));
      return clientFrame({ type: 1, mac: `02:00:5e:20:${tail.join(":")}`, xid: 90_000 + i });
    });
    for (let i = 0; i < 40; i++) {
      peer.send(frames);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function placesTaken(): Promise<(number | undefined)[]> {
    const tries = [];
    for (let i = 0; i < LIMITS.capturesMax; i++) tries.push(await open("/api/v1/capture"));
    for (const one of tries) one.destroy();
    return tries.map(({ statusCode }) => statusCode);
  }

  test("cost a bounded amount, disturb nobody, and are cut off; late ones learn what they missed", async () => {
    const isOver = new Promise((resolve) => setTimeout(resolve, 7000));
    const hostile = await neverRead("/api/v1/capture?seconds=6");
    // Nothing of its body is taken before it is asked for.
    const late = await open("/api/v1/capture?seconds=6");
    await expect.poll(placesTaken, { timeout: 2000 }).toEqual([409, 409]);
    await flood();
    expect(await clients.join(peer, MAC, 5000)).toBeDefined();
    await isOver;

    const bytes = await bytesOf(late);
    // What waited in the daemon, and what the kernel and this process had taken.
    expect(bytes.length).toBeLessThan(LIMITS.captureWaitingBytesMax + (1 << 20));
    const { frames, received, dropped, comments } = countsOf(bytes);
    expect(received).toBeGreaterThan(20_000);
    expect(dropped).toBeGreaterThan(10_000);
    expect(frames + dropped).toBe(received);
    expect(comments).toEqual(["The time is over."]);

    const patience = 6000 + LIMITS.captureRestMilliseconds;
    await expect.poll(placesTaken, { timeout: patience, interval: 500 }).toEqual([200, 200]);
    const got: Buffer[] = [];
    hostile.on("data", (part: Buffer) => got.push(part));
    const closed = new Promise((resolve) => hostile.once("close", resolve));
    hostile.resume();
    await closed;
    const all = Buffer.concat(got).toString("latin1");
    expect(all).toContain("HTTP/1.1 200");
    expect(all.length).toBeLessThan(LIMITS.captureWaitingBytesMax + (1 << 20));
    // The end of a body in chunks: whoever reads it knows that something is missing.
    expect(all.endsWith("\r\n0\r\n\r\n")).toBe(false);
  });
});

describe("the document for support", () => {
  test("has no secret of the box in it, and no device when it is to be anonymous", async () => {
    const password = "quiet-otters-eat-42-plums";
    const user = { name: "anna", role: "admin", password };
    expect((await post("/api/v1/users", user)).statusCode).toBe(200);
    const made = await post("/api/v1/tokens", { name: "backup", role: "viewer" });
    const token = (await bytesOf(made)).toString();
    expect(made.statusCode, token).toBe(200);
    // Makes the key of the box.
    await get("/api/v1/identity");
    await clients.join(peer, MAC);
    const records = readFileSync(path.join(daemon.stateDir, "records.json"), "utf8");
    // Salt and hash of the password, and the hash of the token.
    expect(longWordsOf(records).length).toBeGreaterThanOrEqual(3);
    for (const anonymous of ["no", "yes"]) {
      const text = await get(`/api/v1/support?anonymous=${anonymous}`);
      const found = JSON.parse(text);
      expect(found["config.json"].networks[0].name).toBe("office");
      expect(found["box.json"].name).toBe("A");
      const names = found.stateFiles.map(({ name }: { name: string }) => name);
      expect(names).toEqual(expect.arrayContaining(["key", "secret", "records.json"]));
      for (const one of [password, ...longWordsOf(token), ...longWordsOf(records)]) {
        expect(text).not.toContain(one);
      }
      for (const name of ["key", "secret"]) {
        const secret = readFileSync(path.join(daemon.stateDir, name));
        expect(secret.length).toBeGreaterThanOrEqual(32);
        for (const encoding of ["hex", "base64", "base64url", "latin1"] as const) {
          expect(text.includes(secret.toString(encoding).slice(0, 40)), encoding).toBe(false);
        }
      }
      expect(text.includes(MAC)).toBe(anonymous === "no");
    }
  });

  test("is made by the command line as a file", async () => {
    const cli = path.join(path.dirname(DAEMON), "tandem.js");
    const file = path.join(daemon.folder, "support.json");
    const argv = [cli, "--socket", socketPath(), "support", file, "--anonymous"];
    await promisify(execFile)(process.execPath, argv);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      anonymous: true,
      status: { state: "fine" },
      software: { node: process.version },
    });
  });
});

test("the log of this run can be asked for, also what is not written anywhere", async () => {
  await clients.join(peer, MAC);
  const text = await get("/api/v1/logs?format=text&level=info");
  expect(text).toMatch(/info {4}daemon-started: Tandem .* started as box A/);
  expect(text).toContain(`is given to ${MAC}`);
  const cli = path.join(path.dirname(DAEMON), "tandem.js");
  const argv = [cli, "--socket", socketPath(), "logs", MAC];
  const shown = execFileSync(process.execPath, argv, { encoding: "utf8" });
  expect(shown.split("\n")).toHaveLength(2);
});

// Devices on the LAN of a room: whole frames of made-up hardware addresses, so that each of them can be
// answered by both servers, renew at either, and give its address back.

import { type ChildProcess, execFileSync } from "node:child_process";
import { join } from "node:path";
import { formatIpv4, formatMac } from "../../daemon/base/address.ts";
import { ARP_REPLY, ARP_REQUEST, buildArp, parseArp } from "../../daemon/wire/arp.ts";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_ARP } from "../../daemon/wire/frame.ts";
import { address, type ClientMessage, clientFrame, macBytes } from "./client-frame.ts";
import { NET, type PairRoom, type Side } from "./isc-room.ts";

export interface Device {
  readonly mac: string;
  /** Option 61, type octet included. */
  readonly clientId?: Uint8Array;
}

export interface Answer {
  /** Of the server that gave it, by its server identifier. */
  readonly side: Side;
  readonly type: "offer" | "ack" | "nak";
  /** "0.0.0.0" in a NAK. */
  readonly address: string;
  readonly seconds: number;
}

export interface Ask {
  /** How long all answers are waited for; without it the first one ends the waiting. */
  readonly forMilliseconds?: number;
  /** Only an answer of this server counts. */
  readonly from?: Side;
  /** Seconds that the device has tried for already. */
  readonly secs?: number;
}

export class Devices {
  readonly #wire: ChildProcess;
  readonly #owners = new Map<string, string>();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #xid = 1;
  #rest = "";

  private constructor(wire: ChildProcess) {
    this.#wire = wire;
    wire.stdout?.on("data", (chunk: Buffer) => this.#read(chunk.toString()));
    wire.stdin?.on("error", () => {});
  }

  static async open(room: PairRoom): Promise<Devices> {
    const program = join(room.folder, "wire-end");
    const source = new URL("../rawlink/peer.c", import.meta.url).pathname;
    execFileSync("cc", ["-O2", "-Wall", "-o", program, source], { stdio: "inherit" });
    const wire = room.start("clients", [program, "lan0"]);
    await new Promise((resolve) => wire.stdout?.once("data", resolve));
    return new Devices(wire);
  }

  /** DISCOVER: the offers that came. */
  discover(device: Device, ask: Ask = {}): Promise<Answer[]> {
    return this.#ask(device, { type: DISCOVER }, ask);
  }

  /**
   * DISCOVER to ACK, as a device tries it: again every second. With `from` only that server hears the
   * DISCOVER, and that the device has waited long, so that it answers whoever's part that is.
   */
  async join(device: Device, from?: Side, tries = 10): Promise<Answer> {
    const heardBy = from === undefined ? {} : { destinationMac: NET[from].lanMac };
    const discover = { type: DISCOVER, ...heardBy };
    for (let tried = 0; tried < tries; tried++) {
      const secs = tried + (from === undefined ? 0 : LONG_SECONDS);
      const [offer] = await this.#ask(device, discover, { secs });
      if (offer === undefined) continue;
      const options = { 50: address(offer.address), 54: address(NET[offer.side].lan) };
      const [ack] = await this.#ask(device, { type: REQUEST, options }, { from: offer.side, secs });
      if (ack?.type === "ack") return this.#bound(device, ack);
    }
    throw new Error(`${device.mac} got no address${from === undefined ? "" : ` from ${from}`}`);
  }

  /** RENEWING: unicast to one server, again every second. Undefined when it does not answer. */
  async renew(
    device: Device,
    ciaddr: string,
    side: Side,
    tries = RENEW_TRIES,
  ): Promise<Answer | undefined> {
    const { lan, lanMac } = NET[side];
    const to = { destinationIp: lan, destinationMac: lanMac };
    for (let tried = 0; tried < tries; tried++) {
      const [ack] = await this.#ask(device, { type: REQUEST, ciaddr, ...to }, { from: side });
      if (ack) return ack;
    }
    return undefined;
  }

  /** REBINDING: broadcast; all answers that come within a second. */
  async rebind(device: Device, ciaddr: string): Promise<Answer[]> {
    return await this.#ask(device, { type: REQUEST, ciaddr }, { forMilliseconds: 1000 });
  }

  /** INIT-REBOOT: broadcast; all answers that come within a second. */
  async reboot(device: Device, wanted: string): Promise<Answer[]> {
    const options = { 50: address(wanted) };
    return await this.#ask(device, { type: REQUEST, options }, { forMilliseconds: 1000 });
  }

  /** Unicast to one server; nobody answers it. */
  release(device: Device, ciaddr: string, side: Side): void {
    const { lan, lanMac } = NET[side];
    const options = { 54: address(lan) };
    const to = { destinationIp: lan, destinationMac: lanMac };
    this.#send(device, { type: RELEASE, ciaddr, options, ...to }, this.#xid++, 0);
    this.#owners.delete(ciaddr);
  }

  /** Broadcast: both servers hear that somebody else uses the address. `side` gave it. */
  decline(device: Device, declined: string, side: Side): void {
    const options = { 50: address(declined), 54: address(NET[side].lan) };
    this.#send(device, { type: DECLINE, options }, this.#xid++, 0);
    this.#owners.delete(declined);
  }

  #bound(device: Device, ack: Answer): Answer {
    this.#owners.set(ack.address, device.mac);
    return ack;
  }

  #ask(device: Device, message: Saying, ask: Ask): Promise<Answer[]> {
    const xid = this.#xid++;
    return new Promise((resolve) => {
      const answers: Answer[] = [];
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(xid);
        resolve(answers);
      };
      const timer = setTimeout(end, ask.forMilliseconds ?? RETRY_MILLISECONDS);
      this.#waiting.set(xid, (answer) => {
        if (ask.from !== undefined && answer.side !== ask.from) return;
        answers.push(answer);
        if (ask.forMilliseconds === undefined) end();
      });
      this.#send(device, message, xid, ask.secs ?? 0);
    });
  }

  #send(device: Device, message: Saying, xid: number, secs: number): void {
    const identity = device.clientId === undefined ? {} : { 61: device.clientId };
    const options = { ...message.options, ...identity };
    this.#put(clientFrame({ mac: device.mac, xid, secs, ...message, options }));
  }

  #put(frame: Uint8Array): void {
    this.#wire.stdin?.write(`send ${Buffer.from(frame).toString("hex")}\n`);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "ok") this.#hear(new Uint8Array(Buffer.from(line, "hex")));
    }
  }

  #hear(frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    if (frame.length < 42) return;
    if (view.getUint16(12) === ETHERTYPE_ARP) this.#answerArp(frame);
    const isUdp = view.getUint16(12) === 0x0800 && frame[14] === 0x45 && frame[23] === 17;
    if (!isUdp || view.getUint16(36) !== CLIENT_PORT) return;
    const message = decodeDhcp4(frame, 42, 34 + view.getUint16(38));
    const answer = answerOf(message);
    if (answer) this.#waiting.get(message.xid)?.(answer);
  }

  /** Servers ask who has an address before they unicast to it. */
  #answerArp(frame: Uint8Array): void {
    const asked = parseArp(frame, ETHERNET_HEADER_BYTES, frame.length);
    const owner = this.#owners.get(formatIpv4(asked.targetIp));
    const isProbe = asked.senderIp === 0;
    if (asked.operation !== ARP_REQUEST || owner === undefined || isProbe) return;
    if (formatMac(asked.senderMac) === owner) return;
    const reply = {
      operation: ARP_REPLY,
      senderMac: macBytes(owner),
      senderIp: asked.targetIp,
      targetMac: asked.senderMac,
      targetIp: asked.senderIp,
    };
    this.#put(buildArp(asked.senderMac, reply));
  }
}

/** The n-th device of a room; each third one has a client identifier. */
export function device(number: number): Device {
  const low = number.toString(16).padStart(2, "0");
  const mac = `02:0c:00:00:00:${low}`;
  if (number % 3 !== 0) return { mac };
  return { mac, clientId: Uint8Array.of(0, ...new TextEncoder().encode(`device;"${number}"`)) };
}

type Saying = Omit<ClientMessage, "mac" | "xid" | "secs">;

function answerOf(message: Dhcp4Message): Answer | undefined {
  const type = ({ 2: "offer", 5: "ack", 6: "nak" } as const)[Number(message.u8(53))];
  const server = formatIpv4(Number(message.u32(54)) as Dhcp4Message["yiaddr"]);
  const side = server === NET.a.lan ? "a" : server === NET.b.lan ? "b" : undefined;
  if (type === undefined || side === undefined) return undefined;
  return { side, type, address: formatIpv4(message.yiaddr), seconds: Number(message.u32(51) ?? 0) };
}

const DISCOVER = 1;
const REQUEST = 3;
const DECLINE = 4;
const RELEASE = 7;
const CLIENT_PORT = 68;
/** A busy machine may need more than one. */
const RENEW_TRIES = 4;
const RETRY_MILLISECONDS = 1000;
/** More than any `load balance max seconds` here. */
const LONG_SECONDS = 20;

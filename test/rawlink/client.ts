// A client of rawlink that shows every message, and the frames to try it with.

import { connect, type Socket } from "node:net";
import { type LinkState, MessageReader, openMessage } from "../../daemon/io/link-messages.ts";
import { until } from "./room.ts";

export interface Received {
  readonly bytes: string;
  readonly checksumReady: boolean;
}

export class Client {
  readonly socket: Socket;
  readonly states: LinkState[] = [];
  /** For each state: how many frames came before it. */
  readonly framesBefore: number[] = [];
  readonly frames: Received[] = [];
  readonly errors: string[] = [];
  drops: [number, number, number, number] = [0, 0, 0, 0];
  violation: string | null = null;
  closed = false;

  constructor(path: string) {
    const reader = new MessageReader({
      frame: (bytes, start, end, checksumReady) => {
        this.frames.push({ bytes: hex(bytes.subarray(start, end)), checksumReady });
      },
      batchEnd: () => {},
      state: (state) => {
        this.states.push(state);
        this.framesBefore.push(this.frames.length);
      },
      error: (text) => this.errors.push(text),
      drops: (...totals) => {
        this.drops = totals;
      },
    });
    this.socket = connect(path);
    this.socket.on("data", (chunk) => {
      this.violation ??= reader.read(chunk, chunk.length);
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
    });
  }

  /** Connects and waits until rawlink has said how the interface is. */
  static async open(path: string, name: string): Promise<Client> {
    const client = new Client(path);
    client.socket.write(openMessage(name));
    await client.state(() => true, "a first LINK message");
    return client;
  }

  get link(): LinkState {
    const state = this.states.at(-1);
    if (state === undefined) throw new Error("no LINK message yet");
    return state;
  }

  state(is: (state: LinkState) => boolean, what: string): Promise<boolean> {
    return until(() => this.states.length > 0 && is(this.link), what);
  }

  send(frame: Uint8Array): void {
    this.socket.write(message(0x02, frame));
  }

  async receives(frame: Uint8Array): Promise<Received> {
    const wanted = hex(frame);
    const found = () => this.frames.find((each) => each.bytes === wanted) ?? null;
    return until(found, `the client receives ${wanted.slice(0, 84)}`);
  }

  async gone(): Promise<void> {
    await until(() => this.closed, "rawlink closes the connection");
  }

  close(): void {
    this.socket.destroy();
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function message(type: number, payload: Uint8Array, flags = 0): Uint8Array {
  const header = [type, flags, payload.length >> 8, payload.length & 0xff];
  return Uint8Array.from([...header, ...payload]);
}

export const BROADCAST = new Uint8Array(6).fill(0xff);

export interface UdpFrame {
  readonly source: Uint8Array;
  readonly target?: Uint8Array;
  readonly from?: number;
  readonly to?: number;
  readonly data?: number;
  readonly addresses?: readonly [string, string];
}

/** Ethernet, IPv4 and UDP headers before `data` bytes; the UDP checksum is left out. */
export function udpFrame(what: UdpFrame): Uint8Array {
  const data = what.data ?? 300;
  const frame = new Uint8Array(42 + data);
  const view = new DataView(frame.buffer);
  frame.set(what.target ?? BROADCAST);
  frame.set(what.source, 6);
  view.setUint16(12, 0x0800);
  frame[14] = 0x45;
  view.setUint16(16, 28 + data);
  frame[22] = 64;
  frame[23] = 17;
  const [from, to] = what.addresses ?? ["0.0.0.0", "255.255.255.255"];
  frame.set(from.split(".").map(Number), 26);
  frame.set(to.split(".").map(Number), 30);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  view.setUint16(24, ~sum & 0xffff);
  view.setUint16(34, what.from ?? 68);
  view.setUint16(36, what.to ?? 67);
  view.setUint16(38, 8 + data);
  for (let at = 42; at < frame.length; at++) frame[at] = at & 0xff;
  return frame;
}

/** An ICMP message of that type (8 asks for an echo, 0 is one) with `data` bytes behind its header. */
export function icmpFrame(
  source: Uint8Array,
  target: Uint8Array,
  type: number,
  data = 20,
): Uint8Array {
  const frame = udpFrame({ source, target, data, addresses: ["10.9.0.1", "10.9.1.7"] });
  frame[23] = 1;
  frame.set([type, 0, 0, 0, 0, 7, 0, 1], 34);
  return frame;
}

export function arpFrame(source: Uint8Array, sender = source): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set(BROADCAST);
  frame.set(source, 6);
  frame.set([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1], 12);
  frame.set(sender, 22);
  frame.set([10, 9, 0, 9], 38);
  return frame;
}

/** The frame with an 802.1Q tag. */
export function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Uint8Array.from([
    ...frame.subarray(0, 12),
    0x81,
    0x00,
    vlan >> 8,
    vlan & 0xff,
    ...frame.subarray(12),
  ]);
}

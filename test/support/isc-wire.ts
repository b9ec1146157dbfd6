// What crossed the link of a pair: captured at the port of side a, put together from its TCP segments.

import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MessageStream } from "../../daemon/wire/failover/message-stream.ts";
import { FAILOVER_PORT } from "./isc-dhcpd.ts";
import { endChild, eventually, NET, type PairRoom, pause, type Side } from "./isc-room.ts";
import { readPcap } from "./pcap.ts";

export interface SentMessage {
  /** Number of its connection, from 0, in the order in which they were seen first. */
  readonly connection: number;
  readonly from: Side;
  readonly bytes: Uint8Array;
}

export class PairCapture {
  readonly file: string;
  readonly #dump: ChildProcess;

  private constructor(file: string, dump: ChildProcess) {
    this.file = file;
    this.#dump = dump;
  }

  static async start(room: PairRoom): Promise<PairCapture> {
    const file = join(room.folder, "pair.pcap");
    const filter = ["-f", `tcp port ${FAILOVER_PORT}`];
    const dump = room.start("net", ["dumpcap", "-q", "-P", "-i", "a-fo0", ...filter, "-w", file]);
    let said = "";
    dump.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await eventually(
      "the capture runs",
      () => existsSync(file),
      10_000,
      () => said,
    );
    return new PairCapture(file, dump);
  }

  /** Ends the capture; all messages of both sides in the order in which they crossed the port. */
  async end(): Promise<SentMessage[]> {
    // dumpcap takes packets out of the kernel several times a second.
    await pause(500);
    await endChild(this.#dump, "SIGINT");
    return messagesIn(readPcap(readFileSync(this.file)));
  }
}

/** Messages in the order of the frames that completed them. */
export function messagesIn(frames: readonly Uint8Array[]): SentMessage[] {
  const flows = new Map<string, Flow>();
  const connections = new Map<string, number>();
  const messages: SentMessage[] = [];
  for (const frame of frames) {
    const segment = segmentOf(frame);
    if (segment === undefined) continue;
    const { key, pairKey, from, sequence, payload, isStart } = segment;
    if (!connections.has(pairKey)) connections.set(pairKey, connections.size);
    if (isStart) flows.set(key, new Flow(sequence + 1));
    const flow = flows.get(key);
    const connection = connections.get(pairKey) ?? 0;
    for (const bytes of flow?.take(sequence, payload) ?? []) {
      messages.push({ connection, from, bytes });
    }
  }
  return messages;
}

/** One direction of one connection. */
class Flow {
  readonly #stream = new MessageStream();
  readonly #early = new Map<number, Uint8Array>();
  #next: number;

  constructor(next: number) {
    this.#next = next >>> 0;
  }

  take(sequence: number, payload: Uint8Array): Uint8Array[] {
    this.#early.set(sequence, payload);
    const whole: Uint8Array[] = [];
    for (let found = this.#due(); found !== undefined; found = this.#due()) {
      this.#stream.push(found);
      for (let one = this.#stream.next(); one !== undefined; one = this.#stream.next()) {
        whole.push(one.slice());
      }
    }
    return whole;
  }

  /** What comes next in the stream, without what was there before; undefined while there is a gap. */
  #due(): Uint8Array | undefined {
    for (const [sequence, payload] of this.#early) {
      const known = (this.#next - sequence) >>> 0;
      const isAhead = known > 0x7fffffff;
      if (isAhead) continue;
      this.#early.delete(sequence);
      if (known >= payload.length) continue;
      this.#next = (sequence + payload.length) >>> 0;
      return payload.subarray(known);
    }
    return undefined;
  }
}

interface Segment {
  readonly key: string;
  /** The same for both directions. */
  readonly pairKey: string;
  readonly from: Side;
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** A SYN. */
  readonly isStart: boolean;
}

function segmentOf(frame: Uint8Array): Segment | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 54 || view.getUint16(12) !== 0x0800 || frame[23] !== 6) return undefined;
  const tcp = 14 + 4 * (view.getUint8(14) & 0x0f);
  const source = frame.subarray(26, 30).join(".");
  const ends = [
    `${source}:${view.getUint16(tcp)}`,
    `${frame.subarray(30, 34).join(".")}:${view.getUint16(tcp + 2)}`,
  ];
  const start = tcp + 4 * (view.getUint8(tcp + 12) >>> 4);
  return {
    key: ends.join(" "),
    pairKey: ends.toSorted().join(" "),
    from: source === NET.a.pair ? "a" : "b",
    sequence: view.getUint32(tcp + 4),
    payload: frame.subarray(start, 14 + view.getUint16(16)),
    isStart: (view.getUint8(tcp + 13) & 0x02) !== 0,
  };
}

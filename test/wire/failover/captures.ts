// The captures of test/fixtures/failover: the failover messages as another program took them out of the
// TCP streams, and the streams themselves. What is in them: PROVENANCE.md there.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { readPcap } from "../../support/pcap.ts";

export const FIXTURES = path.join(import.meta.dirname, "../../fixtures/failover");
export const CAPTURES = readdirSync(FIXTURES)
  .filter((name) => name.endsWith(".pcap"))
  .map((name) => name.slice(0, -".pcap".length));

export interface CapturedOption {
  readonly code: number;
  readonly name: string;
  readonly len: number;
  /** Addresses dotted, numbers as such, bytes in hex, names of states in capitals. */
  readonly value: string | number;
  /** The number of a value that is shown by its name. */
  readonly raw?: number;
}

export interface CapturedMessage {
  readonly frame: number;
  readonly from: "primary" | "secondary";
  readonly src: string;
  readonly dst: string;
  readonly typeCode: number;
  readonly payloadOffset: number;
  readonly time: number;
  readonly xid: number;
  readonly options: readonly CapturedOption[];
  readonly hex: string;
}

/** One direction of one connection: "10.99.0.1:647 10.99.0.2:60851" and its segments in order. */
export interface Flow {
  readonly name: string;
  readonly segments: readonly Uint8Array[];
}

/** The side that was a script, which sends what it should not; undefined where both were dhcpd. */
export function scriptedSide(capture: string): "primary" | "secondary" | undefined {
  if (capture.startsWith("08-") || capture.startsWith("12-")) return "primary";
  return capture.startsWith("10-") ? "secondary" : undefined;
}

export function messagesOf(capture: string): CapturedMessage[] {
  const file = path.join(FIXTURES, `${capture}.messages.json`);
  return JSON.parse(readFileSync(file, "utf8")) as CapturedMessage[];
}

/** What every TCP endpoint with port 647 on one side sent, without what it sent again. */
export function flowsOf(capture: string): Flow[] {
  const flows = new Map<string, { next: number; segments: Uint8Array[] }>();
  for (const frame of readPcap(readFileSync(path.join(FIXTURES, `${capture}.pcap`)))) {
    const segment = segmentOf(frame);
    if (segment === undefined || segment.payload.length === 0) continue;
    const { name, sequence, payload } = segment;
    const flow = flows.get(name) ?? { next: sequence, segments: [] };
    flows.set(name, flow);
    const known = (flow.next - sequence) >>> 0;
    if (known >= payload.length) continue;
    flow.segments.push(payload.subarray(known));
    flow.next = (sequence + payload.length) >>> 0;
  }
  return Array.from(flows, ([name, { segments }]) => ({ name, segments }));
}

interface Segment {
  readonly name: string;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** The TCP segment of a frame, if it is one of failover. */
function segmentOf(frame: Uint8Array): Segment | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 54 || view.getUint16(12) !== 0x0800 || frame[23] !== 6) return undefined;
  const tcp = 14 + 4 * (view.getUint8(14) & 0x0f);
  const ports = [view.getUint16(tcp), view.getUint16(tcp + 2)];
  if (!ports.includes(647)) return undefined;
  const addresses = [frame.subarray(26, 30).join("."), frame.subarray(30, 34).join(".")];
  const start = tcp + 4 * (view.getUint8(tcp + 12) >>> 4);
  return {
    name: addresses.map((address, i) => `${address}:${ports[i]}`).join(" "),
    sequence: view.getUint32(tcp + 4),
    payload: frame.subarray(start, 14 + view.getUint16(16)),
  };
}

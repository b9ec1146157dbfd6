// Two boxes hand the gateway to and fro: what is told over D-Bus is what keepalived writes into its FIFO, and what
// is on the wire, no more and no less.

import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { tsharkFileFields } from "../support/tshark.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";
import { Keepalived, keepalivedProblem, LAN0, vrrpBus } from "./keepalived.ts";
import { NetRoom, type Place } from "./net-room.ts";
import { has, type PrivateBus } from "./private-bus.ts";
import { Observed } from "./vrrp-observed.ts";

const HANDOVERS = 30;
const A = { name: "a", address: "10.77.0.2", priority: 250 } as const;
const B = { name: "b", address: "10.77.0.3", priority: 249 } as const;
const GATEWAY = "10.77.0.1";

const noTshark = withoutProgram(has("tshark") && has("dumpcap"), "tshark");

describeUnless(keepalivedProblem() ?? noTshark, "thirty handovers between two boxes", () => {
  test("none is lost, made up or out of order", () =>
    withBoxes(async (room, a, b) => {
      const wire = await Capture.start(room, a.bus.folder);
      a.mark();
      b.mark();
      for (let i = 0; i < HANDOVERS; i++) {
        const [from, to] = i % 2 === 0 ? [a, b] : [b, a];
        from.keepalived.health(-254);
        await vi.waitUntil(() => from.state === "fault" && to.state === "master", WAIT);
        from.keepalived.health(0);
        await vi.waitUntil(() => from.state === "backup", WAIT);
      }
      const { adverts, addressChanges } = await wire.stop();
      for (const box of [a, b]) {
        expect(box.told).toEqual(box.written);
        expect(box.told).toHaveLength((HANDOVERS * 3) / 2);
      }
      const told = [...a.becameMaster, ...b.becameMaster].sort((one, two) => one.at - two.at);
      const seen = reigns(adverts);
      expect(told.map(({ box }) => box)).toEqual(seen.map(({ box }) => box));
      expect(told).toHaveLength(HANDOVERS);
      for (const [i, { at }] of told.entries()) {
        expect(Math.abs(at - (seen[i]?.at ?? 0)), `handover ${i}, milliseconds`).toBeLessThan(500);
      }
      const delays = a.delaysBehind(addressChanges);
      expect(delays).toHaveLength(HANDOVERS);
      const median = delays[delays.length / 2] ?? 0;
      const most = Math.max(...delays);
      console.log(`told ${median.toFixed(1)} ms behind the address, ${most.toFixed(1)} at most`);
      expect(median).toBeLessThan(100);
    }));
});

const WAIT = { timeout: 10_000, interval: 2 };

async function withBoxes(act: (room: NetRoom, a: Box, b: Box) => Promise<void>): Promise<void> {
  const room = new NetRoom();
  const place = await room.addPlace();
  await room.cable("lan0", `${A.address}/24`, "lan0", place);
  await room.run(`${place.join(" ")} ip addr add ${B.address}/24 dev lan0`);
  const a = await Box.start(room, [], A);
  const b = await Box.start(room, place, B);
  try {
    await vi.waitUntil(() => a.state === "master" && b.state === "backup", WAIT);
    await act(room, a, b);
  } finally {
    await Promise.all([a.end(), b.end()]);
    await room.close();
  }
}

interface Reign {
  readonly box: string;
  /** When it began, in milliseconds of the wall clock. */
  readonly at: number;
}

class Box {
  readonly bus: PrivateBus;
  readonly keepalived: Keepalived;
  readonly #name: string;
  readonly #observed: Observed;
  /** So many news and lines of the FIFO were there before. */
  #before = { news: 0, lines: 0 };

  private constructor(name: string, bus: PrivateBus, keepalived: Keepalived) {
    this.#name = name;
    this.bus = bus;
    this.keepalived = keepalived;
    this.#observed = new Observed(bus.address);
  }

  static async start(room: NetRoom, place: Place, own: typeof A | typeof B): Promise<Box> {
    const bus = vrrpBus();
    await bus.start();
    const instances = [{ ...LAN0, priority: own.priority }];
    const keepalived = new Keepalived(room, bus, { advertSeconds: 0.2, instances }, place);
    const box = new Box(own.name, bus, keepalived);
    await keepalived.start();
    return box;
  }

  /** From here on everything counts. */
  mark(): void {
    this.#before = { news: this.#observed.news.length, lines: this.keepalived.fifoLines.length };
  }

  get state(): string | undefined {
    return this.#observed.states?.get(LAN0.name);
  }

  get told(): string[] {
    return this.#observed.lines.slice(this.#before.news);
  }

  /** The same from the FIFO. */
  get written(): string[] {
    return this.keepalived.writtenBehind(this.#before.lines);
  }

  get becameMaster(): Reign[] {
    const times = this.#observed.times.slice(this.#before.news);
    const all = this.told.map((line, i) => ({ line, box: this.#name, at: times[i] ?? 0 }));
    return all.filter(({ line }) => line === "LAN0 master");
  }

  /** How long after the address came or went it was told, in ascending order. */
  delaysBehind(changes: readonly { readonly at: number; readonly isGone: boolean }[]): number[] {
    const times = this.#observed.times.slice(this.#before.news);
    const told = this.told.map((line, i) => ({ line, at: times[i] ?? 0 }));
    const moves = told.filter(({ line }) => line !== "LAN0 backup");
    expect(moves.map(({ line }) => line === "LAN0 fault")).toEqual(
      changes.map((one) => one.isGone),
    );
    return moves.map(({ at }, i) => at - (changes[i]?.at ?? 0)).sort((one, two) => one - two);
  }

  async end(): Promise<void> {
    await this.#observed.bus.stop();
    await this.keepalived.end();
    await this.bus.end();
  }
}

/** What crosses the cable, and the gateway's address on the port of the first box. */
class Capture {
  readonly #room: NetRoom;
  readonly #file: string;
  readonly #log: string;
  #pids: number[] = [];

  private constructor(room: NetRoom, folder: string) {
    this.#room = room;
    this.#file = path.join(folder, "adverts.pcap");
    this.#log = path.join(folder, "addresses");
  }

  static async start(room: NetRoom, folder: string): Promise<Capture> {
    const capture = new Capture(room, folder);
    const dumpcap = ["dumpcap", "-q", "-i", "lan0", "-f", "ip proto 112", "-w", capture.#file];
    const monitor = ["ip", "-4", "-ts", "-o", "monitor", "address", "dev", "lan0"];
    capture.#pids = [await room.start(dumpcap), await room.start(monitor, capture.#log)];
    await capture.#grows();
    await capture.#grows();
    return capture;
  }

  async stop() {
    // The capture is written in portions, in order: one that began before now, and one that did not.
    await this.#grows();
    await this.#grows();
    for (const pid of this.#pids) process.kill(pid, "SIGTERM");
    for (const pid of this.#pids) await this.#room.ended(pid);
    const fields = ["frame.time_epoch", "ip.src", "vrrp.prio"];
    const adverts = tsharkFileFields(this.#file, fields).map(([time, source, priority]) => ({
      at: Number(time) * 1000,
      box: source === A.address ? A.name : B.name,
      isLast: priority === "0",
    }));
    const lines = readFileSync(this.#log, "utf8").split("\n");
    const addressChanges = lines
      .filter((line) => line.includes(` ${GATEWAY}/`))
      .map((line) => ({ at: timeIn(line), isGone: line.includes("Deleted") }));
    return { adverts, addressChanges };
  }

  /** There are five adverts in a second. */
  async #grows(): Promise<void> {
    const before = sizeOf(this.#file);
    await vi.waitUntil(() => sizeOf(this.#file) > before, WAIT);
  }
}

/** Whose adverts follow another one's, without who was there at first. */
function reigns(adverts: readonly (Reign & { readonly isLast: boolean })[]): Reign[] {
  const found: Reign[] = [];
  for (const { box, at, isLast } of adverts) {
    if (!isLast && found.at(-1)?.box !== box) found.push({ box, at });
  }
  return found.slice(1);
}

/** ip-monitor(8) with -ts: "[2026-03-01T10:00:00.123456]", in local time; Date reads three of the six digits. */
function timeIn(line: string): number {
  const [, seconds = "", fraction = ""] = /^\[(.*)(\.\d+)\]/.exec(line) ?? [];
  return Date.parse(seconds) + Number(fraction) * 1000;
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

// What a device on the LAN notices of something that happens to the boxes: lost pings to the gateway, a TCP connection
// through it, and a lease that is renewed in the middle of it.

import { setTimeout as pause } from "node:timers/promises";
import type { RunningLab } from "../../board/virtual/lab-api.ts";
import { type BoxName, boxNames, plan } from "../../board/virtual/topology.ts";
import type { GatewayStatus } from "../../daemon/http/api-types.ts";
import { repository } from "./lab.ts";
import { addHost, type Background, type Host, Udhcpc } from "./lab-hosts.ts";

export interface Outage {
  /** Pings that were lost in a row, of one every 10 ms. */
  readonly lost: number;
  /** The longest time between two answers of the gateway of which one at least was lost in between, in milliseconds. */
  readonly ping: number;
  /** The longest time between two answers, lost or not. */
  readonly silence: number;
  /** The longest silence on the TCP connection, in milliseconds. */
  readonly tcp: number;
  /** How the connection ended; "" while it stands. */
  readonly tcpEnd: string;
  /** The longest time in which a device that renews by unicast, five times a second, had no answer; in milliseconds. */
  readonly renewal: number;
  /** Answers that were no ACK, or not of the gateway. */
  readonly others: number;
}

const PING_MILLISECONDS = 10;
const PORT = 7777;
const { gateway } = plan.lan;

export class Observer {
  readonly #host: Host;
  readonly #device: Host;
  /** That the device has. */
  readonly #address: string;

  private constructor(host: Host, device: Host, address: string) {
    this.#host = host;
    this.#device = device;
    this.#address = address;
  }

  /** A machine with a fixed address for pings and TCP, one that has a lease, and a server behind the gateway. */
  static async start(lab: RunningLab): Promise<Observer> {
    const host = await addHost(lab, "probe", [{ on: "lan", addresses: ["10.77.0.50/24"] }]);
    await host.run(["ip", "route", "add", "default", "via", gateway]);
    const script = `${repository}/test/support/tcp-tick.ts`;
    const line = `"$0" "$1" server ${PORT} >/dev/null 2>&1 & echo`;
    await lab.exec("wan", ["sh", "-c", line, process.execPath, script]);
    const device = await addHost(lab, "device", [{ on: "lan" }]);
    const client = await Udhcpc.start(device);
    await client.until("bound");
    return new Observer(host, device, client.address);
  }

  /** `deed` happens half a second after all has begun; what follows from it is over `seconds` later. */
  async watch(deed: () => Promise<unknown>, seconds: number): Promise<Outage> {
    const ping = await this.#ping();
    const tcp = await this.#tcp();
    const renewer = await this.#renewer();
    await pause(500);
    await deed();
    await pause(seconds * 1000);
    for (const one of [ping, tcp, renewer]) await one.stop();
    const { longest, end } = lastOf(tcp);
    const renewals = lastOf(renewer);
    return {
      ...silenceIn(ping.printed),
      ...{ tcp: Number(longest), tcpEnd: String(end) },
      ...{ renewal: Number(renewals.longest), others: Number(renewals.others) },
    };
  }

  async #ping(): Promise<Background> {
    const seconds = `${PING_MILLISECONDS / 1000}`;
    const ping = await this.#host.start(["ping", "-D", "-i", seconds, "-W", "1", gateway]);
    await ping.says("icmp_seq=3");
    return ping;
  }

  async #tcp(): Promise<Background> {
    const script = `${repository}/test/support/tcp-tick.ts`;
    const words = [process.execPath, script, "client", plan.wan.gateway, `${PORT}`];
    const tcp = await this.#host.start(words);
    await tcp.says("connected");
    return tcp;
  }

  async #renewer(): Promise<Background> {
    const shown = await this.#device.run(["ip", "-o", "link", "show", "dev", "eth0"]);
    const mac = /link\/ether ([0-9a-f:]+)/.exec(shown)?.[1] ?? "";
    const script = `${repository}/test/support/renewer.ts`;
    const words = [process.execPath, script, this.#address, mac, gateway];
    const renewer = await this.#device.start(words);
    await renewer.says("asks");
    return renewer;
  }
}

/** The line of JSON that a program prints at its end. */
function lastOf(program: Background): Readonly<Record<string, unknown>> {
  return JSON.parse(program.printed.trim().split("\n").at(-1) ?? "{}");
}

function silenceIn(printed: string): Pick<Outage, "lost" | "ping" | "silence"> {
  let lost = 0;
  let longest = 0;
  let silence = 0;
  let last: { readonly sequence: number; readonly at: number } | undefined;
  for (const [, seconds, number] of printed.matchAll(
    /^\[([\d.]+)\] \d+ bytes .*icmp_seq=(\d+)/gm,
  )) {
    const now = { sequence: Number(number), at: Number(seconds) * 1000 };
    const missing = last ? now.sequence - last.sequence - 1 : 0;
    lost = Math.max(lost, missing);
    if (last) silence = Math.max(silence, now.at - last.at);
    if (last && missing > 0) longest = Math.max(longest, now.at - last.at);
    last = now;
  }
  return { lost, ping: Math.round(longest), silence: Math.round(silence) };
}

export async function gatewayOf(lab: RunningLab, box: BoxName): Promise<GatewayStatus | null> {
  return (await lab.boxStatus(box)).gateway;
}

/** Where it is, when it is at exactly one box and the other one would take it; undefined otherwise. */
export async function gatewayAt(lab: RunningLab): Promise<BoxName | undefined> {
  const both = await Promise.all(boxNames.map((box) => gatewayOf(lab, box).catch(() => null)));
  const roles = both.map((one) => one?.role);
  const active = boxNames.filter((_, index) => roles[index] === "active");
  return active.length === 1 && roles.includes("standby") ? active[0] : undefined;
}

/** Until both boxes are well, and one has the gateway; returns which. */
export async function untilSettled(lab: RunningLab, timeout = 40_000): Promise<BoxName> {
  let at: BoxName | undefined;
  await lab.waitFor(
    "both boxes well, and the gateway at one",
    async () => {
      at = await gatewayAt(lab);
      const states = await Promise.all(
        boxNames.map(async (box) => {
          const { state, gateway: its, partner } = await lab.boxStatus(box);
          return state === "fine" && its?.health.score === 100 && partner.paired && partner.inStep;
        }),
      );
      return at !== undefined && states.every(Boolean);
    },
    timeout,
  );
  if (!at) throw new Error("the gateway is nowhere");
  return at;
}

// Namespaces, bridges and cables. Every port is one end of a veth pair whose other end sits in a
// bridge of the lab: taking that end down is pulling the cable, and the port loses its carrier.

import { inNamespace, ip, must, run } from "./shell.ts";
import { type BoxName, boxNames, boxPorts, type Port } from "./topology.ts";

export type Fault = "none" | "missing" | "renamed";

export interface WireStatus {
  /** "pair", "lan-a", "wan-b" or "client NAME". */
  readonly name: string;
  readonly plugged: boolean;
  /** "lan0 missing" and the like. */
  readonly faults: readonly string[];
}

export const fixedWires: readonly string[] = ["pair", "lan-a", "lan-b", "wan-a", "wan-b"];

interface Cable {
  readonly port: Port;
  readonly wire: string;
  fault: Fault;
}

export class Wires {
  #cables = new Map<string, Cable>();
  #unplugged = new Set<string>();
  #powered = new Set<BoxName>();

  /** The three bridges, once. */
  async lay(): Promise<void> {
    const bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";
    const names = ["lan", "pair", "wan"];
    await ip([
      "link set lo up",
      ...names.flatMap((name) => [`link add ${name} ${bridge}`, `link set ${name} up`]),
    ]);
  }

  /** A fresh namespace with its ports, their addresses and its loopback up. */
  async connect(namespace: string, ports: readonly Port[], forwards: boolean): Promise<void> {
    await must(["ip", "netns", "add", namespace]);
    await ip([`-n ${namespace} link set lo up`]);
    if (forwards) {
      const on = "echo 1 > /proc/sys/net/ipv4/ip_forward";
      await must(inNamespace(namespace, ["sh", "-c", on]));
    }
    for (const port of ports) {
      this.#cables.set(keyOf(port), { port, wire: wireOf(port), fault: "none" });
      await this.#create(port);
    }
  }

  /** Everything of the namespace is gone, as after a power cut. Its processes must be dead. */
  async disconnect(namespace: string): Promise<void> {
    const gone = [...this.#cables].filter(([, cable]) => cable.port.namespace === namespace);
    await ip(
      gone.map(([key]) => `link del ${key}`),
      true,
    );
    for (const [key] of gone) this.#cables.delete(key);
    await run(["ip", "netns", "del", namespace]);
  }

  /** The pair cable has a carrier only while both boxes have power. */
  async power(box: BoxName, on: boolean): Promise<void> {
    if (on) this.#powered.add(box);
    else this.#powered.delete(box);
    await this.#refresh();
  }

  /** All ports of the box at once, whatever still runs there: nobody is told good-bye. */
  async darken(box: BoxName): Promise<void> {
    const keys = [...this.#cables].filter(([, { port }]) => port.namespace === box);
    await ip(
      keys.map(([key]) => `link set ${key} down`),
      true,
    );
  }

  isPowered(box: BoxName): boolean {
    return this.#powered.has(box);
  }

  async plug(wire: string, plugged: boolean): Promise<void> {
    if (plugged) this.#unplugged.delete(wire);
    else this.#unplugged.add(wire);
    await this.#refresh();
  }

  isPlugged(wire: string): boolean {
    return !this.#unplugged.has(wire);
  }

  /** What a driver or a hot-plug script does to a port; "none" brings it back. */
  async fault(box: BoxName, name: string, fault: Fault): Promise<void> {
    const port = boxPorts(box).find((candidate) => candidate.name === name);
    const cable = port && this.#cables.get(keyOf(port));
    if (!port || !cable) throw new Error(`box ${box} has no port ${name} now`);
    if (cable.fault === fault) return;
    const away = `${name}-away`;
    if (cable.fault === "renamed") await this.#rename(port, away, name);
    if (cable.fault === "missing") await this.#create(port);
    if (fault === "renamed") await this.#rename(port, name, away);
    if (fault === "missing") await ip([`link del ${keyOf(port)}`]);
    cable.fault = fault;
    await this.#refresh();
  }

  /** The cables between the boxes and the switches, then those of the clients. */
  list(): WireStatus[] {
    const cables = [...this.#cables.values()];
    const clients = cables.map((cable) => cable.wire).filter((wire) => wire.startsWith("client"));
    return [...fixedWires, ...clients].map((name) => ({
      name,
      plugged: this.isPlugged(name),
      faults: cables
        .filter((cable) => cable.wire === name && cable.fault !== "none")
        .map((cable) => `${cable.port.name} ${cable.fault}`),
    }));
  }

  async #create(port: Port): Promise<void> {
    const key = keyOf(port);
    const peer = `peer name ${port.name} address ${port.mac} netns ${port.namespace}`;
    await ip([
      `link add ${key} type veth ${peer}`,
      `link set ${key} master ${port.bridge}`,
      ...port.addresses.map((a) => `-n ${port.namespace} addr add ${a} brd + dev ${port.name}`),
      `-n ${port.namespace} link set ${port.name} up`,
    ]);
    await this.#refresh();
  }

  async #rename(port: Port, from: string, to: string): Promise<void> {
    const at = `-n ${port.namespace} link set`;
    await ip([`${at} ${from} down`, `${at} ${from} name ${to}`, `${at} ${to} up`]);
  }

  async #refresh(): Promise<void> {
    const lines: string[] = [];
    for (const [key, cable] of this.#cables) {
      if (cable.fault === "missing") continue;
      const bothOn = boxNames.every((box) => this.#powered.has(box));
      const live = this.isPlugged(cable.wire) && (cable.wire !== "pair" || bothOn);
      lines.push(`link set ${key} ${live ? "up" : "down"}`);
    }
    await ip(lines);
  }
}

/** Name of the end that sits in the bridge; at most 15 characters. */
function keyOf(port: Port): string {
  return `${port.namespace}-${port.name}`;
}

function wireOf(port: Port): string {
  if (port.bridge === "pair") return "pair";
  if (port.namespace === "wan") return "wan";
  const box = boxNames.find((name) => name === port.namespace);
  return box ? `${port.bridge}-${box}` : `client ${port.namespace}`;
}

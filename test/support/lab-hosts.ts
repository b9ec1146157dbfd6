// Further machines on the wires of a lab: clients of other kinds, relays, foreign servers. Each is a
// namespace of its own in the lab, and ends with it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientEvent } from "../../board/virtual/client.ts";
import type { CommandResult } from "../../board/virtual/control-client.ts";
import type { RunningLab } from "../../board/virtual/lab-api.ts";

export interface HostPort {
  /** A switch of the lab: "lan", "wan", or one made by `addSwitch`. */
  readonly on: string;
  readonly mac?: string;
  /** With prefix. */
  readonly addresses?: readonly string[];
}

/** Another switch in the lab, with nothing plugged in. */
export async function addSwitch(lab: RunningLab, name: string): Promise<void> {
  const kind = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";
  await shell(lab, `ip link add ${name} ${kind} && ip link set ${name} up`);
}

/** A machine with the ports eth0, eth1, … Names are at most 8 letters and digits. */
export async function addHost(
  lab: RunningLab,
  name: string,
  ports: readonly HostPort[],
): Promise<Host> {
  const lines = [`ip netns add ${name}`, `ip -n ${name} link set lo up`];
  ports.forEach((port, index) => {
    const [inside, outside] = [`eth${index}`, `${name}-eth${index}`];
    const mac = port.mac ? ` address ${port.mac}` : "";
    lines.push(
      `ip link add ${outside} type veth peer name ${inside}${mac} netns ${name}`,
      `ip link set ${outside} master ${port.on} up`,
      ...(port.addresses ?? []).map((each) => `ip -n ${name} addr add ${each} dev ${inside}`),
      `ip -n ${name} link set ${inside} up`,
    );
  });
  await shell(lab, lines.join(" && "));
  const folder = join(lab.folder, "hosts", name);
  mkdirSync(folder, { recursive: true });
  return new Host(lab, name, folder);
}

/** Ends the daemon of box a without warning and starts it again: it forgets what is only in memory. */
export async function restartDaemon(lab: RunningLab): Promise<void> {
  await lab.cmd("kill a");
  await lab.cmd("start a");
  await lab.waitFor("box a serving again", async () => (await lab.boxStatus("a")).state === "fine");
}

export class Host {
  readonly lab: RunningLab;
  readonly name: string;
  /** For the files of the programs that run here. */
  readonly folder: string;
  #started = 0;

  constructor(lab: RunningLab, name: string, folder: string) {
    this.lab = lab;
    this.name = name;
    this.folder = folder;
  }

  /** Runs a program to its end without judging how it ended; after `seconds` it is ended. */
  try(argv: readonly string[], seconds = 20): Promise<CommandResult> {
    return this.lab.try(["exec", "lab", "timeout", `${seconds}`, ...this.#here(argv)]);
  }

  /** The same; rejects when the program fails. Returns what it printed. */
  async run(argv: readonly string[], seconds = 20): Promise<string> {
    const done = await this.try(argv, seconds);
    if (done.code !== 0)
      throw new Error(`${argv.join(" ")}: code ${done.code}\n${done.out}${done.err}`);
    return done.out;
  }

  /** Starts a program that goes on. */
  async start(argv: readonly string[]): Promise<Background> {
    this.#started += 1;
    const log = join(this.folder, `${this.#started}.log`);
    const line = `cd "$1"; log=$2; shift 2; "$@" >"$log" 2>&1 & echo $!`;
    const words = ["sh", "-c", line, "sh", this.folder, log, ...this.#here(argv)];
    const pid = (await this.lab.exec("lab", words)).trim();
    return new Background(this.lab, Number(pid), log);
  }

  /** Writes a file into the host's folder; returns its path. */
  write(name: string, text: string, mode = 0o644): string {
    const file = join(this.folder, name);
    writeFileSync(file, text, { mode });
    return file;
  }

  /** The IPv4 addresses of a port, without prefix. */
  async addresses(port = "eth0"): Promise<string[]> {
    const text = await this.run(["ip", "-4", "-o", "addr", "show", "dev", port]);
    return Array.from(text.matchAll(/inet ([\d.]+)/g), (match) => match[1] ?? "");
  }

  #here(argv: readonly string[]): string[] {
    return ["nsenter", `--net=/run/netns/${this.name}`, "--", ...argv];
  }
}

/** A program that was started on a host. */
export class Background {
  readonly pid: number;
  readonly #lab: RunningLab;
  readonly #log: string;

  constructor(lab: RunningLab, pid: number, log: string) {
    this.#lab = lab;
    this.pid = pid;
    this.#log = log;
  }

  /** All it printed so far. */
  get printed(): string {
    return readFileSync(this.#log, "utf8");
  }

  async signal(name: string): Promise<void> {
    await this.#lab.exec("lab", ["kill", "-s", name, `${this.pid}`]);
  }

  async isRunning(): Promise<boolean> {
    return (await this.#lab.try(["exec", "lab", "kill", "-0", `${this.pid}`])).code === 0;
  }

  /** Ends it and waits until it is gone. */
  async stop(name = "TERM"): Promise<void> {
    await this.#lab.try(["exec", "lab", "kill", "-s", name, `${this.pid}`]);
    await this.#lab.waitFor("the end of a program", async () => !(await this.isRunning()));
  }

  /** Waits until it has printed that. */
  async says(text: string): Promise<void> {
    try {
      await this.#lab.waitFor(`"${text}"`, () => this.printed.includes(text), 10_000);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.printed}`);
    }
  }
}

/** udhcpc on a host, with what its script was told. */
export class Udhcpc {
  readonly program: Background;
  readonly #host: Host;
  readonly #events: string;

  private constructor(host: Host, program: Background, events: string) {
    this.#host = host;
    this.program = program;
    this.#events = events;
  }

  static async start(host: Host, options: readonly string[] = []): Promise<Udhcpc> {
    const events = host.write("events.jsonl", "");
    const common = join(host.lab.folder, "program", "client-script.sh");
    const text = `#!/bin/sh\nCLIENT=${host.name} KIND=udhcpc EVENTS='${events}'\n. '${common}'\n`;
    const script = host.write("script", text, 0o755);
    const flags = ["-f", "-i", "eth0", "-s", script, "-t", "5", "-T", "1", "-A", "1"];
    const program = await host.start(["udhcpc", ...flags, ...options]);
    return new Udhcpc(host, program, events);
  }

  get events(): ClientEvent[] {
    const lines = readFileSync(this.#events, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as ClientEvent);
  }

  /** The address it has now, "" for none. */
  get address(): string {
    return this.events.at(-1)?.address ?? "";
  }

  /** Waits for such an event behind the first `after` ones. */
  async until(event: ClientEvent["event"], after = 0): Promise<ClientEvent> {
    const found = () => this.events.slice(after).find((each) => each.event === event);
    try {
      await this.#host.lab.waitFor(`"${event}" at ${this.#host.name}`, () => found() !== undefined);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.program.printed}`);
    }
    return found() as ClientEvent;
  }

  /** Asks for the address again by unicast, and waits for the answer. */
  async renew(): Promise<ClientEvent> {
    const before = this.events.length;
    await this.program.signal("USR1");
    return await this.until("renew", before);
  }

  /** Gives the address back. */
  async release(): Promise<void> {
    const before = this.events.length;
    await this.program.signal("USR2");
    await this.until("lost", before);
  }
}

async function shell(lab: RunningLab, line: string): Promise<void> {
  await lab.exec("lab", ["sh", "-c", line]);
}

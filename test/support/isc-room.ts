// Two servers, the LAN of their clients and the link between the servers, in network namespaces without
// names that end with this process. Without root they lie in a user namespace.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Side = "a" | "b";
export const SIDES: readonly Side[] = ["a", "b"];

interface Ends {
  readonly lan: string;
  readonly lanMac: string;
  readonly pair: string;
}

export const NET = {
  subnet: "10.77.0.0/24",
  gateway: "10.77.0.1",
  a: { lan: "10.77.0.2", lanMac: "02:0a:00:00:00:01", pair: "10.99.0.1" },
  b: { lan: "10.77.0.3", lanMac: "02:0b:00:00:00:01", pair: "10.99.0.2" },
} as const satisfies Readonly<Record<Side, Ends>> & Readonly<Record<string, unknown>>;

/** "net" has the switches; "clients" is one port of the LAN. */
export type Place = Side | "net" | "clients";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Why no namespace can be made here; undefined when one can. */
export function roomProblem(): string | undefined {
  try {
    execFileSync("unshare", [...ownUser(), "-n", "true"], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return `no network namespace can be made: ${(error as Error).message.split("\n")[0]}`;
  }
}

export class PairRoom {
  readonly folder = mkdtempSync(join(tmpdir(), "tandem-pair-"));
  readonly #holders = new Map<Place, ChildProcess>();
  readonly #programs = new Set<ChildProcess>();

  static async open(): Promise<PairRoom> {
    const room = new PairRoom();
    try {
      await room.#build();
    } catch (error) {
      await room.close();
      throw error;
    }
    return room;
  }

  /** Runs a program to its end, whatever it is. */
  async try(place: Place, argv: readonly string[], input = ""): Promise<Ended> {
    const child = this.#spawn(place, argv);
    const said = { out: "", err: "" };
    child.stdout?.on("data", (chunk: Buffer) => {
      said.out += chunk.toString();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      said.err += chunk.toString();
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    const code = await new Promise<number>((resolve) => {
      child.once("error", () => resolve(127));
      child.once("close", (status) => resolve(status ?? 128));
    });
    return { code, ...said };
  }

  /** The same; rejects when it fails. Returns what it printed. */
  async run(place: Place, argv: readonly string[], input = ""): Promise<string> {
    const { code, out, err } = await this.try(place, argv, input);
    if (code !== 0) throw new Error(`${argv.join(" ")}: code ${code}\n${out}${err}`);
    return out;
  }

  /** Starts a program that goes on; it ends with the room at the latest. */
  start(place: Place, argv: readonly string[]): ChildProcess {
    const child = this.#spawn(place, argv);
    this.#programs.add(child);
    child.once("exit", () => this.#programs.delete(child));
    return child;
  }

  /** Argument vector in front of a program that has to run there, and to die with this process. */
  wrapper(place: Place): string[] {
    return [...this.#enter(place), "setpriv", "--pdeathsig", "KILL", "--"];
  }

  /** From now on nothing crosses the link between the servers; no port loses its carrier. */
  async cutPair(): Promise<void> {
    await this.#passPair(false);
  }

  async healPair(): Promise<void> {
    await this.#passPair(true);
  }

  async close(): Promise<void> {
    const all = [...this.#programs, ...this.#holders.values()];
    await Promise.all(all.map((child) => endChild(child, "SIGKILL")));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    await this.#hold("net", ["unshare", ...ownUser(), "-n"]);
    for (const place of ["a", "b", "clients"] as const) {
      await this.#hold(place, [...this.#enter("net"), "unshare", "-n"]);
    }
    const bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";
    const cable = (key: string, switchName: string, place: Place, inside: string): string[] => [
      `link add ${key} type veth peer name ${inside} netns ${this.#pid(place)}`,
      `link set ${key} master ${switchName} up`,
    ];
    await this.#ip("net", [
      "link set lo up",
      `link add lan ${bridge}`,
      `link add pair ${bridge}`,
      "link set lan up",
      "link set pair up",
      ...SIDES.flatMap((side) =>
        cable(`${side}-lan0`, "lan", side, `lan0 address ${NET[side].lanMac}`),
      ),
      ...SIDES.flatMap((side) => cable(`${side}-fo0`, "pair", side, "fo0")),
      ...cable("clients", "lan", "clients", "lan0"),
    ]);
    for (const side of SIDES) {
      await this.#ip(side, [
        "link set lo up",
        `addr add ${NET[side].lan}/24 brd + dev lan0`,
        `addr add ${NET[side].pair}/30 dev fo0`,
        "link set lan0 up",
        "link set fo0 up",
      ]);
    }
    await this.#ip("clients", ["link set lo up", "link set lan0 up"]);
    // Else a frame to one server would reach both until the switch has learnt where it is.
    const learnt = SIDES.map(
      (side) => `fdb add ${NET[side].lanMac} dev ${side}-lan0 master static`,
    );
    await this.run("net", ["bridge", "-batch", "-"], `${learnt.join("\n")}\n`);
  }

  /** Keeps a namespace for as long as its standard input is open. */
  async #hold(place: Place, argv: readonly string[]): Promise<void> {
    // Announcements of IPv6 would come between the frames.
    const quiet = "echo 1 2>/dev/null > /proc/sys/net/ipv6/conf/default/disable_ipv6";
    const [program = "", ...args] = [...argv, "sh", "-c", `${quiet}; echo in; exec cat`];
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#holders.set(place, child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once("data", () => resolve());
      child.once("exit", () => reject(new Error(`no namespace for ${place}`)));
    });
  }

  #pid(place: Place): number {
    return this.#holders.get(place)?.pid ?? 0;
  }

  #enter(place: Place): string[] {
    const user = isRoot ? [] : ["-U", "--preserve-credentials"];
    return ["nsenter", "-t", `${this.#pid(place)}`, "-n", ...user, "--"];
  }

  #spawn(place: Place, argv: readonly string[]): ChildProcess {
    const [program = "", ...args] = [...this.wrapper(place), ...argv];
    return spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  }

  async #ip(place: Place, lines: readonly string[]): Promise<void> {
    await this.run(place, ["ip", "-batch", "-"], `${lines.join("\n")}\n`);
  }

  async #passPair(isPassing: boolean): Promise<void> {
    await this.#ip("net", [`link set b-fo0 ${isPassing ? "master pair" : "nomaster"}`]);
  }
}

/** Resolves when the process is gone. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  await gone;
}

/** Resolves when it is true; rejects with what `saying` returns when it does not come true in time. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  milliseconds: number,
  saying: () => string | Promise<string> = () => "",
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await isTrue())) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${milliseconds} ms in vain for: ${what}\n${await saying()}`);
    }
    await pause(100);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const isRoot = process.getuid?.() === 0;

function ownUser(): string[] {
  return isRoot ? [] : ["-r"];
}

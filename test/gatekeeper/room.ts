// Two boxes in network namespaces, joined by a LAN and a pair cable, and gatekeepers with the real
// keepalived in them. Without root they lie in a user namespace.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;

export const KEEPALIVED = "/usr/sbin/keepalived";

export type Build = "plain" | "sanitized" | "musl";
/** Where one build tells enough; GATEKEEPER_BUILDS=all runs everything with each. */
export const USUAL: readonly Build[] =
  process.env.GATEKEEPER_BUILDS === "all" ? ["plain", "sanitized", "musl"] : ["sanitized"];

/** Builds gatekeeper; returns the program, alone in its folder. */
export function build(kind: Build): string {
  const folder = mkdtempSync(join(tmpdir(), "tandem-gate-build-"));
  const sanitize = "-O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all";
  const make = ["-s", "-C", join(root, "board/gatekeeper"), `BUILD=${folder}`];
  if (kind === "musl") make.push("musl");
  if (kind === "sanitized") make.push(`CFLAGS=${sanitize}`);
  execFileSync("make", make, { stdio: ["ignore", "inherit", "inherit"] });
  return join(folder, kind === "musl" ? "gatekeeper-musl" : "gatekeeper");
}

/** Why no box can be made here; undefined when one can. */
export function roomProblem(): string | undefined {
  if (!existsSync(KEEPALIVED)) return "keepalived is not installed";
  const tried = spawnSync("unshare", [isRoot ? "-n" : "-rn", "true"], { encoding: "utf8" });
  return tried.status === 0 ? undefined : `no network namespace can be made: ${tried.stderr}`;
}

/** Resolves when `ready` is true or not null; fails with `what` when it does not within the time. */
export async function until<T>(
  ready: () => T | null | false,
  what: string,
  milliseconds = 10_000,
): Promise<T> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const value = ready();
    if (value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(5);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export class Gatekeeper {
  readonly child: ChildProcess;
  log = "";
  exitCode: number | null = null;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.on("data", (chunk) => {
      this.log += chunk;
    });
    child.on("exit", (code, signal) => {
      this.exitCode = code ?? (signal === null ? -1 : 1000);
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.child.kill(signal);
    await until(() => this.exitCode !== null, "gatekeeper ends");
  }
}

export class Box {
  readonly name: "a" | "b";
  readonly folder: string;
  readonly socket: string;
  readonly #program: string;
  readonly #holder: ChildProcess;
  readonly #gatekeepers: Gatekeeper[] = [];

  constructor(name: "a" | "b", folder: string, program: string, enter: readonly string[]) {
    this.name = name;
    this.folder = join(folder, `gate-${name}`);
    this.socket = join(folder, `${name}.sock`);
    this.#program = program;
    const unshare = enter.length > 0 || isRoot ? "-n" : "-rn";
    const [command = "", ...args] = [...enter, "unshare", unshare, "sh", "-c", "echo; exec cat"];
    this.#holder = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  }

  get ownAddress(): string {
    return this.name === "a" ? "10.77.0.2" : "10.77.0.3";
  }

  get holder(): ChildProcess {
    return this.#holder;
  }

  /** Resolves when its namespaces are. */
  async isThere(): Promise<void> {
    await new Promise((resolve) => this.#holder.stdout?.once("data", resolve));
  }

  get enter(): string[] {
    const target = ["-t", String(this.#holder.pid), "-n"];
    return ["nsenter", ...target, ...(isRoot ? [] : ["-U", "--preserve-credentials"]), "--"];
  }

  /** Runs a shell line in the box and returns what it prints. */
  sh(line: string): string {
    const [program = "", ...args] = [...this.enter, "sh", "-ec", line];
    return execFileSync(program, args, { encoding: "utf8" });
  }

  /** Starts gatekeeper without waiting for it. */
  spawnGatekeeper(options: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const die = ["setpriv", "--pdeathsig", "KILL", "--"];
    const [program = "", ...args] = [...this.enter, ...die, this.#program, ...options];
    const child = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      // Nothing is allocated, so nothing can leak.
      env: { PATH: process.env.PATH, ASAN_OPTIONS: "detect_leaks=0", ...env },
    });
    const gatekeeper = new Gatekeeper(child);
    this.#gatekeepers.push(gatekeeper);
    return gatekeeper;
  }

  async gatekeeper(
    options: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Gatekeeper> {
    const places = ["-s", this.socket, "-d", this.folder];
    const gatekeeper = this.spawnGatekeeper([...places, ...options], env);
    await until(
      () => gatekeeper.log.includes("listening on") || gatekeeper.exitCode !== null,
      "gatekeeper listens",
    );
    if (gatekeeper.exitCode !== null) throw new Error(`gatekeeper ended: ${gatekeeper.log}`);
    return gatekeeper;
  }

  /** What is on its ports but for its own address and the kernel's: "10.77.0.1/24 on lan0". */
  get addresses(): string[] {
    const links = JSON.parse(this.sh("ip -j addr")) as IpLink[];
    return links
      .filter((link) => link.ifname !== "lo")
      .flatMap((link) =>
        link.addr_info
          .filter(({ local }) => local !== this.ownAddress && !isKernels(local))
          .map(({ local, prefixlen }) => `${local}/${prefixlen} on ${link.ifname}`),
      )
      .sort();
  }

  /** Writes down every IPv4 address that comes or goes, until the function it returns is called. */
  watchAddresses(): () => Promise<string[]> {
    const [program = "", ...args] = [...this.enter, "ip", "-4", "-o", "monitor", "address"];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let seen = "";
    child.stdout.on("data", (chunk) => {
      seen += chunk;
    });
    return async () => {
      await pause(50);
      child.kill("SIGKILL");
      const line = /^(Deleted )?\d+: (\S+) +inet (\S+)/;
      const parts = seen.split("\n").flatMap((text) => line.exec(text) ?? []);
      return Array.from({ length: parts.length / 4 }, (_, at) => {
        const [, gone = "", link, address] = parts.slice(at * 4);
        return `${gone}${address} ${link}`;
      });
    };
  }

  get routes(): string[] {
    return this.sh("ip route show default").trim().split("\n").filter(Boolean);
  }

  /** True when it has the virtual address of the LAN. */
  get isOwner(): boolean {
    return this.addresses.includes("10.77.0.1/24 on lan0");
  }

  /** A process of its keepalived, 0 when there is none. */
  pid(name: "keepalived" | "vrrp"): number {
    let pid = 0;
    try {
      pid = Number(readFileSync(join(this.folder, `${name}.pid`), "utf8"));
    } catch {
      // keepalived removes it, and at any time.
    }
    return pid > 0 && isAlive(pid) ? pid : 0;
  }

  get health(): string {
    return readFileSync(join(this.folder, "health"), "utf8").trim();
  }

  close(): void {
    for (const { child } of this.#gatekeepers) child.kill("SIGKILL");
    this.killKeepalived();
    this.#holder.kill("SIGKILL");
  }

  /** For the end of a test: nobody is there to start it again. */
  killKeepalived(): void {
    for (const name of ["keepalived", "vrrp"] as const) {
      const pid = this.pid(name);
      if (pid > 0) process.kill(pid, "SIGKILL");
    }
  }
}

function isKernels(address: string): boolean {
  return address.startsWith("fe80::") && !address.startsWith("fe80::7464:");
}

interface IpLink {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

/** A zombie is not: nobody in the box waits for a keepalived without its gatekeeper. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

export class Room {
  readonly folder: string;
  readonly a: Box;
  readonly b: Box;

  private constructor(folder: string, a: Box, b: Box) {
    this.folder = folder;
    this.a = a;
    this.b = b;
  }

  static async open(program: string): Promise<Room> {
    const folder = mkdtempSync(join(tmpdir(), "tandem-gate-"));
    const a = new Box("a", folder, program, []);
    // Without root the second one lies in the user namespace of the first, which has to be there.
    await a.isThere();
    const b = new Box("b", folder, program, isRoot ? [] : a.enter);
    await b.isThere();
    const room = new Room(folder, a, b);
    for (const box of [a, b]) {
      // Addresses are usable at once.
      box.sh("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; ip link set lo up");
      box.sh("ip link add wan0 type veth peer name wan1; ip link set wan1 up");
    }
    for (const port of ["lan0", "ded0"]) {
      a.sh(`ip link add ${port} type veth peer name ${port} netns ${b.holder.pid}`);
    }
    for (const box of [a, b]) {
      for (const port of ["lan0", "ded0", "wan0"]) box.sh(`ip link set ${port} up`);
      box.sh(`ip addr add ${box.ownAddress}/24 dev lan0`);
    }
    // The kernel's own link-local addresses, or keepalived would begin without a sender.
    const ready = (box: Box): boolean =>
      box.sh("ip -6 -o addr show scope link -tentative").split("\n").length > 4;
    await until(() => ready(a) && ready(b), "the ports are up");
    return room;
  }

  get boxes(): readonly Box[] {
    return [this.a, this.b];
  }

  close(): void {
    for (const box of [this.b, this.a]) box.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

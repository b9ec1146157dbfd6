// A network namespace with a veth pair v0 - v1, and processes in it. Without root it lies in a user
// namespace of its own.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;

export type Build = "plain" | "sanitized" | "musl";
export const BUILDS: readonly Build[] = ["plain", "sanitized", "musl"];
/** Where one build tells enough; RAWLINK_BUILDS=all runs everything with each. */
export const USUAL: readonly Build[] =
  process.env.RAWLINK_BUILDS === "all" ? BUILDS : ["sanitized"];

/** Builds rawlink and the test's wire end; returns the folder with `rawlink` and `peer`. */
export function build(kind: Build): string {
  const folder = mkdtempSync(join(tmpdir(), "tandem-rawlink-build-"));
  const sanitize = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all";
  const make = ["-s", "-C", join(root, "board/rawlink"), `BUILD=${folder}`];
  if (kind === "musl") make.push("musl");
  if (kind === "sanitized") make.push(`CFLAGS=${sanitize}`);
  execFileSync("make", make, { stdio: ["ignore", "inherit", "inherit"] });
  if (kind === "musl") execFileSync("mv", [`${folder}/rawlink-musl`, `${folder}/rawlink`]);
  execFileSync("cc", ["-O2", "-Wall", "-o", `${folder}/peer`, join(root, "test/rawlink/peer.c")]);
  return folder;
}

/** Resolves when `ready` is true or not null; fails with `what` after ten seconds. */
export async function until<T>(ready: () => T | null | false, what: string): Promise<T> {
  for (let waited = 0; ; waited += 5) {
    const value = ready();
    if (value !== null && value !== false) return value;
    if (waited > 10_000) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export class Rawlink {
  readonly child: ChildProcess;
  readonly socket: string;
  log = "";
  exitCode: number | null = null;

  constructor(child: ChildProcess, socket: string) {
    this.child = child;
    this.socket = socket;
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

  /** A line of /proc/PID/status, such as "CapEff". */
  status(key: string): string {
    const line = readFileSync(`/proc/${this.pid}/status`, "utf8")
      .split("\n")
      .find((each) => each.startsWith(`${key}:`));
    return line?.slice(key.length + 1).trim() ?? "";
  }

  get files(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async stop(): Promise<void> {
    if (this.exitCode !== null) return;
    this.child.kill("SIGCONT");
    this.child.kill("SIGTERM");
    await until(() => this.exitCode !== null, "rawlink stops");
  }
}

/** The far end of the veth pair. */
export class Peer {
  readonly child: ChildProcess;
  readonly frames: string[] = [];
  #answers = 0;
  #asked = 1;
  #rest = "";

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on("data", (chunk) => {
      const lines = (this.#rest + chunk).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "ok") this.#answers++;
        else this.frames.push(line);
      }
    });
  }

  async command(line: string): Promise<void> {
    this.#asked++;
    this.child.stdin?.write(`${line}\n`);
    await this.ready();
  }

  async ready(): Promise<void> {
    await until(() => this.#answers >= this.#asked, "the wire's end answers");
  }

  send(frame: Uint8Array): Promise<void> {
    return this.command(`send ${Buffer.from(frame).toString("hex")}`);
  }

  /** Waits until exactly this frame came in. */
  async sees(frame: Uint8Array): Promise<void> {
    const hex = Buffer.from(frame).toString("hex");
    await until(() => this.frames.includes(hex), `the wire shows ${hex.slice(0, 84)}`);
  }
}

export class Room {
  readonly folder = mkdtempSync(join(tmpdir(), "tandem-rawlink-"));
  readonly #programs: string;
  readonly #holder: ChildProcess;
  readonly #children: ChildProcess[] = [];
  #sockets = 0;

  private constructor(programs: string) {
    this.#programs = programs;
    this.#holder = spawn("unshare", [isRoot ? "-n" : "-rn", "sh", "-c", "echo in; exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  static async open(programs: string): Promise<Room> {
    const room = new Room(programs);
    await new Promise((resolve) => room.#holder.stdout?.once("data", resolve));
    // No IPv6: its own announcements would come between the test's frames.
    room.sh("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    room.sh("ip link set lo up; ip link add v0 type veth peer name v1");
    room.sh("ip link set v0 up; ip link set v1 up");
    return room;
  }

  /** Runs a shell line in the namespace and returns what it prints. */
  sh(line: string): string {
    return execFileSync("nsenter", [...this.#enter(), "sh", "-ec", line], { encoding: "utf8" });
  }

  mac(name: string): Uint8Array {
    const [link] = JSON.parse(this.sh(`ip -j link show ${name}`)) as { address: string }[];
    return Uint8Array.from((link?.address ?? "").split(":"), (byte) => Number.parseInt(byte, 16));
  }

  /** Starts rawlink without waiting for it. */
  spawnRawlink(socket: string, options: readonly string[] = []): Rawlink {
    const program = [join(this.#programs, "rawlink"), "-s", socket, ...options];
    const child = spawn("nsenter", [...this.#enter(), ...program], {
      stdio: ["ignore", "ignore", "pipe"],
      // A process without privileges cannot look for leaks, and nothing is allocated anyway.
      env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" },
    });
    this.#children.push(child);
    return new Rawlink(child, socket);
  }

  async rawlink(options: readonly string[] = [], socket = this.path()): Promise<Rawlink> {
    const rawlink = this.spawnRawlink(socket, options);
    await until(
      () => rawlink.log.includes("listening on") || rawlink.exitCode !== null,
      "rawlink listens",
    );
    if (rawlink.exitCode !== null) throw new Error(`rawlink ended: ${rawlink.log}`);
    return rawlink;
  }

  async peer(name = "v1"): Promise<Peer> {
    const child = spawn("nsenter", [...this.#enter(), join(this.#programs, "peer"), name], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#children.push(child);
    const peer = new Peer(child);
    await peer.ready();
    return peer;
  }

  path(): string {
    return join(this.folder, `${this.#sockets++}.sock`);
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    this.#holder.kill("SIGKILL");
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true });
  }

  #enter(): string[] {
    const target = ["-t", String(this.#holder.pid), "-n"];
    return isRoot ? target : [...target, "-U", "--preserve-credentials"];
  }
}

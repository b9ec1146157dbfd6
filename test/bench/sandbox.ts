/**
 * The closed room in which everything is measured: own network, mount and process namespaces
 * (and a user namespace when not root). Whatever runs inside ends with it, so a bench that is
 * interrupted leaves no process, interface or namespace behind.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** Set inside; holds a word that makes the names of the two network namespaces unique. */
const MARK = "TANDEM_BENCH_ROOM";

export const SERVER_IFACE = "veth-s";
export const CLIENT_IFACE = "veth-c";
export const SERVER_ADDRESS = "10.0.0.1";
export const CLIENT_ADDRESS = "10.0.0.2";

/** One end of the cable. "client-2" is there where one perfdhcp is not enough. */
export type Side = "server" | "client" | "client-2";

/** The two ends and how to run programs there. */
export interface Room {
  /** Starts a program on one side. Its output goes to `log`, or is dropped without one. */
  run(side: Side, command: readonly string[], options?: RunOptions): ChildProcess;
  /** Where perfdhcp runs. Each is a relay of its own and a share of the clients. */
  readonly drivers: readonly Side[];
  /** The text of a file as seen from one side; for those below /proc/net. */
  read(side: Side, path: string): string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: string;
  /** Hand standard output and error to the caller instead. */
  readonly capture?: boolean;
}

export function insideRoom(): boolean {
  return process.env[MARK] !== undefined;
}

/** Runs this program again inside a new room; resolves with its exit code. */
export async function enterRoom(env: Readonly<Record<string, string>>): Promise<number> {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn("unshare", [...user, ...namespaces, "--", ...self], {
    stdio: "inherit",
    env: { ...process.env, ...env, [MARK]: String(process.pid) },
  });
  // Killing unshare takes the room's first process with it, and that everything else inside.
  const end = (): void => void child.kill("SIGKILL");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(new Error(`unshare (Debian package util-linux) did not start: ${error.message}`)),
    );
    child.on("exit", (code) => resolve(code ?? 130));
  });
}

/** Inside: makes the two network namespaces and the cable between them. */
export function buildRoom(): Room {
  const names = { server: spaceName("s"), client: spaceName("c"), "client-2": "" };
  makeSpaces([names.server, names.client]);
  const ip = (...args: string[]): void => void execFileSync("ip", args);
  ip(
    ...["link", "add", SERVER_IFACE, "netns", names.server],
    ...["type", "veth", "peer", "name", CLIENT_IFACE, "netns", names.client],
  );
  const ends = [
    [names.server, SERVER_IFACE, SERVER_ADDRESS],
    [names.client, CLIENT_IFACE, CLIENT_ADDRESS],
  ] as const;
  for (const [name, iface, address] of ends) {
    ip("-n", name, "link", "set", "lo", "up");
    ip("-n", name, "address", "add", `${address}/16`, "dev", iface);
    ip("-n", name, "link", "set", iface, "up");
  }
  return {
    drivers: ["client"],
    run: (side, command, options) => runIn(names[side], command, options ?? {}),
    read: (side, path) => readIn(names[side], path),
  };
}

/** Inside: the name of a network namespace that no other bench on this machine has. */
export function spaceName(which: string): string {
  return `tandem-bench-${process.env[MARK] ?? "room"}-${which}`;
}

/** Inside: makes the network namespaces; once in a room. */
export function makeSpaces(names: readonly string[]): void {
  // An empty /run: names of namespaces stay ours, and nobody finds a syslog socket to flood.
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
  for (const name of names) execFileSync("ip", ["netns", "add", name]);
}

/** The text of a file as seen from a namespace. */
export function readIn(name: string, path: string): string {
  const enter = `--net=/run/netns/${name}`;
  return execFileSync("nsenter", [enter, "--", "cat", path], { encoding: "utf8" });
}

/** Ends a process: politely, then not. Resolves when it is gone. */
export async function end(child: ChildProcess, graceMs = 5000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await gone;
  clearTimeout(timer);
}

/** Starts a program in a namespace. nsenter replaces itself by it, so the child's pid is its own. */
export function runIn(name: string, command: readonly string[], options: RunOptions): ChildProcess {
  const env = { ...process.env, ...options.env };
  const args = [`--net=/run/netns/${name}`, "--", ...command];
  if (options.capture === true) {
    return spawn("nsenter", args, { env, stdio: ["ignore", "pipe", "pipe"] });
  }
  const log = openSync(options.log ?? "/dev/null", "a");
  try {
    return spawn("nsenter", args, { env, stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
  }
}

// Small helpers around other programs: run one to its end, feed `ip -batch`, enter a namespace.

import { spawn } from "node:child_process";
import type { Socket } from "node:net";

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end and returns what it printed. Never throws for a failing program. */
export function run(argv: readonly string[], input = ""): Promise<Finished> {
  return new Promise((resolve) => {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    // A program that reads nothing may be gone before its input is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.on("error", (error) => resolve({ code: 127, out, err: `${program}: ${error.message}` }));
    child.on("close", (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), out, err }));
  });
}

/** Runs a program and throws a sentence when it fails. */
export async function must(argv: readonly string[], input = ""): Promise<string> {
  const done = await run(argv, input);
  if (done.code === 0) return done.out;
  const why = done.err.trim() || done.out.trim() || `exit code ${done.code}`;
  throw new Error(`${argv.slice(0, 4).join(" ")} failed: ${why}`);
}

/** Many `ip` commands in one process; a line may start with `-n NAME` for a namespace. */
export async function ip(lines: readonly string[], tolerant = false): Promise<void> {
  for (const [namespace, group] of groupByNamespace(lines)) {
    const where = namespace === "" ? [] : ["-n", namespace];
    const argv = ["ip", ...where, ...(tolerant ? ["-force"] : []), "-batch", "-"];
    const input = `${group.join("\n")}\n`;
    if (tolerant) await run(argv, input);
    else await must(argv, input);
  }
}

/** The same command inside a named network namespace. */
export function inNamespace(namespace: string, argv: readonly string[]): string[] {
  return ["nsenter", `--net=/run/netns/${namespace}`, "--", ...argv];
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until the condition holds; false when the time is over first. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds: number,
  step = 50,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= end) return false;
    await sleep(step);
  }
}

/** Calls back with each whole line of the socket, without its end. */
export function eachLine(socket: Socket, callback: (line: string) => void): void {
  let rest = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) callback(line);
  });
}

/** The text of whatever was thrown. */
export function reason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

// `ip -batch` works in one namespace at a time; neighbours of the same one stay together in order.
function groupByNamespace(lines: readonly string[]): [string, string[]][] {
  const groups: [string, string[]][] = [];
  for (const line of lines) {
    const match = /^-n (\S+) (.*)$/.exec(line);
    const [namespace, command] = match ? [match[1] ?? "", match[2] ?? ""] : ["", line];
    const last = groups.at(-1);
    if (last && last[0] === namespace) last[1].push(command);
    else groups.push([namespace, [command]]);
  }
  return groups;
}

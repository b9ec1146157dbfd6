// The lab as a library: for tests, benchmarks and demos.
//
//   const lab = await startLab({ clients: 4 });
//   await lab.untilUp();
//   await lab.cmd("power-cut a");
//   await lab.stop();

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Status } from "../../daemon/http/api-types.ts";
import { get } from "./ask.ts";
import { boxPaths } from "./box-files.ts";
import type { ClientStatus } from "./client.ts";
import { type CommandResult, sendCommand } from "./control-client.ts";
import type { FromOuter, LabStatus } from "./messages.ts";
import { until } from "./shell.ts";
import type { BoxName } from "./topology.ts";

export interface StartOptions {
  /** Unique by itself when not given. */
  readonly name?: string;
  /** 4 when not given. */
  readonly clients?: number;
  /** No pair: box a serves alone, box b stands by. */
  readonly alone?: boolean;
  /** The same, and box b is as the factory made it. */
  readonly new?: boolean;
  /** Free ones when not given. */
  readonly ports?: readonly [number, number];
  /** Put in front of the lab's command line, for example to start it as another user. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves when all programs of the lab are started; `untilUp` waits for the addresses. */
export async function startLab(options: StartOptions = {}): Promise<RunningLab> {
  const name = options.name ?? `t${process.pid}-${randomBytes(3).toString("hex")}`;
  const script = fileURLToPath(new URL("lab.ts", import.meta.url));
  const ports = (options.ports ?? [0, 0]).join(",");
  const flags = ["--plain", "--name", name, "--clients", `${options.clients ?? 4}`];
  if (options.alone) flags.push("--alone");
  if (options.new) flags.push("--new");
  const command = [process.execPath, script, ...flags, "--ports", ports];
  const [program = "", ...args] = [...(options.prefix ?? []), ...command];
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...options.env },
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  return await new Promise((resolve, reject) => {
    const early = (): void => reject(new Error(printed.trim() || "the lab ended at once"));
    child.once("error", reject);
    child.once("close", early);
    child.once("message", (message: FromOuter) => {
      child.off("close", early);
      resolve(new RunningLab(name, message, child, () => printed));
    });
  });
}

export class RunningLab {
  readonly name: string;
  readonly folder: string;
  /** Ports of 127.0.0.1 for the pages of box a and b. */
  readonly ports: readonly [number, number];
  #child: ChildProcess;
  #printed: () => string;

  constructor(name: string, ready: FromOuter, child: ChildProcess, printed: () => string) {
    this.name = name;
    this.folder = ready.folder;
    this.ports = ready.ports;
    this.#child = child;
    this.#printed = printed;
  }

  /** Process number of the outer process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** All lines that the lab printed so far. */
  get printed(): string {
    return this.#printed();
  }

  /** Runs a command such as "unplug lan-a"; rejects with its sentence when it fails. */
  async cmd(command: string): Promise<string> {
    const done = await this.try(command.split(" "));
    if (done.code !== 0) throw new Error(`${command}: ${done.err.trim() || `code ${done.code}`}`);
    return done.out;
  }

  /** The same without judging the result. */
  try(words: readonly string[]): Promise<CommandResult> {
    return sendCommand(join(this.folder, "control.sock"), words);
  }

  /** Runs a program at a box, a client or "wan"; returns what it printed. */
  async exec(where: string, argv: readonly string[]): Promise<string> {
    const done = await this.try(["exec", where, ...argv]);
    if (done.code !== 0) throw new Error(`${argv.join(" ")}: ${done.err.trim() || done.code}`);
    return done.out;
  }

  async status(): Promise<LabStatus> {
    return JSON.parse(await this.cmd("status --json")) as LabStatus;
  }

  async client(name: string): Promise<ClientStatus> {
    const found = (await this.status()).clients.find((client) => client.name === name);
    if (!found) throw new Error(`there is no client ${name}`);
    return found;
  }

  /** The box's folder: config.json, box.json, state/, run/ and logs. */
  boxDir(box: BoxName): string {
    return join(this.folder, box);
  }

  socket(box: BoxName): string {
    return boxPaths(this.folder, box).apiSocket;
  }

  /** GET of the box's API; rejects when the answer's code is not 200. */
  async api<T>(box: BoxName, path: string): Promise<T> {
    const answer = await get(this.socket(box), path);
    if (answer.code !== 200) throw new Error(`${path}: ${answer.code} ${answer.body}`);
    return JSON.parse(answer.body) as T;
  }

  boxStatus(box: BoxName): Promise<Status> {
    return this.api<Status>(box, "/api/v1/status");
  }

  /** Waits for the condition; rejects with the lab's latest events when it does not come true. */
  async waitFor(
    what: string,
    condition: () => boolean | Promise<boolean>,
    milliseconds = 20_000,
  ): Promise<void> {
    const quiet = async (): Promise<boolean> => {
      try {
        return await condition();
      } catch {
        return false;
      }
    };
    if (await until(quiet, milliseconds, 100)) return;
    const lines = this.printed.trim().split("\n").slice(-25).join("\n");
    throw new Error(`waited ${milliseconds} ms in vain for: ${what}\n${lines}`);
  }

  /** Waits until every client has an address. */
  async untilUp(milliseconds = 60_000): Promise<void> {
    const all = async (): Promise<boolean> => (await this.status()).upAfterSeconds !== null;
    await this.waitFor("an address for every client", all, milliseconds);
  }

  /** Ends the lab; resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await this.#end(() => this.#child.kill("SIGTERM"));
  }

  /** kill -9 of the outer process, as a crash would. */
  async crash(): Promise<void> {
    await this.#end(() => this.#child.kill("SIGKILL"));
  }

  async #end(how: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    how();
    await gone;
  }
}

// Keeps one program running, as procd or systemd does on a real box: a second after it died it is
// started again, unless a person killed it on purpose.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export interface ServiceOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly logFile: string;
  readonly onChange: (sentence: string) => void;
}

export type ServiceState = "running" | "restarting" | "stopped";

const restartMilliseconds = 1000;

export class Service {
  readonly name: string;
  restarts = 0;
  #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #wanted = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get state(): ServiceState {
    if (this.#child) return "running";
    return this.#wanted ? "restarting" : "stopped";
  }

  /** The process number inside the lab, 0 when it does not run. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    this.#wanted = true;
    if (!this.#child && !this.#timer) this.#spawn();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it and keeps it ended; SIGKILL follows when it has not obeyed in time. */
  async stop(signal: NodeJS.Signals, graceMilliseconds = 1500): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const child = this.#child;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMilliseconds);
    await gone;
    clearTimeout(timer);
  }

  #spawn(): void {
    const { argv, env, folder, logFile } = this.#options;
    const [program = "", ...args] = argv;
    const log = openSync(logFile, "a");
    const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", log, log] });
    closeSync(log);
    this.#child = child;
    let over = false;
    const ended = (how: string): void => {
      if (over) return;
      over = true;
      this.#child = undefined;
      if (this.#wanted) this.#again(how);
    };
    child.on("error", (error) => ended(error.message));
    child.on("exit", (code, signal) => ended(signal ? `by ${signal}` : `with code ${code}`));
  }

  #again(how: string): void {
    this.restarts += 1;
    this.#options.onChange(`${this.name} ended ${how} and is started again`);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#spawn();
    }, restartMilliseconds);
  }
}

// Builds and runs crowd.c: a crowd of clients with made-up hardware addresses on a host of the lab.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { RunningLab } from "../../board/virtual/lab-api.ts";
import type { Background, Host } from "./lab-hosts.ts";

export interface FloodPlan {
  readonly seconds: number;
  /** DISCOVERs a second. */
  readonly rate: number;
  readonly macs: number;
  /** Of the offers, so many per cent are asked for. */
  readonly percent: number;
  readonly seed: number;
}

/** What the crowd sent and received. */
export interface FloodCounts {
  readonly discovers: number;
  readonly requests: number;
  readonly offers: number;
  readonly acks: number;
  readonly naks: number;
  /** Frames that the interface did not take. */
  readonly failed: number;
}

/** How the devices of an office fared. Times are in milliseconds, of the monotonic clock of the machine. */
export interface OfficeReport {
  readonly started: number;
  /** Of those who waited for longer than 200 ms: when they first asked, and for how long. */
  readonly waits: readonly (readonly [begun: number, wait: number])[];
  readonly begun: number;
  readonly answered: number;
  /** Nobody gave them an address within five seconds. */
  readonly givenUp: number;
  readonly naks: number;
  /** Times a device was given an address that another one of them had. */
  readonly duplicates: number;
  readonly longest: number;
}

export class Crowd {
  readonly #program: string;
  readonly #host: Host;

  constructor(lab: RunningLab, host: Host) {
    this.#host = host;
    this.#program = join(lab.folder, "crowd");
    const source = new URL("crowd.c", import.meta.url).pathname;
    const flags = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"];
    execFileSync("cc", [...flags, "-o", this.#program, source], { stdio: "inherit" });
  }

  /** The address that a device with this MAC would be offered, without asking for it. */
  async offered(mac: string): Promise<string> {
    return (await this.#host.run([this.#program, "eth0", "one", mac])).trim();
  }

  /** Starts an office of devices that get and confirm their addresses; `officeEnd` waits for its end. */
  office({ seconds, rate, macs, seed }: Omit<FloodPlan, "percent">): Promise<Background> {
    const numbers = [seconds, rate, macs, seed].map(String);
    return this.#host.start([this.#program, "eth0", "office", ...numbers]);
  }

  /** Starts a flood; `floodEnd` waits for its end. */
  flood({ seconds, rate, macs, percent, seed }: FloodPlan): Promise<Background> {
    const numbers = [seconds, rate, macs, percent, seed].map(String);
    return this.#host.start([this.#program, "eth0", "flood", ...numbers]);
  }
}

/** Waits for the end of a flood. */
export async function floodEnd(lab: RunningLab, flood: Background): Promise<FloodCounts> {
  const ended = async (): Promise<boolean> => !(await flood.isRunning());
  await lab.waitFor("the end of the flood", ended, 150_000);
  return JSON.parse(flood.printed) as FloodCounts;
}

/** Waits for the end of an office. */
export async function officeEnd(lab: RunningLab, office: Background): Promise<OfficeReport> {
  const ended = async (): Promise<boolean> => !(await office.isRunning());
  await lab.waitFor("the end of the office's day", ended, 150_000);
  return JSON.parse(office.printed) as OfficeReport;
}

/** Milliseconds of the same clock. */
export function officeTime(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

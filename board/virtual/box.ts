// One box of the lab: its namespace, its processes and what a person can do to it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ENVIRONMENT, NODE_FLAGS } from "../../image/runtime.ts";
import { askBox, type BoxAnswer } from "./ask.ts";
import { type BoxPaths, boxPaths, type LabKind, writeBoxFiles } from "./box-files.ts";
import { killAllIn } from "./processes.ts";
import { inNamespace, reason, until } from "./shell.ts";
import { Service, type ServiceState } from "./supervisor.ts";
import { type BoxName, boxPorts } from "./topology.ts";
import type { Wires } from "./wires.ts";

export type ServiceName = "bus" | "gatekeeper" | "rawlink" | "tandemd";

export interface BoxStatus {
  readonly name: BoxName;
  readonly power: boolean;
  readonly services: Readonly<Record<ServiceName, ServiceStatus>>;
  readonly daemon: BoxAnswer;
}

export interface ServiceStatus {
  readonly state: ServiceState;
  readonly pid: number;
  readonly restarts: number;
}

/** Files outside the lab's folder that a box needs. */
export interface Programs {
  readonly node: string;
  readonly tandemd: string;
  readonly rawlink: string;
  readonly gatekeeper: string;
  readonly policies: readonly string[];
}

type Say = (sentence: string) => void;

export class Box {
  readonly name: BoxName;
  readonly paths: BoxPaths;
  #services: Record<ServiceName, Service>;
  #wires: Wires;
  #say: Say;

  constructor(
    lab: string,
    name: BoxName,
    kind: LabKind,
    programs: Programs,
    wires: Wires,
    say: Say,
  ) {
    this.name = name;
    this.paths = boxPaths(lab, name);
    this.#wires = wires;
    this.#say = say;
    writeBoxFiles(this.paths, name, kind, programs.policies);
    const service = (what: ServiceName, argv: readonly string[]): Service =>
      new Service({
        name: what,
        argv: inNamespace(name, argv),
        env: environment(this.paths),
        folder: this.paths.folder,
        logFile: this.logFile(what),
        onChange: (sentence) => say(`box ${name}: ${sentence}`),
      });
    this.#services = {
      bus: service("bus", busCommand(this.paths)),
      gatekeeper: service("gatekeeper", gatekeeperCommand(this.paths, programs)),
      rawlink: service("rawlink", [programs.rawlink, "-s", this.paths.helperSocket]),
      tandemd: service("tandemd", daemonCommand(this.paths, programs)),
    };
  }

  /** Switches the box on, or starts again what a person stopped. */
  async start(): Promise<void> {
    const dark = !this.#wires.isPowered(this.name);
    if (dark) {
      await this.#wires.connect(this.name, boxPorts(this.name), true);
      await this.#wires.power(this.name, true);
    }
    const { bus, gatekeeper, rawlink, tandemd } = this.#services;
    bus.start();
    rawlink.start();
    // keepalived never looks for the bus again when it was not there at its start.
    if (gatekeeper.state === "stopped") {
      await until(() => existsSync(this.paths.busSocket), 3000, 20);
    }
    gatekeeper.start();
    tandemd.start();
    this.#say(`box ${this.name} ${dark ? "is switched on" : "runs in full again"}`);
  }

  /** kill -9 of the daemon, which stays dead until `start`. */
  async kill(): Promise<void> {
    this.#mustHavePower();
    await this.#services.tandemd.stop("SIGKILL");
    this.#say(`box ${this.name}: tandemd was killed`);
  }

  /** All processes at once, and the ports with them. Files stay as they are. */
  async powerCut(): Promise<void> {
    this.#mustHavePower();
    await this.#wires.darken(this.name);
    const services = Object.values(this.#services);
    const ends = services.map((service) => service.stop("SIGKILL"));
    await killAllIn(this.name);
    await Promise.all(ends);
    await this.#wires.power(this.name, false);
    await this.#wires.disconnect(this.name);
    this.#say(`box ${this.name} has lost its power`);
  }

  /** An orderly end of the daemon, for the end of the lab. */
  async shutDown(): Promise<void> {
    await this.#services.tandemd.stop("SIGTERM");
  }

  /** kill -9 of all of keepalived, which is started again by itself. */
  async killKeepalived(): Promise<void> {
    this.#mustHavePower();
    const pids = readdirSync("/proc").filter((pid) => isKeepalivedOf(pid, this.paths.gateFolder));
    for (const pid of pids) process.kill(Number(pid), "SIGKILL");
    this.#say(`box ${this.name}: keepalived was killed`);
  }

  async switchService(name: ServiceName, on: boolean): Promise<void> {
    this.#mustHavePower();
    if (on) this.#services[name].start();
    else await this.#services[name].stop("SIGKILL");
    this.#say(`box ${this.name}: ${name} was ${on ? "started" : "stopped"}`);
  }

  isRunning(name: ServiceName): boolean {
    return this.#services[name].state !== "stopped";
  }

  logFile(name: ServiceName): string {
    return join(this.paths.folder, `${name}.log`);
  }

  async status(): Promise<BoxStatus> {
    const power = this.#wires.isPowered(this.name);
    const one = ({ state, pid, restarts }: Service): ServiceStatus => ({ state, pid, restarts });
    const { bus, gatekeeper, rawlink, tandemd } = this.#services;
    return {
      name: this.name,
      power,
      services: {
        bus: one(bus),
        gatekeeper: one(gatekeeper),
        rawlink: one(rawlink),
        tandemd: one(tandemd),
      },
      daemon: await this.#ask(power),
    };
  }

  async #ask(power: boolean): Promise<BoxAnswer> {
    if (!power) return { reachable: false, sentence: `Box ${this.name} has no power.` };
    if (!this.isRunning("tandemd")) {
      return { reachable: false, sentence: `tandemd of box ${this.name} was killed.` };
    }
    try {
      return await askBox(this.paths.apiSocket);
    } catch (error) {
      return { reachable: false, sentence: `tandemd does not answer: ${reason(error)}.` };
    }
  }

  #mustHavePower(): void {
    if (!this.#wires.isPowered(this.name)) throw new Error(`box ${this.name} has no power`);
  }
}

function environment(paths: BoxPaths): Record<string, string> {
  return {
    ...ENVIRONMENT,
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: paths.folder,
    // keepalived writes its dumps there, or both boxes would write to the same file in /tmp.
    TMPDIR: paths.run,
    DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${paths.busSocket}`,
  };
}

function busCommand(paths: BoxPaths): string[] {
  return ["dbus-daemon", `--config-file=${paths.busConfig}`, "--nopidfile", "--nofork"];
}

function gatekeeperCommand(paths: BoxPaths, { gatekeeper }: Programs): string[] {
  return [gatekeeper, "-s", paths.gatekeeperSocket, "-d", paths.gateFolder];
}

// The daemon has no capability at all, as on a real box.
function daemonCommand(paths: BoxPaths, programs: Programs): string[] {
  const bare = ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"];
  const folders = ["--config", paths.folder, "--state", paths.state, "--run", paths.run];
  const node = [programs.node, ...NODE_FLAGS, programs.tandemd];
  return ["setpriv", ...bare, "--", ...node, ...folders, "--page", paths.pageSocket];
}

/** By its command line, which names its files. */
function isKeepalivedOf(pid: string, folder: string): boolean {
  if (!/^[0-9]+$/.test(pid)) return false;
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return /(^|\/)keepalived\0/.test(line) && line.includes(`${folder}/`);
  } catch {
    return false;
  }
}

// A real keepalived in a network namespace, with everything that it says of itself.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { vi } from "vitest";
import { type VrrpState, vrrpState } from "../../daemon/core/gateway/vrrp.ts";
import { noticeState, parseNotify } from "../../daemon/core/gateway/vrrp-notify.ts";
import { NetRoom, netRoomProblem, type Place } from "./net-room.ts";
import { missing, PrivateBus } from "./private-bus.ts";
import { Observed } from "./vrrp-observed.ts";

const user = process.getuid?.() ?? 0;

/** Who may be keepalived, and what everybody else may ask it. */
const POLICY = `<busconfig>
  <policy user="root">
    <allow own="org.keepalived.Vrrp1"/>
  </policy>
  <policy user="${user}">
    <allow own="org.keepalived.Vrrp1"/>
  </policy>
  <policy context="default">
    <allow send_destination="org.keepalived.Vrrp1"
           send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.keepalived.Vrrp1"
           send_interface="org.freedesktop.DBus.Properties"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Debug.Stats"/>
  </policy>
</busconfig>
`;

export function vrrpBus(): PrivateBus {
  return new PrivateBus(POLICY);
}

/** Undefined when a keepalived can be observed here, else why not. */
export function keepalivedProblem(): string | undefined {
  const tried = spawnSync("keepalived", ["--version"], { encoding: "utf8" });
  if (tried.status !== 0) return "keepalived is not installed";
  if (!/^Config options:.* DBUS\b/m.test(tried.stderr)) return "keepalived was built without D-Bus";
  return missing() ?? netRoomProblem();
}

export interface Instance {
  readonly name: string;
  readonly interface: string;
  readonly router: number;
  /** 250 by default. */
  readonly priority?: number;
  /** Further lines of its section. */
  readonly lines?: readonly string[];
}

export interface Setting {
  /** Of the process as a whole; none by default. */
  readonly instanceName?: string;
  /** Further lines of the global section; by default the one that switches D-Bus on. */
  readonly lines?: readonly string[];
  readonly advertSeconds?: number;
  readonly instances: readonly Instance[];
}

export const LAN0: Instance = { name: "LAN0", interface: "lan0", router: 51 };
export const DBUS_ON = "enable_dbus";

export class Keepalived {
  /** All that it wrote into its notify FIFO, over all its starts. */
  readonly fifoLines: string[] = [];
  readonly #room: NetRoom;
  readonly #bus: PrivateBus;
  readonly #place: Place;
  readonly #folder: string;
  readonly #fifo: ReturnType<typeof spawn>;
  #pid = 0;

  constructor(room: NetRoom, bus: PrivateBus, setting: Setting, place: Place = []) {
    this.#room = room;
    this.#bus = bus;
    this.#place = place;
    this.#folder = path.join(bus.folder, "keepalived");
    mkdirSync(this.#folder);
    this.health(0);
    this.configure(setting);
    const fifo = this.#file("fifo");
    execFileSync("mkfifo", [fifo]);
    // Open for writing as well, so that it never reads an end.
    this.#fifo = spawn("sh", ["-c", 'exec cat <>"$1"', "sh", fifo], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let rest = "";
    this.#fifo.stdout?.on("data", (chunk) => {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      this.fifoLines.push(...lines);
    });
  }

  configure(setting: Setting): void {
    const text = configuration(setting, this.#file("fifo"), this.#file("health"));
    writeFileSync(this.#file("keepalived.conf"), text);
  }

  /** Resolves when its VRRP process has come to its first states. */
  async start(): Promise<void> {
    rmSync(this.#file("vrrp.pid"), { force: true });
    const before = this.fifoLines.length;
    const env = [`DBUS_SYSTEM_BUS_ADDRESS=${this.#bus.address}`, `TMPDIR=${this.#folder}`];
    const files = ["-f", "keepalived.conf", "-p", "keepalived.pid", "-r", "vrrp.pid"];
    const argv = files.map((word) => (word.startsWith("-") ? word : this.#file(word)));
    this.#pid = await this.#room.start(
      [...this.#place, "env", ...env, "keepalived", "-n", "-l", "-G", ...argv],
      this.#file("log"),
    );
    await this.#until(() => this.vrrpPid > 0 && this.fifoLines.length > before, "the start");
  }

  /** Of the process that speaks VRRP; 0 before there is one. */
  get vrrpPid(): number {
    const file = this.#file("vrrp.pid");
    return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  }

  get log(): string {
    return readFileSync(this.#file("log"), "utf8");
  }

  reload(setting?: Setting): void {
    if (setting) this.configure(setting);
    process.kill(this.#pid, "SIGHUP");
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    if (this.#pid === 0) return;
    process.kill(this.#pid, "SIGTERM");
    await this.#room.ended(this.#pid);
    this.#pid = 0;
  }

  /** Ends both its processes without a word. */
  async kill(): Promise<void> {
    if (this.#pid === 0) return;
    for (const pid of [this.#pid, this.vrrpPid]) process.kill(pid, "SIGKILL");
    await this.#room.ended(this.#pid);
    this.#pid = 0;
  }

  async end(): Promise<void> {
    await this.kill();
    this.#fifo.kill("SIGKILL");
  }

  /** Writes the tracked file: -254 is FAULT, 0 is well. */
  health(value: number): void {
    const draft = this.#file("health-draft");
    writeFileSync(draft, `${value}\n`);
    renameSync(draft, this.#file("health"));
  }

  /** What keepalived itself dumps as the states of its instances. */
  async states(): Promise<Map<string, VrrpState>> {
    const dumped = JSON.parse(await this.dump()) as readonly Dumped[];
    return new Map(
      dumped.map(({ data }) => {
        const state = vrrpState(data.state);
        if (state === undefined) throw new Error(`keepalived dumped the state ${data.state}`);
        return [data.iname, state];
      }),
    );
  }

  /** The states in the lines of the FIFO behind the first so many: "LAN0 master". */
  writtenBehind(lines: number): string[] {
    return this.fifoLines.slice(lines).map((line) => {
      const read = parseNotify(line);
      return read ? `${read.name} ${noticeState(read.word)}` : line;
    });
  }

  /** How many advertisements its first instance has sent. */
  async advertsSent(): Promise<number> {
    const [first] = JSON.parse(await this.dump()) as readonly Dumped[];
    return first?.stats.advert_sent ?? 0;
  }

  /** The whole dump. */
  async dump(): Promise<string> {
    const file = this.#file("keepalived.json");
    rmSync(file, { force: true });
    await this.#room.run(`kill -s ${dumpSignal()} ${this.vrrpPid}`);
    const text = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
    await this.#until(() => text().trimEnd().endsWith("]"), "its dump");
    return text();
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    try {
      await vi.waitUntil(isTrue, { timeout: 10_000, interval: 5 });
    } catch {
      throw new Error(`waited in vain for ${what} of keepalived\n${this.log}`);
    }
  }

  #file(name: string): string {
    return path.join(this.#folder, name);
  }
}

export interface Scene {
  readonly bus: PrivateBus;
  readonly room: NetRoom;
  readonly keepalived: Keepalived;
  readonly observed: Observed;
}

/** The ports lan0 and lan1 on a cable each whose other end is nowhere, a keepalived that is not started yet. */
export async function withKeepalived(
  setting: Setting,
  act: (scene: Scene) => Promise<void>,
): Promise<void> {
  const bus = vrrpBus();
  const room = new NetRoom();
  await bus.start();
  const keepalived = new Keepalived(room, bus, setting);
  const observed = new Observed(bus.address);
  try {
    for (const one of [0, 1]) await room.cable(`lan${one}`, `10.77.${one}.2/24`, `far${one}`);
    await act({ bus, room, keepalived, observed });
  } finally {
    await observed.bus.stop();
    await keepalived.end();
    await room.close();
    await bus.end();
  }
}

interface Dumped {
  readonly data: { readonly iname: string; readonly state: number };
  readonly stats: { readonly advert_sent: number };
}

let signal: string | undefined;
function dumpSignal(): string {
  signal ??= execFileSync("keepalived", ["--signum=JSON"], { encoding: "utf8" }).trim();
  return signal;
}

function configuration(setting: Setting, fifo: string, health: string): string {
  const { lines = [DBUS_ON], advertSeconds = 0.01, instances } = setting;
  const sections = instances.map(
    (one, index) => `vrrp_instance ${one.name} {
    interface ${one.interface}
    state BACKUP
    nopreempt
    virtual_router_id ${one.router}
    priority ${one.priority ?? 250}
    advert_int ${advertSeconds}
    ${(one.lines ?? []).join("\n    ")}
    track_file {
        health weight 1
    }
    virtual_ipaddress {
        10.77.${index}.1/24
    }
}
`,
  );
  const own = setting.instanceName === undefined ? "" : `instance ${setting.instanceName}\n`;
  return `${own}global_defs {
    router_id test
    ${lines.join("\n    ")}
    vrrp_version 3
    vrrp_garp_master_repeat 1
    vrrp_notify_fifo ${fifo}
}
track_file health {
    file "${health}"
    weight 1
}
${sections.join("")}`;
}

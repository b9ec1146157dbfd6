// A message bus of the test's own with a policy of Tandem's, and ways to look at it from outside.

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { vi } from "vitest";

/** Stands for the user and the group "tandem", which a test machine need not have. */
export const OPERATOR = process.getuid?.() === 0 ? "daemon" : String(process.getuid?.());

export const NOBODY = "nobody";

const MONITOR_CHARACTERS = 1 << 16;

/** Undefined when everything here can run, else why not. */
export function missing(): string | undefined {
  return has("dbus-daemon") ? undefined : "dbus-daemon is not installed (Debian package dbus)";
}

/** Undefined when commands can be run as other users, else why not. */
export function cannotSwitchUser(): string | undefined {
  const tried = spawnSync("setpriv", [...asUser(NOBODY), "true"]);
  if (tried.status === 0) return undefined;
  return "this user cannot become another one, so nothing can be asked as nobody";
}

export function has(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}

export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

export class PrivateBus {
  readonly folder: string;
  readonly address: string;
  readonly #config: string;
  readonly #children = new Set<ChildProcess>();
  #daemon: ChildProcess | undefined;

  /** `policy` is what stands in a policy file: by default the one for Tandem's own service. */
  constructor(policy = appliancePolicy()) {
    this.folder = mkdtempSync(path.join(tmpdir(), "tandem-bus-"));
    chmodSync(this.folder, 0o755);
    this.address = `unix:path=${this.folder}/bus`;
    this.#config = path.join(this.folder, "bus.conf");
    writeFileSync(this.policyFile, policy);
    writeFileSync(this.#config, config(`${this.folder}/bus`, this.policyFile));
  }

  /** Resolves when the bus listens. */
  async start(): Promise<void> {
    const daemon = spawn(
      "dbus-daemon",
      [`--config-file=${this.#config}`, "--nofork", "--nopidfile", "--print-address"],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#daemon = daemon;
    let problems = "";
    daemon.stderr.on("data", (chunk) => {
      problems += chunk;
    });
    await new Promise<void>((resolve, reject) => {
      daemon.stdout.once("data", () => resolve());
      daemon.once("exit", () => reject(new Error(`dbus-daemon ended: ${problems}`)));
    });
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill("SIGKILL");
    await new Promise((resolve) => daemon.once("exit", resolve));
  }

  /** Stops it as a machine under load might: it neither reads nor answers. */
  pause(): void {
    this.#daemon?.kill("SIGSTOP");
  }

  resume(): void {
    this.#daemon?.kill("SIGCONT");
  }

  /** Lets it read its configuration and policy again; resolves when they are in force. */
  async reload(): Promise<void> {
    const target = ["--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
    const member = "org.freedesktop.DBus.ReloadConfig";
    await this.run("dbus-send", ["--system", "--print-reply", ...target, member]);
  }

  /** The policy that is in force after the next reload. */
  get policyFile(): string {
    return path.join(this.folder, "policy.conf");
  }

  async end(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Runs a program on this bus; standard output and error together. `user` is a name, or nobody as a member of a
   * group: "nobody:daemon".
   */
  run(command: string, args: readonly string[], user?: string): Promise<Outcome> {
    const argv =
      user === undefined ? [command, ...args] : ["setpriv", ...asUser(user), command, ...args];
    const [file = "", ...rest] = argv;
    return new Promise((resolve) => {
      execFile(
        file,
        rest,
        { env: this.#environment(), timeout: 20_000 },
        (error, stdout, stderr) => {
          resolve({ ok: error === null, output: `${stdout}${stderr}` });
        },
      );
    });
  }

  /** Calls a method of the appliance with dbus-send. `member` includes the interface. */
  call(
    objectPath: string,
    member: string,
    args: readonly string[] = [],
    user?: string,
  ): Promise<Outcome> {
    const fixed = ["--system", "--print-reply", "--reply-timeout=5000"];
    const target = ["--dest=org.tandem.Appliance1", objectPath, member];
    return this.run("dbus-send", [...fixed, ...target, ...args], user);
  }

  /** Reads a property with dbus-send: its value as text. */
  async property(objectPath: string, interfaceName: string, property: string): Promise<string> {
    const { output } = await this.call(objectPath, "org.freedesktop.DBus.Properties.Get", [
      `string:${interfaceName}`,
      `string:${property}`,
    ]);
    return (
      /variant\s+(?:string "([\s\S]*)"|(?:boolean|uint32) (\w+))/.exec(output)?.slice(1).join("") ??
      output
    );
  }

  /** What dbus-monitor prints from now on; the last 64 KiB of it. */
  async monitor(rule: string): Promise<() => string> {
    const child = spawn("dbus-monitor", ["--system", rule], {
      env: this.#environment(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#children.add(child);
    let seen = "";
    child.stdout.on("data", (chunk) => {
      seen = `${seen}${chunk}`.slice(-MONITOR_CHARACTERS);
    });
    // Its own NameAcquired or NameLost is the first line: from then on it listens.
    await vi.waitUntil(() => seen.length > 0, { timeout: 10_000 });
    return () => seen;
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: this.address, LC_ALL: "C.UTF-8" };
  }
}

/** As it is installed, for the users of this machine. */
export function appliancePolicy(): string {
  const original = new URL("../../image/dbus/org.tandem.Appliance1.conf", import.meta.url);
  return readFileSync(original, "utf8").replace(/(user|group)="tandem"/g, `$1="${OPERATOR}"`);
}

function asUser(name: string): string[] {
  const [user = "", group] = name.split(":");
  const groups = group === undefined ? ["--clear-groups"] : ["--groups", group];
  return ["--reuid", user, "--regid", user === NOBODY ? "nogroup" : user, ...groups];
}

function config(socket: string, policy: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Monitoring"/>
  </policy>
  <include>${policy}</include>
</busconfig>
`;
}

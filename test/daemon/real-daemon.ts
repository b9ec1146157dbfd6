// The bundled daemon as a real process in folders of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LeasePage, Status } from "../../daemon/http/api-types.ts";
import { ENVIRONMENT, NODE_FLAGS } from "../../image/runtime.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
export const DAEMON = path.join(ROOT, "dist/tandemd.js");

export const SHARED = {
  version: 1,
  networks: [
    {
      name: "office",
      subnet: "10.0.0.0/16",
      pools: [{ from: "10.0.1.0", to: "10.0.200.255" }],
      probe: false,
      gateway: "10.0.0.1",
      leaseSeconds: 3600,
    },
  ],
};
export const BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { office: { interface: "lan0", address: "10.0.0.2/16" } },
};

export class RealDaemon {
  readonly folder = mkdtempSync(path.join(tmpdir(), "tandem-daemon-"));
  readonly configDir = path.join(this.folder, "config");
  readonly stateDir = path.join(this.folder, "state");
  readonly rawlinkSocket = path.join(this.folder, "rawlink.sock");
  output = "";
  #child: ChildProcess | undefined;

  constructor(shared: unknown = SHARED, box: unknown = BOX) {
    if (!existsSync(DAEMON)) throw new Error("dist/tandemd.js is missing: npm run build");
    mkdirSync(this.configDir);
    this.configure(shared, box);
  }

  configure(shared: unknown, box: unknown = BOX): void {
    const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
    writeFileSync(path.join(this.configDir, "config.json"), text(shared));
    writeFileSync(path.join(this.configDir, "box.json"), text(box));
  }

  start(wrapper: readonly string[] = [], env: Record<string, string> = {}): void {
    const argv = [
      ...wrapper,
      process.execPath,
      ...NODE_FLAGS,
      DAEMON,
      ...["--config", this.configDir, "--state", this.stateDir, "--run", this.folder],
      ...["--rawlink", this.rawlinkSocket],
    ];
    const [program = "", ...args] = argv;
    const bus = `unix:path=${path.join(this.folder, "no-bus")}`;
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...ENVIRONMENT, DBUS_SYSTEM_BUS_ADDRESS: bus, ...env },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-20_000);
      });
    }
    this.#child = child;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Ends the process and waits for it. Returns its exit code, null after a signal. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return ended;
  }

  async remove(): Promise<void> {
    await this.end("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.#get("/api/v1/status")) as Status;
  }

  /** All leases, page by page. */
  async leases(): Promise<LeasePage["leases"]> {
    const all: LeasePage["leases"][number][] = [];
    for (;;) {
      const text = await this.#get(`/api/v1/leases?limit=1000&offset=${all.length}`);
      const page = JSON.parse(text) as LeasePage;
      all.push(...page.leases);
      if (page.leases.length === 0 || all.length >= page.total) return all;
    }
  }

  /** Polls the status until it is as wanted; the last one seen is in the error. */
  async until(wanted: (status: Status) => boolean, milliseconds = 10_000): Promise<Status> {
    const deadline = performance.now() + milliseconds;
    let last: Status | undefined;
    for (;;) {
      try {
        last = await this.status();
        if (wanted(last)) return last;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      if (performance.now() > deadline) {
        throw new Error(`not reached: ${JSON.stringify(last)}\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  #get(target: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socketPath = path.join(this.folder, "tandem.sock");
      const outgoing = request({ socketPath, path: target, agent: false }, (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on("end", () => resolve(body));
        response.on("error", reject);
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
  }
}

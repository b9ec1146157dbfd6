// Network namespaces without names, in which programs of a test run as root or as if they were; they end
// with this process. Users keep their own number, so that a bus takes them for the same inside and outside.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";

const isRoot = process.getuid?.() === 0;
const UNSHARE = isRoot
  ? ["unshare", "--net"]
  : ["unshare", "--user", "--map-current-user", "--keep-caps", "--net"];

/** Why no namespace can be made here; undefined when one can. */
export function netRoomProblem(): string | undefined {
  const [program = "", ...flags] = UNSHARE;
  const tried = spawnSync(program, [...flags, "ip", "link", "set", "lo", "up"], {
    encoding: "utf8",
  });
  if (tried.status === 0) return undefined;
  const why = (tried.stderr || tried.error?.message || "no reason given").trim();
  return `no network namespace can be made: ${why}`;
}

/** A namespace of the room: what has to stand in front of a command that runs there. */
export type Place = readonly string[];

export class NetRoom {
  /** Runs everything, one after the other: whoever enters a user namespace later has no rights in it. */
  readonly #shell: ChildProcess;
  #output = "";
  #line: Promise<unknown> = Promise.resolve();

  constructor() {
    const [program = "", ...flags] = UNSHARE;
    this.#shell = spawn(program, [...flags, "sh"], { stdio: ["pipe", "pipe", "inherit"] });
    this.#shell.stdout?.on("data", (chunk) => {
      this.#output += chunk;
    });
  }

  /** Runs lines of the shell; rejects when they fail. Returns what they printed. */
  run(script: string): Promise<string> {
    const done = this.#line.then(() => this.#runNow(script));
    this.#line = done.catch(() => {});
    return done;
  }

  /** Starts a program that goes on; returns its process number. */
  async start(argv: readonly string[], log = "/dev/null"): Promise<number> {
    const words = ["setpriv", "--pdeathsig", "KILL", "--", ...argv].map(quoted).join(" ");
    return Number(await this.run(`${words} >>${quoted(log)} 2>&1 </dev/null & echo $!`));
  }

  /** Waits for the end of a program that was started here. */
  async ended(pid: number): Promise<void> {
    await this.run(`wait ${pid} || :`);
  }

  /** Another namespace. */
  async addPlace(): Promise<Place> {
    const pid = await this.start(["unshare", "--net", "sleep", "infinity"]);
    const place = ["nsenter", "-t", `${pid}`, "-n", "--"];
    const own = "$(readlink /proc/self/ns/net)";
    // The process is there before it has a namespace of its own.
    await this.run(
      `until [ "$(${place.join(" ")} readlink /proc/self/ns/net)" != "${own}" ]; do sleep 0.01; done`,
    );
    await this.run(`${place.join(" ")} ip link set lo up`);
    return place;
  }

  /** A cable between two new ports, of which the second may be in another namespace. */
  async cable(port: string, address: string, far: string, at?: Place): Promise<void> {
    const where = at === undefined ? "" : ` netns ${at[2]}`;
    await this.run(
      `ip link set lo up
      ip link add ${port} type veth peer name ${far}${where}
      ip addr add ${address} dev ${port}
      ip link set ${port} up
      ${at?.join(" ") ?? ""} ip link set ${far} up`,
    );
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#shell.once("exit", resolve));
    this.#shell.kill("SIGKILL");
    await gone;
  }

  async #runNow(script: string): Promise<string> {
    this.#output = "";
    // Not in a shell of its own: only the shell that started a program can wait for it.
    this.#shell.stdin?.write(`{ ${script}\n} 2>&1; echo "<ended $?>"\n`);
    const text = await new Promise<string>((resolve, reject) => {
      const look = () => {
        if (!/<ended \d+>\n$/.test(this.#output)) return;
        stop();
        resolve(this.#output);
      };
      const fail = () => {
        stop();
        reject(new Error("the shell of the room has ended"));
      };
      const stop = () => {
        this.#shell.stdout?.off("data", look);
        this.#shell.off("exit", fail);
      };
      this.#shell.stdout?.on("data", look);
      this.#shell.on("exit", fail);
    });
    const [, printed = "", status] = /^([\s\S]*)<ended (\d+)>\n$/.exec(text) ?? [];
    if (status !== "0") throw new Error(`${script}\nended with ${status}: ${printed}`);
    return printed;
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

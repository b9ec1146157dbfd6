// The commands of the lab: one table with what a person types and what it does.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Box, ServiceName } from "./box.ts";
import { describe } from "./describe.ts";
import { setDisk } from "./disk.ts";
import { clientsMax, commandIn, type Lab } from "./lab-inside.ts";
import { type BoxName, boxNames } from "./topology.ts";
import { fixedWires } from "./wires.ts";

export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Calls back when the person has gone away. */
  onGone(callback: () => void): void;
}

interface Command {
  readonly usage: string;
  readonly help: string;
  /** Returns the exit code; undefined stands for 0. Throws a sentence when it cannot be done. */
  run(lab: Lab, words: readonly string[], output: Output): Promise<number | undefined>;
}

/** Thrown for words that are no command; the exit code is 3. */
export class UsageError extends Error {}

export async function execute(lab: Lab, words: readonly string[], output: Output): Promise<number> {
  const [name = "", ...rest] = words;
  try {
    const command = commands[name];
    if (!command) throw new UsageError(`there is no command "${name}"`);
    return (await command.run(lab, rest, output)) ?? 0;
  } catch (error) {
    const usage = error instanceof UsageError;
    const text = error instanceof Error ? error.message : String(error);
    output.err(`${text}${usage ? `\n\n${usageText()}` : ""}\n`);
    return usage ? 3 : 1;
  }
}

export function usageText(): string {
  const rows = Object.values(commands);
  const width = Math.max(...rows.map((row) => row.usage.length));
  const lines = rows.map((row) => `  ${row.usage.padEnd(width)}  ${row.help}`);
  return ["Commands:", ...lines].join("\n");
}

const commands: Readonly<Record<string, Command>> = {
  kill: {
    usage: "kill a|b",
    help: "kill -9 of the daemon, which stays dead until `start`",
    run: async (lab, words) => void (await box(lab, words).kill()),
  },
  "power-cut": {
    usage: "power-cut a|b",
    help: "all processes of the box die and its ports go dark; its files stay",
    run: async (lab, words) => void (await box(lab, words).powerCut()),
  },
  start: {
    usage: "start a|b|all",
    help: "switch the box on, or start what was killed",
    run: async (lab, words) => {
      if (words[0] !== "all") return void (await box(lab, words).start());
      for (const name of boxNames) await lab.boxes[name].start();
    },
  },
  unplug: {
    usage: "unplug WIRE",
    help: "pull a cable: pair, lan-a, lan-b, wan-a, wan-b or `client NAME`",
    run: (lab, words) => plug(lab, words, false),
  },
  plug: {
    usage: "plug WIRE",
    help: "put the cable in again",
    run: (lab, words) => plug(lab, words, true),
  },
  fault: {
    usage: "fault a|b PORT missing|renamed|back",
    help: "take a port (lan0, ded0, wan0) away or rename it, and bring it back",
    run: async (lab, words) => {
      const [, port = "", what = ""] = words;
      const fault = oneOf(what, { missing: "missing", renamed: "renamed", back: "none" } as const);
      await lab.wires.fault(box(lab, words).name, port, fault);
      lab.say(`box ${words[0]}: ${port} ${fault === "none" ? "is back" : `is ${fault}`}`);
    },
  },
  disk: {
    usage: "disk a|b small|full|free|read-only|writable",
    help: "a small disk for the journal, and what can happen to it",
    run: async (lab, words) => {
      const kinds = ["small", "full", "free", "read-only", "writable"] as const;
      const kind = oneOf(words[1] ?? "", Object.fromEntries(kinds.map((k) => [k, k])));
      await setDisk(box(lab, words), kind as (typeof kinds)[number]);
      lab.say(`box ${words[0]}: the disk is ${kind}`);
    },
  },
  rawlink: service("rawlink", "the packet helper"),
  bus: service("bus", "the D-Bus daemon"),
  gatekeeper: service("gatekeeper", "what runs the VRRP engine"),
  keepalived: {
    usage: "keepalived a|b kill",
    help: "the VRRP engine of a box dies, and is started again by itself",
    run: async (lab, words) => {
      oneOf(words[1] ?? "", { kill: true });
      await box(lab, words).killKeepalived();
      return undefined;
    },
  },
  tandemd: service("tandemd", "the daemon"),
  clients: {
    usage: "clients N",
    help: `so many DHCP clients in all, up to ${clientsMax}`,
    run: async (lab, [count = ""]) => {
      if (!/^\d+$/.test(count) || Number(count) > clientsMax) {
        throw new UsageError(`"${count}" is not a number from 0 to ${clientsMax}`);
      }
      await lab.setClients(Number(count));
    },
  },
  renew: {
    usage: "renew CLIENT",
    help: "the client asks for its address again now",
    run: async (lab, [name = ""]) => void (await lab.client(name).renew()),
  },
  release: {
    usage: "release CLIENT",
    help: "the client gives its address back and waits for `renew`",
    run: async (lab, [name = ""]) => void (await lab.client(name).release()),
  },
  status: {
    usage: "status [--json]",
    help: "boxes, wires and clients",
    run: async (lab, words, { out }) => {
      const status = await lab.status();
      const text = words[0] === "--json" ? JSON.stringify(status, null, 2) : describe(status);
      out(`${text}\n`);
      return undefined;
    },
  },
  logs: {
    usage: "logs a|b [bus|gatekeeper|rawlink|tandemd] | logs CLIENT",
    help: "what the programs printed",
    run: async (lab, words, { out }) => {
      out(readFileSync(logFile(lab, words), "utf8"));
      return undefined;
    },
  },
  exec: {
    usage: "exec a|b|wan|CLIENT COMMAND...",
    help: "run a command there; `exec lab` is the place of the bridges between them",
    run: (lab, [where = "", ...argv], output) => exec(lab, where, argv, output),
  },
  stop: {
    usage: "stop",
    help: "end the lab",
    run: async () => undefined,
  },
};

function service(name: ServiceName, what: string): Command {
  return {
    usage: `${name} a|b stop|start`,
    help: `${what} of a box dies and stays dead, or starts`,
    run: async (lab, words) => {
      const on = oneOf(words[1] ?? "", { start: true, stop: false });
      await box(lab, words).switchService(name, on);
      return undefined;
    },
  };
}

function box(lab: Lab, words: readonly string[]): Box {
  const name = words[0];
  if (name === "a" || name === "b") return lab.boxes[name satisfies BoxName];
  throw new UsageError(name === undefined ? "which box: a or b?" : `there is no box "${name}"`);
}

async function plug(lab: Lab, words: readonly string[], plugged: boolean): Promise<undefined> {
  const wire = words.join(" ");
  if (!fixedWires.includes(wire)) {
    const client = words[0] === "client" ? lab.client(words[1] ?? "") : undefined;
    if (client?.wire !== wire) throw new UsageError(`there is no wire "${wire}"`);
  }
  await lab.wires.plug(wire, plugged);
  lab.say(`wire ${wire} was ${plugged ? "plugged in" : "unplugged"}`);
}

function logFile(lab: Lab, words: readonly string[]): string {
  const [name = "", which = "tandemd"] = words;
  if (lab.clients.some((client) => client.name === name)) return lab.client(name).logFile;
  const names = ["bus", "gatekeeper", "rawlink", "tandemd"] as const;
  return box(lab, words).logFile(oneOf(which, Object.fromEntries(names.map((n) => [n, n]))));
}

function exec(
  lab: Lab,
  where: string,
  argv: readonly string[],
  output: Output,
): Promise<number | undefined> {
  const namespace = where === "lab" ? "" : where;
  const known = ["", "wan", ...boxNames, ...lab.clients.map((client) => client.name)];
  if (!known.includes(namespace)) throw new UsageError(`there is no place "${where}"`);
  if (argv.length === 0) throw new UsageError("which command?");
  return new Promise((resolve, reject) => {
    const [program = "", ...rest] = commandIn(namespace, argv);
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.setEncoding("utf8").on("data", output.out);
    child.stderr.setEncoding("utf8").on("data", output.err);
    output.onGone(() => child.kill("SIGKILL"));
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function oneOf<T extends string | boolean>(word: string, choices: Record<string, T>): T {
  const choice = Object.hasOwn(choices, word) ? choices[word] : undefined;
  if (choice !== undefined) return choice;
  throw new UsageError(`"${word}" is none of ${Object.keys(choices).join(", ")}`);
}

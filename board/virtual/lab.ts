// `npm start`: the outer process. It stays in the machine's network, owns the lab's folder, starts the
// inner process in namespaces of its own, brings the pages to 127.0.0.1 and shows what happens.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { boxPaths, type LabKind } from "./box-files.ts";
import { isolated } from "./enter.ts";
import { clientsMax } from "./lab-inside.ts";
import type { FromInner, FromOuter, LabSettings, ToInner } from "./messages.ts";
import { claim, defaultName, nameProblem, release } from "./place.ts";
import { serveProxy } from "./proxy.ts";
import { Screen } from "./screen.ts";
import { reason } from "./shell.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const startedAt = Date.now();

const usage = `Usage: npm start -- [--name NAME] [--clients N] [--ports A,B] [--alone|--new] [--plain]

  --name     to run several labs at once; \`npm run lab -- --name NAME\` talks to it
  --clients  DHCP clients at the start (4)
  --ports    where the pages of box A and B are on 127.0.0.1 (8080,8081); 0 takes a free one
  --alone    no pair: box A serves alone, and box B stands by
  --new      the same, and box B is as the factory made it: pair them yourself
  --plain    lines instead of a live picture
`;

interface Options {
  readonly name: string;
  readonly clients: number;
  readonly ports: readonly [number, number];
  readonly kind: LabKind;
  readonly plain: boolean;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options | undefined;
  try {
    options = parseOptions();
  } catch (error) {
    process.stderr.write(`${reason(error)}\n\n${usage}`);
    return 3;
  }
  if (!options) return 0;
  let folder: string;
  try {
    mustBeBuilt();
    folder = claim(options.name);
  } catch (error) {
    process.stderr.write(`${reason(error)}\n`);
    return 1;
  }
  try {
    return await runLab(options, folder);
  } catch (error) {
    process.stderr.write(`${reason(error)}\n`);
    return 1;
  } finally {
    release(folder);
    // Proxies and signal handlers would keep this process.
    setImmediate(() => process.exit());
  }
}

async function runLab(options: Options, folder: string): Promise<number> {
  const socket = (box: "a" | "b"): string => boxPaths(folder, box).pageSocket;
  const ports = [
    await serveProxy("A", options.ports[0], socket("a")),
    await serveProxy("B", options.ports[1], socket("b")),
  ] as const;
  const { name, clients, kind } = options;
  const node = process.execPath;
  const where = { name, folder, repository, node };
  const settings: LabSettings = { ...where, clients, kind, ports, startedAt };
  const file = join(folder, "lab.json");
  writeFileSync(file, JSON.stringify(settings));
  const inner = startInner(file);
  const live = process.stdout.isTTY && !options.plain;
  return await follow(inner, settings, live);
}

function startInner(settingsFile: string): ChildProcess {
  const script = join(repository, "board", "virtual", "inner.ts");
  const [program = "", ...args] = isolated([process.execPath, script, settingsFile]);
  // In a session of its own: Ctrl-C is for this process, which ends the lab in order.
  return spawn(program, args, { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

// Shows what the inner process says until it has ended; returns the exit code.
function follow(inner: ChildProcess, settings: LabSettings, live: boolean): Promise<number> {
  return new Promise((resolve) => {
    let ending = false;
    let failed = "";
    const tell = (message: ToInner): void => {
      if (inner.connected) inner.send(message);
    };
    const end = (): void => {
      if (ending) return;
      ending = true;
      tell({ kind: "end" });
      setTimeout(() => inner.kill("SIGKILL"), 5000).unref();
    };
    const screen = live ? new Screen((words) => tell({ kind: "do", words }), end) : undefined;
    screen?.open();
    if (live) tell({ kind: "watch" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
    // Whoever started the lab over an IPC channel and died does not need it any more.
    if (process.connected) process.on("disconnect", end);
    inner.on("message", (message: FromInner) => {
      if (message.kind === "failed") failed = message.text;
      else if (message.kind === "status") screen?.show(message.status);
      else if (message.kind === "line" && !live) process.stdout.write(`${message.text}\n`);
      else if (message.kind === "ready") announce(settings, live);
    });
    inner.on("error", (error) => {
      failed = error.message;
    });
    inner.on("close", (code) => {
      screen?.close();
      if (failed) process.stderr.write(`The lab could not go on: ${failed}\n`);
      else if (!ending && code !== 0) process.stderr.write("The inner process of the lab died.\n");
      resolve(ending || code === 0 ? 0 : 1);
    });
  });
}

function announce({ ports, folder }: LabSettings, live: boolean): void {
  const ready: FromOuter = { kind: "ready", folder, ports };
  if (process.connected) process.send?.(ready);
  if (live) return;
  process.stdout.write(
    `box A: http://127.0.0.1:${ports[0]}\nbox B: http://127.0.0.1:${ports[1]}\n`,
  );
}

function mustBeBuilt(): void {
  for (const file of ["dist/tandemd.js", "board/rawlink/rawlink"]) {
    if (existsSync(join(repository, file))) continue;
    throw new Error(`${file} is not built yet: \`npm start\` builds it, or \`npm run build\`.`);
  }
}

// undefined when only help was wanted. Throws a sentence.
function parseOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      name: { type: "string", default: defaultName },
      clients: { type: "string", default: "4" },
      ports: { type: "string", default: "8080,8081" },
      alone: { type: "boolean", default: false },
      new: { type: "boolean", default: false },
      plain: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return undefined;
  }
  const problem = nameProblem(values.name);
  if (problem) throw new Error(`${problem}.`);
  const clients = Number(values.clients);
  if (!/^\d+$/.test(values.clients) || clients > clientsMax) {
    throw new Error(`--clients wants a number from 0 to ${clientsMax}.`);
  }
  const ports = /^(\d{1,5}),(\d{1,5})$/.exec(values.ports);
  const [a, b] = [Number(ports?.[1]), Number(ports?.[2])];
  if (!ports || a > 65_535 || b > 65_535 || (a === b && a !== 0)) {
    throw new Error("--ports wants two different ports such as 8080,8081.");
  }
  const { name, alone, plain } = values;
  const kind = values.new ? "new" : alone ? "alone" : "pair";
  return { name, clients, ports: [a, b], kind, plain };
}

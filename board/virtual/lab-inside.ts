// The lab seen from inside its namespaces: boxes, wires, clients and what happened.

import { appendFileSync, cpSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Box, type Programs } from "./box.ts";
import { Client, type ClientEvent } from "./client.ts";
import { kindOf } from "./client-kinds.ts";
import type { LabEvent, LabSettings, LabStatus } from "./messages.ts";
import { inNamespace, ip, must } from "./shell.ts";
import { type BoxName, plan, wanHostPort } from "./topology.ts";
import { Wires } from "./wires.ts";

export const clientsMax = 90;

export class Lab {
  readonly settings: LabSettings;
  readonly wires = new Wires();
  readonly boxes: Readonly<Record<BoxName, Box>>;
  readonly clients: Client[] = [];
  #events: LabEvent[] = [];
  #listeners: ((event: LabEvent) => void)[] = [];
  #upAfter: number | null = null;
  #offset = 0;
  #rest = "";

  constructor(settings: LabSettings) {
    this.settings = settings;
    mkdirSync(join(settings.folder, "clients"));
    writeFileSync(this.#eventsFile, "");
    const programs = installPrograms(settings);
    const say = (text: string): void => this.say(text);
    const { folder, kind } = settings;
    const box = (name: BoxName): Box => new Box(folder, name, kind, programs, this.wires, say);
    this.boxes = { a: box("a"), b: box("b") };
  }

  /** Everything on; returns when all is started, before the clients have addresses. */
  async start(): Promise<void> {
    await this.wires.lay();
    const host = wanHostPort();
    await this.wires.connect(host.namespace, [host], false);
    const subnet = plan.lan.subnet;
    await ip([`-n ${host.namespace} route add ${subnet} via ${plan.wan.virtual}`]);
    setInterval(() => void this.#readEvents(), 100);
    await this.boxes.a.start();
    await this.boxes.b.start();
    await this.setClients(this.settings.clients);
    this.#checkUp();
  }

  /** Adds clients, or takes the last ones away, until there are so many. */
  async setClients(count: number): Promise<void> {
    while (this.clients.length > count) await this.clients.pop()?.remove();
    while (this.clients.length < count) {
      const number = this.clients.length + 1;
      const say = (text: string): void => this.say(text);
      const { folder } = this.settings;
      const client = new Client(folder, number, kindOf(number), this.wires, say);
      this.clients.push(client);
      await client.start();
    }
  }

  client(name: string): Client {
    const found = this.clients.find((client) => client.name === name);
    if (found) return found;
    const names = this.clients.map((client) => client.name).join(" ");
    throw new Error(`there is no client "${name}"; there are: ${names || "none"}`);
  }

  onEvent(listener: (event: LabEvent) => void): void {
    this.#listeners.push(listener);
  }

  say(text: string): void {
    const event = { at: Date.now(), text };
    this.#events.push(event);
    if (this.#events.length > 200) this.#events.shift();
    appendFileSync(join(this.settings.folder, "lab.log"), `${new Date().toISOString()} ${text}\n`);
    for (const listener of this.#listeners) listener(event);
  }

  async status(): Promise<LabStatus> {
    const { name, folder, ports, startedAt } = this.settings;
    const [a, b] = await Promise.all([this.boxes.a.status(), this.boxes.b.status()]);
    return {
      name,
      folder,
      ports,
      startedAt,
      upAfterSeconds: this.#upAfter,
      boxes: { a, b },
      wires: this.wires.list(),
      clients: this.clients.map((client) => client.status()),
      events: this.#events,
    };
  }

  get #eventsFile(): string {
    return join(this.settings.folder, "events.jsonl");
  }

  // The clients' scripts append whole lines; a line may still be half written when it is read.
  async #readEvents(): Promise<void> {
    if (statSync(this.#eventsFile).size <= this.#offset) return;
    const from = this.#offset;
    const file = await open(this.#eventsFile);
    try {
      const buffer = Buffer.alloc(64 << 10);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
      if (this.#offset !== from) return;
      this.#offset += bytesRead;
      const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    } finally {
      await file.close();
    }
  }

  #take(line: string): void {
    const event = JSON.parse(line) as ClientEvent;
    this.clients.find((client) => client.name === event.client)?.take(event);
    this.#checkUp();
  }

  #checkUp(): void {
    const bound = this.clients.filter((client) => client.status().address !== "").length;
    if (this.#upAfter !== null || bound < this.settings.clients) return;
    this.#upAfter = (Date.now() - this.settings.startedAt) / 1000;
    const count = `${bound} of ${this.settings.clients} clients have an address`;
    this.say(`lab is up: ${count} (${this.#upAfter.toFixed(1)} s)`);
  }
}

/** Private files in place of the machine's: nothing that runs in the lab can change a host file. */
export async function coverHostFiles(folder: string): Promise<void> {
  await must(["mount", "-t", "tmpfs", "-o", "mode=755", "tandem-lab", "/run"]);
  mkdirSync("/run/netns");
  const cover = async (file: string, text: string): Promise<void> => {
    if (!existsSync(file)) return;
    const own = join(folder, "covers", file.replaceAll("/", "_"));
    mkdirSync(join(folder, "covers"), { recursive: true });
    writeFileSync(own, text);
    await must(["mount", "--bind", own, file]);
  };
  await cover("/etc/resolv.conf", "");
  // In a user namespace only one user exists: programs that change to another one must not try.
  // The product's own ones are there because the bus policy speaks of them.
  const root = "root:x:0:0:root:/root:/bin/sh";
  await cover("/etc/passwd", `${root}\ntandem:x:990:990:Tandem daemon:/:/bin/false\n`);
  await cover("/etc/group", "root:x:0:\ntandem:x:990:\n");
}

/** Runs a command of a person in a namespace of the lab; "" is the switch room between them all. */
export function commandIn(namespace: string, argv: readonly string[]): string[] {
  return namespace === "" ? [...argv] : inNamespace(namespace, argv);
}

// A copy, so that a build does not change the program under a running lab. Node stays where it is
// and is bound to a place that can be reached without capabilities.
function installPrograms(settings: LabSettings): Programs {
  const { folder, repository } = settings;
  const program = join(folder, "program");
  const virtual = join(repository, "board", "virtual");
  mkdirSync(program);
  const dist = join(repository, "dist");
  // What a bench has left there need not be readable for everybody.
  const filter = (from: string): boolean => !from.startsWith(join(dist, "bench-"));
  cpSync(dist, join(program, "dist"), { recursive: true, filter });
  cpSync(join(virtual, "client-script.sh"), join(program, "client-script.sh"));
  for (const name of ["rawlink", "gatekeeper"]) {
    cpSync(join(repository, "board", name, name), join(program, name));
  }
  const policy = join(repository, "image", "dbus", "org.tandem.Appliance1.conf");
  return {
    node: join(program, "node"),
    tandemd: join(program, "dist", "tandemd.js"),
    rawlink: join(program, "rawlink"),
    gatekeeper: join(program, "gatekeeper"),
    policies: existsSync(policy) ? [policy] : [],
  };
}

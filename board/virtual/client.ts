// Real DHCP clients, each in a namespace of its own with its own lease files.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ClientKind, type ClientSetup, clientTools } from "./client-kinds.ts";
import { killAllIn } from "./processes.ts";
import { inNamespace } from "./shell.ts";
import { Service, type ServiceState } from "./supervisor.ts";
import { clientPort } from "./topology.ts";
import type { Wires } from "./wires.ts";

/** A line that the client's script wrote. */
export interface ClientEvent {
  readonly client: string;
  readonly event: "bound" | "renew" | "lost" | "nak" | "failed";
  /** "" when the client has none any more. */
  readonly address: string;
  readonly prefix: number;
  /** Server identifier of the lease. */
  readonly server: string;
  /** Length of the lease. */
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface ClientStatus {
  readonly name: string;
  readonly kind: ClientKind;
  readonly mac: string;
  readonly state: ServiceState;
  readonly plugged: boolean;
  readonly address: string;
  readonly server: string;
  readonly leaseSeconds: number;
  /** When the address was first given, and last confirmed; ms since 1970, 0 without an address. */
  readonly boundAt: number;
  readonly confirmedAt: number;
  readonly renewals: number;
}

type Say = (sentence: string) => void;

export class Client {
  readonly name: string;
  readonly kind: ClientKind;
  readonly mac: string;
  #setup: ClientSetup;
  #service: Service;
  #wires: Wires;
  #say: Say;
  #number: number;
  #last: ClientEvent | undefined;
  #boundAt = 0;
  #renewals = 0;

  constructor(lab: string, number: number, kind: ClientKind, wires: Wires, say: Say) {
    this.name = `c${number}`;
    this.kind = kind;
    this.mac = clientPort(this.name, number).mac;
    this.#number = number;
    this.#wires = wires;
    this.#say = say;
    const folder = join(lab, "clients", this.name);
    mkdirSync(folder, { recursive: true });
    this.#setup = { name: this.name, folder, script: join(folder, "script") };
    writeFileSync(this.#setup.script, scriptOf(lab, this.name, kind), { mode: 0o755 });
    const tool = clientTools[kind];
    tool.prepare(this.#setup);
    this.#service = new Service({
      name: kind,
      argv: inNamespace(this.name, tool.command(this.#setup)),
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: folder },
      folder,
      logFile: this.logFile,
      onChange: (sentence) => say(`client ${this.name}: ${sentence}`),
    });
  }

  get logFile(): string {
    return join(this.#setup.folder, "log");
  }

  get wire(): string {
    return `client ${this.name}`;
  }

  async start(): Promise<void> {
    await this.#wires.connect(this.name, [clientPort(this.name, this.#number)], false);
    this.#service.start();
  }

  /** The device is carried away: no release, no trace. */
  async remove(): Promise<void> {
    const end = this.#service.stop("SIGKILL");
    await killAllIn(this.name);
    await end;
    await this.#wires.disconnect(this.name);
    this.#say(`client ${this.name} was taken away`);
  }

  /** Asks for the address again now; a client that gave its address back starts anew. */
  async renew(): Promise<void> {
    if (this.#service.state === "stopped") this.#service.start();
    else await clientTools[this.kind].renew(this.#setup, this.#service);
  }

  /** Gives the address back and stays without one until `renew`. */
  async release(): Promise<void> {
    if (!this.#service.pid) throw new Error(`client ${this.name} does not run`);
    await clientTools[this.kind].release(this.#setup, this.#service);
  }

  take(event: ClientEvent): void {
    const before = this.#last?.address ?? "";
    this.#last = event;
    if (event.event === "renew" && before === event.address) this.#renewals += 1;
    if (event.address !== before) {
      this.#boundAt = event.address === "" ? 0 : event.at;
      this.#renewals = 0;
      const now = event.address === "" ? "has no address any more" : `has ${event.address}`;
      this.#say(`client ${this.name} ${this.kind} ${now}`);
    } else if (event.event === "renew" || event.event === "bound") {
      this.#say(`client ${this.name} ${this.kind} keeps ${event.address}`);
    } else if (event.event === "nak") {
      this.#say(`client ${this.name} ${this.kind} was refused`);
    }
  }

  status(): ClientStatus {
    const last = this.#last;
    const address = last?.address ?? "";
    return {
      name: this.name,
      kind: this.kind,
      mac: this.mac,
      state: this.#service.state,
      plugged: this.#wires.isPlugged(this.wire),
      address,
      server: address === "" ? "" : (last?.server ?? ""),
      leaseSeconds: address === "" ? 0 : (last?.seconds ?? 0),
      boundAt: this.#boundAt,
      confirmedAt: address === "" ? 0 : (last?.at ?? 0),
      renewals: this.#renewals,
    };
  }
}

function scriptOf(lab: string, name: string, kind: ClientKind): string {
  const events = join(lab, "events.jsonl");
  const common = join(lab, "program", "client-script.sh");
  return `#!/bin/sh\nCLIENT=${name} KIND=${kind} EVENTS='${events}'\n. '${common}'\n`;
}

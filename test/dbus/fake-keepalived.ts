// A program that has keepalived's name and answers as it is told: keepalived with its faults, and worse.

import { type BusMessage, TYPE } from "../../daemon/io/dbus-connection.ts";
import {
  INSTANCE_INTERFACE,
  VRRP_INTERFACE,
  VRRP_NAME,
  VRRP_ROOT,
} from "../../daemon/io/vrrp-reading.ts";
import { type BusClient, busClient, refusalOf, replyTo } from "./bus-client.ts";
import { vrrpBus } from "./keepalived.ts";
import type { PrivateBus } from "./private-bus.ts";
import { Observed } from "./vrrp-observed.ts";

export const INIT = 0;
export const BACKUP = 1;
export const MASTER = 2;
export const FAULT = 3;
export const STOP = 98;

export const LAN0_PATH = `${VRRP_ROOT}/Instance/lan0/51/IPv4`;
export const LAN1_PATH = `${VRRP_ROOT}/Instance/lan1/52/IPv4`;

/** Properties of an instance, as the codec takes them: signature and value of each. */
export type Properties = Readonly<Record<string, readonly [signature: string, value: unknown]>>;

/** As keepalived 2.2.7 says it. */
export function instance(name: string, state: number): Properties {
  return { Name: ["(s)", [name]], State: stateProperty(state) };
}

function stateProperty(state: number): readonly [string, unknown] {
  return ["(us)", [state, "in words"]];
}

export class FakeKeepalived {
  /** By object path; of the process itself none are asked. */
  readonly objects = new Map<string, Properties>([[`${VRRP_ROOT}/Vrrp`, {}]]);
  /** Decides about each call before it is answered; true when nothing is to be answered any more. */
  handle: (call: BusMessage) => boolean = () => false;
  readonly calls: BusMessage[] = [];
  readonly #client: BusClient;

  private constructor(client: BusClient) {
    this.#client = client;
  }

  /** Resolves when it has the name, or would get it next. */
  static async start(
    bus: PrivateBus,
    objects: Record<string, Properties>,
  ): Promise<FakeKeepalived> {
    const fake: FakeKeepalived = new FakeKeepalived(
      await busClient(bus, (call) => fake.#called(call)),
    );
    for (const [path, properties] of Object.entries(objects)) fake.objects.set(path, properties);
    await fake.#client.connection.callBus("RequestName", "su", [VRRP_NAME, 0]);
    return fake;
  }

  /** An instance changes and says so. */
  change(path: string, state: number): void {
    const before = this.objects.get(path);
    if (before) this.objects.set(path, { ...before, State: stateProperty(state) });
    this.say(path, state);
  }

  /** The signal alone. */
  say(path: string, state: number): void {
    this.signal(path, `${INSTANCE_INTERFACE}.VrrpStatusChange`, "u", [state]);
  }

  reloaded(): void {
    this.signal(`${VRRP_ROOT}/Vrrp`, `${VRRP_INTERFACE}.VrrpReloaded`, "", []);
  }

  signal(path: string, member: string, signature: string, body: unknown[], to?: string): void {
    const dot = member.lastIndexOf(".");
    const content = signature === "" ? {} : { signature, body };
    this.#client.connection.send({
      type: TYPE.signal,
      path,
      interface: member.slice(0, dot),
      member: member.slice(dot + 1),
      ...(to === undefined ? {} : { destination: to }),
      ...content,
    });
  }

  reply(call: BusMessage, signature: string, body: unknown[]): void {
    this.#client.connection.send(replyTo(call, signature, body));
  }

  refuse(call: BusMessage, errorName: string): void {
    this.#client.connection.send(refusalOf(call, errorName));
  }

  /** What it would answer. */
  answer(call: BusMessage): void {
    if (call.member === "Introspect") this.reply(call, "s", [this.#describe(call.path ?? "")]);
    else this.reply(call, "a{sv}", [Object.entries(this.objects.get(call.path ?? "") ?? {})]);
  }

  /** Resolves when everything that was sent has arrived at the bus. */
  async sent(): Promise<void> {
    await this.#client.connection.callBus("GetId", "", []);
  }

  async quit(): Promise<void> {
    await this.#client.connection.close();
  }

  #called(call: BusMessage): void {
    this.calls.push(call);
    if (!this.handle(call)) this.answer(call);
  }

  /** As GDBus does: any path can be described, and one that leads nowhere is empty. */
  #describe(path: string): string {
    const below = [...this.objects.keys()].filter((one) => one.startsWith(`${path}/`));
    const names = new Set(below.map((one) => one.slice(path.length + 1).split("/", 1)[0]));
    const nodes = Array.from(names, (name) => `<node name="${name}"/>`);
    const own = path.endsWith("/Vrrp") ? VRRP_INTERFACE : INSTANCE_INTERFACE;
    const interfaces = this.objects.has(path) ? [`<interface name="${own}">`, "</interface>"] : [];
    return ["<node>", ...interfaces, ...nodes, "</node>"].join("\n");
  }
}

export interface FakeScene {
  readonly bus: PrivateBus;
  readonly fake: FakeKeepalived;
  readonly observed: Observed;
}

/** A bus with a fake on it and an observer that has read it: LAN0 is backup. */
export async function withFake(act: (scene: FakeScene) => Promise<void>): Promise<void> {
  const bus = vrrpBus();
  await bus.start();
  const fake = await FakeKeepalived.start(bus, { [LAN0_PATH]: instance("LAN0", BACKUP) });
  const observed = new Observed(bus.address);
  try {
    await observed.until(/^states LAN0 backup$/);
    await act({ bus, fake, observed });
  } finally {
    await observed.bus.stop();
    await fake.quit();
    await bus.end();
  }
}

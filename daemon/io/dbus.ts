// org.tandem.Appliance1 on the system bus: other programs on the box follow Tandem through it.
// The bus is a guest's convenience, never a need: without one the box works, and when it comes
// (back) the name and the objects are there again by themselves.

import { readFileSync } from "node:fs";
import { type BusAddress, parseBusAddress, SYSTEM_BUS } from "./dbus-address.ts";
import {
  BusConnection,
  type BusError,
  type BusMessage,
  NO_REPLY_EXPECTED,
  TYPE,
} from "./dbus-connection.ts";
import { type ApplianceView, answer, type BusObjects, changes, objectsOf } from "./dbus-objects.ts";

export type { ApplianceView };

export interface ApplianceBusEvents {
  /** The name is ours and the objects can be reached. */
  connected(): void;
  /** Once when that ends or cannot be reached at first, and again when the reason is of another kind. */
  lost(why: string): void;
}

const NAME = "org.tandem.Appliance1";
const RETRY_FIRST_MILLISECONDS = 100;
const RETRY_LAST_MILLISECONDS = 2000;
/** A connection that held this long was a good one: the next attempt comes at once again. */
const GOOD_AFTER_MILLISECONDS = 10_000;
/** A policy that forbids the name is changed by a person, so there is no hurry. */
const DENIED_RETRY_MILLISECONDS = 10_000;

/** D-Bus specification, "org.freedesktop.DBus.RequestName". */
const REPLY = { primaryOwner: 1, inQueue: 2, alreadyOwner: 4 } as const;

type Kind = "unreachable" | "taken" | "denied";

export class ApplianceBus {
  readonly #addresses: readonly BusAddress[];
  readonly #address: string;
  readonly #events: ApplianceBusEvents;
  #connection: BusConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #delay = RETRY_FIRST_MILLISECONDS;
  #running = false;
  /** Monotonic ms when the name became ours; undefined while it is not. */
  #ownedSince: number | undefined;
  #saidLost: Kind | undefined;
  #objects: BusObjects = new Map();
  /** What listeners on the bus know: they get only the difference. */
  #published: BusObjects = new Map();
  #machineId: string | undefined;

  /** `address` as in DBUS_SYSTEM_BUS_ADDRESS; undefined takes that variable, or the system bus. */
  constructor(address: string | undefined, events: ApplianceBusEvents) {
    this.#address = address ?? process.env.DBUS_SYSTEM_BUS_ADDRESS ?? SYSTEM_BUS;
    this.#addresses = parseBusAddress(this.#address);
    this.#events = events;
  }

  start(view: ApplianceView): void {
    this.#objects = objectsOf(view);
    this.#running = true;
    this.#after(0, () => this.#connect());
  }

  /** Tells the bus what changed, as soon as it takes it; states in between may be skipped. */
  update(view: ApplianceView): void {
    this.#objects = objectsOf(view);
    this.#publish();
  }

  /** The name is given back, and nothing is called or runs any more afterwards. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#ownedSince = undefined;
    clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  #connect(): void {
    const address = this.#addresses[this.#attempts++ % this.#addresses.length];
    if (address === undefined) {
      this.#lost("unreachable", `the bus address "${this.#address}" names no Unix socket`);
      return;
    }
    const connection: BusConnection = new BusConnection(address, {
      opened: () => this.#requestName(connection),
      call: (message) => this.#answer(connection, message),
      signal: (message) => this.#signal(connection, message),
      drained: () => this.#publish(),
      closed: (why) => {
        if (connection === this.#connection) this.#closed(why);
      },
    });
    this.#connection = connection;
  }

  #closed(why: string): void {
    this.#connection = undefined;
    const held = this.#ownedSince === undefined ? 0 : performance.now() - this.#ownedSince;
    if (held >= GOOD_AFTER_MILLISECONDS) this.#delay = RETRY_FIRST_MILLISECONDS;
    this.#ownedSince = undefined;
    this.#after(this.#delay, () => this.#connect());
    this.#delay = Math.min(this.#delay * 2, RETRY_LAST_MILLISECONDS);
    this.#lost("unreachable", why);
  }

  /** Stands in the queue for a name that another program has: it is ours when that one lets go. */
  #requestName(connection: BusConnection): void {
    connection.callBus("RequestName", "su", [NAME, 0]).then(
      ([result]) => {
        if (connection !== this.#connection) return;
        if (result === REPLY.primaryOwner || result === REPLY.alreadyOwner) this.#owned();
        else if (result === REPLY.inQueue) this.#sayTaken(connection);
      },
      (error: BusError) => {
        if (connection !== this.#connection) return;
        this.#after(DENIED_RETRY_MILLISECONDS, () => this.#requestName(connection));
        this.#lost("denied", `the bus does not let this program be ${NAME} (${error.message})`);
      },
    );
  }

  #sayTaken(connection: BusConnection): void {
    connection
      .callBus("GetConnectionUnixProcessID", "s", [NAME])
      .then(([process]) => `process ${process}`)
      .catch(() => "another program")
      .then((owner) => {
        if (connection !== this.#connection || this.#ownedSince !== undefined) return;
        this.#lost("taken", `${NAME} belongs to ${owner} until that ends`);
      });
  }

  #owned(): void {
    if (this.#ownedSince !== undefined) return;
    clearTimeout(this.#timer);
    this.#ownedSince = performance.now();
    // Who listens reads everything when the name appears: nothing to tell about the time before.
    this.#published = this.#objects;
    this.#saidLost = undefined;
    this.#events.connected();
  }

  #signal(connection: BusConnection, { sender, member, body }: BusMessage): void {
    if (sender !== "org.freedesktop.DBus" || body?.[0] !== NAME) return;
    if (member === "NameAcquired") this.#owned();
    if (member === "NameLost" && this.#ownedSince !== undefined) {
      this.#ownedSince = undefined;
      this.#sayTaken(connection);
    }
  }

  #answer(connection: BusConnection, message: BusMessage): void {
    const {
      flags = 0,
      serial,
      sender,
      path = "",
      member = "",
      signature = "",
      body = [],
    } = message;
    const question = { path, interface: message.interface ?? "", member, signature, body };
    const given = answer(question, this.#objects, this.#machine());
    if ((flags & NO_REPLY_EXPECTED) !== 0) return;
    const address = {
      replySerial: serial,
      ...(sender === undefined ? {} : { destination: sender }),
    };
    if ("errorName" in given) {
      const { errorName, text } = given;
      connection.send({ type: TYPE.error, ...address, errorName, signature: "s", body: [text] });
    } else {
      const content = given.signature === "" ? {} : given;
      connection.send({ type: TYPE.reply, ...address, ...content });
    }
  }

  #publish(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#ownedSince === undefined || connection.congested) return;
    const signals = changes(this.#published, this.#objects);
    this.#published = this.#objects;
    for (const signal of signals) connection.send({ type: TYPE.signal, ...signal });
  }

  #lost(kind: Kind, why: string): void {
    if (this.#saidLost === kind) return;
    this.#saidLost = kind;
    this.#events.lost(why);
  }

  #after(milliseconds: number, act: () => void): void {
    clearTimeout(this.#timer);
    if (this.#running) this.#timer = setTimeout(act, milliseconds);
  }

  /** machine-id(5); OpenWrt has only the one of D-Bus. */
  #machine(): string {
    this.#machineId ??= readFirst(["/etc/machine-id", "/var/lib/dbus/machine-id"]);
    return this.#machineId;
  }
}

function readFirst(files: readonly string[]): string {
  for (const file of files) {
    try {
      return readFileSync(file, "utf8").trim();
    } catch {
      // The next one may be there.
    }
  }
  return "";
}

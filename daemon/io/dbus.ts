// org.tandem.Appliance1 on the system bus: other programs on the box follow Tandem through it.
// The bus is a guest's convenience, never a need: without one the box works, and when it comes
// (back) the name and the objects are there again by themselves.

import { readFileSync } from "node:fs";
import type { LeaseChange } from "../http/box-view.ts";
import { LIMITS } from "../limits.ts";
import {
  changes,
  leaseSignal,
  type Signal,
  skippedSignal,
  withOldFigures,
} from "./dbus-changes.ts";
import {
  BUS_NAME,
  type BusConnection,
  type BusError,
  type BusMessage,
  NO_REPLY_EXPECTED,
  TYPE,
} from "./dbus-connection.ts";
import { KeptBus } from "./dbus-kept.ts";
import type { ApplianceControl } from "./dbus-methods.ts";
import { answer } from "./dbus-objects.ts";
import { type ApplianceView, type BusObjects, objectsOf } from "./dbus-view.ts";

export type { ApplianceControl, ApplianceView };

export interface ApplianceBusEvents {
  /** The name is ours and the objects can be reached. */
  connected(): void;
  /** Once when that ends or cannot be reached at first, and again when the reason is of another kind. */
  lost(why: string): void;
  /** A call is about to be answered: with what the last update said, which may be made now. */
  asked(): void;
}

const NAME = "org.tandem.Appliance1";
/** A policy that forbids the name is changed by a person, so there is no hurry. */
const DENIED_RETRY_MILLISECONDS = 10_000;

/** D-Bus specification, "org.freedesktop.DBus.RequestName". */
const REPLY = { primaryOwner: 1, inQueue: 2, alreadyOwner: 4 } as const;

type Kind = "unreachable" | "taken" | "denied";

export class ApplianceBus {
  readonly #bus: KeptBus;
  readonly #control: ApplianceControl;
  readonly #events: ApplianceBusEvents;
  #deniedTimer: NodeJS.Timeout | undefined;
  #isOwned = false;
  #saidLost: Kind | undefined;
  #objects: BusObjects = new Map();
  /** What listeners on the bus know: they get only the difference. */
  #published: BusObjects = new Map();
  /** When they were told figures last; monotonic milliseconds. */
  #figuresAt = Number.NEGATIVE_INFINITY;
  #machineId: string | undefined;

  /** `address` as in DBUS_SYSTEM_BUS_ADDRESS; undefined takes that variable, or the system bus. */
  constructor(address: string | undefined, control: ApplianceControl, events: ApplianceBusEvents) {
    this.#bus = new KeptBus(address, {
      opened: (connection) => this.#requestName(connection),
      call: (connection, message) => this.#answer(connection, message),
      signal: (connection, message) => this.#signal(connection, message),
      drained: () => this.#publish(),
      closed: (why) => this.#closed(why),
    });
    this.#control = control;
    this.#events = events;
  }

  start(view: ApplianceView): void {
    this.#objects = objectsOf(view);
    this.#bus.start();
  }

  /** Tells the bus what changed, as soon as it takes it; states in between may be skipped. */
  update(view: ApplianceView): void {
    this.#objects = objectsOf(view);
    this.#publish();
  }

  /** The name is ours: somebody may listen. */
  get isThere(): boolean {
    return this.#isOwned;
  }

  /** Somebody may listen, and the bus takes what is sent. */
  get isTaking(): boolean {
    return this.#isOwned && this.#bus.connection?.congested === false;
  }

  /** What became of leases, and of how many more nothing is told. To be called only while `isTaking`. */
  tellLeases(changes: readonly LeaseChange[], skipped: number): void {
    this.#send(changes.map(leaseSignal));
    if (skipped > 0) this.#send([skippedSignal(skipped)]);
  }

  /** The name is given back, and nothing is called or runs any more afterwards. */
  async stop(): Promise<void> {
    this.#isOwned = false;
    clearTimeout(this.#deniedTimer);
    await this.#bus.stop();
  }

  #closed(why: string): void {
    this.#isOwned = false;
    clearTimeout(this.#deniedTimer);
    this.#lost("unreachable", why);
  }

  /** Stands in the queue for a name that another program has: it is ours when that one lets go. */
  #requestName(connection: BusConnection): void {
    connection.callBus("RequestName", "su", [NAME, 0]).then(
      ([result]) => {
        if (connection !== this.#bus.connection) return;
        if (result === REPLY.primaryOwner || result === REPLY.alreadyOwner) this.#owned();
        else if (result === REPLY.inQueue) this.#sayTaken(connection);
      },
      (error: BusError) => {
        if (connection !== this.#bus.connection) return;
        this.#deniedTimer = setTimeout(
          () => this.#requestName(connection),
          DENIED_RETRY_MILLISECONDS,
        );
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
        if (connection !== this.#bus.connection || this.#isOwned) return;
        this.#lost("taken", `${NAME} belongs to ${owner} until that ends`);
      });
  }

  #owned(): void {
    if (this.#isOwned) return;
    clearTimeout(this.#deniedTimer);
    this.#isOwned = true;
    // Who listens reads everything when the name appears: nothing to tell about the time before.
    this.#published = this.#objects;
    this.#saidLost = undefined;
    this.#events.connected();
  }

  #signal(connection: BusConnection, { sender, member, body }: BusMessage): void {
    if (sender !== BUS_NAME || body?.[0] !== NAME) return;
    if (member === "NameAcquired") this.#owned();
    if (member === "NameLost" && this.#isOwned) {
      this.#isOwned = false;
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
    this.#events.asked();
    const question = { path, interface: message.interface ?? "", member, signature, body };
    // The policy that says who may have what done comes with the name.
    const control = this.#isOwned ? this.#control : undefined;
    const given = answer(question, this.#objects, this.#machine(), control);
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
    if (!this.isTaking) return;
    const now = performance.now();
    const isFiguresTime = now - this.#figuresAt >= LIMITS.busFiguresMilliseconds;
    const before = this.#published;
    const after = isFiguresTime ? this.#objects : withOldFigures(before, this.#objects);
    this.#published = after;
    const signals = changes(before, after);
    if (isFiguresTime && signals.length > 0) this.#figuresAt = now;
    this.#send(signals);
  }

  #send(signals: readonly Signal[]): void {
    const { connection } = this.#bus;
    for (const signal of signals) connection?.send({ type: TYPE.signal, ...signal });
  }

  #lost(kind: Kind, why: string): void {
    if (this.#saidLost === kind) return;
    this.#saidLost = kind;
    this.#events.lost(why);
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

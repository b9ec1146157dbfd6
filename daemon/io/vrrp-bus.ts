// keepalived's states over D-Bus, as they change. The bus and keepalived may come, go and start again in any
// order; whenever something may have been missed, everything is read anew.
//
// keepalived never comes back to a bus that it has lost, and a bus that it did not find when it started it never
// looks for again. So "keepalived is not on the system bus" may mean one that runs, and has to be started again.
//
// While everything is read, changes wait. Those of an instance that come before its state has been read
// are not older than what is read, although keepalived may have answered before: the answer and the
// signals leave it on two threads. So of the values that arrive during a reading the first signal is
// taken for the state, the others follow it as changes, and what was read counts only without a signal.

import { type VrrpNews, type VrrpState, vrrpState } from "../core/gateway/vrrp.ts";
import { BUS_NAME, type BusConnection, type BusError, type BusMessage } from "./dbus-connection.ts";
import { KeptBus, RETRY_FIRST_MILLISECONDS, RETRY_LAST_MILLISECONDS } from "./dbus-kept.ts";
import {
  INSTANCE_INTERFACE,
  notKeepalived,
  readInstances,
  Unreadable,
  VRRP_INTERFACE,
  VRRP_NAME,
  VRRP_ROOT,
  type VrrpObject,
} from "./vrrp-reading.ts";

export interface VrrpBusEvents {
  /** In order. "lost" once, and again when the reason is of another kind. */
  news(news: VrrpNews): void;
}

/**
 * Added once to each connection. keepalived says its first words before it has its name, so signals are
 * told apart by their path here and by their sender when they arrive.
 */
const MATCH_RULES = [
  `type='signal',path_namespace='${VRRP_ROOT}'`,
  `type='signal',sender='${BUS_NAME}',path='/org/freedesktop/DBus',interface='${BUS_NAME}',` +
    `member='NameOwnerChanged',arg0='${VRRP_NAME}'`,
];

/** keepalived 2.2.7, vrrp.h: VRRP_STATE_STOP, of which it tells when it ends. */
const STOP = 98;

/** Readings on end that fail, or that a reload made old; then nothing is known for a while. */
const READINGS_MAX = 3;
/** Changes that wait for a reading of some milliseconds: for each instance of a large box a few. */
const WAITING_MAX = 1024;

/** Why nothing is known: no bus, nobody with keepalived's name on it, or one that cannot be understood. */
type Loss = "unreachable" | "absent" | "unreadable";

interface Change {
  readonly path: string;
  readonly state: VrrpState;
}

interface Reading {
  readonly waiting: Change[];
  /** keepalived has loaded its configuration meanwhile: what is read may be half old, half new. */
  isOld: boolean;
}

export class VrrpBus {
  readonly #bus: KeptBus;
  readonly #events: VrrpBusEvents;
  /** Unique name of the program that has keepalived's name; undefined while nobody has it. */
  #owner: string | undefined;
  /** False until the bus has told, on this connection, who has keepalived's name. */
  #isOwnerKnown = false;
  /** Instance by object path, as last read; empty when that may not hold any more. */
  #names: ReadonlyMap<string, string> = new Map();
  #isOnBus = false;
  /** keepalived has said that it ends. Its name stays for a second, and it takes as long to answer. */
  #isEnding = false;
  #reading: Reading | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryDelay = RETRY_FIRST_MILLISECONDS;
  #saidLost: Loss | undefined;
  #ignoredSignals = 0;

  /** `address` as in DBUS_SYSTEM_BUS_ADDRESS; undefined takes that variable, or the system bus. */
  constructor(address: string | undefined, events: VrrpBusEvents) {
    this.#events = events;
    this.#bus = new KeptBus(address, {
      opened: (connection) => this.#follow(connection),
      signal: (_, message) => this.#signal(message),
      closed: (why) => {
        this.#isOwnerKnown = false;
        this.#owner = undefined;
        this.#lose("unreachable", why);
      },
    });
  }

  start(): void {
    this.#saidLost = undefined;
    this.#bus.start();
  }

  /** No news comes any more afterwards. */
  async stop(): Promise<void> {
    this.#isOwnerKnown = false;
    this.#owner = undefined;
    this.#forget();
    await this.#bus.stop();
  }

  /** Asks for all states now, unless that is under way. Without keepalived on the bus nothing happens. */
  reread(): void {
    if (this.#reading === undefined && !this.#isEnding) this.#read();
  }

  /** True while what the news said is what keepalived says: from "states" to "lost". */
  get isOnBus(): boolean {
    return this.#isOnBus;
  }

  /** The bus is there, and keepalived is not on it. */
  get isKeepalivedMissing(): boolean {
    return this.#isOwnerKnown && this.#owner === undefined;
  }

  /** Signals of programs that only pretend: they came while another one had keepalived's name. */
  get ignoredSignals(): number {
    return this.#ignoredSignals;
  }

  #follow(connection: BusConnection): void {
    const refused = (error: BusError) => {
      connection.end(`the bus does not let this program listen (${error.message})`);
    };
    for (const rule of MATCH_RULES) connection.callBus("AddMatch", "s", [rule]).catch(refused);
    connection.callBus("GetNameOwner", "s", [VRRP_NAME]).then(
      ([owner]) => this.#foundOwner(connection, owner),
      (error: BusError) => {
        if (error.errorName === `${BUS_NAME}.Error.NameHasNoOwner`) this.#foundOwner(connection);
        else refused(error);
      },
    );
  }

  /** A signal that says who has the name is never older than this, even if it was handled before. */
  #foundOwner(connection: BusConnection, owner?: unknown): void {
    if (connection === this.#bus.connection && !this.#isOwnerKnown) this.#setOwner(owner);
  }

  #setOwner(owner: unknown): void {
    this.#isOwnerKnown = true;
    this.#owner = typeof owner === "string" && owner !== "" ? owner : undefined;
    // Another process: nothing that the one before said is about its instances.
    this.#names = new Map();
    this.#isEnding = false;
    if (this.#owner === undefined) this.#lose("absent", "keepalived is not on the system bus");
    else this.#read();
  }

  #signal(message: BusMessage): void {
    const { sender, path = "", member, body = [] } = message;
    if (sender === BUS_NAME) {
      if (member === "NameOwnerChanged" && body[0] === VRRP_NAME) this.#setOwner(body[2]);
      return;
    }
    if (this.#owner === undefined) return;
    if (sender !== this.#owner) {
      this.#ignoredSignals++;
      return;
    }
    switch (`${message.interface}.${member}`) {
      case `${INSTANCE_INTERFACE}.VrrpStatusChange`:
        this.#isEnding = body[0] === STOP;
        if (this.#isEnding && this.#isOnBus) this.#abandonReading();
        this.#changed(path, vrrpState(body[0]));
        break;
      case `${VRRP_INTERFACE}.VrrpStarted`:
      case `${VRRP_INTERFACE}.VrrpReloaded`:
        this.#isEnding = false;
        this.#reloaded();
        break;
    }
  }

  #changed(path: string, state: VrrpState | undefined): void {
    if (state === undefined) {
      this.#giveUp(notKeepalived(`${path} changed to no state that is known`));
    } else if (this.#reading) {
      this.#reading.waiting.push({ path, state });
      if (this.#reading.waiting.length > WAITING_MAX) {
        this.#giveUp(notKeepalived("it changes its states without end"));
      }
    } else if (this.#isOnBus) {
      const instance = this.#names.get(path);
      if (instance !== undefined) this.#say({ kind: "state", instance, state });
      else if (!this.#isEnding) this.#read({ path, state });
    }
    // Otherwise nothing is known yet, and the next reading will bring it.
  }

  /** Paths may have got other names, or lead nowhere. What waits happened before, under the old names. */
  #reloaded(): void {
    if (this.#reading) {
      this.#reading.isOld = true;
      const names = this.#names;
      this.#names = new Map();
      this.#sayChanges(this.#reading.waiting.splice(0), names);
    } else {
      this.#names = new Map();
      this.#read();
    }
  }

  /** It would not be answered any more. What waits is told under the names that were known. */
  #abandonReading(): void {
    const waiting = this.#reading?.waiting ?? [];
    this.#reading = undefined;
    this.#sayChanges(waiting, this.#names);
  }

  #read(...waiting: Change[]): void {
    clearTimeout(this.#retryTimer);
    const { connection } = this.#bus;
    if (connection === undefined || this.#owner === undefined) return;
    this.#reading = { waiting, isOld: false };
    void this.#carryOut(this.#reading, connection, this.#owner);
  }

  async #carryOut(reading: Reading, connection: BusConnection, owner: string): Promise<void> {
    let why = notKeepalived("it loads its configuration again and again");
    for (let attempt = 0; attempt < READINGS_MAX; attempt++) {
      reading.isOld = false;
      let objects: VrrpObject[] | undefined;
      try {
        objects = await readInstances(connection, owner);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        why = error;
      }
      if (reading !== this.#reading) return;
      if (objects && !reading.isOld) {
        this.#finish(reading, objects);
        return;
      }
    }
    this.#giveUp(why);
  }

  #finish({ waiting }: Reading, objects: readonly VrrpObject[]): void {
    this.#reading = undefined;
    this.#retryDelay = RETRY_FIRST_MILLISECONDS;
    this.#saidLost = undefined;
    this.#isOnBus = true;
    const names = new Map(objects.map(({ path, name }) => [path, name]));
    this.#names = names;
    const states = new Map(objects.map(({ name, state }) => [name, state]));
    const isSignalled = new Set<string>();
    const later: Change[] = [];
    for (const change of waiting) {
      const name = names.get(change.path);
      if (name === undefined) continue;
      if (isSignalled.has(name)) later.push(change);
      else states.set(name, change.state);
      isSignalled.add(name);
    }
    this.#say({ kind: "states", states });
    this.#sayChanges(later, names);
  }

  #sayChanges(changes: readonly Change[], names: ReadonlyMap<string, string>): void {
    for (const { path, state } of changes) {
      const instance = names.get(path);
      if (instance !== undefined) this.#say({ kind: "state", instance, state });
    }
  }

  /** Whoever has the name cannot be understood, or does not answer. It is tried again, ever more slowly. */
  #giveUp(why: Unreadable): void {
    this.#forget();
    this.#retryTimer = setTimeout(() => this.#read(), this.#retryDelay);
    this.#retryDelay = Math.min(this.#retryDelay * 2, RETRY_LAST_MILLISECONDS);
    this.#sayLost("unreadable", why.message);
  }

  #lose(loss: Loss, why: string): void {
    this.#forget();
    this.#sayLost(loss, why);
  }

  #sayLost(loss: Loss, why: string): void {
    if (this.#saidLost === loss) return;
    this.#saidLost = loss;
    this.#events.news({ kind: "lost", why });
  }

  #forget(): void {
    clearTimeout(this.#retryTimer);
    this.#reading = undefined;
    this.#names = new Map();
    this.#isOnBus = false;
  }

  /** Whoever is told may stop this between two news. */
  #say(news: VrrpNews): void {
    if (this.#isOnBus) this.#events.news(news);
  }
}

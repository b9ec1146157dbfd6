// A connection to a message bus that is made again whenever it ends. The bus is never needed: without
// one nothing happens, and when it comes (back) there is a connection again by itself.

import { type BusAddress, parseBusAddress, SYSTEM_BUS } from "./dbus-address.ts";
import { BusConnection, type BusMessage } from "./dbus-connection.ts";

/** Only the connection of now is heard of; one that was left says nothing any more. */
export interface KeptBusListener {
  /** Logged in: messages flow. */
  opened(connection: BusConnection): void;
  call?(connection: BusConnection, message: BusMessage): void;
  signal(connection: BusConnection, message: BusMessage): void;
  /** What congested the connection has been taken by the bus. */
  drained?(): void;
  /** It ended, or could not be made; the next attempt follows. `why` fits behind a colon. */
  closed(why: string): void;
}

export const RETRY_FIRST_MILLISECONDS = 100;
export const RETRY_LAST_MILLISECONDS = 2000;
/** A connection that held this long was a good one: the next attempt comes at once again. */
const GOOD_AFTER_MILLISECONDS = 10_000;

export class KeptBus {
  readonly #addresses: readonly BusAddress[];
  readonly #address: string;
  readonly #listener: KeptBusListener;
  #connection: BusConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #delay = RETRY_FIRST_MILLISECONDS;
  #isWanted = false;
  /** Monotonic ms when messages began to flow; undefined while they do not. */
  #openSince: number | undefined;

  /** `address` as in DBUS_SYSTEM_BUS_ADDRESS; undefined takes that variable, or the system bus. */
  constructor(address: string | undefined, listener: KeptBusListener) {
    this.#address = address ?? process.env.DBUS_SYSTEM_BUS_ADDRESS ?? SYSTEM_BUS;
    this.#addresses = parseBusAddress(this.#address);
    this.#listener = listener;
  }

  /** The connection on which messages flow, if there is one. */
  get connection(): BusConnection | undefined {
    return this.#openSince === undefined ? undefined : this.#connection;
  }

  start(): void {
    this.#isWanted = true;
    this.#connectAfter(0);
  }

  /** Nothing is called or runs any more afterwards. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#connection = undefined;
    this.#openSince = undefined;
    await connection?.close();
  }

  #connect(): void {
    const address = this.#addresses[this.#attempts++ % this.#addresses.length];
    if (address === undefined) {
      this.#listener.closed(`the bus address "${this.#address}" names no Unix socket`);
      return;
    }
    const isCurrent = () => connection === this.#connection;
    const connection: BusConnection = new BusConnection(address, {
      opened: () => {
        if (isCurrent()) this.#opened(connection);
      },
      call: (message) => {
        if (isCurrent()) this.#listener.call?.(connection, message);
      },
      signal: (message) => {
        if (isCurrent()) this.#listener.signal(connection, message);
      },
      drained: () => {
        if (isCurrent()) this.#listener.drained?.();
      },
      closed: (why) => {
        if (isCurrent()) this.#closed(why);
      },
    });
    this.#connection = connection;
  }

  #opened(connection: BusConnection): void {
    this.#openSince = performance.now();
    this.#listener.opened(connection);
  }

  #closed(why: string): void {
    const held = this.#openSince === undefined ? 0 : performance.now() - this.#openSince;
    if (held >= GOOD_AFTER_MILLISECONDS) this.#delay = RETRY_FIRST_MILLISECONDS;
    this.#connection = undefined;
    this.#openSince = undefined;
    this.#connectAfter(this.#delay);
    this.#delay = Math.min(this.#delay * 2, RETRY_LAST_MILLISECONDS);
    this.#listener.closed(why);
  }

  #connectAfter(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#isWanted) this.#timer = setTimeout(() => this.#connect(), milliseconds);
  }
}

// One connection to a message bus, from connect to close; never used again after that.
// The only file that touches the D-Bus package, and of that only its codec and its login: the
// package's own service side ends the process on a malformed call and its reconnection fails when
// the bus was absent at first (test/dbus shows that neither can happen here).

import { createConnection, type Socket } from "node:net";
import handshake from "dbus-native/lib/handshake.js";
import codec, { type BusMessage } from "dbus-native/lib/message.js";
import type { BusAddress } from "./dbus-address.ts";

export type { BusMessage };

export const TYPE = { call: 1, reply: 2, error: 3, signal: 4 } as const;
/** Flag of a call whose sender does not want an answer. */
export const NO_REPLY_EXPECTED = 1;

/** The bus itself, as a program on it. */
export const BUS_NAME = "org.freedesktop.DBus";
/** `errorName` of a call that nobody answered in time. */
export const TIMED_OUT = `${BUS_NAME}.Error.Timeout`;

/** A method, and what it is given. */
export interface BusCall {
  /** A unique name such as ":1.7", or a well-known one. */
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** Of the body; "" for none. */
  readonly signature: string;
  readonly body: unknown[];
}

/** What a bus or a program on it answered instead of a result. */
export class BusError extends Error {
  override readonly name = "BusError";
  /** Such as "org.freedesktop.DBus.Error.AccessDenied"; TIMED_OUT when nothing was answered. */
  readonly errorName: string;
  constructor(errorName: string, text: string) {
    super(text);
    this.errorName = errorName;
  }
}

export interface BusListener {
  /** Logged in, and the bus has given a unique name: messages flow. */
  opened(): void;
  call(message: BusMessage): void;
  signal(message: BusMessage): void;
  /** What congested the connection has been taken by the bus. */
  drained(): void;
  /** Exactly once, however it ended; `why` fits behind a colon. */
  closed(why: string): void;
}

/** Connecting, logging in and every call to the bus itself: it answers in well under a millisecond. */
const ANSWER_MILLISECONDS = 5000;
/** A property read is a few hundred bytes. A larger message ends the connection, not our memory. */
const MESSAGE_BYTES_MAX = 1 << 20;
/** Bytes the bus has not taken; above it the connection is given up and made anew. */
const WAITING_BYTES_MAX = 1 << 20;
/** On close, what was written is given this long to leave. */
const CLOSE_MILLISECONDS = 500;

const BUS = {
  destination: BUS_NAME,
  path: "/org/freedesktop/DBus",
  interface: BUS_NAME,
} as const;

interface Pending {
  readonly timer: NodeJS.Timeout;
  resolve(body: readonly unknown[]): void;
  reject(error: BusError): void;
}

export class BusConnection {
  readonly #address: BusAddress;
  readonly #listener: BusListener;
  readonly #socket: Socket;
  readonly #loginTimer: NodeJS.Timeout;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: (() => void)[] = [];
  #serial = 0;
  #congested = false;
  #closed = false;

  constructor(address: BusAddress, listener: BusListener) {
    this.#address = address;
    this.#listener = listener;
    this.#socket = createConnection({ path: address.path });
    this.#socket.on("error", (error) => this.end(this.#describe(error)));
    this.#socket.on("close", () => {
      this.end("the bus closed the connection");
      for (const callback of this.#ended.splice(0)) callback();
    });
    this.#socket.on("drain", () => {
      this.#congested = false;
      if (!this.#closed) this.#listener.drained();
    });
    this.#loginTimer = setTimeout(
      () => this.end(`the bus at ${address.text} does not answer`),
      ANSWER_MILLISECONDS,
    );
    // Only the mechanism that the kernel vouches for; the others are for TCP.
    handshake(this.#socket, { authMethods: ["EXTERNAL"] }, (error) => {
      clearTimeout(this.#loginTimer);
      if (error) this.end(`the bus at ${address.text} does not let this user in`);
      else if (!this.#closed) this.#open();
    });
  }

  /** True while the bus does not take what was sent: only send what must be sent. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Sends a reply, an error or a signal. Does nothing on a closed connection; never throws. */
  send(message: Omit<BusMessage, "serial">): void {
    this.#write({ ...message, serial: this.#nextSerial() });
  }

  /** Calls a method of the bus itself. Rejects with BusError: always settles within 5 s. */
  callBus(member: string, signature: string, body: unknown[]): Promise<readonly unknown[]> {
    // It answers everybody at once: one that does not is of no use any more.
    return this.#ask({ ...BUS, member, signature, body }, ANSWER_MILLISECONDS, () =>
      this.end(`the bus at ${this.#address.text} does not answer`),
    );
  }

  /**
   * Calls a method of any program on the bus. Rejects with BusError: always settles within so many
   * milliseconds. What is answered later is dropped.
   */
  call(call: BusCall, milliseconds: number): Promise<readonly unknown[]> {
    return this.#ask(call, milliseconds, (serial) => {
      const pending = this.#pending.get(serial);
      this.#pending.delete(serial);
      pending?.reject(new BusError(TIMED_OUT, `no answer within ${milliseconds} ms`));
    });
  }

  /** Ends it at once, for a reason that fits behind a colon. Does nothing when it has ended. */
  end(why: string): void {
    this.#settle(why);
    this.#socket.destroy();
  }

  /** What was sent still leaves when the bus takes it at once. `closed` is called as at any end. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) {
        resolve();
        return;
      }
      const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MILLISECONDS);
      this.#ended.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#settle("closed by this program");
      this.#socket.end();
      // A socket that is not read never sees the other end's close.
      this.#socket.removeAllListeners("readable").resume();
    });
  }

  #open(): void {
    codec.unmarshalMessages(
      this.#socket,
      (message) => {
        if (!this.#closed) this.#receive(message);
      },
      { maxMessageSize: MESSAGE_BYTES_MAX },
      (error) => this.end(`the bus sent what cannot be read (${error.message})`),
      (error) => this.end(`a message could not be handled (${error.message})`),
    );
    this.callBus("Hello", "", []).then(
      () => {
        if (!this.#closed) this.#listener.opened();
      },
      (error: BusError) => this.end(`the bus refused this program (${error.message})`),
    );
  }

  #ask(
    { signature, body, ...call }: BusCall,
    milliseconds: number,
    unanswered: (serial: number) => void,
  ): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new BusError(`${BUS_NAME}.Error.Disconnected`, "not connected"));
        return;
      }
      const serial = this.#nextSerial();
      const timer = setTimeout(unanswered, milliseconds, serial);
      this.#pending.set(serial, { timer, resolve, reject });
      const content = signature === "" ? {} : { signature, body };
      this.#write({ type: TYPE.call, serial, ...call, ...content });
    });
  }

  #receive(message: BusMessage): void {
    if (message.type === TYPE.call) this.#listener.call(message);
    else if (message.type === TYPE.signal) this.#listener.signal(message);
    else if (message.type === TYPE.reply || message.type === TYPE.error) this.#settleOne(message);
  }

  #settleOne(message: BusMessage): void {
    const serial = message.replySerial ?? 0;
    const pending = this.#pending.get(serial);
    if (pending === undefined) return;
    this.#pending.delete(serial);
    clearTimeout(pending.timer);
    const body = message.body ?? [];
    if (message.type === TYPE.reply) pending.resolve(body);
    else pending.reject(new BusError(message.errorName ?? "", String(body[0] ?? "")));
  }

  #write(message: BusMessage): void {
    if (this.#closed) return;
    let bytes: Buffer;
    try {
      bytes = codec.marshall(message);
    } catch (error) {
      this.end(`${message.member ?? "a reply"} cannot be encoded (${(error as Error).message})`);
      return;
    }
    if (!this.#socket.write(bytes)) this.#congested = true;
    if (this.#socket.writableLength > WAITING_BYTES_MAX) {
      this.end(`the bus at ${this.#address.text} does not take what it asked for`);
    }
  }

  /** Serials are 32 bits and never 0: at a thousand messages a second they come round in 50 days. */
  #nextSerial(): number {
    this.#serial = this.#serial >= 0xffff_ffff ? 1 : this.#serial + 1;
    return this.#serial;
  }

  #settle(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#loginTimer);
    for (const { timer, reject } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new BusError(`${BUS_NAME}.Error.Disconnected`, why));
    }
    this.#pending.clear();
    this.#listener.closed(why);
  }

  #describe(error: NodeJS.ErrnoException): string {
    const where = this.#address.text;
    if (error.code === "ENOENT") return `there is no bus at ${where}`;
    if (error.code === "ECONNREFUSED") return `nothing listens at ${where}`;
    if (error.code === "EACCES") return `this user may not connect to ${where}`;
    if (error.code === "EPIPE" || error.code === "ECONNRESET") {
      return "the bus closed the connection";
    }
    return `the connection to ${where} failed (${error.code ?? error.message})`;
  }
}

// Beacons on the wires: UDP to a multicast group of the link, over IPv6, because every interface that is up has an
// address of its own there and nobody has to give it one (RFC 4862 §5.3).

import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";

/** "Transient" and of the link only (RFC 4291 §2.7): it leads nowhere else, and no other protocol has it. */
const GROUP = "ff12::7464:6d";

export interface Datagram {
  readonly interfaceName: string;
  /** Link-local, without its interface. */
  readonly address: string;
}

export interface BeaconHandlers {
  /** Valid only during the call. */
  received(bytes: Uint8Array, from: Datagram): void;
  /** Of no path of this box, or not of its link. */
  foreign(): void;
  /** Nothing can be heard now, and why; undefined: it can. */
  problem(text: string | undefined): void;
}

export class BeaconSocket {
  readonly #port: number;
  readonly #handlers: BeaconHandlers;
  #socket: Socket | undefined;
  #isBound = false;
  #wanted: readonly string[] = [];
  /** Number that the system has for the interface on which the group was joined. */
  readonly #joined = new Map<string, number>();
  /** Totals since the start. */
  readonly counters = { sent: 0, "send-failed": 0 };

  constructor(port: number, handlers: BeaconHandlers) {
    this.#port = port;
    this.#handlers = handlers;
  }

  /** The interfaces to speak and listen on. */
  use(interfaceNames: readonly string[]): void {
    this.#wanted = interfaceNames;
  }

  /**
   * Looks at the interfaces: joins the group where it can now, and tells which have carrier and an address. An
   * interface that went and came back is another one for the system.
   */
  refresh(): ReadonlySet<string> {
    const all = this.#wanted.length > 0 ? networkInterfaces() : {};
    const usable = new Map<string, number>();
    for (const name of this.#wanted) {
      const own = all[name]?.find(
        ({ family, address }) => family === "IPv6" && isLinkLocal(address),
      );
      if (own && own.family === "IPv6") usable.set(name, own.scopeid);
    }
    if (usable.size > 0 && !this.#socket) this.#open();
    for (const [name, number] of this.#joined) {
      if (usable.get(name) !== number) this.#joined.delete(name);
    }
    for (const [name, number] of usable) if (!this.#joined.has(name)) this.#join(name, number);
    return new Set(usable.keys());
  }

  send(interfaceName: string, bytes: Uint8Array): void {
    if (!this.#socket || !this.#isBound) return;
    this.#socket.send(bytes, this.#port, `${GROUP}%${interfaceName}`, (error) => {
      // The address of an interface that has just come up may not be used for a second.
      this.counters[error ? "send-failed" : "sent"]++;
    });
  }

  stop(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#isBound = false;
    this.#joined.clear();
  }

  #open(): void {
    const socket = createSocket({ type: "udp6", ipv6Only: true });
    this.#socket = socket;
    socket.on("error", (error) => {
      if (this.#socket !== socket) return;
      this.#handlers.problem(`port ${this.#port}: ${error.message}`);
      this.stop();
    });
    socket.on("message", (bytes, { address }) => this.#receive(bytes, address));
    socket.bind(this.#port, "::", () => {
      this.#isBound = true;
      socket.setMulticastLoopback(false);
      this.#handlers.problem(undefined);
    });
  }

  #join(name: string, number: number): void {
    if (!this.#socket || !this.#isBound) return;
    try {
      this.#socket.addMembership(GROUP, `::%${name}`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It has not left it, so it is in it.
      if (code !== "EADDRINUSE") return;
    }
    this.#joined.set(name, number);
  }

  #receive(bytes: Uint8Array, from: string): void {
    const [address = "", interfaceName = ""] = from.split("%");
    if (isLinkLocal(address) && this.#wanted.includes(interfaceName)) {
      this.#handlers.received(bytes, { interfaceName, address });
    } else this.#handlers.foreign();
  }
}

/** fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

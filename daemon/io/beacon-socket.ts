// Beacons on the wires: UDP to a multicast group of the link, over IPv6, because every interface that is up has an
// address of its own there and nobody has to give it one (RFC 4862 §5.3).
//
// Each interface has a socket of its own, and with it a queue of its own in the system: what floods a LAN must not
// push out what the partner says on the cable.

import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { isLinkLocal, isOwnLinkLocal } from "../base/link-local.ts";

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

interface Place {
  readonly socket: Socket;
  /** Of the system, for the interface. */
  readonly number: number;
  isBound: boolean;
}

export class BeaconSocket {
  readonly #port: number;
  readonly #handlers: BeaconHandlers;
  readonly #places = new Map<string, Place>();
  /** Interfaces on which nothing can be heard. */
  readonly #faulty = new Set<string>();
  #wanted: readonly string[] = [];
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
   * Looks at the interfaces: listens where it can now, and tells which have carrier and an address. An interface
   * that went and came back is another one for the system.
   */
  refresh(): ReadonlySet<string> {
    const all = this.#wanted.length > 0 ? networkInterfaces() : {};
    const usable = new Map<string, number>();
    for (const name of this.#wanted) {
      const own = all[name]?.find(
        ({ family, address }) => family === "IPv6" && isOwnLinkLocal(address),
      );
      if (own && own.family === "IPv6") usable.set(name, own.scopeid);
    }
    for (const [name, { number }] of this.#places) {
      if (usable.get(name) !== number) this.#close(name);
    }
    for (const name of this.#faulty) if (!usable.has(name)) this.#heal(name);
    for (const [name, number] of usable) if (!this.#places.has(name)) this.#open(name, number);
    return new Set(usable.keys());
  }

  send(interfaceName: string, bytes: Uint8Array): void {
    const place = this.#places.get(interfaceName);
    if (!place?.isBound) return;
    place.socket.send(bytes, this.#port, `${GROUP}%${interfaceName}`, (error) => {
      // The address of an interface that has just come up may not be used for a second.
      this.counters[error ? "send-failed" : "sent"]++;
    });
  }

  stop(): void {
    for (const name of Array.from(this.#places.keys())) this.#close(name);
  }

  #open(name: string, number: number): void {
    const socket = createSocket({ type: "udp6", ipv6Only: true });
    const place: Place = { socket, number, isBound: false };
    this.#places.set(name, place);
    const fail = ({ message }: Error): void => {
      if (this.#places.get(name) !== place) return;
      this.#close(name);
      this.#faulty.add(name);
      this.#handlers.problem(`port ${this.#port} at ${name}: ${message}`);
    };
    socket.on("error", fail);
    socket.on("message", (bytes, { address }) => this.#receive(name, bytes, address));
    socket.bind({ port: this.#port, address: `${GROUP}%${name}` }, () => {
      if (this.#places.get(name) !== place) return;
      try {
        socket.addMembership(GROUP, `::%${name}`);
        socket.setMulticastLoopback(false);
      } catch (error) {
        fail(error as Error);
        return;
      }
      place.isBound = true;
      this.#heal(name);
    });
  }

  #close(name: string): void {
    const place = this.#places.get(name);
    this.#places.delete(name);
    place?.socket.close();
  }

  #heal(name: string): void {
    this.#faulty.delete(name);
    if (this.#faulty.size === 0) this.#handlers.problem(undefined);
  }

  #receive(interfaceName: string, bytes: Uint8Array, from: string): void {
    const [address = ""] = from.split("%");
    if (isOwnLinkLocal(address)) this.#handlers.received(bytes, { interfaceName, address });
    // In the second in which the own one of a port that has just come up cannot be used yet.
    else if (!isLinkLocal(address)) this.#handlers.foreign();
  }
}

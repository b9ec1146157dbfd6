// A program on a bus, made of the daemon's own connection.

import { type BusAddress, parseBusAddress } from "../../daemon/io/dbus-address.ts";
import { BusConnection, type BusMessage, TYPE } from "../../daemon/io/dbus-connection.ts";
import type { PrivateBus } from "./private-bus.ts";

export interface BusClient {
  readonly connection: BusConnection;
  /** Why the connection has ended; "" while it has not. */
  readonly ended: string;
}

/** Resolves when messages flow. */
export function busClient(
  bus: PrivateBus,
  called: (message: BusMessage, connection: BusConnection) => void = () => {},
): Promise<BusClient> {
  const address = parseBusAddress(bus.address)[0] as BusAddress;
  return new Promise((resolve, reject) => {
    const client = {
      ended: "",
      connection: new BusConnection(address, {
        opened: () => resolve(client),
        call: (message) => called(message, client.connection),
        signal: () => {},
        drained: () => {},
        closed: (why) => {
          client.ended = why;
          reject(new Error(why));
        },
      }),
    };
  });
}

/** The message that answers a call. */
export function replyTo(
  { serial, sender = "" }: BusMessage,
  signature: string,
  body: unknown[],
): Omit<BusMessage, "serial"> {
  const content = signature === "" ? {} : { signature, body };
  return { type: TYPE.reply, replySerial: serial, destination: sender, ...content };
}

/** The message that refuses a call. */
export function refusalOf(
  { serial, sender = "" }: BusMessage,
  errorName: string,
): Omit<BusMessage, "serial"> {
  const content = { errorName, signature: "s", body: ["Not here."] };
  return { type: TYPE.error, replySerial: serial, destination: sender, ...content };
}

// A client that sends what no tool sends.

import { connect, type Socket } from "node:net";
import codec from "dbus-native/lib/message.js";
import { MAIN, ROOT } from "./appliance.ts";
import type { PrivateBus } from "./private-bus.ts";

const TARGET = { path: ROOT, interface: "org.freedesktop.DBus.Properties", destination: MAIN };

/** A client of the bus that logs in by hand, to send what no tool sends. */
async function rawClient(to: PrivateBus): Promise<Socket> {
  const socket = connect(to.address.replace("unix:path=", ""));
  socket.on("error", () => {});
  const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString("hex");
  socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.write("BEGIN\r\n");
  const path = "/org/freedesktop/DBus";
  const target = { path, interface: "org.freedesktop.DBus", destination: "org.freedesktop.DBus" };
  socket.write(codec.marshall({ type: 1, serial: 1, member: "Hello", ...target }));
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

/** Sends one call with an argument of so many bytes. */
export async function sendLarge(to: PrivateBus, bytes: number): Promise<void> {
  const socket = await rawClient(to);
  const body = [MAIN, "x".repeat(bytes)];
  const message = { type: 1, serial: 2, member: "Get", signature: "ss", body, ...TARGET };
  await new Promise((resolve) => socket.write(codec.marshall(message), resolve));
  socket.destroy();
}

/** Calls GetAll so many times and reads no answer. */
export async function flood(
  to: PrivateBus,
  calls: number,
): Promise<{ sent(): number; end(): void }> {
  const socket = await rawClient(to);
  socket.pause();
  let sent = 0;
  const body = [MAIN];
  const send = () => {
    for (let more = true; more && sent < calls; ) {
      sent += 1;
      const message = {
        type: 1,
        serial: sent + 1,
        member: "GetAll",
        signature: "s",
        body,
        ...TARGET,
      };
      more = socket.write(codec.marshall(message));
    }
  };
  socket.on("drain", send);
  send();
  return { sent: () => sent, end: () => socket.destroy() };
}

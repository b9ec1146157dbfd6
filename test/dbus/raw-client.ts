// A client that sends what no tool sends.

import { execFileSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import codec, { type BusMessage } from "dbus-native/lib/message.js";
import { MAIN, ROOT } from "./appliance.ts";
import type { PrivateBus } from "./private-bus.ts";

const TARGET = { path: ROOT, interface: "org.freedesktop.DBus.Properties", destination: MAIN };

/** A client of the bus that logs in by hand, to send what no tool sends. */
async function rawClient(to: PrivateBus, uid = process.getuid?.() ?? 0): Promise<Socket> {
  // The kernel tells the bus who it was that connected.
  process.seteuid?.(uid);
  const socket = connect(to.address.replace("unix:path=", ""));
  process.seteuid?.(process.getuid?.() ?? 0);
  socket.on("error", () => {});
  socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString("hex")}\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.write("BEGIN\r\n");
  const path = "/org/freedesktop/DBus";
  const target = { path, interface: "org.freedesktop.DBus", destination: "org.freedesktop.DBus" };
  socket.write(codec.marshall({ type: 1, serial: 1, member: "Hello", ...target }));
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

/**
 * Makes calls as another user, and after them one of Peer.Ping, which is answered. The names of the errors that came
 * before that answer, "" for what was answered by none. Needs a process that can become that user.
 */
export async function errorsOf(
  to: PrivateBus,
  user: string,
  calls: readonly Partial<BusMessage>[],
): Promise<string[]> {
  const uid = Number(execFileSync("id", ["-u", user], { encoding: "utf8" }));
  const socket = await rawClient(to, uid);
  const errors: string[] = [];
  const ping = { interface: "org.freedesktop.DBus.Peer", member: "Ping", destination: MAIN };
  const all = [...calls, ping].map((call, index) => ({
    type: 1,
    serial: index + 2,
    path: ROOT,
    ...call,
  }));
  await new Promise<void>((resolve, reject) => {
    const take = (message: BusMessage): void => {
      if (message.replySerial === all.length + 1) resolve();
      else if (message.replySerial !== undefined) errors.push(message.errorName ?? "");
    };
    codec.unmarshalMessages(socket, take, { maxMessageSize: 1 << 20 }, reject, reject);
    for (const call of all) socket.write(codec.marshall(call));
  });
  socket.destroy();
  return errors;
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

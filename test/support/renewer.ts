// Run at a device that has a lease: asks the server for it again and again, by unicast as in RFC 2131 §4.4.5, and prints
// what came of it when it is told to end (SIGTERM). Arguments: own address, own MAC, server's address.

import { createSocket } from "node:dgram";

const [address = "", mac = "", server = ""] = process.argv.slice(2);
/** Slower than the server lets a single device be. */
const EVERY_MILLISECONDS = 220;
const HARDWARE = mac.split(":").map((part) => Number.parseInt(part, 16));
const ACK = 5;

const socket = createSocket("udp4");
let xid = 0x52454e00;
let answered = 0;
let others = 0;
let longest = 0;
let answeredAt = performance.now();

/** RFC 2131 §4.3.2: DHCPREQUEST in state RENEWING has ciaddr, but neither option 50 nor 54. */
function renewal(): Buffer {
  xid += 1;
  const packet = Buffer.alloc(300);
  packet.set([1, 1, 6, 0]);
  packet.writeUInt32BE(xid, 4);
  packet.set(address.split(".").map(Number), 12);
  packet.set(HARDWARE, 28);
  packet.set([99, 130, 83, 99, 53, 1, 3, 61, 7, 1, ...HARDWARE, 255], 236);
  return packet;
}

function hear(): void {
  const now = performance.now();
  longest = Math.max(longest, now - answeredAt);
  answeredAt = now;
}

socket.on("message", (message, from) => {
  const type = message.indexOf(Buffer.from([53, 1])) + 2;
  if (from.address !== server || message[type] !== ACK) others += 1;
  else {
    answered += 1;
    hear();
  }
});
socket.on("error", () => {});
socket.bind({ port: 68, address }, () => {
  process.stdout.write("asks\n");
  setInterval(() => socket.send(renewal(), 67, server, () => {}), EVERY_MILLISECONDS);
});
process.on("SIGTERM", () => {
  hear();
  process.stdout.write(`${JSON.stringify({ answered, others, longest: Math.round(longest) })}\n`);
  process.exit(0);
});

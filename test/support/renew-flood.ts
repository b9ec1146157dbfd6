// Run at a client of the lab: asks the server again and again to renew the client's own lease, so that
// its journal grows quickly. Arguments: own address, own MAC, server's address, how many requests.

import { createSocket } from "node:dgram";

const [address = "", mac = "", server = "", count = "0"] = process.argv.slice(2);
const perBurst = 50;
const REQUESTS_PER_FACE = 32;
const socket = createSocket("udp4");

for (let sent = 0; sent < Number(count); sent += perBurst) {
  for (let number = sent; number < sent + perBurst; number += 1) {
    socket.send(renewal(number), 67, server);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
socket.close();

// RFC 2131 §4.3.2: DHCPREQUEST in state RENEWING has ciaddr, but neither option 50 nor 54.
function renewal(xid: number): Buffer {
  const packet = Buffer.alloc(300);
  packet.set([1, 1, 6, 0]);
  packet.writeUInt32BE(xid, 4);
  packet.set(address.split(".").map(Number), 12);
  const hardware = mac.split(":").map((part) => Number.parseInt(part, 16));
  // One client by its identifier, with many faces: one that asks so often would be left unanswered.
  const face = Math.floor(xid / REQUESTS_PER_FACE);
  packet.set([...hardware.slice(0, 3), 0xfa, face >> 8, face & 255], 28);
  const magic = [99, 130, 83, 99];
  const type = [53, 1, 3];
  const identity = [61, 7, 1, ...hardware];
  packet.set([...magic, ...type, ...identity, 255], 236);
  return packet;
}

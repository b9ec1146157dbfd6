// Writes down every beacon on a wire of the lab: `recorder.ts INTERFACE PORT FILE SECONDS`, a line of hex for each.

import { createSocket } from "node:dgram";
import { appendFileSync } from "node:fs";

const [interfaceName = "", port = "", file = "", seconds = ""] = process.argv.slice(2);
const socket = createSocket({ type: "udp6", reuseAddr: true });
socket.on("message", (bytes) => appendFileSync(file, `${bytes.toString("hex")}\n`));
socket.bind(Number(port), "::", () => {
  socket.addMembership("ff12::7464:6d", `::%${interfaceName}`);
  setTimeout(() => process.exit(0), Number(seconds) * 1000);
});

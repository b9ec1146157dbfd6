// A TCP connection on which both ends say something every 10 ms: `node tcp-tick.ts server PORT`, and
// `node tcp-tick.ts client ADDRESS PORT`, which prints the longest silence in milliseconds when it is told to end (SIGTERM).
// With the word server or client behind that, only that end says anything; where it is the client, the other end has to
// have got all of it for the connection to end well. After SIGUSR1 it says when it hears something again.

import { connect, createServer, type Socket } from "node:net";

const EVERY_MILLISECONDS = 10;
const END_MILLISECONDS = 5000;
/** The first thing that a client says: whether the server is to speak. */
const [SPEAK, LISTEN] = ["s", "c"];
const [role, ...rest] = process.argv.slice(2);

function tick(socket: Socket): void {
  const timer = setInterval(() => {
    if (socket.writable) socket.write(".");
  }, EVERY_MILLISECONDS);
  socket.on("close", () => clearInterval(timer));
}

function serve(port: number): void {
  const server = createServer({ noDelay: true }, (socket) => {
    const { remotePort } = socket;
    socket.on("error", ({ message }) => process.stdout.write(`${remotePort}: ${message}\n`));
    socket.once("data", (first) => {
      if (!first.toString().startsWith(LISTEN)) tick(socket);
    });
  });
  server.listen(port, () => process.stdout.write("listens\n"));
}

function dial(host: string, port: number, speaker: string): void {
  const socket = connect({ host, port, noDelay: true });
  let heardAt = 0;
  let longest = 0;
  let end = "";
  const hear = (): void => {
    const now = performance.now();
    if (heardAt > 0) longest = Math.max(longest, now - heardAt);
    heardAt = now;
  };
  socket.on("connect", () => {
    process.stdout.write(`connected from ${socket.localPort}\n`);
    socket.write(speaker === "client" ? LISTEN : SPEAK);
    if (speaker !== "server") tick(socket);
  });
  socket.on("data", hear);
  process.on("SIGUSR1", () => socket.once("data", () => process.stdout.write("hears\n")));
  socket.on("error", (error) => {
    end = error.message;
  });
  socket.on("close", () => {
    end ||= "closed";
  });
  const tell = (): void => {
    process.stdout.write(`${JSON.stringify({ longest: Math.round(longest), end })}\n`);
    process.exit(0);
  };
  process.on("SIGTERM", () => {
    if (speaker !== "client" || end !== "") {
      if (end === "") hear();
      tell();
    }
    socket.once("end", tell);
    socket.end();
    setTimeout(() => {
      end = "the other end did not get it";
      tell();
    }, END_MILLISECONDS);
  });
}

if (role === "server") serve(Number(rest[0]));
else dial(rest[0] ?? "", Number(rest[1]), rest[2] ?? "both");

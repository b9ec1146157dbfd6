// A TCP connection on which both ends say something every 10 ms: `node tcp-tick.ts server PORT`, and
// `node tcp-tick.ts client ADDRESS PORT`, which prints the longest silence in milliseconds when it is told to end (SIGTERM).

import { connect, createServer, type Socket } from "node:net";

const EVERY_MILLISECONDS = 10;
const [role, ...rest] = process.argv.slice(2);

function tick(socket: Socket): void {
  const timer = setInterval(() => socket.write("."), EVERY_MILLISECONDS);
  socket.on("close", () => clearInterval(timer));
}

function serve(port: number): void {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    tick(socket);
    socket.resume();
  });
  server.listen(port, () => process.stdout.write("listens\n"));
}

function dial(host: string, port: number): void {
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
    process.stdout.write("connected\n");
    tick(socket);
  });
  socket.on("data", hear);
  socket.on("error", (error) => {
    end = error.message;
  });
  socket.on("close", () => {
    end ||= "closed";
  });
  process.on("SIGTERM", () => {
    if (end === "") hear();
    process.stdout.write(`${JSON.stringify({ longest: Math.round(longest), end })}\n`);
    process.exit(0);
  });
}

if (role === "server") serve(Number(rest[0]));
else dial(rest[0] ?? "", Number(rest[1]));

// Brings the page of a box to 127.0.0.1 of the machine: plain TCP to the Unix socket that the box has for its page.

import { connect, createServer, type Socket } from "node:net";

/** Listens on 127.0.0.1 only; port 0 takes any free one. Returns the port it listens on. */
export function serveProxy(letter: string, port: number, socketPath: string): Promise<number> {
  const server = createServer((client) => relay(letter, client, socketPath));
  return new Promise((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new Error(busy(letter, port)) : error);
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

function relay(letter: string, client: Socket, socketPath: string): void {
  const box = connect(socketPath);
  client.on("error", () => box.destroy());
  client.on("close", () => box.destroy());
  box.on("connect", () => {
    client.pipe(box);
    box.pipe(client);
  });
  box.on("close", () => client.destroySoon());
  box.on("error", () => {
    // Only a box that never answered gets the sentence: half an answer must not be followed by it.
    if (box.bytesRead > 0) return void client.destroy();
    client.end(unreachable(letter));
    client.resume();
  });
}

function unreachable(letter: string): string {
  const body = `Box ${letter} does not answer: its daemon is not running.\n`;
  const head = [
    "HTTP/1.1 502 Bad Gateway",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

function busy(letter: string, port: number): string {
  return `Port ${port} of 127.0.0.1, where the page of box ${letter} would be, is in use by another program: end that one, or choose two free ports with \`npm start -- --ports 9080,9081\`.`;
}

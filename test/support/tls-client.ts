// OpenSSL's client and plain sockets against a server of this process.

import { spawn } from "node:child_process";
import { connect } from "node:net";

export interface Said {
  readonly code: number | null;
  readonly text: string;
}

/** Runs `openssl s_client`, which says this when the handshake is over. */
export function sClient(
  host: string,
  port: number,
  argv: readonly string[],
  say = "",
): Promise<Said> {
  const child = spawn("openssl", ["s_client", "-connect", `${host}:${port}`, ...argv]);
  child.stdin.on("error", () => {});
  child.stdin.end(say);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (part: string) => {
      text += part;
    });
  }
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, text })));
}

export interface Closed {
  readonly bytes: Buffer;
  readonly milliseconds: number;
}

/** Connects, says this, and waits until the other end closes. */
export function untilClosed(host: string, port: number, say = "", from?: string): Promise<Closed> {
  const startedAt = performance.now();
  const parts: Buffer[] = [];
  return new Promise((resolve) => {
    const local = from === undefined ? {} : { localAddress: from };
    const socket = connect({ host, port, ...local }, () => socket.write(say));
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("error", () => {});
    socket.on("close", () =>
      resolve({ bytes: Buffer.concat(parts), milliseconds: performance.now() - startedAt }),
    );
  });
}

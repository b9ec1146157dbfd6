// HTTP over a Unix socket, byte by byte as a test wants it.

import { connect } from "node:net";
import type { Seen } from "./api-answers.ts";

/** A request whose connection ends with its answer; `more` are lines of its head, each with its end. */
export function wireOf(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  more = "",
): Buffer {
  const lines = Object.entries({ host: "x", ...headers, "content-length": String(body.length) });
  const head = [`${method} ${target} HTTP/1.1`, ...lines.map((line) => line.join(": "))].join(
    "\r\n",
  );
  return Buffer.concat([
    Buffer.from(`${head}\r\n${more}connection: close\r\n\r\n`, "latin1"),
    body,
  ]);
}

/** What comes back until the other side hangs up. */
export function exchange(path: string, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = connect(path, () => socket.end(bytes));
    socket.on("data", (part) => parts.push(part));
    // The box may hang up while there is still something to be sent.
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(parts)));
  });
}

/** The first answer that is no mere "go on"; undefined where there is none. */
export function answerIn(bytes: Buffer): Seen | undefined {
  const text = bytes.toString("latin1").replace("HTTP/1.1 100 Continue\r\n\r\n", "");
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const status = Number(/^HTTP\/1\.1 ([0-9]{3}) /.exec(first)?.[1] ?? 0);
  const headers = new Map(
    lines.map((line) => [line.split(": ")[0]?.toLowerCase(), line.split(": ")[1]]),
  );
  if (status === 0) return undefined;
  return {
    status,
    header: (name) => headers.get(name),
    text: Buffer.from(rest.join("\r\n\r\n"), "latin1").toString("utf8"),
  };
}

import type { LogLine, LogSink } from "../ports.ts";

/** RFC 5424 severities as systemd and procd read them at the start of a line ("<4>text"). */
const PRIORITY = { error: 3, warning: 4, info: 6, debug: 7 } as const;

/** One line per event on standard output: for a service manager with its severity, for eyes with the time. */
export class StreamLog implements LogSink {
  readonly #stream: NodeJS.WritableStream;
  readonly #managed: boolean;
  readonly #showDebug: boolean;

  constructor(stream: NodeJS.WritableStream, options: { managed: boolean; showDebug: boolean }) {
    this.#stream = stream;
    this.#managed = options.managed;
    this.#showDebug = options.showDebug;
  }

  write(line: LogLine): void {
    if (line.level === "debug" && !this.#showDebug) return;
    const head = this.#managed
      ? `<${PRIORITY[line.level]}>`
      : `${new Date(line.wall).toISOString()} ${line.level.padEnd(7)} `;
    this.#stream.write(`${head}${line.id}: ${line.text}\n`);
  }
}

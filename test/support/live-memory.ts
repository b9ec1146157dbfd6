// Prints how many bytes a Node process holds that are really in use: `node live-memory.ts PID`. The process is asked
// through its inspector, in whose network namespace this must run, to collect its garbage first. The inspector stays
// open, with the few files that it needs.

import { kill } from "node:process";
import { setTimeout as pause } from "node:timers/promises";

const INSPECTOR = "127.0.0.1:9229";
const USED = "(({heapUsed, external}) => heapUsed + external)(process.memoryUsage())";

async function inspectorUrl(): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      const answer = await fetch(`http://${INSPECTOR}/json/list`);
      const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
      if (target) return target.webSocketDebuggerUrl;
    } catch {
      // It opens a moment after the signal.
    }
    await pause(50);
  }
  throw new Error("the process opens no inspector");
}

class Inspector {
  readonly #socket: WebSocket;
  #last = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  ask(method: string, params: object = {}): Promise<{ result: { value?: unknown } }> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      const hear = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data));
        if (message.id !== id) return;
        this.#socket.removeEventListener("message", hear);
        resolve(message.result);
      };
      this.#socket.addEventListener("message", hear);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

kill(Number(process.argv[2]), "SIGUSR1");
const socket = new WebSocket(await inspectorUrl());
await new Promise((resolve) => socket.addEventListener("open", resolve));
const inspector = new Inspector(socket);
// What only a finaliser lets go of is gone after the second time.
for (let round = 0; round < 3; round++) {
  await inspector.ask("HeapProfiler.collectGarbage");
  await pause(100);
}
const { result } = await inspector.ask("Runtime.evaluate", { expression: USED });
process.stdout.write(`${result.value}\n`);
process.exit(0);

// A person at a terminal, on a box that is not there: the command line with a fake box behind a real socket.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../daemon/cli/run.ts";
import type { Route } from "../../daemon/http/route.ts";
import { FAKE_NOW, FakeBox } from "./fake-box.ts";
import { FakeServer } from "./fake-server.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Wishes {
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
  /** What the person types when asked; without it nobody is there. */
  readonly types?: string;
  /** Milliseconds that pass whenever the command looks at the clock; 0 unless given. */
  readonly hurry?: number;
  /** Called with all output so far, whenever there is more. */
  readonly onOut?: (out: string) => void;
  /** Called with what is no text. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** Times are shown in UTC from `begin` to `end`. */
export class Terminal {
  readonly folder = mkdtempSync(join(tmpdir(), "tandem-cli-"));
  readonly socket = join(this.folder, "tandem.sock");
  readonly server: FakeServer;
  readonly #zone = process.env.TZ;

  private constructor(routes: readonly Route[]) {
    this.server = new FakeServer(new FakeBox(), routes);
  }

  /** `routes` are further rows of the API of the box. */
  static async begin(routes: readonly Route[] = []): Promise<Terminal> {
    const terminal = new Terminal(routes);
    process.env.TZ = "UTC";
    await terminal.server.startUnix(terminal.socket);
    return terminal;
  }

  get box(): FakeBox {
    return this.server.box;
  }

  async end(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
    if (this.#zone === undefined) delete process.env.TZ;
    else process.env.TZ = this.#zone;
  }

  async run(argv: readonly string[], wishes: Wishes = {}): Promise<Ran> {
    const { types, isTerminal = false, columns = 100, env, onOut, onBytes, hurry = 0 } = wishes;
    let now = FAKE_NOW - hurry;
    let out = "";
    let err = "";
    const ask = async (question: string): Promise<string> => {
      out += question;
      return types ?? "";
    };
    const code = await run(argv, {
      ask: types === undefined ? undefined : ask,
      env: { TANDEM_SOCKET: this.socket, ...env },
      isTerminal,
      columns,
      now: () => {
        now += hurry;
        return now;
      },
      out: (text) => {
        out += text;
        onOut?.(out);
      },
      outBytes: async (bytes) => {
        onBytes?.(bytes);
      },
      err: (text) => {
        err += text;
      },
    });
    return { code, out, err };
  }
}

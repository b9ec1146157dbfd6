import type { Client } from "./client.ts";
import type { Paint } from "./terminal.ts";

/** What a command may touch; handed in, so that tests see and decide all of it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  /** Asks the person at the terminal and gives what they typed, which is not shown if it is secret; undefined when nobody is there. */
  readonly ask?: ((question: string, isSecret?: boolean) => Promise<string>) | undefined;
  readonly columns: number;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  readonly out: (text: string) => void;
  /** The same for what is no text; resolves when more can be taken. */
  readonly outBytes: (bytes: Uint8Array) => Promise<void>;
  readonly err: (text: string) => void;
}

/** Exit codes; for `status` they follow the state of the box. */
export const EXIT = { fine: 0, degraded: 1, down: 2, usage: 3 } as const;

export interface Context extends Surroundings {
  readonly client: Client;
  readonly paint: Paint;
  readonly options: Options;
  /** Words after the subcommand. */
  readonly words: readonly string[];
}

export interface Options {
  readonly socket?: string | undefined;
  readonly network?: string | undefined;
  readonly state?: string | undefined;
  readonly write?: string | undefined;
  readonly "passphrase-file"?: string | undefined;
  readonly seconds?: string | undefined;
  readonly level?: string | undefined;
  readonly anonymous: boolean;
  readonly json: boolean;
  readonly dump: boolean;
  readonly watch: boolean;
  readonly follow: boolean;
  readonly yes: boolean;
  readonly leases: boolean;
  readonly replace: boolean;
  readonly "no-color": boolean;
  readonly help: boolean;
}

// What the processes of the lab say to each other: outer and inner over the IPC channel, commands over
// the control socket.

import type { BoxStatus } from "./box.ts";
import type { LabKind } from "./box-files.ts";
import type { ClientStatus } from "./client.ts";
import type { WireStatus } from "./wires.ts";

export interface LabStatus {
  readonly name: string;
  readonly folder: string;
  /** Ports of 127.0.0.1 on which the pages of box a and b are. */
  readonly ports: readonly [number, number];
  readonly startedAt: number;
  /** Seconds from the start until every client had an address; null until then. */
  readonly upAfterSeconds: number | null;
  readonly boxes: { readonly a: BoxStatus; readonly b: BoxStatus };
  readonly wires: readonly WireStatus[];
  readonly clients: readonly ClientStatus[];
  readonly events: readonly LabEvent[];
}

export interface LabEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** What the inner process finds in `lab.json`. */
export interface LabSettings {
  readonly name: string;
  readonly folder: string;
  readonly repository: string;
  readonly node: string;
  readonly clients: number;
  /** How the boxes know each other. */
  readonly kind: LabKind;
  readonly ports: readonly [number, number];
  readonly startedAt: number;
}

export type FromInner =
  | { readonly kind: "ready" }
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "status"; readonly status: LabStatus }
  | { readonly kind: "failed"; readonly text: string };

export type ToInner =
  | { readonly kind: "do"; readonly words: readonly string[] }
  | { readonly kind: "watch" }
  | { readonly kind: "end" };

/** From the outer process to the program that started the lab, when that one listens. */
export interface FromOuter {
  readonly kind: "ready";
  readonly folder: string;
  readonly ports: readonly [number, number];
}

/** One line of JSON per command; a closed connection ends the command. */
export interface Request {
  readonly words: readonly string[];
}

/** Lines of JSON; the last one has a code. */
export interface Reply {
  readonly out?: string;
  readonly err?: string;
  /** 0 done, 1 refused or failed, 3 not understood; for `exec` the code of the program. */
  readonly code?: number;
}

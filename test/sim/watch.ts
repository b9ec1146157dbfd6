// Who is told of what happens in a world, to judge it: a world of one box and one of two have their own.

import type { Lease } from "../../daemon/core/lease.ts";
import type { Lan } from "./lan.ts";
import type { Life, SimBox, SimPort } from "./sim-box.ts";
import type { Holding, SimClient } from "./sim-client.ts";

/** A DHCPREQUEST. */
export interface Asking {
  readonly mac: string;
  readonly xid: number;
  readonly secs: number;
  /** It has option 54. */
  readonly namesServer: boolean;
  /** Frames that it is sent in: none, or more than one, when it goes to an address that moves. */
  readonly copies: number;
}

export interface Watch {
  /** A client asks for a lease. */
  asks(request: Asking): void;
  /** A client was told of a lease, and believes it. */
  acquired(client: SimClient, holding: Holding): void;
  isSquatted(lan: Lan, address: string): boolean;
  /** The driver handed a record to the journal. */
  persisted(box: SimBox, lease: Lease): void;
  /** A frame leaves a box. */
  sends(port: SimPort, frame: Uint8Array): void;
  crashed(box: SimBox): void;
  /** A process has read its journal and begins to serve. */
  recovered(box: SimBox, life: Life, leases: readonly Lease[]): void;
  /** Another configuration is in force. */
  configured(): void;
  wrong(complaint: string): void;
}

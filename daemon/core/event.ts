import type { JournalState } from "../ports.ts";
import type { CoreConfig } from "./config-view.ts";
import type { PartnerSight } from "./failover/sight.ts";

/**
 * "partner-down": the partner is off for certain; "pause": this box ends and will be back soon;
 * "shutdown": this box ends for long.
 */
export type PairCommand = "partner-down" | "pause" | "shutdown";

/** Everything that can happen to the core. `lan` is the index in `CoreConfig.networks`. */
export type CoreEvent =
  /** A frame from a LAN; the bytes are valid only during the step. */
  | {
      readonly kind: "frame";
      readonly lan: number;
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly end: number;
      /** False when the sender's network card was to fill in the UDP checksum and has not yet. */
      readonly checksumReady: boolean;
    }
  /** An interface came, went, or changed its carrier or address. */
  | {
      readonly kind: "link";
      readonly lan: number;
      /** False while the packet helper does not answer; the rest is then unknown and false. */
      readonly helper: boolean;
      readonly present: boolean;
      readonly carrier: boolean;
      readonly mac: Uint8Array;
      readonly mtu: number;
    }
  /** Every record with a sequence up to `through` is on stable storage. */
  | { readonly kind: "durable"; readonly through: number }
  /** The journal can, or can no longer, make records durable. */
  | { readonly kind: "journal"; readonly state: JournalState }
  /** The alarm that the core asked for has come due. */
  | { readonly kind: "alarm" }
  /** A TCP connection with the partner stands, whoever dialled. `connection` is never used again. */
  | { readonly kind: "peer-open"; readonly connection: number }
  /** Bytes from the partner, cut anywhere; valid only during the step. */
  | { readonly kind: "peer-bytes"; readonly connection: number; readonly bytes: Uint8Array }
  /** A connection ended, or (`connection` 0) the attempt to dial failed. `reason` is a short text. */
  | { readonly kind: "peer-closed"; readonly connection: number; readonly reason: string }
  /** The partner is seen otherwise than before; undefined: it is not looked for. */
  | { readonly kind: "sight"; readonly sight: PartnerSight }
  /** A person, or the process that ends, wants something of the pair. */
  | { readonly kind: "pair-command"; readonly command: PairCommand }
  /** A person works on this box, and it leaves everything to its partner; or not any more. */
  | { readonly kind: "maintenance"; readonly isOn: boolean }
  /** A new, validated configuration replaces the old one. */
  | { readonly kind: "config"; readonly config: CoreConfig };

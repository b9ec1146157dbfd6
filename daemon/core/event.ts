import type { JournalState } from "../ports.ts";
import type { CoreConfig } from "./config-view.ts";

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
  /** A new, validated configuration replaces the old one. */
  | { readonly kind: "config"; readonly config: CoreConfig };

// What is made of the files of another DHCP server: a draft of the configuration, its leases, and everything that could
// not be taken over.

import type * as v from "valibot";
import type { SharedSchema } from "../config/schema.ts";

export interface Imported {
  /** As config.json has it, and not checked yet: whoever takes it lets `loadConfig` say what is wrong with it. */
  readonly shared: v.InferInput<typeof SharedSchema>;
  /** What the files say of the box itself, by the name of the network; as box.json has it. */
  readonly ports: Readonly<Record<string, ImportedPort>>;
  readonly leases: readonly ImportedLease[];
  /** In the order of the files. */
  readonly notes: readonly ImportNote[];
}

export interface ImportedPort {
  readonly interface?: string;
  /** With its prefix length. */
  readonly address?: string;
}

/** One that ran when the file was written; whether it still does is for whoever takes it to say. */
export interface ImportedLease {
  readonly address: string;
  /** `declined`: a device found the address taken by another one. */
  readonly state: "active" | "declined";
  /** Lower case with colons; an active lease has this or `clientId`, or both, a declined one may have neither. */
  readonly mac?: string;
  /** Hex digits of option 61, type octet included. */
  readonly clientId?: string;
  readonly hostname?: string;
  /** Seconds since 1970 (UTC); undefined: it never ends. */
  readonly expiresAt: number | undefined;
}

export interface ImportNote {
  readonly file: string;
  /** From 1 on; 0: the file as a whole. */
  readonly line: number;
  /**
   * left-out: there is nothing like it here. changed: it is taken over as something else, which `reason` says.
   * unreadable: nobody can tell what it means.
   */
  readonly kind: "left-out" | "changed" | "unreadable";
  /** The words of the file, shortened. */
  readonly text: string;
  /** A sentence for people. */
  readonly reason: string;
}

/** From the name of a file to its text. Never throws, whatever the files say. */
export type Importer = (files: ReadonlyMap<string, string>) => Imported;

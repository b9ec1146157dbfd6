// The parts that a draft of our configuration is put together from.

import type * as v from "valibot";
import type { Ipv4, Subnet } from "../base/address.ts";
import type { SharedSchema } from "../config/schema.ts";
import type { Plain } from "../wire/option-codecs.ts";
import type { ImportedPort } from "./imported.ts";
import type { Settings, Source } from "./isc-settings.ts";

export type SharedDraft = v.InferInput<typeof SharedSchema>;
export type NetworkDraft = SharedDraft["networks"][number];
export type ClassDraft = NonNullable<SharedDraft["classes"]>[number];

/** Names in lists of classes for devices that are declared, and for those that are not. */
export const KNOWN = "KNOWN";
export const UNKNOWN = "UNKNOWN";

export interface PoolPlan extends Source {
  readonly from: Ipv4;
  readonly to: Ipv4;
  /** Names of classes here, or KNOWN or UNKNOWN. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly settings: Settings;
}

export interface NetworkPlan extends Source {
  readonly name: string;
  readonly subnet: Subnet;
  readonly sharedWith: string | undefined;
  /** Its own and those of what is around it, except the file. */
  readonly settings: Settings;
  readonly pools: PoolPlan[];
  readonly relays: readonly string[];
  readonly isRelayed: boolean;
  readonly port: ImportedPort | undefined;
}

export interface ClassPlan extends Source {
  readonly name: string;
  readonly match: Plain;
  readonly isDenied: boolean;
  readonly settings: Settings;
}

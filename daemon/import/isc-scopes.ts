// The levels of a dhcpd.conf while it is read. All is gathered first: a statement holds for what stands before it too.

import type { Ipv4, Subnet } from "../base/address.ts";
import type { Plain } from "../wire/option-codecs.ts";
import type { Data } from "./isc-expressions.ts";
import type { HostKey, HostPlan } from "./isc-hosts.ts";
import { noSettings, type Settings, type Source, within } from "./isc-settings.ts";
import type { Statement } from "./isc-statements.ts";

export type ScopeKind = "file" | "group" | "shared-network" | "subnet" | "pool" | "class" | "host";

export interface Scope {
  readonly kind: ScopeKind;
  readonly outer: Scope | undefined;
  readonly settings: Settings;
  readonly shared: SharedFound | undefined;
  readonly subnet: SubnetFound | undefined;
  readonly pool: PoolFound | undefined;
  readonly classFound: ClassFound | undefined;
  readonly host: HostFound | undefined;
}

export interface SharedFound extends Source {
  readonly name: string;
}

export interface SubnetFound extends Source {
  readonly subnet: Subnet;
  readonly scope: Scope;
}

export interface PoolFound {
  readonly ranges: (Source & { readonly from: Ipv4; readonly to: Ipv4 })[];
  /** Names of classes in the file, KNOWN or UNKNOWN. */
  readonly allow: string[];
  readonly deny: string[];
  readonly scope: Scope;
}

export interface ClassFound extends Source {
  readonly name: string;
  /** Undefined: it says none. */
  condition: Plain | undefined;
  /** What its subclasses are told apart by. */
  data: Data | undefined;
  /** A note was made of why it cannot be a class. */
  isRefused: boolean;
  isDenied: boolean;
  readonly subclasses: SubclassFound[];
  scope: Scope;
}

export interface SubclassFound extends Source {
  readonly match: Plain;
  readonly hasBody: boolean;
  readonly scope: Scope;
}

export interface HostFound extends Source {
  readonly name: string;
  readonly keys: HostKey[];
  readonly addresses: HostPlan["addresses"][number][];
  readonly scope: Scope;
  isDenied: boolean;
  /** dhcpd wrote it into its leases file, where a later one takes the place of an earlier one. */
  isLogged: boolean;
  /** … and that it is gone. */
  isDeleted: boolean;
}

/** if, elsif and else, of which the first that holds counts. */
export interface Choice {
  readonly scope: Scope;
  readonly branches: readonly Statement[];
}

export interface Found {
  readonly subnets: SubnetFound[];
  readonly pools: PoolFound[];
  readonly hosts: HostFound[];
  readonly classes: Map<string, ClassFound>;
  readonly choices: Choice[];
}

export const FILE_SCOPE_PARTS = {
  outer: undefined,
  shared: undefined,
  subnet: undefined,
  pool: undefined,
  classFound: undefined,
  host: undefined,
} as const;

export function scopeIn(outer: Scope, kind: ScopeKind, parts: Partial<Scope> = {}): Scope {
  return { ...outer, ...parts, kind, outer, settings: noSettings() };
}

/** The settings of a scope and of those around it, up to the file or a level that is written down by itself. */
export function settingsOf(scope: Scope): Settings {
  const around = scope.outer;
  const isAlone =
    around === undefined ||
    around.kind === "file" ||
    (scope.kind !== "subnet" && scope.kind !== "group" && around.kind !== "group") ||
    (scope.kind === "group" && around.kind !== "group" && around.kind !== "shared-network");
  return isAlone ? scope.settings : within(scope.settings, settingsOf(around));
}

// The gateway, as API, page and command line show it. Types, nothing else.

/** The part of a box in the gateway. */
export type GatewayRoleName =
  | "active"
  | "standby"
  | "waiting"
  | "released"
  | "maintenance"
  | "fault"
  | "unknown";

/** The addresses that one of the boxes has at a time. */
export interface GatewayStatus {
  readonly role: GatewayRoleName;
  /** One sentence. */
  readonly why: string;
  /** When the role began; ISO 8601. */
  readonly since: string;
  readonly lans: readonly GatewayLanStatus[];
  /** Towards the provider; null: nothing moves there. */
  readonly wan: { readonly interface: string; readonly address: string } | null;
  readonly health: HealthStatus;
  /** What the partner says of itself; null: it is not heard. */
  readonly partner: {
    readonly holding: "none" | "backup" | "master" | "fault";
    readonly score: number;
    readonly mayTake: boolean;
  } | null;
  /** How keepalived is heard. */
  readonly observers: { readonly bus: boolean; readonly fifo: boolean };
  readonly maintenance: { readonly since: string; readonly isSafeToSwitchOff: boolean } | null;
}

export interface GatewayLanStatus {
  readonly name: string;
  readonly interface: string;
  readonly addresses: readonly string[];
  /** "gateway": its addresses are at this box; "standby": not; "no-carrier": nothing can be there. */
  readonly role: "gateway" | "standby" | "no-carrier";
  /** One sentence. */
  readonly why: string;
  readonly since: string;
}

export interface HealthStatus {
  /** 100: all is well. The better box is to have the gateway. */
  readonly score: number;
  readonly checks: readonly {
    readonly id: string;
    /** A LAN, or "". */
    readonly subject: string;
    readonly title: string;
    readonly isGood: boolean;
    /** Taken off the score while it is bad. */
    readonly weight: number;
    readonly detail: string;
    readonly since: string;
  }[];
}

/** GET of something that a box can be told to do: what would happen. */
export interface PreflightView {
  readonly possible: boolean;
  /** What will happen, or why it is not to be done. */
  readonly sentence: string;
}

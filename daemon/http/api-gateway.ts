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
  /** Whether both boxes know the open connections, so that they go on when the gateway moves. */
  readonly tracking: { readonly isKept: boolean; readonly why: string };
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
    /** Taken off the score while it is bad; 0 while it is as bad at the partner. */
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

/** What a drill has shown, measured by the box that took over. Times from when the other box let go, in milliseconds. */
export interface DrillReport {
  readonly id: number;
  /** "planned": the gateway was handed over; "unplugged": the other box acted as if its power were gone. */
  readonly kind: "planned" | "unplugged";
  /** When it began; ISO 8601, by the clock of the box that measured. */
  readonly at: string;
  /** The box that took over, and measured. */
  readonly measuredBy: string;
  /** Null: it did not come to that. */
  readonly detectionMilliseconds: number | null;
  readonly gatewayMilliseconds: number | null;
  readonly dhcpMilliseconds: number | null;
  /** Of the gateway, every 10 ms. */
  readonly pingsSent: number;
  readonly pingsLost: number;
  readonly outageMilliseconds: number;
  /** Questions for a name, every 100 ms; null: no resolver answers at the gateway. */
  readonly names: {
    readonly asked: number;
    readonly answered: number;
    /** When the resolver of the box that took over answered first, as the gateway; null: it did not. */
    readonly afterMilliseconds: number | null;
  } | null;
  /** Devices that had an address at the time. */
  readonly leases: number;
  /** How long after the end of the drill the gateway was back where it was; null: it is not. */
  readonly revertedMilliseconds: number | null;
  /** One sentence. */
  readonly sentence: string;
}

/** GET /api/v1/drills: the latest ones first. */
export interface DrillsView {
  readonly underWay: boolean;
  readonly drills: readonly DrillReport[];
}

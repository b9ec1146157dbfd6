// The only daemon file that the web page and the command line may import: types, nothing else.

import type { OriginView, TrialView } from "./api-config.ts";
import type { GatewayStatus } from "./api-gateway.ts";

export type * from "./api-access.ts";
export type * from "./api-backup.ts";
export type * from "./api-config.ts";
export type * from "./api-devices.ts";
export type * from "./api-diagnostics.ts";
export type * from "./api-gateway.ts";
export type * from "./api-import.ts";

export type Severity = "info" | "warning" | "error";

/** Something that is not as it should be, or that a person should know. From the catalogue. */
export interface Condition {
  readonly id: string;
  /** What it is about: a network, an interface, "" for the whole box. */
  readonly subject: string;
  readonly severity: Severity;
  /** One sentence, the same in log, page, CLI and D-Bus. */
  readonly sentence: string;
  /** What a person can do about it; "" when it heals by itself and needs nothing. */
  readonly advice: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface PoolStatus {
  readonly from: string;
  readonly to: string;
  readonly size: number;
  readonly active: number;
  readonly offered: number;
  /** Not usable now: declined by a client or found in use. */
  readonly abandoned: number;
  /** Free, and this box's to give. */
  readonly free: number;
  /** Not in use, but left to the partner; 0 for a box that works alone. */
  readonly partners: number;
  /** What became of its addresses, and refusals by reason, since start. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface NetworkStatus {
  readonly name: string;
  readonly interface: string;
  readonly subnet: string;
  readonly address: string;
  readonly serverId: string;
  readonly gateway: string;
  readonly leaseSeconds: number;
  readonly link: {
    readonly helper: boolean;
    readonly present: boolean;
    readonly carrier: boolean;
    readonly mac: string;
    readonly mtu: number;
  };
  readonly serving: boolean;
  /** One sentence: why this LAN is, or is not, served. */
  readonly why: string;
  readonly pools: readonly PoolStatus[];
  /** Packets in and out and refusals by reason, since start. */
  readonly counters: Readonly<Record<string, number>>;
}

export type Role = "serving" | "standby";
export type BoxState = "fine" | "degraded" | "down";

export interface Status {
  readonly apiVersion: 1;
  readonly box: {
    readonly name: string;
    readonly version: string;
    readonly startedAt: string;
    readonly memoryBytes: number;
  };
  readonly role: Role;
  readonly state: BoxState;
  /** The sentence at the top of the page. */
  readonly why: string;
  /** Since when role and state are as they are; ISO 8601. */
  readonly since: string;
  /** The box's time when this was made; ISO 8601. */
  readonly time: string;
  readonly conditions: readonly Condition[];
  readonly networks: readonly NetworkStatus[];
  readonly journal: {
    readonly state: "ok" | "slow" | "failing";
    readonly records: number;
    readonly bytes: number;
    readonly leases: number;
  };
  /** What is in force, and everything that is wrong with the files as they are now. */
  readonly configuration: {
    readonly source: "files" | "last-good" | "none";
    readonly issues: readonly {
      readonly file: string;
      readonly path: string;
      readonly reason: string;
    }[];
  };
  readonly partner: PartnerStatus;
  /** Null: no address moves between the boxes. */
  readonly gateway: GatewayStatus | null;
  /** The wires on which the partner is looked for; none when it is not. */
  readonly paths: readonly PathView[];
}

/** One wire between the boxes, as this one sees it. */
export interface PathView {
  readonly interface: string;
  /** The LAN there; null: it is for the pair cable. */
  readonly lan: string | null;
  /**
   * "up": the boxes hear each other; "mute": the partner is heard and does not hear this box; "silent": there is
   * carrier, and nothing is heard; "unplugged": there is no carrier.
   */
  readonly verdict: "up" | "mute" | "silent" | "unplugged";
  readonly heardMillisecondsAgo: number | null;
  /** What the boxes tell each other goes over it now. */
  readonly carriesSession: boolean;
}

/** The states of draft-ietf-dhc-failover-12 §9. */
export type PairStateName =
  | "normal"
  | "communications-interrupted"
  | "partner-down"
  | "recover"
  | "recover-wait"
  | "recover-done"
  | "potential-conflict"
  | "resolution-interrupted"
  | "conflict-done"
  | "paused"
  | "shutdown";

/** The second box, as this one sees it. */
export type PartnerStatus =
  | {
      readonly paired: false;
      /** One sentence: why this box works without a second one. */
      readonly why: string;
    }
  | {
      readonly paired: true;
      /** One sentence: how the two are together. */
      readonly why: string;
      /** What both boxes call their relationship. */
      readonly name: string;
      /** This box's part in it. */
      readonly role: "primary" | "secondary";
      readonly mode: "load-balancing" | "hot-standby";
      /** "isc": the partner is a dhcpd. */
      readonly protocol: "tandem" | "isc";
      /** Of this box; before it has met its partner that of before its start. */
      readonly state: PairStateName;
      /** The same for people, a word or two: "in step". */
      readonly stateWords: string;
      /** It has not met its partner since its start, and answers nobody yet. */
      readonly inStartup: boolean;
      /** When the state was entered; null: it was so before there was a pair. */
      readonly since: string | null;
      readonly connected: boolean;
      /** What the partner last said; null: it was never heard. */
      readonly partnerState: PairStateName | null;
      readonly partnerStateWords: string | null;
      readonly partnerSince: string | null;
      /** Why one would not speak to the other; "" when it does, or never tried. */
      readonly refusal: string;
      /** How much longer than the partner knows a lease may be. */
      readonly mcltSeconds: number;
      /** By how much the partner's clock is ahead; 0 when they agree or that is not known. */
      readonly clockOffsetSeconds: number;
      /** Both books are known to say the same. */
      readonly inStep: boolean;
      /** Changes that the partner has not acknowledged yet. */
      readonly backlog: number;
      /** Totals since the start. */
      readonly counters: Readonly<Record<string, number>>;
    };

/** GET /api/v1/configuration: the configuration that both boxes share, and how the two stand to each other. */
export interface ConfigSyncView {
  /** How many changes it is made of; 0: as the factory left it. */
  readonly generation: number;
  /** SHA-256 in hex, the same for the same settings in whatever order. */
  readonly hash: string;
  /** Null: it is not known who put it into force. */
  readonly origin: OriginView | null;
  /** Null: what is in force stays. */
  readonly trial: TrialView | null;
  /** Both boxes are known to have the same in force. */
  readonly inStep: boolean;
  /** Both were changed while they could not see each other: a person has to choose. */
  readonly diverged: boolean;
  /** One sentence: how the two stand to each other. */
  readonly sentence: string;
  /** What waits, as a sentence; "" for nothing. */
  readonly pending: string;
  /** Why something cannot be put into force, as a sentence; "" when everything is. */
  readonly refused: string;
  /** What the partner has in force; null: that is not known now. */
  readonly partner: { readonly generation: number; readonly hash: string } | null;
  /** Between this box and the partner, where they differ; the first ones. */
  readonly differences: readonly {
    readonly path: string;
    readonly here: string;
    readonly partner: string;
  }[];
  /** How many differences there are besides. */
  readonly moreDifferences: number;
  /** Files with what a person wrote into config.json and what was never in force. */
  readonly keptAside: readonly string[];
}

export type PairingStageId =
  | "cable"
  | "found"
  | "digits"
  | "confirmed"
  | "roles"
  | "configuration"
  | "leases"
  | "in-step";

export interface PairingStage {
  readonly id: PairingStageId;
  readonly state: "open" | "now" | "done";
  /** How long it has taken so far, or took; null before it began. */
  readonly seconds: number | null;
}

/** What a person can do now about pairing. */
export type PairingAction = "confirm" | "differ" | "choose" | "cancel" | "again" | "unpair";

/** GET /api/v1/pairing: how far this box is with becoming one of two. */
export interface PairingView {
  /** This box is in a pair. */
  readonly paired: boolean;
  /** A box was found, or something is under way or went wrong: people should see it. */
  readonly underWay: boolean;
  /** One sentence: what is so now. */
  readonly sentence: string;
  /** What a person does now; "" when nothing needs doing. */
  readonly advice: string;
  readonly stages: readonly PairingStage[];
  /** The box at the other end of the cable, as it says itself. */
  readonly found: {
    /** "" until it has said so. */
    readonly name: string;
    readonly model: string;
    readonly serial: string;
    readonly version: string;
  } | null;
  /** Six of them, to be compared with those that the other box shows. */
  readonly digits: string | null;
  readonly confirmedHere: boolean;
  readonly confirmedThere: boolean;
  /** Both boxes have a configuration: which one shall both have? One sentence for each difference. */
  readonly question: { readonly differences: readonly string[] } | null;
  /** Why it does not go on. */
  readonly refusal: {
    readonly id: string;
    readonly sentence: string;
    readonly advice: string;
    /** Somebody may sit between the boxes. */
    readonly loud: boolean;
  } | null;
  readonly actions: readonly PairingAction[];
  /** What came of the end of a pair, one sentence; "" when there was none since the start. */
  readonly unpaired: string;
}

/** Who the box is to its partner. */
export interface IdentityView {
  /** The SHA-256 of its public key, in hex. */
  readonly identity: string;
}

/** What came of something that the box was asked to do. */
export interface Done {
  /** One sentence: what is so now. */
  readonly sentence: string;
}

export interface LeaseView {
  readonly address: string;
  readonly network: string;
  readonly state: "free" | "active" | "expired" | "released" | "abandoned" | "reset" | "backup";
  readonly mac: string;
  readonly randomisedMac: boolean;
  /** Option 61 in hex, "" when the client sent none. */
  readonly clientId: string;
  readonly hostname: string;
  readonly vendorClass: string;
  readonly startsAt: string;
  readonly seenAt: string;
  readonly expiresAt: string;
  /** The lease is for good: `expiresAt` is then a date far away that means nothing. */
  readonly neverEnds: boolean;
  readonly reserved: boolean;
}

export interface LeasePage {
  readonly total: number;
  readonly offset: number;
  readonly leases: readonly LeaseView[];
}

/** GET /api/v1/events as JSON: the newest events, oldest first. */
export interface EventList {
  readonly events: readonly EventView[];
}

export interface EventView {
  readonly sequence: number;
  readonly at: string;
  readonly id: string;
  readonly severity: "debug" | "info" | "warning" | "error";
  readonly sentence: string;
}

/** How a client fares: it has what it needs, something is under way, it was refused, nobody knows. */
export type WhySeverity = "fine" | "waiting" | "refused" | "unknown";

/** What was decided about one message of a client, or about several that were the same. */
export interface WhyDecision {
  /** When, the last time; ISO 8601, UTC. */
  readonly at: string;
  /** "DISCOVER", "REQUEST", … */
  readonly message: string;
  /** What it was answered: "OFFER", "ACK", "NAK", …; "none". */
  readonly outcome: string;
  /** Key of the refusal, "" when it was not refused. */
  readonly reason: string;
  /** The address that it got or was about, "" for none. */
  readonly address: string;
  readonly sentence: string;
  /** How many times the same was decided. */
  readonly count: number;
}

/** GET /api/v1/why?client=…: why a device has an address, or has none. */
export interface WhyView {
  /** As it was asked: MAC, IPv4 address or host name. */
  readonly query: string;
  /** Hardware address of the device that was found, "" for none. */
  readonly client: string;
  readonly severity: WhySeverity;
  /** The answer: one or two sentences. */
  readonly verdict: string;
  /** What a person can do; "" when nothing needs doing. */
  readonly advice: string;
  /** The lease it has, or had last. */
  readonly lease?: LeaseView;
  readonly reservation?: {
    readonly address: string;
    readonly network: string;
    readonly name: string;
  };
  /** The last ones, newest first. */
  readonly decisions: readonly WhyDecision[];
}

/** Server-sent events of GET /api/v1/events: `event:` is the kind, `data:` the JSON of the rest. */
export type StreamEvent =
  | { readonly kind: "status"; readonly status: Status }
  | {
      readonly kind: "leases";
      readonly leases: readonly LeaseView[];
      /** True in a flood: more changed than is listed here, so fetch the list again. */
      readonly more?: boolean;
    }
  | { readonly kind: "log"; readonly event: EventView };

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Everything that is wrong with what was sent, where that is so. */
  readonly errors?: readonly { readonly path: string; readonly reason: string }[];
}

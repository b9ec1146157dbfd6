// What the API says to whoever looks for a fault.

/** Least first. */
export type LogLevel = "debug" | "info" | "warning" | "error";

export interface LogEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly level: LogLevel;
  readonly id: string;
  readonly text: string;
}

/** GET /api/v1/logs. */
export interface LogPage {
  /** How many match, of those that are kept. */
  readonly total: number;
  /** Oldest first. */
  readonly lines: readonly LogEntry[];
}

/** GET /api/v1/support: how it begins; its parts, for people, come behind that. */
export interface SupportView {
  readonly kind: "tandem-support";
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  /** Names and hardware addresses of devices are invented. */
  readonly anonymous: boolean;
  /** What is in it, and what is not. */
  readonly note: string;
}

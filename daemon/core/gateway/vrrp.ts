// What is known of keepalived's VRRP instances, whoever observed it: keepalived tells of itself over D-Bus
// and through its notify FIFO, and in the dump that it writes when asked.

/** RFC 9568 §6.4, "fault" (tracked health, no link) and "stopped" (keepalived ends it) are keepalived's own. */
export type VrrpState = "init" | "backup" | "master" | "fault" | "stopped";

/** By the name of the vrrp_instance in our configuration, such as "LAN0". */
export type VrrpStates = ReadonlyMap<string, VrrpState>;

export type VrrpNews =
  /** The whole truth, read anew: after a start, a reload or a gap. Events of before are in it. */
  | { readonly kind: "states"; readonly states: VrrpStates }
  /** One change, in the order of changes. The same state twice is news as well: keepalived said so twice. */
  | { readonly kind: "state"; readonly instance: string; readonly state: VrrpState }
  /** Nothing is known from here any more. `why` fits behind a colon. */
  | { readonly kind: "lost"; readonly why: string };

/** keepalived 2.2.7, vrrp.h: VRRP_STATE_…, on D-Bus and in the JSON dump. */
const STATES: ReadonlyMap<unknown, VrrpState> = new Map<unknown, VrrpState>([
  [0, "init"],
  [1, "backup"],
  [2, "master"],
  [3, "fault"],
  // A reload took the instance out of the configuration.
  [97, "stopped"],
  [98, "stopped"],
]);

/** The state that keepalived means by a number; undefined for anything else than one of its numbers. */
export function vrrpState(value: unknown): VrrpState | undefined {
  return STATES.get(value);
}

// What keepalived says of its instances, whichever way it is heard.

export type VrrpState = "init" | "backup" | "master" | "fault" | "stopped";

/** By the name of the vrrp_instance in our configuration, such as "LAN-lan0". */
export type VrrpStates = ReadonlyMap<string, VrrpState>;

export type VrrpNews =
  /** The whole truth, read anew: after a start, a reload, a gap. */
  | { readonly kind: "states"; readonly states: VrrpStates }
  /** One change; changes come in order. */
  | { readonly kind: "state"; readonly instance: string; readonly state: VrrpState }
  /** Nothing is known from here any more; `why` is a sentence without its full stop. */
  | { readonly kind: "lost"; readonly why: string };

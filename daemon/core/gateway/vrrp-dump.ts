// The dump that keepalived writes when it is asked with a signal: $TMPDIR/keepalived.json, of 2.2.7 and of later versions
// that were not told otherwise (`json_version 2`). What it tells beside D-Bus and FIFO is how many
// adverts were really sent: a keepalived that is master and sends none only believes that it is.

import { type VrrpState, vrrpState } from "./vrrp.ts";

export interface DumpedInstance {
  /** As in the configuration. */
  readonly instance: string;
  readonly state: VrrpState;
  /** 0 to 255, with what tracked files add. In "fault" it is the one from before. */
  readonly effectivePriority: number;
  /** Since the process started; a reload does not count it anew. */
  readonly advertsSent: number;
}

/** `why` fits behind a colon. A file that is being written is unreadable for a moment. */
export type VrrpDump =
  | { readonly kind: "instances"; readonly instances: readonly DumpedInstance[] }
  | { readonly kind: "unreadable"; readonly why: string };

/** Total: any text is a dump or has a reason why not. */
export function parseDump(text: string): VrrpDump {
  let dumped: unknown;
  try {
    dumped = JSON.parse(text);
  } catch {
    return unreadable("it is not whole");
  }
  if (!Array.isArray(dumped)) return unreadable("it is not a list of instances");
  const instances: DumpedInstance[] = [];
  for (const [index, one] of dumped.entries()) {
    const read = instanceIn(one);
    if (typeof read === "string") return unreadable(`instance ${index + 1} has no ${read}`);
    if (instances.some(({ instance }) => instance === read.instance)) {
      return unreadable(`two instances are called ${read.instance}`);
    }
    instances.push(read);
  }
  return { kind: "instances", instances };
}

/** The instance, or what it lacks. keepalived 2.2.7, vrrp_json.c. */
function instanceIn(dumped: unknown): DumpedInstance | string {
  const { data, stats } = fieldsOf(dumped);
  const { iname, state: number, effective_priority: effectivePriority } = fieldsOf(data);
  const { advert_sent: advertsSent } = fieldsOf(stats);
  const state = vrrpState(number);
  if (typeof iname !== "string" || iname === "") return "name";
  if (state === undefined) return "state that is known";
  if (!isCount(effectivePriority) || effectivePriority > 255) return "priority from 0 to 255";
  if (!isCount(advertsSent)) return "number of adverts sent";
  return { instance: iname, state, effectivePriority, advertsSent };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unreadable(why: string): VrrpDump {
  return { kind: "unreadable", why };
}

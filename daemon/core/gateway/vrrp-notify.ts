// The lines that keepalived writes into its notify FIFO: `INSTANCE "LAN0" MASTER 250`. Source: keepalived 2.2.7,
// vrrp_notify.c; keepalived.conf(5), "vrrp_notify_fifo".

import type { VrrpState } from "./vrrp.ts";

/**
 * What a line says that it is about. Of the last three none is a state: they tell that a priority has changed, and that
 * this box is master and hears another one that is. While the configuration is loaded, a master writes
 * BACKUP_PRIORITY as well.
 */
const WORDS = {
  MASTER: "master",
  BACKUP: "backup",
  FAULT: "fault",
  STOP: "stopped",
  // A reload took it out of the configuration; without `notify_deleted` the word is FAULT.
  DELETED: "stopped",
  MASTER_RX_LOWER_PRI: undefined,
  MASTER_PRIORITY: undefined,
  BACKUP_PRIORITY: undefined,
} as const satisfies Readonly<Record<string, VrrpState | undefined>>;

export type NotifyWord = keyof typeof WORDS;

export const NOTIFY_WORDS = Object.keys(WORDS) as readonly NotifyWord[];

export interface Notice {
  /** A sync group has a state of its own. */
  readonly scope: "instance" | "group";
  /** As in the configuration. */
  readonly name: string;
  readonly word: NotifyWord;
  /** The effective one, 0 to 255; of a group always 0. */
  readonly priority: number;
}

const LINE = /^(INSTANCE|GROUP) "(.+)" ([A-Z_]+) (0|[1-9]\d{0,2})$/;

/** One line without its end; undefined for anything that keepalived does not write about VRRP. Total. */
export function parseNotify(line: string): Notice | undefined {
  const [, kind, name, word, digits] = LINE.exec(line) ?? [];
  if (name === undefined || word === undefined || !Object.hasOwn(WORDS, word)) return undefined;
  const priority = Number(digits);
  if (priority > 255) return undefined;
  const scope = kind === "GROUP" ? "group" : "instance";
  return { scope, name, word: word as NotifyWord, priority };
}

/** The state that a word says; undefined for those that tell something else. */
export function noticeState(word: NotifyWord): VrrpState | undefined {
  return WORDS[word];
}

// One line of keepalived's notify FIFO.

import type { VrrpState } from "./vrrp.ts";

export interface Notice {
  readonly scope: "instance" | "group";
  readonly name: string;
  readonly word: string;
  readonly priority: number;
}

const STATES: Readonly<Record<string, VrrpState>> = {
  MASTER: "master",
  BACKUP: "backup",
  FAULT: "fault",
  STOP: "stopped",
  DELETED: "stopped",
};

export function parseNotify(line: string): Notice | undefined {
  const found = /^(INSTANCE|GROUP) "([^"]+)" ([A-Z_]+) (\d+)$/.exec(line);
  if (!found) return undefined;
  const [, scope, name = "", word = "", priority] = found;
  return {
    scope: scope === "GROUP" ? "group" : "instance",
    ...{ name, word, priority: Number(priority) },
  };
}

export function noticeState(word: string): VrrpState | undefined {
  return STATES[word];
}

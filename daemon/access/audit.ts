// Who did what on this box, one line of JSON each: logins, failed ones, users and tokens, and every change that the API
// makes. Never what was sent: it may be a secret.

import type { Now } from "../base/time.ts";
import type { AuditEntry } from "../http/api-access.ts";
import type { Caller } from "../http/route.ts";
import { LIMITS } from "../limits.ts";

export interface AuditPort {
  /** Takes a line. Never throws: a disk that fails is no reason to refuse what a person needs now. */
  append(line: string): void;
  /** The oldest first. */
  lines(): Promise<string[]>;
}

/** Who, without what they may. */
export type Actor = Pick<Caller, "name" | "via" | "from">;

const MINUTE = 60_000;
const TEXT_MAX = 200;

export class Audit {
  readonly #port: AuditPort;
  #minute = Number.NEGATIVE_INFINITY;
  #refusals = 0;
  #leftOut = 0;

  constructor(port: AuditPort) {
    this.#port = port;
  }

  /**
   * Whoever is refused can ask again at once, so there are only so many lines of it in a minute: how many more there were
   * stands in the next line.
   */
  write(
    { name, via, from }: Actor,
    what: string,
    outcome: string,
    now: Now,
    isRefusal = false,
  ): void {
    if (isRefusal && !this.#hasRoom(now)) {
      this.#leftOut++;
      return;
    }
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    const entry: AuditEntry = {
      at: new Date(now.wall).toISOString(),
      ...{ who: short(name), via, from: short(from) },
      ...{ what: short(what), outcome: short(outcome) },
      ...(leftOut > 0 ? { leftOut } : {}),
    };
    this.#port.append(JSON.stringify(entry));
  }

  /** The newest first; lines that cannot be read are left out. */
  async newest(most: number): Promise<readonly AuditEntry[]> {
    const lines = await this.#port.lines();
    const entries: AuditEntry[] = [];
    for (let at = lines.length - 1; at >= 0 && entries.length < most; at--) {
      const entry = entryOf(lines[at] ?? "");
      if (entry) entries.push(entry);
    }
    return entries;
  }

  #hasRoom({ monotonic }: Now): boolean {
    if (monotonic - this.#minute >= MINUTE) {
      this.#minute = monotonic;
      this.#refusals = 0;
    }
    this.#refusals++;
    return this.#refusals <= LIMITS.auditRefusalsPerMinute;
  }
}

function short(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}

/** Undefined for a line that the power cut in two, or somebody wrote by hand. */
function entryOf(line: string): AuditEntry | undefined {
  try {
    const { at, who, via, from, what, outcome, leftOut } = JSON.parse(line);
    const texts = { at, who, via, from, what, outcome };
    if (Object.values(texts).some((text) => typeof text !== "string")) return undefined;
    return { ...texts, ...(typeof leftOut === "number" ? { leftOut } : {}) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    return undefined;
  }
}

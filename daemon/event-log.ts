// What happened, for the log and for the page: sentences from the catalogue, at a bounded rate.

import type { Now } from "./base/time.ts";
import { LOG, type LogId, type LogValues, sentence } from "./catalogue.ts";
import type { EventView, LogPage } from "./http/api-types.ts";
import { LOG_LEVELS, type LogQuery } from "./http/log-routes.ts";
import { LIMITS } from "./limits.ts";
import { type KeptLine, LogRing } from "./log-ring.ts";
import { pairStateWords } from "./partner-view.ts";
import type { LogSink } from "./ports.ts";

interface Rate {
  windowStart: number;
  written: number;
  left: number;
}

/**
 * Keeps the last LIMITS.eventLogMax events and writes all of them, but no flood, to the sink. What it wrote can be
 * asked for, also the lines for debugging that are no events.
 */
export class EventLog {
  readonly #sink: LogSink;
  readonly #rates = new Map<LogId, Rate>();
  readonly #events: EventView[] = [];
  readonly #lines = new LogRing(LIMITS.logRingBytesMax);
  readonly #debugLines = new LogRing(LIMITS.logDebugRingBytesMax);
  readonly #listener: (event: EventView) => void;
  #sequence = 0;
  #number = 0;

  constructor(sink: LogSink, listener: (event: EventView) => void) {
    this.#sink = sink;
    this.#listener = listener;
  }

  /** Events after `sequence`, oldest first. */
  since(sequence: number): EventView[] {
    return this.#events.filter((event) => event.sequence > sequence);
  }

  /** The newest lines that were written, oldest first. */
  logs({ level, contains, limit }: LogQuery): LogPage {
    const least = LOG_LEVELS.indexOf(level);
    const found = this.kept().filter(
      (line) =>
        LOG_LEVELS.indexOf(line.level) >= least &&
        (line.text.toLowerCase().includes(contains) || line.id.includes(contains)),
    );
    const lines = found.slice(-limit).map(({ wall, level, id, text }) => {
      return { at: new Date(wall).toISOString(), level, id, text };
    });
    return { total: found.length, lines };
  }

  /** All lines that are kept, in the order in which they were written. */
  kept(): KeptLine[] {
    const lines = [...this.#debugLines.lines(), ...this.#lines.lines()];
    return lines.sort((a, b) => a.number - b.number);
  }

  write(id: LogId, values: LogValues, now: Now): void {
    const rate = this.#rateOf(id, now);
    if (rate.written >= LIMITS.logLinesPerSecond) {
      rate.left++;
      return;
    }
    rate.written++;
    const entry = LOG[id];
    // The core leaves lines out as well, before it makes them, and says how many.
    const leftOut = rate.left + Number(values.leftOut ?? 0);
    const left = leftOut > 0 ? ` (${leftOut} more like it were left out)` : "";
    rate.left = 0;
    const text = sentence(entry.text, id === "pair-state" ? inWords(values) : values) + left;
    this.#sink.write({ wall: now.wall, id, level: entry.level, text, values });
    const line = { number: ++this.#number, wall: now.wall, id, level: entry.level, text };
    const ring = entry.level === "debug" ? this.#debugLines : this.#lines;
    ring.push({ ...line, names: namesIn(values) });
    if (entry.level === "debug") return;
    const event: EventView = {
      sequence: ++this.#sequence,
      at: new Date(now.wall).toISOString(),
      id,
      severity: entry.level,
      sentence: text,
    };
    this.#events.push(event);
    if (this.#events.length > LIMITS.eventLogMax) this.#events.shift();
    this.#listener(event);
  }

  #rateOf(id: LogId, now: Now): Rate {
    let rate = this.#rates.get(id);
    if (!rate) {
      rate = { windowStart: now.monotonic, written: 0, left: 0 };
      this.#rates.set(id, rate);
    }
    if (now.monotonic - rate.windowStart >= 1000) {
      rate.windowStart = now.monotonic;
      rate.written = 0;
    }
    return rate;
  }
}

const NO_NAMES: readonly string[] = [];

/** The name of a device comes with what separates it from the rest of the sentence. */
function namesIn({ hostname }: LogValues): readonly string[] {
  const name = typeof hostname === "string" ? hostname.replace(/[() ]/g, "") : "";
  return name === "" ? NO_NAMES : [name];
}

/** States of the pair come by their names in the protocol. */
function inWords({ before, after }: LogValues): LogValues {
  return { before: pairStateWords(String(before)), after: pairStateWords(String(after)) };
}

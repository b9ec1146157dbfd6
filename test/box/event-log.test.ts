import { describe, expect, test } from "vitest";
import { CONDITIONS, LOG, REFUSALS, sentence } from "../../daemon/catalogue.ts";
import { EventLog } from "../../daemon/event-log.ts";
import type { EventView } from "../../daemon/http/api-types.ts";
import { LIMITS } from "../../daemon/limits.ts";
import type { LogLine } from "../../daemon/ports.ts";

function eventLog() {
  const lines: LogLine[] = [];
  const heard: EventView[] = [];
  const log = new EventLog({ write: (line) => lines.push(line) }, (event) => heard.push(event));
  return { log, lines, heard };
}

describe("the event log", () => {
  test("fills the sentence and gives events a rising number", () => {
    const { log, lines, heard } = eventLog();
    log.write("daemon-stopping", { reason: "test" }, { monotonic: 0, wall: 1_700_000_000_000 });
    log.write("config-applied", {}, { monotonic: 1, wall: 1_700_000_000_001 });
    expect(lines.map((line) => line.text)).toEqual([
      "Stopping: test.",
      "A new configuration is in force.",
    ]);
    expect(heard.map((event) => event.sequence)).toEqual([1, 2]);
    expect(heard[0]?.at).toBe("2023-11-14T22:13:20.000Z");
    expect(log.since(1)).toEqual([heard[1]]);
  });

  test("a flood of one kind is cut, and the next line says how much was left out", () => {
    const { log, lines } = eventLog();
    for (let i = 0; i < 1000; i++) {
      log.write("config-applied", {}, { monotonic: i / 10, wall: i });
    }
    expect(lines).toHaveLength(LIMITS.logLinesPerSecond);
    log.write("daemon-stopping", { reason: "x" }, { monotonic: 100, wall: 0 });
    expect(lines).toHaveLength(LIMITS.logLinesPerSecond + 1);
    log.write("config-applied", {}, { monotonic: 1200, wall: 0 });
    expect(lines.at(-1)?.text).toBe(
      `A new configuration is in force. (${1000 - LIMITS.logLinesPerSecond} more like it were left out)`,
    );
  });

  test("only the last events are kept", () => {
    const { log } = eventLog();
    for (let i = 0; i < LIMITS.eventLogMax + 100; i++) {
      log.write("config-applied", {}, { monotonic: i * 1000, wall: i });
    }
    const events = log.since(0);
    expect(events).toHaveLength(LIMITS.eventLogMax);
    expect(events[0]?.sequence).toBe(101);
  });

  test("a debug line is no event", () => {
    const { log, lines, heard } = eventLog();
    log.write("journal-snapshot", { leases: 1, milliseconds: 2 }, { monotonic: 0, wall: 0 });
    expect(lines[0]?.level).toBe("debug");
    expect(heard).toEqual([]);
  });
});

describe("the catalogue", () => {
  const sentences = [...Object.entries(LOG), ...Object.entries(CONDITIONS)];

  test.each(sentences)("%s is a sentence", (_, entry) => {
    expect(entry.text).toMatch(/^([A-Z{][^\n]*[.}])$/);
    if (entry.advice !== "") expect(entry.advice).toMatch(/^[A-Z][^\n]*\.$/);
  });

  test.each(Object.entries(REFUSALS))("%s is a reason that completes a sentence", (_, text) => {
    expect(text).toMatch(/^[a-z][^\n]*[^.]$/);
  });

  test("a missing value shows its name rather than failing", () => {
    expect(sentence("{a} and {b}", { a: 1 })).toBe("1 and {b}");
  });
});

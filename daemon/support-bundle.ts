// Everything that somebody who looks for a fault from afar asks for first, as one document. It is made of what the box
// says anyway, and of nothing that is secret: no file of the state folder is opened, only its name and size are looked at.

import type { Now } from "./base/time.ts";
import type { Board } from "./config/board.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { ConfigSyncView, DrillsView, PairingView } from "./http/api-types.ts";
import type { BoxView } from "./http/box-view.ts";
import type { SupportControl } from "./http/support-routes.ts";
import { fileFacts, interfaceFacts, machineFacts, processFacts } from "./io/machine.ts";
import { pause } from "./io/ticker.ts";
import { LIMITS } from "./limits.ts";
import type { KeptLine } from "./log-ring.ts";
import { Pseudonyms } from "./pseudonyms.ts";

export interface SupportSources {
  readonly version: string;
  readonly board: Board;
  readonly stateDir: string;
  readonly view: Pick<BoxView, "status" | "metrics">;
  now(): Now;
  inForce(): Pick<LoadedConfig, "shared" | "box"> | undefined;
  configuration(): ConfigSyncView | undefined;
  pairing(): PairingView;
  drills(): DrillsView;
  /** Lines of the log, oldest first. */
  logLines(): readonly KeptLine[];
  /** Names of devices with a lease. */
  deviceNames(): Iterable<string>;
  /** Seconds since 1970 as leases count them; undefined while the box starts. */
  leaseClock(): number | undefined;
  /** Random bytes; throws IoError. */
  random(count: number): Uint8Array;
}

type Section = readonly [name: string, make: () => unknown];

const NOTE =
  "Made by Tandem for whoever looks for a fault. It holds the configuration, addresses of this network, and what happened lately; no keys, passwords or codes.";
const ANONYMOUS_NOTE =
  "Hardware addresses, names of devices and serial numbers are invented: the same ones stand for the same device in this document only. IP addresses are as they are.";
const KEY_BYTES = 32;

export class SupportBundle implements SupportControl {
  readonly #sources: SupportSources;

  constructor(sources: SupportSources) {
    this.#sources = sources;
  }

  /** JSON for people, of LIMITS.supportBytesMax at most. Rejects with IoError without random numbers. */
  async make(isAnonymous: boolean): Promise<string> {
    const made = await this.#all();
    const sections = isAnonymous ? await this.#blanked(made) : made;
    const note = isAnonymous ? `${NOTE} ${ANONYMOUS_NOTE}` : NOTE;
    const at = isoTime(this.#sources.now().wall);
    const head = { kind: "tandem-support", format: 1, madeAt: at, anonymous: isAnonymous, note };
    const parts = [JSON.stringify(head, null, 2).slice(0, -2)];
    let room = LIMITS.supportBytesMax;
    for (const [name, value] of sections) {
      let text = JSON.stringify(value ?? null, null, 2);
      const bytes = Buffer.byteLength(text);
      if (bytes > room) text = JSON.stringify({ leftOut: `There is no room for ${bytes} bytes.` });
      else room -= bytes;
      parts.push(`  ${JSON.stringify(name)}: ${text.replaceAll("\n", "\n  ")}`);
      await pause(0);
    }
    return `${parts.join(",\n")}\n}\n`;
  }

  /** One after the other, with a breath between them: devices are answered meanwhile. */
  async #all(): Promise<[string, unknown][]> {
    const made: [string, unknown][] = [];
    for (const [name, make] of this.#sections()) {
      try {
        made.push([name, await make()]);
      } catch (error) {
        // The rest is worth having all the same.
        made.push([name, { problem: (error as Error).message }]);
      }
      await pause(0);
    }
    return made;
  }

  async #blanked(sections: readonly [string, unknown][]): Promise<[string, unknown][]> {
    const pseudonyms = new Pseudonyms(this.#sources.random(KEY_BYTES));
    for (const name of this.#sources.deviceNames()) pseudonyms.know(name);
    for (const { names } of this.#sources.logLines()) {
      for (const name of names) pseudonyms.know(name);
    }
    for (const [, value] of sections) pseudonyms.learn(value);
    const blanked: [string, unknown][] = [];
    for (const [name, value] of sections) {
      // The name of a section tells what is in it.
      blanked.push([name, await slowly(pseudonyms.blank(value, name))]);
    }
    return blanked;
  }

  #sections(): Section[] {
    const sources = this.#sources;
    const { version, board, stateDir, view } = sources;
    return [
      ["software", () => ({ version, ...processFacts() })],
      ["board", () => board],
      ["machine", machineFacts],
      ["clock", () => this.#clock()],
      ["interfaces", interfaceFacts],
      ["status", () => view.status()],
      ["configuration", () => sources.configuration()],
      // What people compare is for the two of them.
      ["pairing", () => ({ ...sources.pairing(), digits: null })],
      ["drills", () => sources.drills()],
      ["metrics", () => view.metrics()],
      ["stateFiles", () => fileFacts(stateDir, LIMITS.supportFilesMax)],
      ["events", () => this.#events()],
      ["box.json", () => sources.inForce()?.box],
      ["config.json", () => sources.inForce()?.shared],
    ];
  }

  #events(): unknown[] {
    const events = this.#sources.logLines().filter(({ level }) => level !== "debug");
    return events.slice(-LIMITS.eventLogMax).map(({ wall, level, id, text }) => {
      return { at: isoTime(wall), level, id, text };
    });
  }

  #clock() {
    const { wall, monotonic } = this.#sources.now();
    const leaseClock = this.#sources.leaseClock();
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    return {
      time: isoTime(wall),
      switchedOnMilliseconds: Math.round(monotonic),
      timeZone,
      leaseClock: leaseClock === undefined ? null : isoTime(leaseClock * 1000),
    };
  }
}

/** With a breath now and then: each text takes some tens of microseconds, and there may be thousands. */
async function slowly<T>(steps: Generator<void, T>): Promise<T> {
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done) return step.value;
    if (count % LIMITS.supportSlice === 0) await pause(0);
  }
}

function isoTime(wall: number): string {
  return new Date(wall).toISOString();
}

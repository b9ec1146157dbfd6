// What drills have shown, the latest first: on both boxes, whichever measured.

import path from "node:path";
import { ConfigError, IoError } from "./base/errors.ts";
import { parseDrillReport } from "./config/drill-report.ts";
import type { DrillReport } from "./http/api-types.ts";
import { ConfigFile } from "./io/config-file.ts";
import { LIMITS } from "./limits.ts";

export class DrillReports {
  readonly #file: ConfigFile;
  #reports: readonly DrillReport[] = [];
  #writing = Promise.resolve();

  constructor(stateDir: string) {
    this.#file = new ConfigFile(path.join(stateDir, "drills.json"));
  }

  get all(): readonly DrillReport[] {
    return this.#reports;
  }

  async load(): Promise<void> {
    try {
      const value = await this.#file.read();
      this.#reports = Array.isArray(value)
        ? value.flatMap((one) => parseDrillReport(one) ?? [])
        : [];
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof IoError)) throw error;
    }
  }

  /** One that is known already counts once. What the disk does not take is kept until the end of the process. */
  keep(report: DrillReport): void {
    const others = this.#reports.filter(({ id, at }) => id !== report.id || at !== report.at);
    this.#reports = [report, ...others].slice(0, LIMITS.drillReportsMax);
    // One after the other: two that are written at once would be in the file mixed up.
    this.#writing = this.#writing.then(() => this.#file.write(this.#reports)).catch(() => {});
  }

  /** Of the partner; what is none is not kept. */
  received(json: string): void {
    try {
      const report = parseDrillReport(JSON.parse(json));
      if (report) this.keep(report);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}

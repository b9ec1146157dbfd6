// What a person has told the box and what holds until they say otherwise, also after the box was off.

import path from "node:path";
import { ConfigError, IoError } from "./base/errors.ts";
import { ConfigFile } from "./io/config-file.ts";
import { writeWhole } from "./io/whole-file.ts";

export interface OperatorWish {
  /** ISO 8601: since when somebody works on this box; undefined: nobody does. */
  readonly maintenanceSince: string | undefined;
  /** ISO 8601: until when a drill is under way that this box measures. */
  readonly drillUntil: string | undefined;
}

const NOTHING: OperatorWish = { maintenanceSince: undefined, drillUntil: undefined };

export class OperatorFile {
  readonly #path: string;
  #wish: OperatorWish = NOTHING;

  constructor(stateDir: string) {
    this.#path = path.join(stateDir, "operator.json");
  }

  /** A file that cannot be read says nothing: a box that works is the better mistake. */
  async read(): Promise<OperatorWish> {
    try {
      const value = await new ConfigFile(this.#path).read();
      const said = typeof value === "object" && value !== null ? value : {};
      const { maintenanceSince, drillUntil } = said as Record<string, unknown>;
      this.#wish = { maintenanceSince: timeOf(maintenanceSince), drillUntil: timeOf(drillUntil) };
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof IoError)) throw error;
    }
    return this.#wish;
  }

  /** What is not said stays as it is. Throws IoError. */
  write(change: Partial<OperatorWish>): void {
    const wish = { ...this.#wish, ...change };
    writeWhole(this.#path, Buffer.from(`${JSON.stringify({ version: 1, ...wish })}\n`));
    this.#wish = wish;
  }
}

function timeOf(value: unknown): string | undefined {
  const isTime = typeof value === "string" && !Number.isNaN(Date.parse(value));
  return isTime ? value : undefined;
}

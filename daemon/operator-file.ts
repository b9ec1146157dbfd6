// What a person has told the box and what holds until they say otherwise, also after the box was off.

import path from "node:path";
import { ConfigError, IoError } from "./base/errors.ts";
import { ConfigFile } from "./io/config-file.ts";
import { writeWhole } from "./io/whole-file.ts";

export interface OperatorWish {
  /** ISO 8601: since when somebody works on this box; undefined: nobody does. */
  readonly maintenanceSince: string | undefined;
}

const NOTHING: OperatorWish = { maintenanceSince: undefined };

export class OperatorFile {
  readonly #path: string;

  constructor(stateDir: string) {
    this.#path = path.join(stateDir, "operator.json");
  }

  /** A file that cannot be read says nothing: a box that works is the better mistake. */
  async read(): Promise<OperatorWish> {
    try {
      const value = await new ConfigFile(this.#path).read();
      const since = (value as { readonly maintenanceSince?: unknown } | null)?.maintenanceSince;
      const isTime = typeof since === "string" && !Number.isNaN(Date.parse(since));
      return { maintenanceSince: isTime ? since : undefined };
    } catch (error) {
      if (error instanceof ConfigError || error instanceof IoError) return NOTHING;
      throw error;
    }
  }

  /** Throws IoError. */
  write(wish: OperatorWish): void {
    writeWhole(this.#path, Buffer.from(`${JSON.stringify({ version: 1, ...wish })}\n`));
  }
}

// Reads both configuration files, keeps the last good pair, and notices when they change.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "./base/errors.ts";
import { type LoadedConfig, loadConfig } from "./config/load.ts";
import type { ConfigIssue } from "./config/schema.ts";
import { ConfigFile, fingerprint } from "./io/config-file.ts";

export interface ConfigurationResult {
  /** What is in force: the files, the last good version, or nothing at all. */
  readonly config: LoadedConfig | undefined;
  readonly source: "files" | "last-good" | "none";
  readonly issues: readonly ConfigIssue[];
}

interface LastGood {
  readonly shared: unknown;
  readonly box: unknown;
}

/** `configDir` holds config.json and box.json; `stateDir` the last good pair of them. */
export class Configuration {
  readonly #sharedFile: string;
  readonly #boxFile: string;
  readonly #stateDir: string;
  readonly #lastGood: ConfigFile;
  #seen = "";

  constructor(configDir: string, stateDir: string) {
    this.#sharedFile = path.join(configDir, "config.json");
    this.#boxFile = path.join(configDir, "box.json");
    this.#stateDir = stateDir;
    this.#lastGood = new ConfigFile(path.join(stateDir, "last-good-config.json"));
  }

  /** Never rejects: whatever is wrong is in `issues`. */
  async load(): Promise<ConfigurationResult> {
    this.#seen = await fingerprint([this.#sharedFile, this.#boxFile]);
    const issues: ConfigIssue[] = [];
    const shared = await readOr("config.json", this.#sharedFile, issues);
    const box = await readOr("box.json", this.#boxFile, issues);
    if (issues.length === 0) {
      const loaded = loadConfig(shared, box);
      if ("config" in loaded) {
        await this.#remember(shared, box);
        return { config: loaded.config, source: "files", issues };
      }
      issues.push(...loaded.issues);
    }
    const earlier = await this.#recall();
    return { config: earlier, source: earlier ? "last-good" : "none", issues };
  }

  /** True when a file changed since the last `load`. */
  async changed(): Promise<boolean> {
    return (await fingerprint([this.#sharedFile, this.#boxFile])) !== this.#seen;
  }

  async #remember(shared: unknown, box: unknown): Promise<void> {
    try {
      await mkdir(this.#stateDir, { recursive: true, mode: 0o750 });
      const known = JSON.stringify(await this.#lastGood.read().catch(() => null));
      const wanted: LastGood = { shared, box };
      if (known !== JSON.stringify(wanted)) await this.#lastGood.write(wanted);
    } catch {
      // A disk that cannot be written is reported by the journal, which notices it first.
    }
  }

  async #recall(): Promise<LoadedConfig | undefined> {
    try {
      const stored = (await this.#lastGood.read()) as LastGood | null;
      if (!stored) return undefined;
      const loaded = loadConfig(stored.shared, stored.box);
      return "config" in loaded ? loaded.config : undefined;
    } catch {
      return undefined;
    }
  }
}

async function readOr(label: string, file: string, issues: ConfigIssue[]): Promise<unknown> {
  try {
    const data = await new ConfigFile(file).read();
    if (data === null) issues.push({ file: label, path: "(the whole file)", reason: "is missing" });
    return data;
  } catch (error) {
    const reason = error instanceof ConfigError ? error.message : (error as Error).message;
    issues.push({ file: label, path: "(the whole file)", reason });
    return null;
  }
}

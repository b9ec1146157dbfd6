// Reads both configuration files, tells a person's change from what is in force, keeps the last good pair, and
// notices when the files change.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "./base/errors.ts";
import { type LoadedConfig, loadConfig } from "./config/load.ts";
import type { ConfigIssue } from "./config/schema.ts";
import { ConfigStore } from "./config-store.ts";
import { documentOf, NoDocument, type SharedDocument } from "./core/sync/shared-document.ts";
import { ConfigFile, fingerprint, type WriteFile, writeDurably } from "./io/config-file.ts";

export interface ConfigurationResult {
  /** What is in force: the files, the last good version, or nothing at all. */
  readonly config: LoadedConfig | undefined;
  readonly source: "files" | "last-good" | "none";
  readonly issues: readonly ConfigIssue[];
  /** It is not what was in force at the last `load`. */
  readonly isNew: boolean;
}

export interface FilesFound {
  readonly result: ConfigurationResult;
  /** What config.json holds, where that is good and not in force. */
  readonly edit: SharedDocument | undefined;
  /** config.json holds what is in force. */
  readonly isInForce: boolean;
  /** box.json is not what it was at the last `load`. */
  readonly isBoxNew: boolean;
  /** As box.json has it; "" when it has none. */
  readonly boxName: string;
}

interface LastGood {
  readonly shared: unknown;
  readonly box: unknown;
}

const SHARED = "config.json";
const WHOLE_FILE = "(the whole file)";

/** `configDir` holds config.json and box.json; `stateDir` what is in force, and the last good pair of them. */
export class Configuration {
  readonly store: ConfigStore;
  readonly #sharedFile: string;
  readonly #boxFile: string;
  readonly #stateDir: string;
  readonly #lastGood: ConfigFile;
  #seen = "";
  #boxSeen: string | undefined;
  #inForceSeen: string | undefined;

  constructor(configDir: string, stateDir: string, writeFile: WriteFile = writeDurably) {
    this.#sharedFile = path.join(configDir, SHARED);
    this.#boxFile = path.join(configDir, "box.json");
    this.#stateDir = stateDir;
    this.#lastGood = new ConfigFile(path.join(stateDir, "last-good-config.json"));
    this.store = new ConfigStore(this.#sharedFile, stateDir, writeFile);
  }

  /** Never rejects: whatever is wrong is in `issues`. */
  async load(): Promise<FilesFound> {
    await this.store.settle();
    this.#seen = await this.#fingerprint();
    const issues: ConfigIssue[] = [];
    const shared = await readOr(SHARED, this.#sharedFile, issues);
    const document = issues.length === 0 ? documentOr(shared, issues) : undefined;
    const box = await readOr("box.json", this.#boxFile, issues);
    const isInForce = document?.hash === this.store.document.hash;
    if (issues.length === 0) {
      const loaded = loadConfig(shared, box);
      if ("issues" in loaded) issues.push(...loaded.issues);
    }
    return {
      result: await this.#inForce(box, issues),
      edit: issues.length > 0 || isInForce || this.store.isFileBehind ? undefined : document,
      isInForce,
      isBoxNew: this.#isBoxNew(box),
      boxName: nameIn(box),
    };
  }

  /** What is wrong with this document for this box. */
  async check(document: SharedDocument): Promise<readonly ConfigIssue[]> {
    const issues: ConfigIssue[] = [];
    const box = await readOr("box.json", this.#boxFile, issues);
    if (issues.length > 0) return issues;
    const loaded = loadConfig(JSON.parse(document.text), box);
    return "issues" in loaded ? loaded.issues : [];
  }

  /** True when a file changed since the last `load`. */
  async changed(): Promise<boolean> {
    return (await this.#fingerprint()) !== this.#seen;
  }

  #fingerprint(): Promise<string> {
    return fingerprint([this.#sharedFile, this.#boxFile]);
  }

  /** What is in force with box.json as it is now, or with what it was when the two last went together. */
  async #inForce(box: unknown, issues: readonly ConfigIssue[]): Promise<ConfigurationResult> {
    const shared: unknown = JSON.parse(this.store.document.text);
    const loaded = loadConfig(shared, box);
    const isGood = "config" in loaded;
    if (isGood) await this.#remember(shared, box);
    const config = isGood ? loaded.config : await this.#recall();
    const text = JSON.stringify(config && [config.shared, config.box]);
    const isNew = config !== undefined && text !== this.#inForceSeen;
    this.#inForceSeen = text;
    if (isGood && issues.length === 0) return { config, source: "files", issues, isNew };
    return { config, source: config ? "last-good" : "none", issues, isNew };
  }

  #isBoxNew(box: unknown): boolean {
    const text = JSON.stringify(box);
    const isNew = this.#boxSeen !== undefined && this.#boxSeen !== text;
    this.#boxSeen = text;
    return isNew;
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

function nameIn(box: unknown): string {
  const { name } = (box ?? {}) as { readonly name?: unknown };
  return typeof name === "string" ? name : "";
}

async function readOr(label: string, file: string, issues: ConfigIssue[]): Promise<unknown> {
  try {
    const data = await new ConfigFile(file).read();
    if (data === null) issues.push({ file: label, path: WHOLE_FILE, reason: "is missing" });
    return data;
  } catch (error) {
    const reason = error instanceof ConfigError ? error.message : (error as Error).message;
    issues.push({ file: label, path: WHOLE_FILE, reason });
    return null;
  }
}

function documentOr(shared: unknown, issues: ConfigIssue[]): SharedDocument | undefined {
  try {
    return documentOf(shared);
  } catch (error) {
    if (!(error instanceof NoDocument)) throw error;
    issues.push({ file: SHARED, path: WHOLE_FILE, reason: error.message });
    return undefined;
  }
}

// config.json and box.json, written as one: what is to be written is put down first, so that a box whose power
// fails between the two files finishes at its next start.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "./base/errors.ts";
import { loadConfig } from "./config/load.ts";
import type { Documents } from "./core/introduction/documents.ts";
import { objectOf } from "./core/introduction/free-address.ts";
import { ConfigFile } from "./io/config-file.ts";

/** What is wrong with both, as one sentence without its end; undefined: a box can work with them. */
export function problemIn({ shared, box }: Documents): string | undefined {
  const loaded = loadConfig(shared, box);
  if ("config" in loaded) return undefined;
  const [first, ...others] = loaded.issues;
  const more = others.length > 0 ? `, and ${others.length} more` : "";
  return `${first?.file}: ${first?.path} ${first?.reason}${more}`;
}

export class DocumentFiles {
  readonly #shared: ConfigFile;
  readonly #box: ConfigFile;
  readonly #intent: ConfigFile;
  /** What was there before the last write, for a person who wants it back. */
  readonly #before: ConfigFile;
  readonly #stateDir: string;

  constructor(configDir: string, stateDir: string) {
    this.#shared = new ConfigFile(path.join(configDir, "config.json"));
    this.#box = new ConfigFile(path.join(configDir, "box.json"));
    this.#intent = new ConfigFile(path.join(stateDir, "documents-to-write.json"));
    this.#before = new ConfigFile(path.join(stateDir, "documents-before.json"));
    this.#stateDir = stateDir;
  }

  /** What is in the files; what cannot be read is as if it was not there. Rejects with IoError. */
  async read(): Promise<Documents> {
    return { shared: await readOr(this.#shared), box: await readOr(this.#box) };
  }

  /** A shared one of undefined stays. Rejects with IoError; then nothing, or both, will be written. */
  async write({ shared, box }: Documents): Promise<void> {
    await mkdir(this.#stateDir, { recursive: true, mode: 0o750 });
    await this.#before.write(await this.read());
    await this.#intent.write(shared === undefined ? { box } : { shared, box });
    await this.finish();
  }

  /** To be called before the files are read at a start. Rejects with IoError. */
  async finish(): Promise<void> {
    const { shared, box } = objectOf(await readOr(this.#intent));
    if (box === undefined) return;
    if (shared !== undefined) await this.#shared.write(shared);
    await this.#box.write(box);
    await this.#intent.write({});
  }
}

async function readOr(file: ConfigFile): Promise<unknown> {
  try {
    return await file.read();
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

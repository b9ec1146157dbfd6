// The shared configuration on disk: what is in force and where it comes from, what was in force before, and what
// a person wrote that never was.
//
// What is in force is one file in the state folder, replaced as a whole. config.json is for people: it is read as
// their wish, and written when something came into force that they did not write there. When the power is cut
// between the two, the first file says what config.json still has to be replaced with, and what it held then:
// where it holds something else by now, a person was faster.

import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { sha256Hex } from "./base/sha256.ts";
import { type InForce, inForceFromJson, inForceToJson } from "./config/in-force.ts";
import type { PastConfiguration } from "./config/past-configuration.ts";
import { ConfigHistory } from "./config-history.ts";
import { NO_DOCUMENT, parseDocument, type SharedDocument } from "./core/sync/shared-document.ts";
import { BLANK_STANDING } from "./core/sync/sync-state.ts";
import type { Source, Standing } from "./core/sync/sync-types.ts";
import { ConfigFile, configText, type WriteFile } from "./io/config-file.ts";
import { LIMITS } from "./limits.ts";

const KEPT_ASIDE = /^config-set-aside-[0-9a-f]+\.json$/;

const NOTHING: InForce = {
  standing: BLANK_STANDING,
  document: NO_DOCUMENT,
  replaces: undefined,
};

/** One call that writes at a time. Nothing rejects: what could not be written is said by `problem` and tried again. */
export class ConfigStore {
  readonly #sharedFile: string;
  readonly #stateDir: string;
  readonly #inForceFile: string;
  readonly #writeFile: WriteFile;
  /** What was in force before. */
  readonly history: ConfigHistory;
  #isOpen = false;
  #now = NOTHING;
  #isSaved = true;
  /** Was in force, and is not in the history yet. */
  #earlier: InForce[] = [];
  #keptAside: readonly string[] = [];
  #problem: string | undefined;

  constructor(sharedFile: string, stateDir: string, writeFile: WriteFile) {
    this.#sharedFile = sharedFile;
    this.#stateDir = stateDir;
    this.#inForceFile = path.join(stateDir, "config-in-force.json");
    this.#writeFile = writeFile;
    this.history = new ConfigHistory(stateDir, writeFile);
  }

  get standing(): Standing {
    return this.#now.standing;
  }

  get document(): SharedDocument {
    return this.#now.document;
  }

  /** Files with what a person wrote into config.json and what never was in force, the newest first. */
  get keptAside(): readonly string[] {
    return this.#keptAside;
  }

  /** config.json is still to be replaced: what it holds is not anybody's wish. */
  get isFileBehind(): boolean {
    return this.#now.replaces !== undefined;
  }

  /** Why not everything is on disk, as a part of a sentence. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Reads what is in force, once, and writes what is still to be written, if anything. */
  async settle(): Promise<void> {
    if (!this.#isOpen) {
      this.#isOpen = true;
      const data = await new ConfigFile(this.#inForceFile, {
        bytesMax: LIMITS.configInForceBytesMax,
      })
        .read()
        .catch(() => null);
      this.#now = inForceFromJson(data) ?? NOTHING;
      await this.#write();
    } else if (!this.#isSaved || this.isFileBehind || this.#earlier.length > 0) {
      await this.#write();
    } else if (this.#keptAside.length > 0) {
      // A person may have taken them away.
      await this.#prune().catch(() => {});
    }
  }

  /** Puts a document into force. Where it is not from config.json, that is to hold it as well. */
  async adopt(standing: Standing, document: SharedDocument, source: Source): Promise<void> {
    const before = this.#now;
    const isOther = before.document.hash !== document.hash;
    if (isOther && before !== NOTHING) this.#earlier.push(before);
    const replaces = source === "config.json" ? undefined : await this.#toBeReplaced(document);
    this.#now = { standing, document, replaces };
    this.#isSaved = false;
    await this.#write();
  }

  async remember(standing: Standing): Promise<void> {
    this.#now = { ...this.#now, standing };
    this.#isSaved = false;
    await this.#write();
  }

  async #toBeReplaced(document: SharedDocument): Promise<InForce["replaces"]> {
    // What cannot be read now is said when it is to be replaced.
    const bytes = await this.#sharedBytes().catch(() => undefined);
    const held = hashIn(bytes);
    if (held === document.hash) return undefined;
    return { digest: digestOf(bytes), wasInForce: held === this.#now.document.hash };
  }

  /** In an order in which a cut of the power loses nothing at any point. */
  async #write(): Promise<void> {
    try {
      await mkdir(this.#stateDir, { recursive: true, mode: 0o750 });
      for (let one = this.#earlier[0]; one; one = this.#earlier[0]) {
        await this.history.write(pastOf(one));
        this.#earlier.shift();
      }
      if (!this.#isSaved) await this.#save();
      if (this.#now.replaces) await this.#replace(this.#now.replaces);
      await this.#prune();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
    }
  }

  async #save(): Promise<void> {
    await this.#writeFile(this.#inForceFile, configText(inForceToJson(this.#now)));
    this.#isSaved = true;
  }

  async #replace({ digest, wasInForce }: NonNullable<InForce["replaces"]>): Promise<void> {
    const bytes = await this.#sharedBytes();
    if (digestOf(bytes) === digest) {
      if (bytes && !wasInForce) await this.#keepAside(bytes, digest);
      await this.#writeFile(this.#sharedFile, readable(this.#now.document));
    }
    this.#now = { ...this.#now, replaces: undefined };
    this.#isSaved = false;
    await this.#save();
  }

  async #keepAside(bytes: Uint8Array, digest: string): Promise<void> {
    const name = `config-set-aside-${digest.slice(0, 12)}.json`;
    await this.#writeFile(path.join(this.#stateDir, name), bytes);
  }

  async #prune(): Promise<void> {
    await this.history.prune();
    const names = await readdir(this.#stateDir);
    const aside = await this.#newestFirst(names.filter((name) => KEPT_ASIDE.test(name)));
    for (const name of aside.slice(LIMITS.configSetAsideMax))
      await rm(path.join(this.#stateDir, name), { force: true });
    this.#keptAside = aside
      .slice(0, LIMITS.configSetAsideMax)
      .map((name) => path.join(this.#stateDir, name));
  }

  async #newestFirst(names: readonly string[]): Promise<string[]> {
    const dated = await Promise.all(
      names.map(async (name) => {
        const found = await stat(path.join(this.#stateDir, name)).catch(() => undefined);
        return { name, at: found?.mtimeMs ?? 0 };
      }),
    );
    return dated.sort((a, b) => b.at - a.at).map(({ name }) => name);
  }

  /** Undefined when there is no file. */
  async #sharedBytes(): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#sharedFile);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}

function pastOf({ standing, document }: InForce): PastConfiguration {
  return { generation: standing.lineage.generation, origin: standing.origin, document };
}

function readable({ text }: SharedDocument): string {
  return configText(JSON.parse(text));
}

function digestOf(bytes: Uint8Array | undefined): string {
  return bytes ? sha256Hex(bytes) : "";
}

/** Of the document in a file; undefined when it holds none. */
function hashIn(bytes: Uint8Array | undefined): string | undefined {
  try {
    return bytes && parseDocument(new TextDecoder().decode(bytes)).hash;
  } catch {
    return undefined;
  }
}

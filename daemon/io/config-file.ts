// Small files that people edit, through lowdb with an adapter that writes durably.

import { open, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";
import { type Adapter, Low } from "lowdb";
import { ConfigError, IoError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";

export interface JsonFileOptions {
  /** What is longer is not read. */
  readonly bytesMax: number;
  /** Who may read and write it. */
  readonly mode: number;
}

const FOR_PEOPLE: JsonFileOptions = { bytesMax: LIMITS.configFileBytesMax, mode: 0o640 };

/** JSON in one file. */
class DurableJsonFile implements Adapter<unknown> {
  readonly #file: string;
  readonly #options: JsonFileOptions;

  constructor(file: string, options: JsonFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Null when the file does not exist. Throws ConfigError when it is too large or not JSON. */
  async read(): Promise<unknown> {
    let text: string;
    try {
      const { size } = await stat(this.#file);
      const { bytesMax } = this.#options;
      if (size > bytesMax) {
        throw new ConfigError(`${this.#file} has ${size} bytes, and ${bytesMax} are the most`);
      }
      text = await readFile(this.#file, "utf8");
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw new IoError(`${this.#file} cannot be read: ${(error as Error).message}`);
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new ConfigError(`is not JSON: ${(error as Error).message}`);
    }
  }

  async write(data: unknown): Promise<void> {
    const { bytesMax, mode } = this.#options;
    await writeDurably(this.#file, configText(data, bytesMax), mode);
  }
}

/** For people, unless it would be too long to be read again. */
export function configText(data: unknown, bytesMax: number = LIMITS.configFileBytesMax): string {
  const readable = `${JSON.stringify(data, null, 2)}\n`;
  const fits = Buffer.byteLength(readable) <= bytesMax;
  return fits ? readable : JSON.stringify(data);
}

export type WriteFile = typeof writeDurably;

/** The whole content or what was there before, whenever the power is cut. Rejects with IoError. */
export async function writeDurably(
  file: string,
  content: string | Uint8Array,
  mode: number = FOR_PEOPLE.mode,
): Promise<void> {
  const temporary = `${file}.tmp`;
  try {
    const handle = await open(temporary, "w", mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    const folder = await open(path.dirname(file), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new IoError(`${file} cannot be written: ${message}`, code);
  }
}

/** A JSON document in a file. `read` rejects with ConfigError or IoError, `write` with IoError. */
export class ConfigFile {
  readonly #low: Low<unknown>;

  constructor(file: string, options: Partial<JsonFileOptions> = {}) {
    this.#low = new Low<unknown>(new DurableJsonFile(file, { ...FOR_PEOPLE, ...options }), null);
  }

  async read(): Promise<unknown> {
    this.#low.data = null;
    await this.#low.read();
    return this.#low.data;
  }

  async write(data: unknown): Promise<void> {
    this.#low.data = data;
    await this.#low.write();
  }
}

/** Changes whenever a file of the list was written anew, appeared or vanished. */
export async function fingerprint(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (found) => `${found.ino}:${found.size}:${found.mtimeMs}`,
        () => "-",
      ),
    ),
  );
  return parts.join(" ");
}

// Lines that are appended to one file, and the file before it when that one is full.

import { appendFile, open, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";
import { IoError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";

export class AuditFile {
  readonly #file: string;
  readonly #before: string;
  readonly #onProblem: (why: string | undefined) => void;
  readonly #waiting: string[] = [];
  #lost = 0;
  /** Bytes that the file has; undefined: it is to be looked at, for a write may have been cut short. */
  #size: number | undefined;
  #writing: Promise<void> | undefined;

  /** `onProblem`: why lines are not on the disk, as a part of a sentence; undefined: they are. */
  constructor(folder: string, onProblem: (why: string | undefined) => void) {
    this.#file = path.join(folder, "audit.log");
    this.#before = path.join(folder, "audit.log.1");
    this.#onProblem = onProblem;
  }

  /** Takes a line without its end. Never throws: what the disk does not take now waits for it. */
  append(line: string): void {
    this.#waiting.push(line);
    if (this.#waiting.length > LIMITS.auditWaitingMax) {
      this.#waiting.shift();
      this.#lost++;
    }
    void this.flush();
  }

  /** Tries to write what waits, if anything; resolves when that is done, or has failed. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** All lines, the oldest first, those that wait as well. What cannot be read is left out, and is a problem. */
  async lines(): Promise<string[]> {
    await this.flush();
    const texts = await Promise.all([this.#before, this.#file].map((file) => this.#text(file)));
    return [...texts.flatMap((text) => text.split("\n")), ...this.#waiting].filter(Boolean);
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#writeSome();
      this.#lost = 0;
      this.#onProblem(undefined);
    } catch (error) {
      this.#size = undefined;
      const lost = this.#lost > 0 ? `, and ${this.#lost} lines are lost` : "";
      this.#onProblem(`${(error as Error).message}${lost}`);
    }
  }

  async #writeSome(): Promise<void> {
    const size = this.#size ?? (await this.#mended());
    const lines = [...this.#waiting];
    const text = lines.map((line) => `${line}\n`).join("");
    const bytes = Buffer.byteLength(text);
    if (size > 0 && size + bytes > LIMITS.auditFileBytesMax) {
      await rename(this.#file, this.#before);
      this.#size = 0;
      return;
    }
    await appendFile(this.#file, text, { mode: 0o600, flush: true });
    this.#size = size + bytes;
    // More may have come meanwhile, and if they were too many, the first of these are gone already.
    for (const line of lines) if (this.#waiting[0] === line) this.#waiting.shift();
  }

  /** The size of the file, whose last line is whole: the power may have been cut in the middle of one. */
  async #mended(): Promise<number> {
    const found = await stat(this.#file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!found || found.size === 0) return 0;
    const handle = await open(this.#file, "r+");
    try {
      const last = Buffer.alloc(1);
      await handle.read(last, 0, 1, found.size - 1);
      if (last.toString() === "\n") return found.size;
      await handle.write("\n", found.size);
      return found.size + 1;
    } finally {
      await handle.close();
    }
  }

  async #text(file: string): Promise<string> {
    try {
      return await readFile(file, "utf8");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT") this.#onProblem(new IoError(message, code).message);
      return "";
    }
  }
}

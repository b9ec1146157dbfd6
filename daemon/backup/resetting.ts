// Makes a box as it came from the factory. It is only written down while the daemon runs, which holds most of the files
// in memory and would write them again; it is done at the next start, before anything is read.

import path from "node:path";
import { objectOf } from "../core/introduction/free-address.ts";
import { configText } from "../io/config-file.ts";
import type { SmallFiles } from "../io/small-files.ts";
import { type Listing, RESET_INTENT, type ResetWish, resetSteps } from "./reset-plan.ts";
import type { Folders } from "./restoring.ts";

export class Resetting {
  readonly #files: SmallFiles;
  readonly #folders: Folders;

  constructor(files: SmallFiles, folders: Folders) {
    this.#files = files;
    this.#folders = folders;
  }

  /**
   * From now on the next start makes it so, whenever that is. Rejects with IoError; then it will not be, for whoever was
   * told so would not expect it weeks later.
   */
  async begin({ withLeases }: ResetWish): Promise<void> {
    const intent = JSON.stringify({ version: 1, withLeases });
    try {
      await this.#files.write(this.#intent, intent, true);
    } catch (error) {
      // It may be there although it is not durable.
      await this.#files.remove(this.#intent).catch(() => {});
      throw error;
    }
  }

  /** To be called first at a start. True: the box is new. Rejects with IoError, and is to be called again then. */
  async finish(): Promise<boolean> {
    const wish = await this.#wish();
    if (!wish) return false;
    const { configDir, stateDir } = this.#folders;
    for (const step of resetSteps(await this.#listing(), wish)) {
      const file = path.join(step.folder === "state" ? stateDir : configDir, step.name);
      if (step.kind === "remove") await this.#files.remove(file);
      else await this.#files.write(file, configText(step.content), false);
    }
    await this.#files.remove(this.#intent);
    return true;
  }

  /** Files in the configuration folder that nobody resets. */
  async otherFiles(): Promise<readonly string[]> {
    const entries = await this.#files.list(this.#folders.configDir);
    return entries.map(({ name }) => name).filter((name) => !OWN_FILES.includes(name));
  }

  get #intent(): string {
    return path.join(this.#folders.stateDir, RESET_INTENT);
  }

  /** An intent that cannot be read is one all the same: its file is written whole, so somebody else changed it. */
  async #wish(): Promise<ResetWish | undefined> {
    const content = await this.#files.read(this.#intent);
    if (content === undefined) return undefined;
    try {
      return { withLeases: objectOf(JSON.parse(content)).withLeases === true };
    } catch {
      return { withLeases: false };
    }
  }

  async #listing(): Promise<Listing> {
    const { stateDir } = this.#folders;
    const entries = await this.#files.list(stateDir);
    const folders = entries.filter(({ isFolder }) => isFolder);
    const inner = await Promise.all(
      folders.map(async ({ name }) => {
        const within = await this.#files.list(path.join(stateDir, name));
        return [name, within.filter((one) => !one.isFolder).map((one) => one.name)] as const;
      }),
    );
    const files = entries.filter(({ isFolder }) => !isFolder).map(({ name }) => name);
    return { files, folders: Object.fromEntries(inner) };
  }
}

const OWN_FILES: readonly string[] = ["config.json", "box.json", "board.json"];

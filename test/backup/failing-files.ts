// Real files in a folder of their own, on a box whose power fails at a chosen one of its operations.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type SmallFiles, SYSTEM_FILES } from "../../daemon/io/small-files.ts";

/** Not an IoError: nothing of the daemon may go on behind it. */
export class PowerCut extends Error {
  override readonly name = "PowerCut";
}

export type Moment = "before" | "after";

/** Counts what changes something; each is durable when it is done, so before and after are all the moments there are. */
export class Power {
  count = 0;
  #cutAt = Number.POSITIVE_INFINITY;
  #moment: Moment = "before";

  cut(at: number, moment: Moment): void {
    this.count = 0;
    this.#cutAt = at;
    this.#moment = moment;
  }

  restore(): void {
    this.#cutAt = Number.POSITIVE_INFINITY;
  }

  async run<T>(change: () => Promise<T>): Promise<T> {
    const operation = this.count++;
    const isLast = operation === this.#cutAt;
    // A box without power does nothing any more, whatever it would do about that.
    if (operation > this.#cutAt || (isLast && this.#moment === "before")) throw new PowerCut();
    const done = await change();
    if (isLast) throw new PowerCut();
    return done;
  }
}

export function filesWith(power: Power): SmallFiles {
  return {
    ...SYSTEM_FILES,
    write: (...given) => power.run(() => SYSTEM_FILES.write(...given)),
    remove: (file) => power.run(() => SYSTEM_FILES.remove(file)),
  };
}

export class BoxFolder {
  readonly root = mkdtempSync(path.join(tmpdir(), "tandem-backup-"));
  readonly configDir = path.join(this.root, "etc");
  readonly stateDir = path.join(this.root, "state");

  constructor(files: Readonly<Record<string, string>>) {
    mkdirSync(this.configDir);
    mkdirSync(this.stateDir);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(this.root, name)), { recursive: true });
      writeFileSync(path.join(this.root, name), content);
    }
  }

  /** Names with their content, without what is half written. */
  get all(): Record<string, string> {
    const names = readdirSync(this.root, { recursive: true, encoding: "utf8" });
    const files = names.filter((name) => statSync(path.join(this.root, name)).isFile());
    return Object.fromEntries(
      files.sort().map((name) => [name, readFileSync(path.join(this.root, name), "utf8")]),
    );
  }

  modeOf(name: string): number {
    return statSync(path.join(this.root, name)).mode & 0o777;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

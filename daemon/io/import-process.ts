// Reads the files of other servers in a process of its own: some take seconds, or much memory, and devices are answered
// meanwhile.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ImportView } from "../http/api-import.ts";
import type { ImportControl, ImportFile } from "../http/import-routes.ts";
import { LIMITS } from "../limits.ts";

export interface ImportProcessOptions {
  /** The command line, which has the importers. */
  readonly program: string;
  /** Where files may be for a moment. */
  readonly folder: string;
  readonly milliseconds?: number;
}

type Kind = Parameters<ImportControl["preview"]>[0];

const BUSY = "Other files are being looked through at this moment; try again in a moment.";
const TOO_LONG =
  "It takes too long, or too much memory: leave out the file of leases, and try again.";
const UNREADABLE = "The files could not be looked through; the log of the box may say more.";

export class ImportProcess implements ImportControl {
  readonly #options: ImportProcessOptions;
  #isBusy = false;

  constructor(options: ImportProcessOptions) {
    this.#options = options;
  }

  async preview(kind: Kind, files: readonly ImportFile[]): Promise<ImportView | string> {
    if (this.#isBusy) return BUSY;
    this.#isBusy = true;
    let folder: string | undefined;
    try {
      await mkdir(this.#options.folder, { recursive: true, mode: 0o750 });
      folder = await mkdtemp(path.join(this.#options.folder, "import-"));
      const names = namesOf(files);
      for (const [index, { content }] of files.entries()) {
        await writeFile(path.join(folder, names[index] as string), content, { mode: 0o600 });
      }
      const printed = await this.#run(kind, names, folder);
      return printed === undefined ? TOO_LONG : viewOf(printed, files, names);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === undefined
        ? UNREADABLE
        : `The files cannot be looked through: ${(error as Error).message}.`;
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
      this.#isBusy = false;
    }
  }

  /** Undefined when it did not come to an end of its own. */
  #run(kind: Kind, names: readonly string[], cwd: string): Promise<string | undefined> {
    const { program, milliseconds = LIMITS.importMilliseconds } = this.#options;
    const memory = `--max-old-space-size=${LIMITS.importMegabytesMax}`;
    const argv = [memory, program, "import", kind, "--json", "--", ...names];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, argv, {
        ...{ cwd, env: {}, stdio: ["ignore", "pipe", "ignore"] },
      });
      const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
      const parts: Buffer[] = [];
      let room = LIMITS.importAnswerBytesMax;
      child.stdout.on("data", (part: Buffer) => {
        room -= part.length;
        if (room < 0) child.kill("SIGKILL");
        else parts.push(part);
      });
      child.on("error", reject);
      child.on("close", (code) => {
        clearTimeout(timer);
        if (code === null) resolve(undefined);
        else if (code > 1) reject(new Error(`it ended with code ${code}`));
        else resolve(Buffer.concat(parts).toString("utf8"));
      });
    });
  }
}

/** What importers go by in a name stays, and nothing that a folder would take for something else. */
function namesOf(files: readonly ImportFile[]): string[] {
  return files.map(({ name }, index) => {
    const plain = path
      .basename(name)
      .replace(/[^A-Za-z0-9._]/g, "_")
      .replace(/^\.+/, "_");
    return `${index}-${plain}`;
  });
}

interface Printed {
  readonly shared: unknown;
  readonly ports: ImportView["ports"];
  readonly leases: readonly unknown[];
  readonly notes: ImportView["notes"];
}

function viewOf(
  printed: string,
  files: readonly ImportFile[],
  names: readonly string[],
): ImportView {
  const { shared, ports, leases, notes } = JSON.parse(printed) as Printed;
  const called = new Map(names.map((name, index) => [name, files[index]?.name ?? name]));
  const shown = notes.slice(0, LIMITS.importNotesMax);
  return {
    ...{ config: shared, ports, leases: leases.length },
    notes: shown.map((note) => ({ ...note, file: called.get(note.file) ?? note.file })),
    moreNotes: notes.length - shown.length,
  };
}

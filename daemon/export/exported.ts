// What is written for another DHCP server: its files, and everything that could not be said in them.

export interface Exported {
  /** From the name of a file to its text. */
  readonly files: ReadonlyMap<string, string>;
  readonly notes: readonly ExportNote[];
}

export interface ExportNote {
  /** In config.json, such as "networks[0].rapidCommit". */
  readonly path: string;
  /** A sentence for people. */
  readonly reason: string;
}

export class ExportNotes {
  readonly #notes: ExportNote[] = [];

  add(path: string, reason: string): void {
    this.#notes.push({ path, reason });
  }

  done(): readonly ExportNote[] {
    return this.#notes;
  }
}

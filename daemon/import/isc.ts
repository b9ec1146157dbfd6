// The importer for ISC dhcpd: dhcpd.conf with the files it includes, and dhcpd.leases.

import type { Importer } from "./imported.ts";
import { ConfReader, keywordOf } from "./isc-conf.ts";
import { Draft } from "./isc-draft.ts";
import { finish } from "./isc-finish.ts";
import { LeaseBook } from "./isc-leases.ts";
import { FILE_SCOPE_PARTS, type Scope } from "./isc-scopes.ts";
import { OptionBook } from "./isc-set-option.ts";
import { type Statement, statementsOf } from "./isc-statements.ts";
import { Notes } from "./notes.ts";

const INCLUDED_MAX = 200;

export const importIsc: Importer = (files) => new IscImport(files).done();

class IscImport {
  readonly #files: ReadonlyMap<string, string>;
  readonly #notes: Notes;
  readonly #draft: Draft;
  readonly #leases: LeaseBook;
  readonly #reader: ConfReader;
  readonly #root: Scope;
  /** Files that are being read, from the outermost on. */
  readonly #open: string[] = [];
  #included = 0;

  constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
    this.#notes = new Notes(files.keys());
    this.#draft = new Draft(this.#notes, true);
    this.#leases = new LeaseBook(this.#notes);
    this.#root = { ...FILE_SCOPE_PARTS, kind: "file", settings: this.#draft.settings };
    const book = new OptionBook("dhcpd", this.#notes, this.#draft.customOptions);
    this.#reader = new ConfReader(this.#notes, book, (statement, scope) =>
      this.#include(statement, scope),
    );
  }

  done() {
    const included = this.#includedFiles();
    for (const file of this.#files.keys()) {
      if (!included.has(file)) this.#readFile(file, this.#root);
    }
    finish(this.#reader, this.#draft, this.#root);
    return this.#draft.done(this.#leases.done(), this.#leases.place);
  }

  #readFile(file: string, scope: Scope): void {
    this.#open.push(file);
    this.#reader.readAll(this.#configuration(file), scope);
    this.#open.pop();
  }

  /** The statements of a file without its leases, which are taken as they come by. */
  *#configuration(file: string): Generator<Statement> {
    for (const statement of statementsOf(file, this.#files.get(file) ?? "", this.#notes)) {
      const keyword = keywordOf(statement);
      if (keyword === "lease") this.#leases.read(statement);
      else if (!OF_LEASE_FILES.has(keyword)) yield statement;
    }
  }

  #include(statement: Statement, scope: Scope): void {
    const { place, text } = statement;
    const name = statement.words[1]?.text ?? "";
    const file = this.#fileCalled(name);
    if (file === undefined) {
      this.#notes.leftOut(place, text, `The file "${name}" was not given.`);
    } else if (this.#open.includes(file) || this.#included >= INCLUDED_MAX) {
      this.#notes.leftOut(
        place,
        text,
        "Files include each other, or too often: this was left out.",
      );
    } else {
      this.#included++;
      this.#readFile(file, scope);
    }
  }

  /** Who gives files may not have them at the same place as dhcpd had. */
  #fileCalled(name: string): string | undefined {
    if (this.#files.has(name)) return name;
    const base = baseOf(name);
    return [...this.#files.keys()].find((file) => baseOf(file) === base);
  }

  /** Files that another one includes are read where it does. */
  #includedFiles(): Set<string> {
    const included = new Set<string>();
    for (const [file, text] of this.#files) {
      for (const { 1: name = "" } of text.matchAll(/^[ \t]*include[ \t]+"([^"\n]{1,1000})"/gm)) {
        const target = this.#fileCalled(name);
        if (target !== undefined && target !== file) included.add(target);
      }
    }
    // Where all include each other, each is read.
    return included.size === this.#files.size ? new Set() : included;
  }
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** What dhcpd notes for itself in its leases file. */
const OF_LEASE_FILES = new Set(["authoring-byte-order"]);

// Classes and subclasses of dhcpd.conf, and the conditions that stand anywhere in it.

import type { ConfReader } from "./isc-conf.ts";
import { readCondition, readData, same } from "./isc-expressions.ts";
import { Inexpressible } from "./isc-match.ts";
import { codeIn } from "./isc-options.ts";
import { type ClassFound, type Scope, scopeIn } from "./isc-scopes.ts";
import { noSettings } from "./isc-settings.ts";
import type { Statement } from "./isc-statements.ts";
import { hexBytes } from "./isc-values.ts";

export function readClass(statement: Statement, scope: Scope, reader: ConfReader) {
  const { words, body, place, text } = statement;
  const name = words[1]?.text;
  if (name === undefined || !body || words.length !== 2) return reader.unclear(statement);
  if (reader.found.classes.has(name)) {
    reader.notes.leftOut(place, text, "A class of this name is already there.");
    return;
  }
  const own = scopeIn(scope, "class");
  const found: ClassFound = {
    name,
    condition: undefined,
    data: undefined,
    isRefused: false,
    isDenied: false,
    subclasses: [],
    scope: own,
    place,
    text,
  };
  found.scope = { ...own, classFound: found };
  reader.found.classes.set(name, found);
  const rest = body.filter((inner) => !readClassStatement(inner, found, reader));
  reader.readAll(rest, found.scope);
}

export function readSubclass(statement: Statement, scope: Scope, reader: ConfReader) {
  const { words, place, text, body } = statement;
  const above = reader.found.classes.get(words[1]?.text ?? "");
  const value = words[2];
  if (!above || !value || words.length !== 3) {
    return reader.unclear(statement, "It is no subclass of a class that stands before it.");
  }
  const bytes = value.isQuoted ? value.bytes : hexBytes(value.text);
  if (bytes === undefined) return reader.unclear(statement);
  const { data } = above;
  if (!data) {
    const reason =
      "The class above it is not taken over, or does not say what its subclasses differ in.";
    reader.notes.leftOut(place, text, reason);
    return;
  }
  expressed(statement, reader, () => {
    const match = same(data, { kind: "bytes", bytes });
    const own = scopeIn(scope, "class");
    above.subclasses.push({ match, hasBody: body !== undefined, scope: own, place, text });
    reader.readAll(body ?? [], own);
  });
}

/** Runs what may find that something cannot be said here, which is noted then. True: it could. */
export function expressed(statement: Statement, reader: ConfReader, read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof Inexpressible)) throw error;
    reader.notes.leftOut(statement.place, statement.text, error.message);
    return false;
  }
}

/** True when it was one of the statements that only classes have. */
function readClassStatement(statement: Statement, found: ClassFound, reader: ConfReader): boolean {
  const { words, place, text } = statement;
  const [keyword, second] = words.map((word) => word.text.toLowerCase());
  const codeOf = (name: string) => codeIn(reader.book, name);
  if (keyword === "match") {
    const isCondition = second === "if";
    const isRead = expressed(statement, reader, () => {
      if (isCondition) found.condition = readCondition(words.slice(2), codeOf);
      else found.data = readData(words.slice(1), codeOf);
    });
    if (!isRead) found.isRefused = true;
    return true;
  }
  if (keyword === "spawn") {
    reader.notes.leftOut(place, text, "Classes do not make further classes by themselves here.");
    found.isRefused = true;
    return true;
  }
  if (keyword === "lease" && second === "limit") {
    const reason =
      "How many leases a class may have is not limited here; at one port of a relay it is: see leasesPerPort.";
    reader.notes.leftOut(place, text, reason);
    return true;
  }
  return false;
}

/** What a branch of if, elsif and else asks; undefined: nothing, it is the last one. Throws Inexpressible. */
export function conditionOf(branch: Statement, reader: ConfReader) {
  const [first, second] = branch.words.map((word) => word.text.toLowerCase());
  const isElseIf = first === "else" && second === "if";
  const words = branch.words.slice(isElseIf ? 2 : 1);
  if (first === "else" && !isElseIf) return undefined;
  return readCondition(words, (name) => codeIn(reader.book, name));
}

/** A scope for what stands in one branch. */
export function branchScope(outer: Scope): Scope {
  return { ...outer, kind: "class", outer, settings: noSettings() };
}

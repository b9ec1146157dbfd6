// Where a lab keeps its files: one folder per lab in a private folder of the user, gone at the end.

import { randomBytes } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

export const defaultName = "lab";

/** The folder of all labs of this user; TANDEM_LAB_DIR chooses another one (not under /run). */
export function baseFolder(): string {
  return process.env.TANDEM_LAB_DIR ?? `/tmp/tandem-lab-${userInfo().uid}`;
}

export function labFolder(name: string): string {
  return join(baseFolder(), name);
}

export function controlSocket(name: string): string {
  return join(labFolder(name), "control.sock");
}

/** A lab's name is part of paths of Unix sockets, which may be 107 bytes long in all. */
export function nameProblem(name: string): string {
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(name)
    ? ""
    : `"${name}" cannot be a lab's name: use 1 to 32 of a-z, 0-9 and "-"`;
}

/** Makes a fresh folder for this lab and owns it as long as this process lives. */
export function claim(name: string): string {
  sweep();
  const folder = labFolder(name);
  const draft = join(baseFolder(), `.${name}.${process.pid}.${randomBytes(4).toString("hex")}`);
  for (let attempt = 0; ; attempt += 1) {
    try {
      makeBase();
      mkdirSync(draft, { mode: 0o700 });
      const owner: Owner = { pid: process.pid, started: startOf(process.pid) };
      writeFileSync(join(draft, "owner.json"), JSON.stringify(owner));
      renameSync(draft, folder);
      return folder;
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOTEMPTY" || code === "EEXIST") throw new Error(taken(name));
      // Another lab that ended just now may have taken the empty base folder with it.
      if (code !== "ENOENT" || attempt > 20) throw error;
    }
  }
}

/** Removes the lab's folder, and the user's folder when this was the last lab. */
export function release(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    rmdirSync(baseFolder());
  } catch {
    // Other labs of this user are still there.
  }
}

/** True when the process that claimed the folder is alive. */
export function isOwned(folder: string): boolean {
  const owner = readOwner(folder);
  return owner !== undefined && startOf(owner.pid) === owner.started;
}

interface Owner {
  readonly pid: number;
  /** Clock ticks after boot; tells a process from a later one with the same number. */
  readonly started: string;
}

function makeBase(): void {
  const base = baseFolder();
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const found = lstatSync(base);
  const strangers = (found.mode & 0o022) !== 0;
  if (!found.isDirectory() || found.uid !== userInfo().uid || strangers) {
    throw new Error(`${base} is not a folder that only this user can write; remove it first`);
  }
}

// Folders of labs whose outer process was killed: nothing of such a lab runs any more.
function sweep(): void {
  let entries: string[];
  try {
    entries = readdirSync(baseFolder());
  } catch {
    return;
  }
  for (const entry of entries) {
    const folder = join(baseFolder(), entry);
    try {
      // A folder without an owner is one that is being made right now, unless it is old.
      const young = Date.now() - lstatSync(folder).mtimeMs < 10_000;
      if (isOwned(folder) || (readOwner(folder) === undefined && young)) continue;
      const away = join(baseFolder(), `.gone.${randomBytes(6).toString("hex")}`);
      renameSync(folder, away);
      rmSync(away, { recursive: true, force: true });
    } catch {
      // Another start was faster.
    }
  }
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "owner.json"), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22, counted behind the program's name, which may hold spaces and brackets itself.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "gone";
  }
}

function taken(name: string): string {
  return `A lab named "${name}" runs already: stop it with \`npm run lab -- stop\`, or start this one with another --name.`;
}

// A box with users, asked as a browser and as programs ask: the real access and the real rows, records in memory, passwords
// without the slow hash, and a clock that a test moves.

import { createHash } from "node:crypto";
import { Access } from "../../daemon/access/access.ts";
import type { AccountRecords } from "../../daemon/access/accounts.ts";
import { RecordBook } from "../../daemon/core/records/record-book.ts";
import { accessRoutes } from "../../daemon/http/access-routes.ts";
import { createWebApp, type WebApp } from "../../daemon/http/routes.ts";
import { PasswordsBusy } from "../../daemon/io/password.ts";
import type { RecordListener } from "../../daemon/records.ts";
import { type Answer, askLater } from "../http/ask.ts";
import { FAKE_NOW, FakeBox } from "./fake-box.ts";
import { seeded } from "./random.ts";

export class MemoryRecords implements AccountRecords {
  readonly book = new RecordBook();
  readonly #listeners = new Set<RecordListener>();
  isKnown = true;
  isOnDisk = true;

  get(key: string): string | undefined {
    return this.book.get(key);
  }

  list(kind: "user" | "token"): ReturnType<RecordBook["list"]> {
    return this.book.list(kind);
  }

  set(key: string, value: string | undefined): Promise<boolean> {
    this.book.change(key, value, "aa", FAKE_NOW);
    this.#tell(key);
    return Promise.resolve(this.isOnDisk);
  }

  delete(key: string): Promise<boolean> {
    return this.set(key, undefined);
  }

  subscribe(listener: RecordListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As the partner tells of its records. */
  heard(other: MemoryRecords): void {
    const { changed } = this.book.take(other.book.all);
    this.#tell(...changed.map(({ key }) => key));
  }

  #tell(...keys: string[]): void {
    for (const listener of this.#listeners) listener(keys);
  }
}

/** Counts how often the slow work is done; holds it up while `gate` is there. */
export class QuickPasswords {
  readonly checked: (string | undefined)[] = [];
  hashes = 0;
  isBusy = false;
  gate: Promise<void> | undefined;

  async hash(password: string): Promise<string> {
    this.#refuse();
    this.hashes++;
    await this.gate;
    return `${this.hashes}:${digest(password)}`;
  }

  async check(password: string, stored: string | undefined): Promise<boolean> {
    this.#refuse();
    this.checked.push(stored);
    await this.gate;
    return stored?.split(":")[1] === digest(password);
  }

  #refuse(): void {
    if (this.isBusy) throw new PasswordsBusy("too many passwords are being looked at");
  }
}

export interface Sent {
  readonly body?: object;
  readonly cookie?: string | undefined;
  readonly token?: string;
  readonly from?: string;
  readonly isSecure?: boolean;
  readonly transport?: "tcp" | "unix";
}

export const PASSWORD = "a horse and a battery";

export class AccessBench {
  readonly records = new MemoryRecords();
  readonly passwords = new QuickPasswords();
  readonly lines: string[] = [];
  readonly access: Access;
  readonly web: WebApp;
  monotonic = 1_000_000;
  wall = FAKE_NOW;
  presenceProvenAt: number | undefined;
  serial = "";

  constructor() {
    const random = seeded(0x61636365);
    this.access = new Access({
      ...{ records: this.records, passwords: this.passwords },
      random: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
      digest,
      now: () => ({ monotonic: this.monotonic, wall: this.wall }),
      presenceProvenAt: () => this.presenceProvenAt,
      serial: () => this.serial,
      audit: {
        append: (line) => void this.lines.push(line),
        lines: async () => [...this.lines],
      },
    });
    this.web = createWebApp(new FakeBox(), {
      routes: accessRoutes(this.access),
      callerOf: (head) => this.access.callerOf(head),
      audit: (caller, request, status) => this.access.asked(caller, request, status),
      hosts: () => new Set(["192.168.1.1"]),
    });
  }

  /** Later by so many milliseconds. */
  pass(milliseconds: number): void {
    this.monotonic += milliseconds;
    this.wall += milliseconds;
  }

  send(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const { cookie, token, isSecure = false, transport = "tcp" } = sent;
    const host = isSecure ? "192.168.1.1:8443" : "127.0.0.1:8080";
    const headers = {
      host,
      origin: `${isSecure ? "https" : "http"}://${host}`,
      "content-type": "application/json",
      ...(cookie === undefined ? {} : { cookie }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return askLater(this.web.answer, `/api/v1/${path}`, {
      ...{ method, headers, transport, isSecure },
      ...(transport === "unix" ? {} : { remote: sent.from ?? "192.168.1.20" }),
      ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
    });
  }

  /** The first admin is "anna", and her password is PASSWORD. */
  async claim(): Promise<void> {
    const body = { name: "anna", password: PASSWORD };
    const { status } = await this.send("POST", "setup", { body, transport: "unix" });
    if (status !== 200) throw new Error(`setting up answered ${status}`);
  }

  /** Whose password is PASSWORD as well. */
  async add(name: string, role: string): Promise<void> {
    const body = { name, role, password: PASSWORD };
    const { status } = await this.send("POST", "users", { body, transport: "unix" });
    if (status !== 200) throw new Error(`adding ${name} answered ${status}`);
  }

  logIn(name: string, password = PASSWORD, sent: Sent = {}): Promise<Answer> {
    return this.send("POST", "session", { ...sent, body: { name, password } });
  }

  /** The cookie of a new session. */
  async cookieOf(name: string, password = PASSWORD, sent: Sent = {}): Promise<string> {
    const answer = await this.logIn(name, password, sent);
    if (answer.status !== 200) throw new Error(`login of ${name} answered ${answer.status}`);
    return cookieIn(answer);
  }

  /** Who the box takes this for: role and name. */
  async whoIs(sent: Sent): Promise<string> {
    const answer = await this.send("GET", "session", sent);
    const { role, name } = answer.json() as { role: string; name: string };
    return `${role} ${name}`.trim();
  }

  /** What was written down, as "who: what: outcome". */
  get audited(): string[] {
    return this.lines.map((line) => {
      const { who, what, outcome } = JSON.parse(line);
      return `${who}: ${what}: ${outcome}`;
    });
  }
}

/** As a browser sends back what it was given. */
export function cookieIn(answer: Answer): string {
  return (answer.header("set-cookie") ?? "").split(";")[0] ?? "";
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

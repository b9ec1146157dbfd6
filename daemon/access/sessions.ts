// Who has logged in at this box: kept in memory only, so a restart of the box ends all sessions.

import { LIMITS } from "../limits.ts";

export interface Session {
  readonly user: string;
  readonly from: string;
  /** Monotonic milliseconds, as all times here. */
  readonly begunAt: number;
}

interface Kept extends Session {
  seenAt: number;
}

export interface SessionPort {
  /** So many random bytes. */
  random(count: number): Uint8Array;
  /** SHA-256 in hex. */
  digest(text: string): string;
}

const ID_BYTES = 32;
const ID = /^[\w-]{43}$/;

export class Sessions {
  readonly #port: SessionPort;
  /** By the hash of the id: who reads the memory of the box, or a dump of it, finds no id that can be used. */
  readonly #sessions = new Map<string, Kept>();

  constructor(port: SessionPort) {
    this.#port = port;
  }

  /** The id of a new session, which is never one that somebody else has named. */
  begin(user: string, from: string, now: number): string {
    this.#makeRoom(user, now);
    const id = Buffer.from(this.#port.random(ID_BYTES)).toString("base64url");
    this.#sessions.set(this.#port.digest(id), { user, from, begunAt: now, seenAt: now });
    return id;
  }

  /** Whose session it is; it is not idle then. */
  find(id: string, now: number): Session | undefined {
    const [key, session] = this.#lookUp(id);
    if (!session) return undefined;
    if (isOver(session, now)) {
      this.#sessions.delete(key);
      return undefined;
    }
    session.seenAt = now;
    return session;
  }

  end(id: string): void {
    this.#sessions.delete(this.#lookUp(id)[0]);
  }

  endOf(user: string): void {
    for (const [key, session] of this.#sessions) {
      if (session.user === user) this.#sessions.delete(key);
    }
  }

  countOf(user: string, now: number): number {
    return this.#of(user).filter(([, session]) => !isOver(session, now)).length;
  }

  #lookUp(id: string): [string, Kept | undefined] {
    if (!ID.test(id)) return ["", undefined];
    const key = this.#port.digest(id);
    return [key, this.#sessions.get(key)];
  }

  #of(user: string): [string, Kept][] {
    return [...this.#sessions].filter(([, session]) => session.user === user);
  }

  /** Who logs in again and again ends their own sessions first, those of others only when there is no room at all. */
  #makeRoom(user: string, now: number): void {
    for (const [key, session] of this.#sessions) {
      if (isOver(session, now)) this.#sessions.delete(key);
    }
    const own = this.#of(user);
    if (own.length >= LIMITS.sessionsPerUserMax) this.#endOldest(own);
    else if (this.#sessions.size >= LIMITS.sessionsMax) this.#endOldest([...this.#sessions]);
  }

  #endOldest(sessions: readonly [string, Kept][]): void {
    const [first] = [...sessions].sort(([, a], [, b]) => a.seenAt - b.seenAt);
    if (first) this.#sessions.delete(first[0]);
  }
}

function isOver({ begunAt, seenAt }: Kept, now: number): boolean {
  const { sessionIdleMilliseconds, sessionMilliseconds } = LIMITS;
  return now - seenAt >= sessionIdleMilliseconds || now - begunAt >= sessionMilliseconds;
}

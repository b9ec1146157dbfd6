// Passwords as hashes that are slow to guess against: scrypt (RFC 7914), in the thread pool of Node.
//
// One at a time: it takes 32 MB of memory and a whole processor, for 62 ms where it was measured (one of a server with AMD
// EPYC), for several times as long on a small router. After each the processor rests for as long, so that whoever floods
// the box with logins gets half of one processor at most, and the one that answers DHCP goes on.

import { LIMITS } from "../limits.ts";
import { randomBytes } from "./random.ts";

/** There are already as many waiting as may wait. */
export class PasswordsBusy extends Error {
  override readonly name = "PasswordsBusy";
}

export interface PasswordsOptions {
  /** Resolves after so many ms. */
  readonly rest: (milliseconds: number) => Promise<void>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

interface Parameters {
  /** N is two to the power of it. */
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

const STANDARD: Parameters = { log2N: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What is stored says with what it was made, so that later versions may ask for more: up to the same memory. */
const STORED = /^scrypt\$([0-9]{1,2})\$([0-9]{1,2})\$([0-9]{1,2})\$([\w-]{22})\$([\w-]{43})$/;
const BLOCKS_MAX = 2 ** STANDARD.log2N * STANDARD.r;
const LOG2_N_MIN = 10;
const P_MAX = 4;
/** The working memory of RFC 7914, 128 bytes a block, and what OpenSSL counts beside it. */
const MEMORY_BYTES_MAX = 128 * BLOCKS_MAX + (1 << 20);

const TIMED: PasswordsOptions = {
  rest: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref()),
  now: () => performance.now(),
};

export class Passwords {
  readonly #options: PasswordsOptions;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: PasswordsOptions = TIMED) {
    this.#options = options;
  }

  /** To be stored; the same password gives another one each time. Rejects with PasswordsBusy. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, salt, STANDARD);
    const { log2N, r, p } = STANDARD;
    return ["scrypt", log2N, r, p, base64(salt), base64(hash)].join("$");
  }

  /**
   * Whether this is the password that was stored. `stored` undefined, or one that this version cannot use: no password is,
   * and it takes the same work to say so, so that nobody learns from the time who has an account. Rejects with
   * PasswordsBusy.
   */
  async check(password: string, stored: string | undefined): Promise<boolean> {
    const { timingSafeEqual } = process.getBuiltinModule("node:crypto");
    const { parameters, salt, hash } = parse(stored ?? "") ?? nobody();
    const found = await this.#derive(password, salt, parameters);
    return timingSafeEqual(found, hash);
  }

  #derive(password: string, salt: Uint8Array, parameters: Parameters): Promise<Uint8Array> {
    if (this.#waiting >= LIMITS.passwordsWaitingMax) {
      return Promise.reject(new PasswordsBusy("too many passwords are being looked at"));
    }
    this.#waiting++;
    const done = this.#queue
      .then(() => this.#timed(() => scrypt(password, salt, parameters)))
      .finally(() => {
        this.#waiting--;
      });
    this.#queue = done.then(
      ({ milliseconds }) => this.#options.rest(milliseconds),
      () => {},
    );
    return done.then(({ hash }) => hash);
  }

  async #timed(derive: () => Promise<Uint8Array>): Promise<{
    readonly hash: Uint8Array;
    readonly milliseconds: number;
  }> {
    const begunAt = this.#options.now();
    const hash = await derive();
    return { hash, milliseconds: this.#options.now() - begunAt };
  }
}

function scrypt(
  password: string,
  salt: Uint8Array,
  { log2N, r, p }: Parameters,
): Promise<Uint8Array> {
  // OpenSSL is loaded when the first person logs in.
  const crypto = process.getBuiltinModule("node:crypto");
  // Keyboards write the same letter in several ways (RFC 8265 §4.2.2).
  const text = password.normalize("NFC");
  const options = { N: 2 ** log2N, r, p, maxmem: MEMORY_BYTES_MAX };
  return new Promise((resolve, reject) => {
    crypto.scrypt(text, salt, HASH_BYTES, options, (error, hash) => {
      if (error) reject(error);
      else resolve(hash);
    });
  });
}

interface Stored {
  readonly parameters: Parameters;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Undefined for what is no hash, or one that would take more than its turn. */
function parse(stored: string): Stored | undefined {
  const [whole, log2N, r, p, salt = "", hash = ""] = STORED.exec(stored) ?? [];
  if (whole === undefined) return undefined;
  const parameters = { log2N: Number(log2N), r: Number(r), p: Number(p) };
  const isUsable =
    parameters.log2N >= LOG2_N_MIN &&
    parameters.r >= 1 &&
    2 ** parameters.log2N * parameters.r <= BLOCKS_MAX &&
    parameters.p >= 1 &&
    parameters.p <= P_MAX;
  if (!isUsable) return undefined;
  return {
    parameters,
    salt: Buffer.from(salt, "base64url"),
    hash: Buffer.from(hash, "base64url"),
  };
}

/** No password has this hash, but for one in 2^256. */
function nobody(): Stored {
  return {
    parameters: STANDARD,
    salt: randomBytes(SALT_BYTES),
    hash: randomBytes(HASH_BYTES),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

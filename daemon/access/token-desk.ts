// Tokens: what programs show instead of a password. Each has a role, and may be good for some paths and some time only.

import { CLOCK_SANE_SINCE, type Now } from "../base/time.ts";
import type { Outcome, TokenWish } from "../http/access-control.ts";
import type { NewToken, TokenView } from "../http/api-access.ts";
import type { Caller } from "../http/route.ts";
import { LIMITS } from "../limits.ts";
import { answered, done, equalTexts, NOT_BY_TOKEN, refused } from "./access-port.ts";
import { type Accounts, lesserRole, type Token } from "./accounts.ts";
import type { Audit } from "./audit.ts";
import type { SessionPort } from "./sessions.ts";

export interface TokenDeskOptions {
  readonly accounts: Accounts;
  readonly secrets: SessionPort;
  readonly audit: Audit;
  readonly now: () => Now;
}

const ID_BYTES = 8;
const SECRET_BYTES = 32;
/** The beginning says to whoever finds one what it is. */
const TOKEN = /^tandem_([0-9a-f]{16})_[\w-]{43}$/;
const NAME = /^[^\p{C}]+$/u;
const PATH = /^(\/[\w.~%-]+){1,12}$/;
const PATH_CHARACTERS_MAX = 100;

export class TokenDesk {
  readonly #options: TokenDeskOptions;

  constructor(options: TokenDeskOptions) {
    this.#options = options;
  }

  /** Who shows this token; undefined: nobody. Outside of its paths it is known, and may do nothing. */
  callerOf(shown: string, path: string, from: string): Caller | undefined {
    const { accounts, secrets, now } = this.#options;
    const token = accounts.token(TOKEN.exec(shown)?.[1] ?? "");
    if (!token || !equalTexts(secrets.digest(shown), token.hash)) return undefined;
    if (isExpired(token.expiresAt, now().wall)) return undefined;
    const maker = token.by === "" ? undefined : accounts.user(token.by);
    if (token.by !== "" && !maker) return undefined;
    const role = maker ? lesserRole(token.role, maker.role) : token.role;
    const isInside = token.paths.length === 0 || token.paths.some((one) => isBelow(path, one));
    return { name: token.name, role: isInside ? role : "nobody", via: "token", from };
  }

  get all(): readonly TokenView[] {
    return this.#options.accounts.tokens.map(viewOf);
  }

  async add(wish: TokenWish, caller: Caller): Promise<Outcome<NewToken>> {
    const outcome =
      caller.via === "token"
        ? refused("not-allowed", NOT_BY_TOKEN)
        : await answered(() => this.#add(wish, caller));
    const id = outcome.isDone ? ` ${outcome.value.id}` : "";
    this.#note(`add token${id} as ${wish.role}`, outcome, caller);
    return outcome;
  }

  async delete(id: string, caller: Caller): Promise<Outcome<void>> {
    const outcome =
      caller.via === "token"
        ? refused("not-allowed", NOT_BY_TOKEN)
        : await answered(() => this.#delete(id));
    this.#note(`delete token ${id}`, outcome, caller);
    return outcome;
  }

  async #add(wish: TokenWish, caller: Caller): Promise<Outcome<NewToken>> {
    const { accounts, secrets, now } = this.#options;
    const { wall } = now();
    const fault = faultOf(wish, wall);
    if (fault) return refused("invalid", fault);
    const id = Buffer.from(secrets.random(ID_BYTES)).toString("hex");
    const secret = Buffer.from(secrets.random(SECRET_BYTES)).toString("base64url");
    const token = `tandem_${id}_${secret}`;
    const { name, role, paths, expiresAt } = wish;
    const by = caller.via === "session" ? caller.name : "";
    const record = {
      ...{ name, role, paths: [...paths], expiresAt, by },
      ...{ hash: secrets.digest(token), createdAt: Math.max(0, Math.floor(wall)) },
    };
    const isOnDisk = await accounts.putToken(id, record);
    return done({ ...viewOf({ ...record, id }), token }, isOnDisk);
  }

  async #delete(id: string): Promise<Outcome<void>> {
    const { accounts } = this.#options;
    if (!accounts.token(id)) return refused("unknown", "there is no such token");
    return done(undefined, await accounts.deleteToken(id));
  }

  #note<T>(what: string, outcome: Outcome<T>, caller: Caller): void {
    const { audit, now } = this.#options;
    const text = outcome.isDone ? "done" : outcome.text;
    audit.write(caller, what, text, now(), !outcome.isDone);
  }
}

function faultOf({ name, paths, expiresAt }: TokenWish, wall: number): string | undefined {
  const { tokenNameCharactersMax, tokenPathsMax } = LIMITS;
  if (!NAME.test(name) || name.length > tokenNameCharactersMax) {
    return `a token has a name of at most ${tokenNameCharactersMax} characters`;
  }
  if (paths.length > tokenPathsMax) return `a token has at most ${tokenPathsMax} paths`;
  const wrong = paths.find((one) => !PATH.test(one) || one.length > PATH_CHARACTERS_MAX);
  if (wrong !== undefined) return `"${wrong}" is no path such as /api/v1/leases`;
  if (expiresAt !== null && expiresAt <= wall) return "the token would have expired already";
  return undefined;
}

/** A box whose clock was not set yet does not know: it takes none that ends. */
function isExpired(expiresAt: number | null, wall: number): boolean {
  return expiresAt !== null && (wall >= expiresAt || wall < CLOCK_SANE_SINCE * 1000);
}

/** "/api/v1/leases" is below itself and has "/api/v1/leases/x" below it, but not "/api/v1/leases-x". */
function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function viewOf({ id, name, role, paths, by, createdAt, expiresAt }: Token): TokenView {
  const ends = expiresAt === null ? null : new Date(expiresAt).toISOString();
  const begun = new Date(createdAt).toISOString();
  return { id, name, role, paths, by, createdAt: begun, expiresAt: ends };
}

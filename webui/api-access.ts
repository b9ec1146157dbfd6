// Who asks, the first password, logging in and out.

import type { CallerView, SetupView } from "../daemon/http/api-types.ts";
import { type Answer, ask, remove, tell } from "./ask.ts";

export interface FirstPassword {
  readonly name: string;
  readonly password: string;
  /** As it stands on the label; undefined: nothing was typed in. */
  readonly serial?: string | undefined;
}

export function fetchCaller(): Promise<Answer<CallerView>> {
  return ask(SESSION);
}

export function fetchSetup(): Promise<Answer<SetupView>> {
  return ask(SETUP);
}

/** Done: the cookie of the answer is the session. */
export function sendLogin(name: string, password: string): Promise<Answer<unknown>> {
  return tell(SESSION, { name, password });
}

/** Done: there is a first admin, who is logged in. */
export function sendSetup(wish: FirstPassword): Promise<Answer<unknown>> {
  return tell(SETUP, wish);
}

export function sendLogout(): Promise<Answer<unknown>> {
  return remove(SESSION);
}

const SESSION = "/api/v1/session";
const SETUP = "/api/v1/setup";

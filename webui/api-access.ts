// Who asks, the first password, logging in and out.

import { type Answer, ask, remove, tell } from "./ask.ts";

/** Who asks, as the box sees it. */
export interface CallerView {
  /** Of the user; "" for nobody. */
  readonly name: string;
  readonly role: "nobody" | "viewer" | "operator" | "admin";
  readonly via: "socket" | "session" | "token" | "nobody";
}

export interface SetupView {
  /** No password has been set yet. */
  readonly isNeeded: boolean;
  /** Somebody has just shown that they are at the box: nothing else is asked. */
  readonly isPresenceProven: boolean;
  /** The serial number on the label can be typed in instead. */
  readonly isSerialTaken: boolean;
  /** What to do now. */
  readonly sentence: string;
}

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

// What users, sessions and tokens need of the world, and the words for what came of a wish.

import { RecordError } from "../core/records/record-book.ts";
import type { Outcome, Refusal } from "../http/access-control.ts";
import { PasswordsBusy } from "../io/password.ts";

/** Passwords as hashes; both reject with PasswordsBusy when too many wait. */
export interface PasswordPort {
  hash(password: string): Promise<string>;
  /** `stored` undefined: false, after the same work. */
  check(password: string, stored: string | undefined): Promise<boolean>;
}

/** A token that got lost must not become something that stays. */
export const NOT_BY_TOKEN =
  "users and tokens are changed by people who have logged in, not by a token";

export function done<T>(value: T, isOnDisk: boolean): Outcome<T> {
  return { isDone: true, value, isOnDisk };
}

export function refused(
  why: Refusal,
  text: string,
  after?: number,
): Extract<Outcome<never>, { isDone: false }> {
  return after === undefined ? { isDone: false, why, text } : { isDone: false, why, text, after };
}

/** For so many milliseconds nothing is looked at. */
export function waiting(milliseconds: number): Outcome<never> {
  const seconds = Math.ceil(milliseconds / 1000);
  const unit = seconds === 1 ? "second" : "seconds";
  return refused("wait", `too many tries failed; try again in ${seconds} ${unit}`, seconds);
}

/** What cannot be done now, or does not fit, is an answer; everything else is a fault of our own. */
export async function answered<T>(wish: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await wish();
  } catch (error) {
    if (error instanceof RecordError) return refused("conflict", error.message);
    if (error instanceof PasswordsBusy) return refused("busy", error.message, BUSY_SECONDS);
    throw error;
  }
}

const BUSY_SECONDS = 2;

/** In a time that does not tell where they differ. */
export function equalTexts(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

// What people say about pairing, as POST under /api/v1/pairing/.

import type { ActionResult, PairingAct, PairingControl } from "./box-view.ts";
import type { HttpHandler, HttpResponse } from "./message.ts";
import { RequestError } from "./problem.ts";

export const PAIRING_PATH = "/api/v1/pairing";

interface Post {
  /** Whether the page may say it too; a button is pressed on the box only. */
  readonly isPages: boolean;
  /** From the JSON object that was sent. Throws RequestError. */
  readonly read: (body: Readonly<Record<string, unknown>>) => PairingAct;
}

/** Legend: the last part of the path, who may, what it means. */
const POSTS: Readonly<Record<string, Post>> = {
  confirm: {
    isPages: true,
    read: ({ digits }) => ({ kind: "confirm", digits: sixDigits(digits) }),
  },
  differ: { isPages: true, read: () => ({ kind: "differ" }) },
  choose: { isPages: true, read: ({ choice }) => ({ kind: "choose", choice: oneOfTwo(choice) }) },
  cancel: { isPages: true, read: () => ({ kind: "cancel" }) },
  again: { isPages: true, read: () => ({ kind: "again" }) },
  unpair: { isPages: true, read: () => ({ kind: "unpair" }) },
  button: { isPages: false, read: () => ({ kind: "button" }) },
};

/** What the page of the box may tell it over TCP. */
export function isPagesPost(path: string): boolean {
  return Object.entries(POSTS).some(
    ([name, { isPages }]) => isPages && path === `${PAIRING_PATH}/${name}`,
  );
}

export function pairingPosts(
  control: PairingControl,
  answer: (result: ActionResult) => HttpResponse,
): [string, HttpHandler][] {
  return Object.entries(POSTS).map(([name, { read }]) => [
    `${PAIRING_PATH}/${name}`,
    ({ body }) => answer(control.pairingAct(read(objectIn(body)))),
  ]);
}

/** No body is an empty object. */
function objectIn(body: Uint8Array): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new RequestError("What was sent is no JSON object.");
}

/** As people write them: "123 456" is the same. */
function sixDigits(value: unknown): string {
  const digits = typeof value === "string" ? value.replace(/[ -]/g, "") : "";
  if (/^[0-9]{6}$/.test(digits)) return digits;
  throw new RequestError('"digits" must be the six digits that the box shows, in quotes.');
}

function oneOfTwo(value: unknown): "keep" | "take" {
  if (value === "keep" || value === "take") return value;
  throw new RequestError('"choice" must be "keep" or "take".');
}

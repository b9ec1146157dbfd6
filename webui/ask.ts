// One question to the box: how long it is waited for, and what comes back.

import type { Problem } from "../daemon/http/api-types.ts";

export type Answer<T> = { readonly isDone: true; readonly value: T } | Refusal;

export interface Refusal {
  readonly isDone: false;
  /** Of HTTP; 0: the box did not answer. */
  readonly status: number;
  /** Why, in one sentence of the box; "" when it says none. */
  readonly sentence: string;
  /** After so long it may be asked again; 0: it does not say. */
  readonly waitSeconds: number;
}

/** Never rejects. */
export function ask<T>(path: string): Promise<Answer<T>> {
  return send<T>(path, {});
}

/** Tells the box something; an answer of its own is in the value. Never rejects. */
export function tell<T>(path: string, content: object = {}): Promise<Answer<T>> {
  const headers = { "content-type": "application/json" };
  return send<T>(path, { method: "POST", headers, body: JSON.stringify(content) });
}

export function remove(path: string): Promise<Answer<unknown>> {
  return send(path, { method: "DELETE" });
}

/** Rejects when the box has not answered, or with something else. */
export function valueIn<T>(answer: Answer<T>): T {
  if (!answer.isDone) throw new Error(`HTTP status ${answer.status}`);
  return answer.value;
}

/** Calls whenever the box does not know who asks. */
export function onUnknown(listener: () => void): void {
  heardUnknown = listener;
}

let heardUnknown: () => void = () => {};

async function send<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
    const response = await fetch(path, { ...init, signal });
    if (response.status === 401) heardUnknown();
    if (!response.ok) return await refusalOf(response);
    return { isDone: true, value: (await response.json()) as T };
  } catch {
    return { isDone: false, status: 0, sentence: "", waitSeconds: 0 };
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  // It may be a date as well, which no box sends.
  const wait = Number(response.headers.get("retry-after"));
  return {
    isDone: false,
    status: response.status,
    sentence: problem.detail ?? "",
    waitSeconds: Math.max(0, wait || 0),
  };
}

const ANSWER_MILLISECONDS = 8000;

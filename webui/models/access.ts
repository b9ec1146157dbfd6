// Who asks, as the box sees it, and what they may have it do.

import { batch, computed, signal } from "@preact/signals";
import type { CallerView, SetupView } from "../../daemon/http/api-types.ts";
import { retryDelay } from "../api.ts";
import {
  type FirstPassword,
  fetchCaller,
  fetchSetup,
  sendLogin,
  sendLogout,
  sendSetup,
} from "../api-access.ts";
import { onUnknown } from "../ask.ts";
import { TEXTS } from "../texts.ts";
import { connection } from "./box.ts";
import { poll } from "./poll.ts";
import { Talk } from "./talk.ts";

/** Undefined: the box has not said yet. */
export const caller = signal<CallerView | undefined>(undefined);
export const setup = signal<SetupView | undefined>(undefined);
/** Why a person has to log in who was inside, one sentence; "" for nothing. */
export const parting = signal("");
/** Who was inside: they will be the ones to come back. */
export const partingName = signal("");
/** The set-up is wished for by somebody who could go on without. */
export const wantsSetup = signal(false);
/** What is said to the box in order to get in. */
export const entry = new Talk();
export const leaving = new Talk();

/** The box shows itself to this caller. */
export const isInside = computed(() => (caller.value?.role ?? "nobody") !== "nobody");
export const hasNoPassword = computed(() => setup.value?.isNeeded === true);

/** At the box itself before there is a password: nobody has logged in, and nobody can. */
export const isUnclaimed = computed(() => isInside.value && caller.value?.via === "nobody");
export const isAdmin = computed(() => caller.value?.role === "admin");
export const isOperator = computed(() => isAdmin.value || caller.value?.role === "operator");
/** A box that is new is to be paired before it has a password. */
export const mayPair = computed(() => isOperator.value || isUnclaimed.value);

/** Asks until the box has said who it is to whom, and whenever that may have changed. */
export function followAccess(): void {
  let attempt = 0;
  const start = async () => {
    if (await look()) {
      connection.value = "connecting";
      return;
    }
    connection.value = "lost";
    setTimeout(start, retryDelay(attempt++));
  };
  // What was asked before somebody logged in may be refused after it: so it is looked again, not believed.
  onUnknown(() => {
    if (isInside.peek()) void look();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && caller.peek() !== undefined) void look();
  });
  void start();
}

/** While somebody is about to set the first password, the box may see that they are at it. */
export function followSetup(): () => void {
  return poll(
    async () => {
      const answer = await fetchSetup();
      if (!answer.isDone) return;
      if (answer.value.isNeeded) setup.value = answer.value;
      else await look();
    },
    () => SETUP_MILLISECONDS,
  );
}

/** Asks the box who this is. False: it did not answer. */
export async function look(): Promise<boolean> {
  const mine = Symbol("look");
  looking = mine;
  const [who, how] = await Promise.all([fetchCaller(), fetchSetup()]);
  if (!who.isDone || !how.isDone) return false;
  // Somebody may have logged in since this was asked.
  if (looking === mine) batch(() => take(who.value, how.value));
  return true;
}

export async function logIn(name: string, password: string): Promise<boolean> {
  return entered(await entry.say(() => sendLogin(name, password), look));
}

export async function setUp(wish: FirstPassword): Promise<boolean> {
  const isDone = entered(await entry.say(() => sendSetup(wish), look));
  if (isDone) wantsSetup.value = false;
  return isDone;
}

/** What this page knows is forgotten with it. */
export async function logOut(): Promise<void> {
  if (await leaving.say(sendLogout)) location.reload();
}

let looking: symbol | undefined;

function take(who: CallerView, how: SetupView): void {
  const before = caller.value;
  const wasInside = isInside.value;
  caller.value = who;
  setup.value = how;
  if (!how.isNeeded) wantsSetup.value = false;
  if (isInside.value) {
    parting.value = "";
  } else if (wasInside) {
    parting.value = before?.name === "" ? TEXTS.claimed : TEXTS.sessionEnded;
    partingName.value = before?.name ?? "";
    entry.forget();
  }
}

/** A browser that keeps no cookie has been let in, and is outside again. */
function entered(isDone: boolean): boolean {
  if (isDone && !isInside.value) entry.refuse(TEXTS.noCookie);
  return isDone;
}

const SETUP_MILLISECONDS = 2000;

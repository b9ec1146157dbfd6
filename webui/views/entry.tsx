import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { entry } from "../models/access.ts";
import { TEXTS } from "../texts.ts";

export interface EntryProps {
  readonly title: string;
  /** Which box it is, as far as the browser knows. */
  readonly where: string;
  readonly onSend: (form: HTMLFormElement) => Promise<void>;
  readonly children: ComponentChildren;
}

/** What there is to see from outside: one form, and nothing of the box. */
export function Entry({ title, where, onSend, children }: EntryProps) {
  const send = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!entry.isSaying.value && entry.waitSeconds.value === 0) void onSend(event.currentTarget);
  };
  return (
    <>
      <header class="top-bar">
        <div class="top-bar-inner">
          <span class="product">{TEXTS.product}</span>
        </div>
      </header>
      <main class="entry">
        <form class="card" method="post" aria-labelledby="entry-title" onSubmit={send}>
          <div>
            <h1 id="entry-title">{title}</h1>
            <p class="muted">{where}</p>
          </div>
          {children}
        </form>
      </main>
    </>
  );
}

/** It stays where it is while the box thinks, or the person has to wait. */
export function SendButton({ text }: { readonly text: string }) {
  const isWaiting = entry.isSaying.value || entry.waitSeconds.value > 0;
  return (
    <button type="submit" class="main" aria-disabled={isWaiting}>
      {text}
    </button>
  );
}

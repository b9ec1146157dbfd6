// One thing after another that a person has the box do, and why the last of it was not done.

import { batch, computed, signal } from "@preact/signals";
import type { Answer } from "../ask.ts";
import { TEXTS, whyNot } from "../texts.ts";
import { now } from "./box.ts";

export class Talk {
  /** Something is being said to the box. */
  readonly isSaying = signal(false);
  readonly #failure = signal("");
  /** By the clock of this browser: when the box may be asked again; 0: it did not say. */
  readonly #freeAt = signal(0);

  /** Seconds that a person has to wait; 0: none. */
  readonly waitSeconds = computed(() =>
    Math.max(0, Math.ceil((this.#freeAt.value - now.value) / 1000)),
  );
  /** Why it was not done, one sentence; what was done shows in what is so now. */
  readonly failure = computed(() => {
    const isOver = this.#freeAt.value > 0 && this.waitSeconds.value === 0;
    return isOver ? TEXTS.tryNow : this.#failure.value;
  });

  /** One thing at a time. True: it was done. `look` is to see what is so now, before it is said that it was not. */
  async say(
    send: () => Promise<Answer<unknown>>,
    look: () => Promise<unknown> = async () => {},
  ): Promise<boolean> {
    if (this.isSaying.value || this.waitSeconds.value > 0) return false;
    this.isSaying.value = true;
    this.forget();
    const answer = await send();
    await look();
    batch(() => {
      this.isSaying.value = false;
      if (answer.isDone) return;
      now.value = Date.now();
      this.#freeAt.value = answer.waitSeconds > 0 ? now.value + answer.waitSeconds * 1000 : 0;
      this.#failure.value = whyNot(answer);
    });
    return answer.isDone;
  }

  /** What is known here without asking the box. */
  refuse(sentence: string): void {
    this.forget();
    this.#failure.value = sentence;
  }

  /** What could not be done then may be otherwise now. */
  forget(): void {
    this.#failure.value = "";
    this.#freeAt.value = 0;
  }
}

import { useLayoutEffect, useRef } from "preact/hooks";
import { failure, isSaying } from "../models/pairing.ts";
import { Icon } from "../ui/icon.tsx";

export interface SayButtonProps {
  readonly text: string;
  readonly kind?: "main" | "grave";
  readonly onClick: () => Promise<void>;
}

/**
 * Tells the box something. It is not `disabled` meanwhile, and hands the focus on when it goes: a person at the
 * keyboard would be thrown back to the top of the page.
 */
export function SayButton({ text, kind, onClick }: SayButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(
    () => () => {
      if (document.activeElement === button.current) requestAnimationFrame(focusHeading);
    },
    [],
  );
  const act = () => {
    if (!isSaying.value) void onClick();
  };
  return (
    <button ref={button} type="button" class={kind} aria-disabled={isSaying.value} onClick={act}>
      {text}
    </button>
  );
}

/** That of the card in which it goes on. */
export function focusHeading(): void {
  const [pairing, pair] = [HEADINGS.pairing, HEADINGS.pair].map((id) =>
    document.getElementById(id),
  );
  (pairing ?? pair)?.focus();
}

/** There is the one or the other, or both: while a partner is being replaced, and when two have just become a pair. */
export const HEADINGS = { pairing: "pairing-title", pair: "pair-title" } as const;

/** What could not be done, and why. */
export function Failure() {
  return (
    <p role="status" class="bad">
      {failure.value !== "" && (
        <>
          <Icon name="error" /> {failure.value}
        </>
      )}
    </p>
  );
}

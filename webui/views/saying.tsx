import { failure, isSaying } from "../models/pairing.ts";
import { Icon } from "../ui/icon.tsx";

export interface SayButtonProps {
  readonly text: string;
  readonly kind?: "main" | "grave";
  readonly onClick: () => Promise<void>;
  /** Where the focus goes when the button is no longer there. */
  readonly heading: string;
}

/**
 * Tells the box something. While it does, it stays where the focus is, so it is not `disabled`: a person at the
 * keyboard would be thrown back to the top of the page.
 */
export function SayButton({ text, kind, onClick, heading }: SayButtonProps) {
  const act = async () => {
    if (isSaying.value) return;
    await onClick();
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) document.getElementById(heading)?.focus();
    });
  };
  return (
    <button type="button" class={kind} aria-disabled={isSaying.value} onClick={act}>
      {text}
    </button>
  );
}

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

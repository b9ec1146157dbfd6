import { mayPair } from "../models/access.ts";
import { talk } from "../models/pairing.ts";
import { mayNot } from "../texts.ts";
import { Failure } from "../ui/failure.tsx";
import { TellButton } from "../ui/tell-button.tsx";

/** There is the one or the other, or both: while a partner is being replaced, and when two have just become a pair. */
export const HEADINGS = { pairing: "pairing-title", pair: "pair-title" } as const;
const WHY_NOT = { pairing: "pairing-why-not", pair: "pair-why-not" } as const;

export interface SayButtonProps {
  /** The card in which it is. */
  readonly card?: keyof typeof HEADINGS;
  readonly text: string;
  readonly kind?: "main" | "grave";
  readonly onClick: () => Promise<void>;
}

/** Says something about the pair. It hands the focus on when it goes: a person at the keyboard would be thrown back to the top. */
export function SayButton({ card = "pairing", text, kind, onClick }: SayButtonProps) {
  return (
    <TellButton
      {...{ text, kind, talk, onClick }}
      isAllowed={mayPair.value}
      whyNotId={WHY_NOT[card]}
      onGone={focusHeading}
    />
  );
}

/** That of the card in which it goes on. */
export function focusHeading(): void {
  const [pairing, pair] = [HEADINGS.pairing, HEADINGS.pair].map((id) =>
    document.getElementById(id),
  );
  (pairing ?? pair)?.focus();
}

/** What could not be done, and why; to those who may not, that. */
export function Said({ card = "pairing" }: Pick<SayButtonProps, "card">) {
  return (
    <>
      {!mayPair.value && (
        <p id={WHY_NOT[card]} class="muted small">
          {mayNot(false, false)}
        </p>
      )}
      <Failure talk={talk} />
    </>
  );
}

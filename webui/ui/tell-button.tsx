import { useLayoutEffect, useRef } from "preact/hooks";
import type { Talk } from "../models/talk.ts";

export interface TellButtonProps {
  readonly text: string;
  readonly talk: Talk;
  readonly kind?: "main" | "grave" | undefined;
  /** False: it is shown, and does nothing; what has the id `whyNotId` says why. */
  readonly isAllowed?: boolean;
  readonly whyNotId?: string;
  readonly onClick: () => Promise<unknown>;
  /** It had the focus, and is there no longer. */
  readonly onGone?: (() => void) | undefined;
}

/** Tells the box something. It is not `disabled` meanwhile: a person at the keyboard would lose their place. */
export function TellButton(props: TellButtonProps) {
  const { text, talk, kind, isAllowed = true, whyNotId, onClick, onGone } = props;
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(
    () => () => {
      if (onGone && document.activeElement === button.current) requestAnimationFrame(onGone);
    },
    [],
  );
  const act = () => {
    if (isAllowed && !talk.isSaying.value) void onClick();
  };
  return (
    <button
      ref={button}
      type="button"
      class={kind}
      aria-disabled={!isAllowed || talk.isSaying.value}
      aria-describedby={isAllowed ? undefined : whyNotId}
      onClick={act}
    >
      {text}
    </button>
  );
}

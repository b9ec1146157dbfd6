import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import type { Talk } from "../models/talk.ts";
import { Failure } from "./failure.tsx";
import { TellButton } from "./tell-button.tsx";

export interface AskFirstProps {
  readonly text: string;
  readonly question: string;
  readonly yes: string;
  readonly no: string;
  readonly talk: Talk;
  readonly onYes: () => Promise<unknown>;
  readonly onGone?: () => void;
}

/** A button for what is not to happen by accident: it asks, and the focus goes to the question and back. */
export function AskFirst({ text, question, yes, no, talk, onYes, onGone }: AskFirstProps) {
  const isAsking = useSignal(false);
  const isAnswered = useRef(false);
  const first = useRef<HTMLButtonElement>(null);
  const group = useRef<HTMLFieldSetElement>(null);
  const id = useId();
  const isOpen = isAsking.value;
  useLayoutEffect(() => {
    if (isOpen) group.current?.focus();
    else if (isAnswered.current) first.current?.focus();
  }, [isOpen]);
  const open = () => {
    talk.forget();
    isAsking.value = true;
  };
  if (!isOpen) {
    return (
      <p class="buttons">
        <button ref={first} type="button" onClick={open}>
          {text}
        </button>
      </p>
    );
  }
  const close = () => {
    isAnswered.current = true;
    talk.forget();
    isAsking.value = false;
  };
  return (
    <fieldset ref={group} class="question" tabIndex={-1} aria-describedby={id}>
      <legend class="hidden">{text}</legend>
      <p id={id}>{question}</p>
      <p class="buttons">
        <TellButton text={yes} kind="grave" talk={talk} onClick={onYes} onGone={onGone} />
        <button type="button" onClick={close}>
          {no}
        </button>
      </p>
      <Failure talk={talk} />
    </fieldset>
  );
}

import type { RefObject } from "preact";
import { useId } from "preact/hooks";

export interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly autocomplete: string;
  readonly type?: "text" | "password";
  readonly hint?: string;
  /** What is in it at first; it is read when the form is sent. */
  readonly initial?: string;
  readonly isFixed?: boolean;
  readonly field?: RefObject<HTMLInputElement | null>;
}

/** One line to type in, in a form of its own: names and passwords, which nothing is to correct or capitalise. */
export function Field(props: FieldProps) {
  const { label, name, autocomplete, type = "text", hint, initial, isFixed, field } = props;
  const id = useId();
  const shared = {
    ...{ id, name, autocomplete, maxLength: 512 },
    ...({ autocapitalize: "none", spellcheck: false } as const),
    ...(field ? { ref: field } : {}),
    ...(initial === undefined ? {} : { defaultValue: initial }),
    ...(isFixed ? { readOnly: true } : {}),
    "aria-describedby": hint === undefined ? undefined : `${id}-hint`,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === "password" ? (
        <input {...shared} type="password" />
      ) : (
        <input {...shared} type="text" />
      )}
      {hint !== undefined && (
        <span id={`${id}-hint`} class="muted small">
          {hint}
        </span>
      )}
    </div>
  );
}

/** What was typed into the field of this name. */
export function typedIn(form: HTMLFormElement, name: string): string {
  const text = new FormData(form).get(name);
  return typeof text === "string" ? text : "";
}

import type { Signal } from "@preact/signals";
import { TEXTS } from "../texts.ts";

/** For those who type with care, and are alone. */
export function ShowPassword({ isShown }: { readonly isShown: Signal<boolean> }) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={isShown.value}
        onChange={(event) => {
          isShown.value = event.currentTarget.checked;
        }}
      />
      {TEXTS.showPassword}
    </label>
  );
}

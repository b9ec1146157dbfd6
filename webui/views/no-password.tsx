import { hasNoPassword, isUnclaimed, wantsSetup } from "../models/access.ts";
import { TEXTS } from "../texts.ts";

/** At the box itself nobody needs a password yet, and should know that. */
export function NoPassword() {
  if (!isUnclaimed.value || !hasNoPassword.value) return null;
  return (
    <p class="notice">
      <span>{TEXTS.noPassword}</span>
      <button type="button" class="link" onClick={() => (wantsSetup.value = true)}>
        {TEXTS.setOne}
      </button>
    </p>
  );
}

import { isOperator, isUnclaimed } from "../models/access.ts";
import { now, status } from "../models/box.ts";
import { judge, judging, trial, verdictSaid } from "../models/changes.ts";
import { mayNot, TEXTS } from "../texts.ts";
import { Failure } from "../ui/failure.tsx";
import { Icon } from "../ui/icon.tsx";
import { TellButton } from "../ui/tell-button.tsx";

/** A change that waits to be confirmed: above everything else, for its time runs out. */
export function TrialBar() {
  const said = verdictSaid.value;
  if (trial.value !== undefined) return <Trial until={trial.value.until} />;
  return said === "" ? null : (
    <p class="trial-said" role="status" tabIndex={-1} id={TRIAL_SAID}>
      <Icon name="check" /> <span>{said}</span>
    </p>
  );
}

function Trial({ until }: { readonly until: number }) {
  const seconds = Math.max(0, Math.ceil((until - now.value) / 1000));
  const partner = status.value?.partner;
  const isPair = partner?.paired === true && partner.connected;
  const may = isOperator.value;
  const button = {
    ...{ talk: judging, isAllowed: may, whyNotId: WHY_NOT, onGone: focusResult },
  };
  return (
    <section class="trial" aria-labelledby={TRIAL_TITLE}>
      <Icon name="clock" />
      <div class="trial-words">
        <h2 id={TRIAL_TITLE} tabIndex={-1}>
          {TEXTS.trialTitle}
        </h2>
        <p role="status">
          {seconds === 0 ? TEXTS.trialOver : isPair ? TEXTS.trialPair : TEXTS.trialAlone}
        </p>
        {!may && (
          <p id={WHY_NOT} class="small">
            {mayNot(isUnclaimed.value, false)}
          </p>
        )}
        <Failure talk={judging} />
      </div>
      {seconds > 0 && <p class="trial-left number">{TEXTS.trialLeft(seconds)}</p>}
      <p class="buttons">
        <TellButton
          {...button}
          text={TEXTS.keepIt}
          kind={may ? "main" : undefined}
          onClick={() => judge("confirm")}
        />
        <TellButton {...button} text={TEXTS.undoNow} onClick={() => judge("undo")} />
      </p>
    </section>
  );
}

/** Where the bar is, or what came of it. */
export function focusTrial(): void {
  document.getElementById(TRIAL_TITLE)?.focus();
}

function focusResult(): void {
  (document.getElementById(TRIAL_SAID) ?? document.querySelector("main"))?.focus();
}

const TRIAL_TITLE = "trial-title";
const TRIAL_SAID = "trial-said";
const WHY_NOT = "trial-why-not";

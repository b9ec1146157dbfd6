import type { PairingStage, PairingView } from "../../daemon/http/api-types.ts";
import { answer, isSaying, pairing, say } from "../models/pairing.ts";
import { PAIRING_STAGES, TEXTS } from "../texts.ts";
import { Facts } from "../ui/facts.tsx";
import { Icon } from "../ui/icon.tsx";

/** Two boxes become one: shown while there is something to be done or to be seen. */
export function Pairing() {
  const view = pairing.value;
  if (!view?.underWay) return null;
  return (
    <section class="card pairing" aria-labelledby="pairing-title">
      <h2 id="pairing-title">{TEXTS.pairing}</h2>
      <div role="status">
        <p>
          <strong>{view.sentence}</strong>
        </p>
        {view.advice !== "" && <p>{view.advice}</p>}
      </div>
      {view.refusal !== null && <Refusal refusal={view.refusal} />}
      {view.digits !== null && <Digits digits={view.digits} isConfirmed={view.confirmedHere} />}
      {view.question !== null && <Question differences={view.question.differences} />}
      <Buttons view={view} />
      <p role="status" class="muted">
        {answer.value}
      </p>
      <Stages stages={view.stages} />
      {view.found !== null && <Found found={view.found} />}
    </section>
  );
}

/** Otherwise one line, and the way out of a pair. */
export function PairingLine() {
  const view = pairing.value;
  if (view === undefined || view.underWay) return null;
  return (
    <section class="card" aria-labelledby="pairing-title">
      <h2 id="pairing-title">{TEXTS.pairing}</h2>
      <p class="muted small">
        {view.sentence} {view.advice}
      </p>
      {view.unpaired !== "" && <p class="small">{view.unpaired}</p>}
      {view.actions.includes("unpair") && (
        <details>
          <summary>{TEXTS.unpair}</summary>
          <p class="small">{TEXTS.unpairHelp}</p>
          <p class="buttons">
            <Button text={TEXTS.unpairYes} onClick={() => say("unpair")} />
          </p>
        </details>
      )}
    </section>
  );
}

function Refusal({ refusal }: { readonly refusal: NonNullable<PairingView["refusal"]> }) {
  const { sentence, advice, loud } = refusal;
  return (
    <div class={`refusal ${loud ? "refusal-loud" : ""}`} role="alert">
      <Icon name={loud ? "error" : "warning"} />
      <div>
        {loud && <p class="sentence">{TEXTS.pairingLoud}</p>}
        <p>
          <strong>{sentence}</strong>
        </p>
        <p>{advice}</p>
      </div>
    </div>
  );
}

/** In two groups of three, as people read them to each other; read aloud digit by digit. */
function Digits({
  digits,
  isConfirmed,
}: {
  readonly digits: string;
  readonly isConfirmed: boolean;
}) {
  const groups = [digits.slice(0, 3), digits.slice(3)];
  const spoken = groups.map((group) => group.split("").join(" ")).join(", ");
  return (
    <>
      <p class="digits">
        <span class="hidden">
          {TEXTS.digits}: {spoken}
        </span>
        {groups.map((group, at) => (
          <span key={at} aria-hidden="true">
            {group}
          </span>
        ))}
      </p>
      <p class="muted small">{isConfirmed ? TEXTS.confirmedHere : TEXTS.confirmHelp}</p>
    </>
  );
}

function Question({ differences }: { readonly differences: readonly string[] }) {
  return (
    <div>
      <h3>{TEXTS.differences}</h3>
      <ul class="differences">
        {differences.map((difference) => (
          <li key={difference}>{difference}</li>
        ))}
      </ul>
      <p class="muted small">{TEXTS.chooseHelp}</p>
    </div>
  );
}

function Buttons({ view }: { readonly view: PairingView }) {
  const { actions, digits } = view;
  const may = (action: PairingView["actions"][number]) => actions.includes(action);
  return (
    <p class="buttons">
      {may("confirm") && (
        <Button text={TEXTS.confirm} kind="main" onClick={() => say("confirm", { digits })} />
      )}
      {may("differ") && <Button text={TEXTS.differ} onClick={() => say("differ")} />}
      {may("choose") && (
        <>
          <Button text={TEXTS.keep} onClick={() => say("choose", { choice: "keep" })} />
          <Button text={TEXTS.take} onClick={() => say("choose", { choice: "take" })} />
        </>
      )}
      {may("cancel") && <Button text={TEXTS.cancel} onClick={() => say("cancel")} />}
      {may("again") && <Button text={TEXTS.again} onClick={() => say("again")} />}
    </p>
  );
}

function Button({
  text,
  kind,
  onClick,
}: {
  readonly text: string;
  readonly kind?: "main";
  readonly onClick: () => void;
}) {
  return (
    <button type="button" class={kind} disabled={isSaying.value} onClick={onClick}>
      {text}
    </button>
  );
}

function Stages({ stages }: { readonly stages: readonly PairingStage[] }) {
  return (
    <ol class="stages" aria-label={TEXTS.stages}>
      {stages.map(({ id, state, seconds }) => (
        <li
          key={id}
          class={`stage stage-${state}`}
          aria-current={state === "now" ? "step" : undefined}
        >
          {state !== "open" && <Icon name={state === "done" ? "check" : "clock"} />}
          <span>{PAIRING_STAGES[id]}</span>
          {state !== "open" && (
            <span class="hidden">{state === "done" ? TEXTS.stageDone : TEXTS.stageNow}</span>
          )}
          {seconds !== null && <span class="number">{TEXTS.seconds(seconds)}</span>}
        </li>
      ))}
    </ol>
  );
}

function Found({ found }: { readonly found: NonNullable<PairingView["found"]> }) {
  return (
    <>
      <h3>{TEXTS.foundBox}</h3>
      <Facts
        rows={[
          [TEXTS.name, found.name || TEXTS.unnamed],
          [TEXTS.model, found.model || TEXTS.unnamed],
          [TEXTS.serial, found.serial || TEXTS.unnamed],
          [TEXTS.version, found.version || TEXTS.unnamed],
        ]}
      />
    </>
  );
}

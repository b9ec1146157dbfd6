import type { ComponentChildren } from "preact";
import type { PairingStage, PairingView } from "../../daemon/http/api-types.ts";
import { status } from "../models/box.ts";
import { dismiss, isJustPaired, pairing, say } from "../models/pairing.ts";
import { PAIRING_STAGES, TEXTS } from "../texts.ts";
import { Facts } from "../ui/facts.tsx";
import { Icon } from "../ui/icon.tsx";
import { Unpaired } from "./pair.tsx";
import { focusHeading, HEADINGS, Said, SayButton } from "./saying.tsx";

/** Two boxes become one: shown while there is something to be done, or to be seen. */
export function Pairing() {
  const view = pairing.value;
  if (view === undefined) return null;
  if (isJustPaired.value) return <Finished view={view} />;
  if (!view.underWay) return null;
  const { sentence, advice, refusal, digits, confirmedHere, question, found, unpaired } = view;
  const heldUp = heldUpBy(view);
  return (
    <Card>
      <Unpaired said={unpaired} />
      <div role="status">
        <p>
          <strong>{sentence}</strong>
        </p>
        {advice !== "" && <p>{advice}</p>}
        {heldUp !== "" && <p>{heldUp}</p>}
      </div>
      {refusal !== null && <Refusal refusal={refusal} />}
      {digits !== null && <Digits digits={digits} isConfirmed={confirmedHere} />}
      {question !== null && <Question differences={question.differences} />}
      <Buttons view={view} />
      <Said />
      {refusal === null && <Stages stages={view.stages} />}
      {found !== null && <Found found={found} />}
    </Card>
  );
}

/** What the boxes do by themselves is done in a moment, unless one waits for a person or cannot reach the other. */
function heldUpBy({ refusal, digits, question, stages }: PairingView): string {
  const stage = stages.find(({ state }) => state === "now");
  const seconds = stage?.seconds ?? 0;
  if (stage === undefined || refusal !== null || digits !== null || question !== null) return "";
  if (stage.id === "digits") return seconds >= 4 ? TEXTS.heldUp : "";
  const isByThemselves = BY_THEMSELVES.includes(stage.id);
  return isByThemselves && seconds >= 15 ? TEXTS.slow : "";
}

const BY_THEMSELVES: readonly PairingStage["id"][] = ["roles", "configuration", "leases"];

/** The end of it, until it is read or a minute old. */
function Finished({ view }: { readonly view: PairingView }) {
  return (
    <Card>
      <p class="paired" role="status">
        <Icon name="check" />
        <span>
          <strong>{TEXTS.paired}</strong> {TEXTS.pairedHelp}
        </span>
      </p>
      <Stages stages={view.stages} />
      <p class="buttons">
        <button type="button" onClick={close}>
          {TEXTS.close}
        </button>
      </p>
    </Card>
  );
}

function close(): void {
  dismiss();
  requestAnimationFrame(focusHeading);
}

function Card({ children }: { readonly children: ComponentChildren }) {
  return (
    <section class="card pairing" aria-labelledby={HEADINGS.pairing}>
      <h2 id={HEADINGS.pairing} tabIndex={-1}>
        {TEXTS.pairing}
      </h2>
      {children}
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
  const { actions, digits, found } = view;
  const here = status.value?.box.name ?? "";
  const may = (action: PairingView["actions"][number]) => actions.includes(action);
  return (
    <p class="buttons">
      {may("confirm") && (
        <SayButton text={TEXTS.confirm} kind="main" onClick={() => say("confirm", { digits })} />
      )}
      {may("differ") && <SayButton text={TEXTS.differ} onClick={() => say("differ")} />}
      {may("choose") && (
        <>
          <SayButton text={TEXTS.keep(here)} onClick={() => say("choose", { choice: "keep" })} />
          <SayButton
            text={TEXTS.take(found?.name ?? "")}
            onClick={() => say("choose", { choice: "take" })}
          />
        </>
      )}
      {may("cancel") && <SayButton text={TEXTS.cancel} onClick={() => say("cancel")} />}
      {may("again") && <SayButton text={TEXTS.again} onClick={() => say("again")} />}
    </p>
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
  const rows = [
    [TEXTS.name, found.name],
    [TEXTS.model, found.model],
    [TEXTS.serial, found.serial],
    [TEXTS.version, found.version],
  ] as const;
  return (
    <>
      <h3>{TEXTS.foundBox}</h3>
      <Facts rows={rows.filter(([, value]) => value !== "")} />
    </>
  );
}

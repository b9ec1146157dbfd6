import type { ConfigSyncView } from "../../daemon/http/api-types.ts";
import { isAdmin } from "../models/access.ts";
import { choose, choosing } from "../models/changes.ts";
import { configuration } from "../models/configuration.ts";
import { TEXTS } from "../texts.ts";
import { AskFirst } from "../ui/ask-first.tsx";
import { Differences } from "../ui/differences.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { History } from "./history.tsx";
import { focusHeading } from "./saying.tsx";

/** Whether both boxes go by the same configuration; when they do not, what is different and what to do. */
export function SharedConfiguration() {
  const view = configuration.value;
  if (view === undefined) return null;
  const { sentence, pending, refused, diverged, hash } = view;
  return (
    <div class="shared">
      <p class={`shared-line shared-${signOf(view)}`}>
        <Icon name={signOf(view)} />
        <span>
          {sentence}{" "}
          <span class="mono muted" title={hash}>
            <span class="hidden">{TEXTS.fingerprint} </span>
            {hash.slice(0, 8)}
          </span>
        </span>
      </p>
      {pending !== "" && <p>{pending}</p>}
      {refused !== "" && <p class="bad">{refused}</p>}
      {diverged && <Choice view={view} />}
      <History />
    </div>
  );
}

function signOf({ inStep, diverged, refused }: ConfigSyncView): IconName {
  if (diverged) return "error";
  if (refused !== "") return "warning";
  return inStep ? "check" : "clock";
}

function Choice({ view: { differences, moreDifferences } }: { readonly view: ConfigSyncView }) {
  const rows = differences.map(({ path, here, partner }) => ({
    ...{ path, values: [here, partner] as const },
  }));
  return (
    <>
      {differences.length > 0 && (
        <>
          <h3>{TEXTS.configDifferences}</h3>
          <Differences names={[TEXTS.configHere, TEXTS.configThere]} rows={rows} />
          {moreDifferences > 0 && <p class="muted">{TEXTS.configMore(moreDifferences)}</p>}
        </>
      )}
      {isAdmin.value ? <ChoiceHere /> : <ChoiceElsewhere />}
    </>
  );
}

function ChoiceHere() {
  const shared = { no: TEXTS.leaveIt, talk: choosing, onGone: focusHeading };
  return (
    <>
      <h3>{TEXTS.configChooseHere}</h3>
      <AskFirst
        {...shared}
        text={TEXTS.configKeepHere}
        question={TEXTS.configKeepAsk}
        yes={TEXTS.configKeepYes}
        onYes={() => choose("keep")}
      />
      <AskFirst
        {...shared}
        text={TEXTS.configTakeThere}
        question={TEXTS.configTakeAsk}
        yes={TEXTS.configTakeYes}
        onYes={() => choose("take")}
      />
    </>
  );
}

/** For those who may not choose on the page, and on a box on which nobody can log in yet. */
function ChoiceElsewhere() {
  return (
    <>
      <h3>{TEXTS.configChoose}</h3>
      <ul class="config-commands">
        <li>
          <code>tandem config keep</code> {TEXTS.configKeep}
        </li>
        <li>
          <code>tandem config take</code> {TEXTS.configTake}
        </li>
      </ul>
    </>
  );
}

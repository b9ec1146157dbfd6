import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { HistoryEntryView, HistoryVersionView } from "../../daemon/http/api-types.ts";
import { clock, exact } from "../format.ts";
import { isAdmin } from "../models/access.ts";
import { boxNow, status } from "../models/box.ts";
import {
  hasHistoryFailed,
  history,
  loadHistory,
  loadVersion,
  restore,
  restoring,
  TRIAL_SECONDS,
  trial,
  versions,
} from "../models/changes.ts";
import { TEXTS } from "../texts.ts";
import { AskFirst } from "../ui/ask-first.tsx";
import { Differences } from "../ui/differences.tsx";
import { focusTrial } from "./trial-bar.tsx";

/** Who changed the configuration, and the way back; asked for when somebody looks. */
export function History() {
  const mostShown = useSignal(SHOWN_AT_FIRST);
  const entries = history.value;
  const more = (entries?.length ?? 0) - mostShown.value;
  return (
    <details
      class="history"
      onToggle={(event) => {
        if (event.currentTarget.open) void loadHistory();
      }}
    >
      <summary>{TEXTS.history}</summary>
      {hasHistoryFailed.value && <p class="bad">{TEXTS.historyFailed}</p>}
      {entries?.length === 0 && <p class="muted">{TEXTS.noHistory}</p>}
      <ol>
        {entries?.slice(0, mostShown.value).map((entry) => (
          <li key={`${entry.generation} ${entry.hash}`} class="history-entry">
            {entry.isInForce ? <Made entry={entry} /> : <Earlier entry={entry} />}
          </li>
        ))}
      </ol>
      {more > 0 && (
        <p class="buttons">
          <button type="button" onClick={() => (mostShown.value += more)}>
            {TEXTS.moreChanges(more)}
          </button>
        </p>
      )}
    </details>
  );
}

/** On a box without a partner there is no other place for it. */
export function HistoryCard() {
  return (
    <section class="card" aria-labelledby="configuration-title">
      <h2 id="configuration-title">{TEXTS.configurationTitle}</h2>
      <History />
    </section>
  );
}

/** Which one, by whom, when and from where. */
function Made({ entry: { generation, origin, isInForce } }: { readonly entry: HistoryEntryView }) {
  return (
    <span class="made">
      <span>
        <strong>{TEXTS.changeNumber(generation)}</strong>
        {isInForce && <span class="tag tag-good">{TEXTS.inForce}</span>}
      </span>
      {origin === null ? (
        <span class="muted">{TEXTS.changeUnknown}</span>
      ) : (
        <>
          <span>
            {origin.by === "" ? TEXTS.changeNobody : origin.by},{" "}
            <time dateTime={origin.at} title={exact(origin.at)}>
              {clock(origin.at, boxNow.peek())}
            </time>
            <span class="second">{TEXTS.changeFrom(origin.from, origin.box)}</span>
          </span>
          {origin.note !== "" && <q>{origin.note}</q>}
        </>
      )}
    </span>
  );
}

function Earlier({ entry }: { readonly entry: HistoryEntryView }) {
  const { generation } = entry;
  const isOpen = useSignal(false);
  const version = versions.value.get(generation);
  // Also when what is in force has become another one: then it differs from that.
  const isMissing = isOpen.value && version === undefined;
  useEffect(() => {
    if (isMissing) void loadVersion(generation);
  }, [isMissing, generation]);
  return (
    <details
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
        if (isOpen.value && version === "failed") void loadVersion(generation);
      }}
    >
      <summary>
        <Made entry={entry} />
      </summary>
      {version === "failed" && <p class="bad">{TEXTS.changeFailed}</p>}
      {version !== undefined && version !== "failed" && <Version version={version} />}
    </details>
  );
}

function Version({ version }: { readonly version: HistoryVersionView }) {
  const { differences, moreDifferences, generation } = version;
  if (differences.length === 0) return <p class="muted">{TEXTS.changeSame}</p>;
  const rows = differences.map(({ path, before, after }) => ({
    ...{ path, values: [before, after] as const },
  }));
  return (
    <>
      <h3>{TEXTS.changeDifferences}</h3>
      <Differences names={[TEXTS.changeThen, TEXTS.changeNow]} rows={rows} />
      {moreDifferences > 0 && <p class="muted">{TEXTS.configMore(moreDifferences)}</p>}
      {isAdmin.value && <GoBack generation={generation} />}
    </>
  );
}

function GoBack({ generation }: { readonly generation: number }) {
  if (trial.value !== undefined) return <p class="muted">{TEXTS.goBackWaits}</p>;
  const ask = status.value?.partner.paired ? TEXTS.goBackAsk : TEXTS.goBackAskAlone;
  return (
    <AskFirst
      text={TEXTS.goBack}
      question={ask(generation, TRIAL_SECONDS)}
      yes={TEXTS.goBackYes}
      no={TEXTS.leaveIt}
      talk={restoring}
      onYes={() => restore(generation)}
      onGone={focusTrial}
    />
  );
}

const SHOWN_AT_FIRST = 8;

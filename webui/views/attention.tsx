import type { Status } from "../../daemon/http/api-types.ts";
import { headlined } from "../models/box.ts";
import { SEVERITIES, TEXTS } from "../texts.ts";
import { Age } from "../ui/age.tsx";
import { Icon } from "../ui/icon.tsx";

const WEIGHT = { error: 0, warning: 1, info: 2 } as const;

/** What is not as it should be besides what the headline says, the worst first, each with what a person can do. */
export function Attention({ status }: { readonly status: Status }) {
  const { issues, source } = status.configuration;
  const conditions = status.conditions
    .filter((condition) => condition !== headlined.value)
    .sort((a, b) => WEIGHT[a.severity] - WEIGHT[b.severity] || (a.since < b.since ? 1 : -1));
  if (conditions.length === 0 && issues.length === 0) return null;
  return (
    <section class="card attention" aria-labelledby="attention-title">
      <h2 id="attention-title">{TEXTS.attention}</h2>
      <ul class="conditions">
        {conditions.map(({ id, subject, severity, sentence, advice, since }) => (
          <li key={`${id} ${subject}`} class={`condition condition-${severity}`}>
            <Icon name={severity} />
            <div>
              <p>
                <span class="hidden">{SEVERITIES[severity]}: </span>
                <strong>{sentence}</strong>
              </p>
              {advice !== "" && <p>{advice}</p>}
              <p class="muted small">
                {TEXTS.conditionSince} <Age at={since} />
              </p>
            </div>
          </li>
        ))}
      </ul>
      {issues.length > 0 && (
        <>
          <h3>{TEXTS.configuration}</h3>
          <p class="muted">{TEXTS.configurationSource[source]}</p>
          <ul class="issues">
            {issues.map(({ file, path, reason }) => (
              <li key={`${file} ${path} ${reason}`}>
                <code>{[file, path].filter((part) => part !== "").join(" ")}</code> {reason}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

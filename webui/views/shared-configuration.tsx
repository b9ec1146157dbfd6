import type { ConfigSyncView } from "../../daemon/http/api-types.ts";
import { configuration } from "../models/configuration.ts";
import { TEXTS } from "../texts.ts";
import { Icon, type IconName } from "../ui/icon.tsx";

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
    </div>
  );
}

function signOf({ inStep, diverged, refused }: ConfigSyncView): IconName {
  if (diverged) return "error";
  if (refused !== "") return "warning";
  return inStep ? "check" : "clock";
}

function Choice({ view: { differences, moreDifferences } }: { readonly view: ConfigSyncView }) {
  return (
    <>
      {differences.length > 0 && (
        <>
          <h3>{TEXTS.configDifferences}</h3>
          <ul class="config-differences">
            {differences.map(({ path, here, partner }) => (
              <li key={path}>
                <code>{path}</code>
                <dl>
                  <dt>{TEXTS.configHere}</dt>
                  <dd class="mono">{here}</dd>
                  <dt>{TEXTS.configThere}</dt>
                  <dd class="mono">{partner}</dd>
                </dl>
              </li>
            ))}
          </ul>
          {moreDifferences > 0 && <p class="muted">{TEXTS.configMore(moreDifferences)}</p>}
        </>
      )}
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

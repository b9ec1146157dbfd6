import type { BoxState } from "../../daemon/http/api-types.ts";
import { clock } from "../format.ts";
import { boxNow, connection, headlined, isStale, lastWordAt, now, status } from "../models/box.ts";
import { STATES, TEXTS } from "../texts.ts";
import { Age } from "../ui/age.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";

/** One sentence and one colour: whether all is well, in two seconds. */
export function Headline() {
  const told = status.value;
  if (told === undefined) {
    const isLost = connection.value === "lost";
    return (
      <section class="headline headline-stale" aria-live="polite">
        <Icon name="clock" />
        <div>
          <p class="sentence">{isLost ? TEXTS.never : TEXTS.asking}</p>
          <p class="detail">{isLost ? TEXTS.neverDetail : TEXTS.askingDetail}</p>
        </div>
      </section>
    );
  }
  if (isStale.value) {
    const time = clock(new Date(lastWordAt.value).toISOString(), now.value);
    return (
      <section class="headline headline-stale" aria-live="polite">
        <Icon name="clock" />
        <div>
          <p class="sentence">{TEXTS.lost(time)}</p>
          <p class="detail">{TEXTS.lostDetail}</p>
        </div>
      </section>
    );
  }
  const advice = headlined.value?.advice ?? "";
  return (
    <section class={`headline headline-${told.state}`} aria-live="polite">
      <Icon name={ICONS[told.state]} />
      <div>
        <p class="sentence">{told.why}</p>
        {advice !== "" && <p class="advice">{advice}</p>}
        <p class="detail">
          {TEXTS.since(STATES[told.state], clock(told.since, boxNow.value))}
          <span aria-live="off">
            , <Age at={told.since} />
          </span>
        </p>
      </div>
    </section>
  );
}

const ICONS: Readonly<Record<BoxState, IconName>> = {
  fine: "check",
  degraded: "warning",
  down: "error",
};

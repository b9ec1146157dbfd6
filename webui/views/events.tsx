import { clock, exact } from "../format.ts";
import { boxNow, events } from "../models/box.ts";
import { SEVERITIES, TEXTS } from "../texts.ts";

export function Events() {
  return (
    <section class="card" aria-labelledby="events-title">
      <h2 id="events-title">{TEXTS.events}</h2>
      {events.value.length === 0 && <p class="muted">{TEXTS.noEvents}</p>}
      <ol class="events">
        {events.value.map(({ sequence, at, severity, sentence }) => (
          <li key={sequence} class={`event event-${severity}`}>
            <time class="muted" dateTime={at} title={exact(at)}>
              {clock(at, boxNow.peek())}
            </time>
            <p>
              {severity !== "info" && <span class="hidden">{SEVERITIES[severity]}: </span>}
              {sentence}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

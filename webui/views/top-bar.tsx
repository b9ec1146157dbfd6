import { boxNow, connection, isStale, lastWordAt, now, status } from "../models/box.ts";
import { ROLES, relative, TEXTS } from "../texts.ts";

/** Which of the two boxes this is, and what it is: the same on both, and not to be missed. */
export function TopBar() {
  const told = status.value;
  return (
    <header class="top-bar">
      <div class="top-bar-inner">
        <span class="product">{TEXTS.product}</span>
        {told !== undefined && (
          <>
            <h1>
              {TEXTS.box} {told.box.name}
            </h1>
            <span class={`role role-${told.role}`}>{ROLES[told.role]}</span>
            <Freshness />
          </>
        )}
      </div>
    </header>
  );
}

function Freshness() {
  const age = relative((lastWordAt.value - Math.max(now.value, lastWordAt.value)) / 1000);
  const isLive = connection.value === "live" && !isStale.value;
  return (
    <span
      class={`freshness ${isLive ? "is-live" : "is-old"}`}
      title={new Date(boxNow.value).toString()}
    >
      {isLive ? TEXTS.live(age) : TEXTS.stale(age)}
    </span>
  );
}

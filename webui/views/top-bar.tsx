import { caller, isUnclaimed, leaving, logOut } from "../models/access.ts";
import { boxNow, connection, isStale, lastWordAt, now, status } from "../models/box.ts";
import { ROLES, relative, TEXTS, USER_ROLES } from "../texts.ts";
import { Failure } from "../ui/failure.tsx";
import { TellButton } from "../ui/tell-button.tsx";

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
        <Who />
      </div>
    </header>
  );
}

/** Who has logged in, and the way out. */
function Who() {
  const who = caller.value;
  if (who === undefined || isUnclaimed.value) return null;
  return (
    <div class="who">
      <span>
        <span class="hidden">{TEXTS.loggedInAs(who.name)}, </span>
        <span class="who-name" aria-hidden="true">
          {who.name}
        </span>{" "}
        <span class="muted">{USER_ROLES[who.role]}</span>
      </span>
      <span class="buttons">
        <TellButton text={TEXTS.logOut} talk={leaving} onClick={logOut} />
      </span>
      <Failure talk={leaving} />
    </div>
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

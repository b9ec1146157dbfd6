import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { followBox } from "./api.ts";
import { App } from "./app.tsx";
import { caller, followAccess, hasNoPassword, isInside, look } from "./models/access.ts";
import * as box from "./models/box.ts";
import { followChanges } from "./models/changes.ts";
import { followConfiguration } from "./models/configuration.ts";
import { heardLeases, loadAfterBreak } from "./models/leases.ts";
import { followPairing } from "./models/pairing.ts";
import { ROLES, STATES, TEXTS } from "./texts.ts";

followAccess();
followChanges();

// Nothing is asked of a box that does not show itself to whoever sits here.
effect(() => (isInside.value ? untracked(followAll) : undefined));

function followAll(): () => void {
  const stops = [
    followBox({
      opened: () => {
        box.heardAnything();
        loadAfterBreak();
      },
      event: (event) => {
        box.heardAnything();
        if (event.kind === "status") box.heardStatus(event.status);
        else if (event.kind === "log") box.heardEvent(event.event);
        else heardLeases(event.leases, event.more === true);
      },
      // The browser does not tell why a stream has ended: the box may no longer know who this is.
      lost: () => {
        box.lostBox();
        void look();
      },
    }),
    followPairing(),
    followConfiguration(),
  ];
  return () => {
    for (const stop of stops) stop();
    box.forgetBox();
  };
}

setInterval(() => {
  box.now.value = Date.now();
}, 1000);

// Tab and frame show state and role as well; the frame is drawn by style/base.css.
effect(() => {
  const status = box.status.value;
  const state = box.isStale.value ? "stale" : status?.state;
  document.documentElement.dataset.state = state ?? "unknown";
  document.documentElement.dataset.role = status?.role ?? "unknown";
  document.title = titleOf(status);
});

function titleOf(status: typeof box.status.value): string {
  const words: string[] = [TEXTS.product];
  if (status === undefined) {
    const isOutside = caller.value !== undefined && !isInside.value;
    if (isOutside) words.unshift(hasNoPassword.value ? TEXTS.setUp : TEXTS.logIn);
    return words.join(SEPARATOR);
  }
  words.unshift(status.box.name, ROLES[status.role]);
  if (status.state !== "fine") words.unshift(STATES[status.state]);
  return words.join(SEPARATOR);
}

const SEPARATOR = " · ";

const page = document.getElementById("page");
if (page !== null) render(<App />, page);

import { effect } from "@preact/signals";
import { render } from "preact";
import { followBox } from "./api.ts";
import { App } from "./app.tsx";
import * as box from "./models/box.ts";
import { followConfiguration } from "./models/configuration.ts";
import { heardLeases, loadAfterBreak } from "./models/leases.ts";
import { followPairing } from "./models/pairing.ts";
import { ROLES, STATES, TEXTS } from "./texts.ts";

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
  lost: box.lostBox,
});

followPairing();
followConfiguration();

setInterval(() => {
  box.now.value = Date.now();
}, 1000);

// Tab and frame show state and role as well; the frame is drawn by style/base.css.
effect(() => {
  const status = box.status.value;
  const state = box.isStale.value ? "stale" : status?.state;
  document.documentElement.dataset.state = state ?? "unknown";
  document.documentElement.dataset.role = status?.role ?? "unknown";
  if (status === undefined) return;
  const words = [status.box.name, ROLES[status.role], TEXTS.product];
  if (status.state !== "fine") words.unshift(STATES[status.state]);
  document.title = words.join(" · ");
});

const page = document.getElementById("page");
if (page !== null) render(<App />, page);

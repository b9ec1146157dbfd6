// A box that has nothing but its page over HTTPS, as a program: what appliance.ts joins, with the addresses that this
// namespace really has. What it is told comes as JSON in the first argument; it says when something opens or closes.

import { readFileSync } from "node:fs";
import type { LogValues } from "../../daemon/catalogue.ts";
import type { WebPlan } from "../../daemon/core/web/places.ts";
import { webNames } from "../../daemon/core/web/places.ts";
import { textResponse } from "../../daemon/http/message.ts";
import { presentAddresses } from "../../daemon/io/present-addresses.ts";
import { every } from "../../daemon/io/ticker.ts";
import type { KeyAndCertificate } from "../../daemon/io/web-keys.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { WebCertificate } from "../../daemon/web-certificate.ts";
import { WebListeners } from "../../daemon/web-listeners.ts";

export interface WebBoxOptions {
  readonly stateDir: string;
  /** Holds the authority of both boxes, as JSON. */
  readonly authorityFile: string;
  readonly plan: WebPlan;
}

const { stateDir, authorityFile, plan } = JSON.parse(process.argv[2] ?? "") as WebBoxOptions;
const authority = JSON.parse(readFileSync(authorityFile, "utf8")) as KeyAndCertificate;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const setCondition = (id: string, subject: string, values: LogValues | undefined): void => {
  if (values) say(`${id} ${subject}: ${values.why}`);
};

const listeners = new WebListeners({
  side: {
    answer: ({ remote }) => textResponse(200, "text/plain", `box ${plan.box} to ${remote}\n`),
  },
  now: () => performance.now(),
  addresses: presentAddresses,
  setCondition,
});
const certificate = new WebCertificate(stateDir, {
  authority: { mayMake: false, get: () => authority, set: () => {} },
  now: () => ({ monotonic: performance.now(), wall: Date.now() }),
  say: (id) => say(id),
  setCondition,
  show: (shown) => listeners.show(shown),
});
certificate.look(plan.box, webNames(plan));
listeners.configure(plan);
let said = "";
every(50, () => {
  const open = Array.from(listeners.open.keys()).join(" ");
  if (open !== said) say(`open: ${open}`);
  said = open;
});
every(LIMITS.httpsLookMilliseconds, () => listeners.look());

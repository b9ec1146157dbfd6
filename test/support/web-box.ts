// A box that has nothing but its page over HTTPS, as a program, with the addresses that this namespace really has. What
// it is told comes as JSON in the first argument; it says when something opens or closes.

import { readFileSync } from "node:fs";
import type { LogValues } from "../../daemon/catalogue.ts";
import type { WebPlan } from "../../daemon/core/web/places.ts";
import { textResponse } from "../../daemon/http/message.ts";
import { every } from "../../daemon/io/ticker.ts";
import { SecurePage } from "../../daemon/secure-page.ts";
import { AUTHORITY_KEY, AuthorityRecord } from "../../daemon/web-authority.ts";

export interface WebBoxOptions {
  readonly stateDir: string;
  /** Holds the record of the authority of both boxes. */
  readonly authorityFile: string;
  readonly plan: WebPlan;
}

const { stateDir, authorityFile, plan } = JSON.parse(process.argv[2] ?? "") as WebBoxOptions;
const records = new Map([[AUTHORITY_KEY, readFileSync(authorityFile, "utf8")]]);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const page = new SecurePage({
  ...{ stateDir, authority: new AuthorityRecord(records, () => false) },
  now: () => ({ monotonic: performance.now(), wall: Date.now() }),
  say: (id) => say(id),
  setCondition: (id: string, subject: string, values: LogValues | undefined) => {
    if (values) say(`${id} ${subject}: ${values.why}`);
  },
});
page.configure(plan);
page.serve({
  answer: ({ remote }) => textResponse(200, "text/plain", `box ${plan.box} to ${remote}\n`),
});
let said = "";
every(50, () => {
  const open = Array.from(page.open.keys()).join(" ");
  if (open !== said) say(`open: ${open}`);
  said = open;
});

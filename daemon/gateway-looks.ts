// What is looked at for the health of this box, each look as health.ts takes it.

import type { CheckId, Health, Look } from "./core/gateway/health.ts";
import type { GatewayPlan } from "./core/gateway/plan.ts";
import { type Resolvers, resolverLook } from "./core/gateway/resolvers.ts";
import type { JournalState } from "./ports.ts";
import type { WanWatch } from "./wan-watch.ts";

export interface BoxLooks {
  /** By the name of the LAN; only of those whose port is known. */
  readonly lans: readonly { readonly name: string; readonly hasCarrier: boolean }[];
  readonly journal: JournalState;
  /** LANs on which the box's test request to itself found no answer. */
  readonly failedProbes: readonly string[];
  readonly resolvers: Resolvers;
}

/** A box that is later than that does not answer in time. */
const LATE_MILLISECONDS = 200;

/** `late`: how late this process does things, in milliseconds. */
export function lookAtBox(
  health: Health,
  plan: GatewayPlan,
  looks: BoxLooks,
  wan: Pick<WanWatch, "wan" | "internet"> | undefined,
  late: number,
  now: number,
): void {
  const lans = new Set(plan.lans.map(({ name }) => name));
  health.keep((id, subject) => {
    if (id === "lan" || id === "dhcp") return lans.has(subject);
    return wan !== undefined || (id !== "wan" && id !== "internet");
  });
  const see = (id: CheckId, subject: string, look: Look | undefined): void =>
    health.look(id, subject, look, now);
  for (const { name, interfaceName } of plan.lans) {
    const lan = looks.lans.find((one) => one.name === name);
    see("lan", name, lan && lanLook(interfaceName, lan.hasCarrier));
    see("dhcp", name, probeLook(!looks.failedProbes.includes(name)));
  }
  see("wan", "", wan?.wan());
  see("internet", "", wan?.internet());
  see("resolver", "", resolverLook(looks.resolvers));
  see("disk", "", diskLook(looks.journal));
  see("busy", "", busyLook(late));
}

function lanLook(interfaceName: string, isGood: boolean): Look {
  return { isGood, detail: `${interfaceName} has ${isGood ? "a" : "no"} cable` };
}

function probeLook(isGood: boolean): Look {
  return { isGood, detail: isGood ? "the box answers itself" : "the box does not answer itself" };
}

function diskLook(journal: JournalState): Look {
  switch (journal.kind) {
    case "ok":
      return { isGood: true, detail: "leases are written at once" };
    case "slow":
      return { isGood: false, detail: `a write has taken ${Math.round(journal.milliseconds)} ms` };
    case "failing":
      return { isGood: false, detail: `leases cannot be written: ${journal.text}` };
  }
}

function busyLook(late: number): Look {
  const isGood = late < LATE_MILLISECONDS;
  return { isGood, detail: isGood ? "in time" : `${Math.round(late)} ms late` };
}

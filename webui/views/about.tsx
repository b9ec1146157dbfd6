import type { ComponentChildren } from "preact";
import type { PartnerStatus, Status } from "../../daemon/http/api-types.ts";
import { bytes, clock, exact } from "../format.ts";
import { boxNow } from "../models/box.ts";
import { ROLES, TEXTS } from "../texts.ts";
import { Age } from "../ui/age.tsx";
import { Facts } from "../ui/facts.tsx";

export function About({ status }: { readonly status: Status }) {
  const { box, journal, partner } = status;
  return (
    <section class="card" aria-labelledby="about-title">
      <h2 id="about-title">{TEXTS.about}</h2>
      <Facts
        rows={[
          [TEXTS.name, box.name],
          [TEXTS.role, ROLES[status.role]],
          [TEXTS.running, <Age key="age" at={box.startedAt} />],
          ...partnerRows(partner),
          [TEXTS.journal, `${TEXTS.journalState[journal.state]}, ${bytes(journal.bytes)}`],
          [TEXTS.memory, bytes(box.memoryBytes)],
          [TEXTS.version, box.version],
        ]}
      />
    </section>
  );
}

function partnerRows(partner: PartnerStatus): (readonly [string, ComponentChildren])[] {
  if (!partner.paired) return [[TEXTS.partner, TEXTS.noPartner]];
  const { connected, inStartup, stateWords, since, partnerStateWords, partnerSince } = partner;
  const here = inStartup ? TEXTS.pairStarting : stateWords;
  const rows: (readonly [string, ComponentChildren])[] = [
    [TEXTS.partner, connected ? TEXTS.partnerConnected : TEXTS.partnerAway],
    [TEXTS.pairHere, <StateSince key="here" words={here} since={inStartup ? null : since} />],
  ];
  if (partnerStateWords !== null) {
    const name = connected ? TEXTS.pairThere : TEXTS.pairThereLast;
    rows.push([name, <StateSince key="there" words={partnerStateWords} since={partnerSince} />]);
  }
  return rows;
}

function StateSince({ words, since }: { readonly words: string; readonly since: string | null }) {
  if (since === null) return <>{words}</>;
  return (
    <time dateTime={since} title={exact(since)}>
      {TEXTS.since(words, clock(since, boxNow.peek()))}
    </time>
  );
}

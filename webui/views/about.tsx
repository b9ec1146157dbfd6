import type { Status } from "../../daemon/http/api-types.ts";
import { bytes } from "../format.ts";
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
          [TEXTS.partner, TEXTS.noPartner],
          [TEXTS.journal, `${TEXTS.journalState[journal.state]}, ${bytes(journal.bytes)}`],
          [TEXTS.memory, bytes(box.memoryBytes)],
          [TEXTS.version, box.version],
        ]}
      />
      {!partner.paired && <p class="muted small">{partner.why}</p>}
    </section>
  );
}

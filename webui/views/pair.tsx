import type { Status } from "../../daemon/http/api-types.ts";
import { pairing, say } from "../models/pairing.ts";
import { TEXTS } from "../texts.ts";
import { HEADINGS, Said, SayButton } from "./saying.tsx";
import { SharedConfiguration } from "./shared-configuration.tsx";
import { Wires } from "./wires.tsx";

/** How this box stands to the other one, and the way out of a pair. Becoming one is in views/pairing.tsx. */
export function Pair({ status }: { readonly status: Status }) {
  const { partner } = status;
  const view = pairing.value;
  if (!partner.paired && view?.underWay) return null;
  // Both are asked for apart: for a moment one may know more than the other.
  const isQuiet = view !== undefined && !view.underWay && view.paired === partner.paired;
  const mayUnpair = partner.paired && view?.actions.includes("unpair") === true;
  // How the two are together says more than that they are a pair; that the pair is ending is not in it.
  const sentence = isQuiet && !mayUnpair ? view.sentence : partner.why;
  return (
    <section class="card pair" aria-labelledby={HEADINGS.pair}>
      <h2 id={HEADINGS.pair} tabIndex={-1}>
        {TEXTS.pair}
      </h2>
      <p>
        {sentence} {isQuiet && view.advice}
      </p>
      {isQuiet && <Unpaired said={view.unpaired} />}
      <Wires status={status} />
      {partner.paired && <SharedConfiguration />}
      {mayUnpair && <Unpair isReached={partner.connected} />}
    </section>
  );
}

/** What came of the end of the last pair. */
export function Unpaired({ said }: { readonly said: string }) {
  return said === "" ? null : (
    <p class="muted">
      {TEXTS.unpaired} {said}
    </p>
  );
}

function Unpair({ isReached }: { readonly isReached: boolean }) {
  return (
    <details>
      <summary>{TEXTS.unpair}</summary>
      <p>{isReached ? TEXTS.unpairHelp : TEXTS.unpairAway}</p>
      <p class="buttons">
        <SayButton card="pair" text={TEXTS.unpairYes} kind="grave" onClick={() => say("unpair")} />
      </p>
      <Said card="pair" />
    </details>
  );
}

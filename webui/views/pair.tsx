import type { Status } from "../../daemon/http/api-types.ts";
import { pairing, say } from "../models/pairing.ts";
import { TEXTS } from "../texts.ts";
import { Failure, SayButton } from "./saying.tsx";
import { SharedConfiguration } from "./shared-configuration.tsx";
import { Wires } from "./wires.tsx";

/** How this box stands to the other one, and the way out of a pair. Becoming one is in views/pairing.tsx. */
export function Pair({ status }: { readonly status: Status }) {
  const { partner } = status;
  const view = pairing.value;
  if (!partner.paired && view?.underWay) return null;
  const sentence = partner.paired ? partner.why : (view?.sentence ?? partner.why);
  const isQuiet = view !== undefined && !view.underWay;
  return (
    <section class="card pair" aria-labelledby="pair-title">
      <h2 id="pair-title" tabIndex={-1}>
        {TEXTS.pair}
      </h2>
      <p>
        {sentence} {isQuiet && view.advice}
      </p>
      {isQuiet && view.unpaired !== "" && <p>{view.unpaired}</p>}
      <Wires status={status} />
      <SharedConfiguration />
      {view?.actions.includes("unpair") && <Unpair />}
    </section>
  );
}

function Unpair() {
  return (
    <details>
      <summary>{TEXTS.unpair}</summary>
      <p>{TEXTS.unpairHelp}</p>
      <p class="buttons">
        <SayButton
          text={TEXTS.unpairYes}
          kind="grave"
          heading="pair-title"
          onClick={() => say("unpair")}
        />
      </p>
      <Failure />
    </details>
  );
}

import { status } from "./models/box.ts";
import { TEXTS } from "./texts.ts";
import { About } from "./views/about.tsx";
import { Attention } from "./views/attention.tsx";
import { Events } from "./views/events.tsx";
import { Gateway } from "./views/gateway.tsx";
import { Headline } from "./views/headline.tsx";
import { Leases } from "./views/leases.tsx";
import { Networks } from "./views/networks.tsx";
import { Pair } from "./views/pair.tsx";
import { Pairing } from "./views/pairing.tsx";
import { TopBar } from "./views/top-bar.tsx";

export function App() {
  const told = status.value;
  return (
    <>
      <a class="skip" href="#leases">
        {TEXTS.skip}
      </a>
      <TopBar />
      <main>
        <Headline />
        {told !== undefined && (
          <>
            <Pairing />
            <Attention status={told} />
            {told.partner.paired && <Pair status={told} />}
            <div class="columns">
              <div class="wide">
                <Networks networks={told.networks} />
                <Leases hasSeveralNetworks={told.networks.length > 1} />
              </div>
              <div class="narrow">
                {told.gateway !== null && <Gateway gateway={told.gateway} />}
                {!told.partner.paired && <Pair status={told} />}
                <About status={told} />
                <Events />
              </div>
            </div>
          </>
        )}
      </main>
    </>
  );
}

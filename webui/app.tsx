import { status } from "./models/box.ts";
import { TEXTS } from "./texts.ts";
import { About } from "./views/about.tsx";
import { Attention } from "./views/attention.tsx";
import { Events } from "./views/events.tsx";
import { Headline } from "./views/headline.tsx";
import { Leases } from "./views/leases.tsx";
import { Networks } from "./views/networks.tsx";
import { Pairing, PairingLine } from "./views/pairing.tsx";
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
            <Attention status={told} />
            <Pairing />
            <div class="columns">
              <div class="wide">
                <Networks networks={told.networks} />
                <Leases hasSeveralNetworks={told.networks.length > 1} />
              </div>
              <div class="narrow">
                <About status={told} />
                <PairingLine />
                <Events />
              </div>
            </div>
          </>
        )}
      </main>
    </>
  );
}

import { useEffect, useRef } from "preact/hooks";
import { caller, hasNoPassword, isInside, wantsSetup } from "./models/access.ts";
import { status } from "./models/box.ts";
import { TEXTS } from "./texts.ts";
import { About } from "./views/about.tsx";
import { Attention } from "./views/attention.tsx";
import { Events } from "./views/events.tsx";
import { Gateway } from "./views/gateway.tsx";
import { Headline } from "./views/headline.tsx";
import { HistoryCard } from "./views/history.tsx";
import { Leases } from "./views/leases.tsx";
import { Login } from "./views/login.tsx";
import { Networks } from "./views/networks.tsx";
import { NoPassword } from "./views/no-password.tsx";
import { Pair } from "./views/pair.tsx";
import { Pairing } from "./views/pairing.tsx";
import { Setup } from "./views/setup.tsx";
import { TopBar } from "./views/top-bar.tsx";
import { TrialBar } from "./views/trial-bar.tsx";

/** From outside there is one form; the box itself is for those whom it knows. */
export function App() {
  const hasEntered = useRef(false);
  if (caller.value === undefined) return <Waiting />;
  const isForm = !isInside.value || wantsSetup.value;
  if (isForm) {
    hasEntered.current = true;
    return !isInside.value && !hasNoPassword.value ? <Login /> : <Setup />;
  }
  return <Box isEntered={hasEntered.current} />;
}

/** The box has not said yet who it is to whom. */
function Waiting() {
  return (
    <>
      <TopBar />
      <main>
        <Headline />
      </main>
    </>
  );
}

/** `isEntered`: somebody came here through a form, which had the focus. */
function Box({ isEntered }: { readonly isEntered: boolean }) {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isEntered) main.current?.focus();
  }, []);
  const told = status.value;
  return (
    <>
      <a class="skip" href="#leases">
        {TEXTS.skip}
      </a>
      <TopBar />
      <main ref={main} tabIndex={-1}>
        <TrialBar />
        <Headline />
        <NoPassword />
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
                {!told.partner.paired && <HistoryCard />}
                <Events />
              </div>
            </div>
          </>
        )}
      </main>
    </>
  );
}

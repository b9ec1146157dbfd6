import type { GatewayStatus } from "../../daemon/http/api-types.ts";
import { clock, exact } from "../format.ts";
import { boxNow } from "../models/box.ts";
import { TEXTS } from "../texts.ts";
import { Facts } from "../ui/facts.tsx";
import { Icon } from "../ui/icon.tsx";

/** Where the addresses are that one of the boxes has at a time, and how well each box could have them. */
export function Gateway({ gateway }: { readonly gateway: GatewayStatus }) {
  const { role, why, since, lans, wan, health, partner, tracking } = gateway;
  const isHere = role === "active";
  const addresses = [...lans.flatMap((lan) => lan.addresses), ...(wan ? [wan.address] : [])];
  return (
    <section class="card" aria-labelledby="gateway-title">
      <div class="card-title">
        <h2 id="gateway-title">{TEXTS.gatewayTitle}</h2>
        <span class={`tag ${isHere ? "tag-good" : "tag-idle"}`}>
          {isHere ? TEXTS.gatewayHere : TEXTS.gatewayNotHere}
        </span>
      </div>
      <p>{why}</p>
      <Facts
        rows={[
          [
            TEXTS.gatewaySince,
            <time key="since" dateTime={since} title={exact(since)}>
              {clock(since, boxNow.peek())}
            </time>,
          ],
          [
            TEXTS.gatewayAddresses,
            <span key="addresses" class="mono lines">
              {addresses.join("\n")}
            </span>,
          ],
          [TEXTS.healthHere, TEXTS.score(health.score)],
          [TEXTS.healthThere, partner ? TEXTS.score(partner.score) : TEXTS.partnerAway],
        ]}
      />
      <p class="muted">{tracking.why}</p>
      <Checks checks={health.checks} />
    </section>
  );
}

/** What is bad is to be seen; what is good is there for those who look. */
function Checks({ checks }: { readonly checks: GatewayStatus["health"]["checks"] }) {
  const bad = checks.filter(({ isGood }) => !isGood);
  return (
    <>
      {bad.map(({ id, subject, title, detail }) => (
        <p key={`${id} ${subject}`} class="bad">
          <Icon name="error" /> {title}: {detail}
        </p>
      ))}
      <details>
        <summary>{TEXTS.checks}</summary>
        <ul class="counters">
          {checks.map(({ id, subject, title, detail }) => (
            <li key={`${id} ${subject}`}>
              <span>{title}</span> <span class="muted">{detail}</span>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

import type { NetworkStatus } from "../../daemon/http/api-types.ts";
import { span, TEXTS } from "../texts.ts";
import { Facts } from "../ui/facts.tsx";
import { Icon } from "../ui/icon.tsx";
import { PoolBar } from "../ui/pool-bar.tsx";

export function Networks({ networks }: { readonly networks: readonly NetworkStatus[] }) {
  if (networks.length === 0) return <p class="card muted">{TEXTS.noNetworks}</p>;
  return (
    <>
      {networks.map((network) => (
        <Network key={network.name} network={network} />
      ))}
    </>
  );
}

function Network({ network }: { readonly network: NetworkStatus }) {
  const title = `network-${network.name}`;
  return (
    <section class="card network" aria-labelledby={title}>
      <div class="card-title">
        <h2 id={title}>{network.name}</h2>
        <span class="muted mono">
          {network.subnet} {TEXTS.on} {network.interface}
        </span>
        <span class={`tag ${network.serving ? "tag-good" : "tag-idle"}`}>
          {network.serving ? TEXTS.served : TEXTS.notServed}
        </span>
      </div>
      <p>{network.why}</p>
      {network.pools.map((pool) => (
        <PoolBar key={pool.from} pool={pool} />
      ))}
      <Facts
        rows={[
          [TEXTS.link, <LinkState key="link" network={network} />],
          [TEXTS.serverId, <span class="mono">{network.serverId}</span>],
          [TEXTS.gateway, <span class="mono">{network.gateway || TEXTS.none}</span>],
          [TEXTS.leaseTime, span(network.leaseSeconds)],
        ]}
      />
      <Packets counters={network.counters} />
    </section>
  );
}

function LinkState({ network }: { readonly network: NetworkStatus }) {
  const { helper, present, carrier } = network.link;
  if (helper && present && carrier) return <span>{TEXTS.linkUp}</span>;
  const text = !helper ? TEXTS.linkUnknown : present ? TEXTS.linkNoCarrier : TEXTS.linkMissing;
  return (
    <span class="bad">
      <Icon name="error" /> {text}
    </span>
  );
}

/** The protocol's own words, for those who know them; out of the way for the others. */
function Packets({ counters }: { readonly counters: NetworkStatus["counters"] }) {
  const some = Object.entries(counters).filter(([, count]) => count > 0);
  return (
    <details>
      <summary>{TEXTS.packets}</summary>
      {some.length === 0 && <p class="muted">{TEXTS.noPackets}</p>}
      <ul class="counters">
        {some.map(([kind, count]) => (
          <li key={kind}>
            <span>{kind}</span> <span class="number">{count.toLocaleString()}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

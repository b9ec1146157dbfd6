import type { PoolStatus } from "../../daemon/http/api-types.ts";
import { TEXTS } from "../texts.ts";

const PARTS = ["active", "offered", "abandoned"] as const;

/** How full a pool is: a bar for the eye, and the numbers. */
export function PoolBar({ pool }: { readonly pool: PoolStatus }) {
  const used = pool.size - pool.free - pool.partners;
  const share = pool.size === 0 ? 0 : used / pool.size;
  const level = share >= 0.95 ? "full" : share >= 0.8 ? "high" : "calm";
  let start = 0;
  return (
    <div class={`pool pool-${level}`}>
      <div class="pool-title">
        <span class="mono">{TEXTS.pool(pool.from, pool.to)}</span>
        <strong>
          {TEXTS.poolUse(used, pool.size)}
          <span class="muted"> · {percent(share)}</span>
        </strong>
      </div>
      <svg
        class="pool-bar"
        viewBox="0 0 100 1"
        preserveAspectRatio="none"
        role="img"
        aria-label={TEXTS.poolLabel(pool.from, pool.to, used, pool.size)}
      >
        {PARTS.map((part) => {
          const width = pool.size === 0 ? 0 : (100 * pool[part]) / pool.size;
          const x = start;
          start += width;
          return <rect key={part} class={`part-${part}`} x={x} y="0" width={width} height="1" />;
        })}
      </svg>
      <ul class="legend">
        {[...PARTS, "free" as const].map((part) => (
          <li key={part}>
            <span class={`swatch part-${part}`} aria-hidden="true" />
            <span class="number">{pool[part]}</span> {TEXTS[part]}
          </li>
        ))}
        {pool.partners > 0 && (
          <li>
            <span class="swatch part-free" aria-hidden="true" />
            <span class="number">{pool.partners}</span> {TEXTS.partners}
          </li>
        )}
      </ul>
    </div>
  );
}

/** Never "0 %" for some, nor "100 %" for not all. */
function percent(share: number): string {
  if (share > 0 && share < 0.01) return "under 1 %";
  return `${Math.floor(share * 100)} %`;
}

import type { LeaseView } from "../../daemon/http/api-types.ts";
import * as model from "../models/leases.ts";
import { TEXTS } from "../texts.ts";
import { LeaseTable } from "./lease-table.tsx";

export function Leases({ hasSeveralNetworks }: { readonly hasSeveralNetworks: boolean }) {
  const leases = model.shown.value;
  const count = model.isLong.value ? model.total.value : leases.length;
  return (
    <section class="card" id="leases" aria-labelledby="leases-title">
      <div class="card-title">
        <h2 id="leases-title">{TEXTS.leases}</h2>
        <span class="count">{TEXTS.count(count, model.total.value)}</span>
      </div>
      <Controls />
      {model.hasFailed.value && <p class="bad">{TEXTS.loadFailed}</p>}
      <LeaseTable leases={leases} hasSeveralNetworks={hasSeveralNetworks} />
      {model.hasLoaded.value && leases.length === 0 && (
        <p class="muted empty">{model.total.value === 0 ? TEXTS.noLeases : TEXTS.noMatch}</p>
      )}
      {model.isLong.value && <Pager />}
      <NewLease />
    </section>
  );
}

function Controls() {
  const { search, state } = model.wish.value;
  return (
    <form class="controls" onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <span class="hidden">{TEXTS.search}</span>
        <input
          type="search"
          value={search}
          maxLength={100}
          placeholder={TEXTS.searchHint}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => model.setWish({ search: event.currentTarget.value })}
        />
      </label>
      <label>
        {TEXTS.show}{" "}
        <select
          value={state}
          onChange={(event) =>
            model.setWish({ state: event.currentTarget.value as LeaseView["state"] | "" })
          }
        >
          <option value="active">{TEXTS.showActive}</option>
          <option value="">{TEXTS.showAll}</option>
        </select>
      </label>
      <a href="/api/v1/leases?format=csv" download="leases.csv">
        {TEXTS.csv}
      </a>
    </form>
  );
}

function Pager() {
  const first = model.offset.value;
  const last = first + model.shown.value.length;
  const all = model.total.value;
  return (
    <nav class="pager" aria-label={TEXTS.leases}>
      <button type="button" disabled={first === 0} onClick={() => model.turnPage(-1)}>
        {TEXTS.previous}
      </button>
      <span>{TEXTS.range(Math.min(first + 1, all), last, all)}</span>
      <button type="button" disabled={last >= all} onClick={() => model.turnPage(1)}>
        {TEXTS.next}
      </button>
    </nav>
  );
}

/** Said to screen readers only; the others see the row stand out. */
function NewLease() {
  const lease = model.newest.value;
  return (
    <p class="hidden" role="status">
      {lease && TEXTS.announce(lease.hostname || lease.mac, lease.address)}
    </p>
  );
}

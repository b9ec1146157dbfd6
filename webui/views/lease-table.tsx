import type { LeaseView } from "../../daemon/http/api-types.ts";
import type { LeaseSort } from "../api.ts";
import * as model from "../models/leases.ts";
import { LEASE_STATES, TEXTS } from "../texts.ts";
import { Age } from "../ui/age.tsx";

const COLUMNS: readonly (readonly [LeaseSort, string])[] = [
  ["hostname", TEXTS.device],
  ["address", TEXTS.address],
  ["state", TEXTS.leaseState],
  ["seenAt", TEXTS.heard],
  ["expiresAt", TEXTS.ends],
];

export interface LeaseTableProps {
  readonly leases: readonly LeaseView[];
  readonly hasSeveralNetworks: boolean;
}

export function LeaseTable({ leases, hasSeveralNetworks }: LeaseTableProps) {
  const { sort, descending } = model.wish.value;
  const order = descending ? "descending" : "ascending";
  const fresh = model.fresh.value;
  return (
    <table class="leases">
      <caption class="hidden">{TEXTS.leases}</caption>
      <thead>
        <tr>
          {COLUMNS.map(([key, title]) => (
            <th key={key} scope="col" class={key} aria-sort={key === sort ? order : undefined}>
              <button type="button" onClick={() => model.toggleSort(key)}>
                {title}
                <span class="arrow" aria-hidden="true">
                  {key === sort ? (descending ? "▾" : "▴") : ""}
                </span>
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {leases.map((lease) => (
          <LeaseRow
            key={lease.address}
            lease={lease}
            isFresh={fresh.has(lease.address)}
            hasNetwork={hasSeveralNetworks}
          />
        ))}
      </tbody>
    </table>
  );
}

interface LeaseRowProps {
  readonly lease: LeaseView;
  readonly isFresh: boolean;
  readonly hasNetwork: boolean;
}

function LeaseRow({ lease, isFresh, hasNetwork }: LeaseRowProps) {
  const { hostname, mac, state } = lease;
  return (
    <tr class={isFresh ? "is-fresh" : undefined} title={lease.vendorClass || undefined}>
      <th scope="row" class="hostname">
        <span class={hostname === "" ? "muted" : "name"}>{hostname || TEXTS.noName}</span>
        <span class="second mono">
          {mac}{" "}
          {lease.randomisedMac && (
            <abbr class="mark" title={TEXTS.randomHelp}>
              {TEXTS.random}
            </abbr>
          )}
        </span>
      </th>
      <td class="address">
        <span class="mono">{lease.address}</span>
        <span class="second">
          {hasNetwork && lease.network}{" "}
          {lease.reserved && <span class="mark">{TEXTS.reserved}</span>}
        </span>
      </td>
      <td class="state">
        <span class={`tag tag-${state === "active" ? "good" : "idle"}`}>{LEASE_STATES[state]}</span>
      </td>
      <td class="seenAt">
        <Age at={lease.seenAt} />
      </td>
      <td class="expiresAt">{lease.neverEnds ? TEXTS.endsNever : <Age at={lease.expiresAt} />}</td>
    </tr>
  );
}

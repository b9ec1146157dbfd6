import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import { LEASE_SORTS, type LeaseQuery, type LeaseState } from "./box-view.ts";

export const LEASE_PAGE_DEFAULT = 100;

const LEASE_STATES: readonly LeaseState[] = [
  ...(["free", "active", "expired", "released", "abandoned", "reset", "backup"] as const),
];
/** "-seenAt" is the last heard first. */
const ORDERS = LEASE_SORTS.flatMap((sort) => [sort, `-${sort}` as const]);

/** The query of GET /api/v1/leases, as text, to what is meant by it. */
export const leaseQuery = v.pipe(
  v.object({
    offset: wholeNumber(0, Number.MAX_SAFE_INTEGER, 0),
    limit: wholeNumber(1, LIMITS.leasePageMax, LEASE_PAGE_DEFAULT),
    network: shortText(),
    state: oneOf(LEASE_STATES),
    search: shortText(),
    sort: oneOf(ORDERS),
    format: v.optional(v.string()),
  }),
  v.transform(({ sort, search, format: _, ...rest }): LeaseQuery => {
    const descending = sort?.startsWith("-") ?? false;
    const order = LEASE_SORTS.find((one) => one === sort?.slice(descending ? 1 : 0));
    return { ...rest, search: search?.toLowerCase(), sort: order, descending };
  }),
);

function wholeNumber(min: number, max: number, fallback: number) {
  const wanted = `must be a whole number from ${min} to ${max}`;
  return v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[0-9]{1,15}$/, wanted),
      v.transform(Number),
      v.minValue(min, wanted),
      v.maxValue(max, wanted),
    ),
    String(fallback),
  );
}

/** "" is as if it was not there: forms send it. */
function shortText() {
  const wanted = `may have at most ${LIMITS.searchTextMax} characters`;
  return v.optional(
    v.pipe(
      v.string(),
      v.maxLength(LIMITS.searchTextMax, wanted),
      v.transform((text) => text || undefined),
    ),
  );
}

function oneOf<const T extends readonly string[]>(allowed: T) {
  return v.optional(
    v.pipe(
      v.picklist([...allowed, ""], `must be one of: ${allowed.join(", ")}`),
      v.transform((text) => (text as T[number] | "") || undefined),
    ),
  );
}

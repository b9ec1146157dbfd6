import { LIMITS } from "../limits.ts";
import { LEASE_SORTS, type LeaseQuery, type LeaseState } from "./box-view.ts";
import { RequestError } from "./problem.ts";

/** Reads the query of GET /api/v1/leases. Throws RequestError that names the parameter. */
export function parseLeaseQuery(parameters: URLSearchParams): LeaseQuery {
  // "-seenAt" is the last heard first.
  const descending = parameters.get("sort")?.startsWith("-") ?? false;
  return {
    offset: wholeNumber(parameters, "offset", 0, 0, Number.MAX_SAFE_INTEGER),
    limit: wholeNumber(parameters, "limit", LEASE_PAGE_DEFAULT, 1, LIMITS.leasePageMax),
    network: shortText(parameters, "network"),
    state: oneOf(parameters, "state", LEASE_STATES),
    search: shortText(parameters, "search")?.toLowerCase(),
    sort: oneOf(parameters, "sort", LEASE_SORTS, descending ? 1 : 0),
    descending,
  };
}

export const LEASE_PAGE_DEFAULT = 100;

const LEASE_STATES: readonly LeaseState[] = [
  "free",
  "active",
  "expired",
  "released",
  "abandoned",
  "reset",
  "backup",
];

function wholeNumber(
  parameters: URLSearchParams,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = parameters.get(name);
  if (text === null) return fallback;
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new RequestError(`"${name}" must be a whole number from ${min} to ${max}.`);
}

function shortText(parameters: URLSearchParams, name: string): string | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  if (text.length > LIMITS.searchTextMax) {
    throw new RequestError(`"${name}" may have at most ${LIMITS.searchTextMax} characters.`);
  }
  return text;
}

function oneOf<T extends string>(
  parameters: URLSearchParams,
  name: string,
  allowed: readonly T[],
  skip = 0,
): T | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  const found = allowed.find((value) => value === text.slice(skip));
  if (found !== undefined) return found;
  throw new RequestError(`"${name}" must be one of: ${allowed.join(", ")}.`);
}

// The list of leases. A short one is kept whole, sorted and searched here; of a long one only
// the page that is shown is fetched, and the box sorts and searches.

import { batch, computed, signal } from "@preact/signals";
import type { LeasePage, LeaseView } from "../../daemon/http/api-types.ts";
import { fetchLeases, type LeaseQuery, type LeaseSort } from "../api.ts";
import { addressNumber } from "../format.ts";

/** Up to this many are kept whole. */
export const WHOLE_MAX = 300;
export const PAGE_SIZE = 100;

type Wish = Omit<LeaseQuery, "offset" | "limit">;

export const wish = signal<Wish>({
  search: "",
  state: "active",
  sort: "address",
  descending: false,
});
/** Of a long list, how many are skipped. */
export const offset = signal(0);
export const isLong = signal(false);
export const hasLoaded = signal(false);
export const hasFailed = signal(false);

const whole = signal<ReadonlyMap<string, LeaseView>>(new Map());
const page = signal<LeasePage>({ total: 0, offset: 0, leases: [] });

/** Addresses given out just now, which stand out for some seconds. */
export const fresh = signal<ReadonlySet<string>>(new Set());
export const newest = signal<LeaseView | undefined>(undefined);

export const total = computed(() => (isLong.value ? page.value.total : whole.value.size));
export const shown = computed<readonly LeaseView[]>(() => {
  if (isLong.value) return page.value.leases;
  return selectLeases(whole.value.values(), wish.value);
});

export function setWish(change: Partial<Wish>): void {
  wish.value = { ...wish.value, ...change };
  offset.value = 0;
  if (isLong.value) reloadSoon(TYPING_MILLISECONDS);
}

export function toggleSort(sort: LeaseSort): void {
  const isSame = wish.value.sort === sort;
  setWish({ sort, descending: isSame && !wish.value.descending });
}

export function turnPage(step: 1 | -1): void {
  offset.value = Math.max(0, offset.value + step * PAGE_SIZE);
  void load();
}

/** Changed leases, as they come over the stream. */
export function heardLeases(leases: readonly LeaseView[], more: boolean): void {
  markFresh(leases);
  if (loading !== undefined) heardMeanwhile.push(...leases);
  if (isLong.value) {
    const changed = new Map(leases.map((lease) => [lease.address, lease]));
    const rows = page.value.leases.map((lease) => changed.get(lease.address) ?? lease);
    page.value = { ...page.value, leases: rows };
    reloadSoon(RELOAD_MILLISECONDS);
    return;
  }
  if (hasLoaded.value) whole.value = merged(whole.value, leases);
  if (more || whole.value.size > WHOLE_MAX) reloadSoon(RELOAD_MILLISECONDS);
}

/** Reads the list anew: at the start, after a break, and when more changed than was told. */
export async function load(): Promise<void> {
  const mine = Symbol("load");
  loading = mine;
  heardMeanwhile = [];
  try {
    if (!isLong.value || !hasLoaded.value) await loadWhole(mine);
    if (isLong.value && loading === mine) await loadPage(mine);
    if (loading === mine) hasFailed.value = false;
  } catch {
    if (loading === mine) {
      hasFailed.value = true;
      reloadSoon(RETRY_MILLISECONDS);
    }
  }
  if (loading === mine) loading = undefined;
}

/** After a break the list may have become short again, so it is asked for as a whole first. */
export function loadAfterBreak(): void {
  isLong.value = false;
  void load();
}

/** What a short list shows: filtered and sorted as the box would do it. */
export function selectLeases(leases: Iterable<LeaseView>, wanted: Wish): LeaseView[] {
  const text = wanted.search.trim().toLowerCase();
  const found: LeaseView[] = [];
  for (const lease of leases) {
    if (wanted.state !== "" && lease.state !== wanted.state) continue;
    if (text === "" || haystack(lease).includes(text)) found.push(lease);
  }
  const sign = wanted.descending ? -1 : 1;
  const byAddress = (a: LeaseView, b: LeaseView) =>
    addressNumber(a.address) - addressNumber(b.address);
  const { sort } = wanted;
  if (sort === "address") return found.sort((a, b) => sign * byAddress(a, b));
  return found.sort((a, b) => {
    if (a[sort] === b[sort]) return byAddress(a, b);
    return a[sort] < b[sort] ? -sign : sign;
  });
}

/** The newest load; an older one that is still under way is not used. */
let loading: symbol | undefined;
/** What came over the stream during a load, which the answer may or may not have yet. */
let heardMeanwhile: LeaseView[] = [];
let reload: ReturnType<typeof setTimeout> | undefined;

const TYPING_MILLISECONDS = 200;
const RELOAD_MILLISECONDS = 400;
const RETRY_MILLISECONDS = 3000;
const FRESH_MILLISECONDS = 8000;
const FRESH_MAX = 50;

async function loadWhole(mine: symbol): Promise<void> {
  const everything = { search: "", state: "", sort: "address", descending: false } as const;
  const answer = await fetchLeases({ ...everything, offset: 0, limit: WHOLE_MAX });
  if (loading !== mine) return;
  batch(() => {
    isLong.value = answer.total > WHOLE_MAX;
    if (!isLong.value) whole.value = merged(new Map(), [...answer.leases, ...heardMeanwhile]);
    if (!isLong.value) hasLoaded.value = true;
  });
}

async function loadPage(mine: symbol): Promise<void> {
  const query = { ...wish.value, search: wish.value.search.trim() };
  const answer = await fetchLeases({ ...query, offset: offset.value, limit: PAGE_SIZE });
  if (loading !== mine) return;
  // The list became shorter than where we are in it.
  if (answer.leases.length === 0 && answer.total > 0) {
    offset.value = Math.floor((answer.total - 1) / PAGE_SIZE) * PAGE_SIZE;
    return loadPage(mine);
  }
  const heard = new Map(heardMeanwhile.map((lease) => [lease.address, lease]));
  batch(() => {
    whole.value = new Map();
    page.value = {
      ...answer,
      leases: answer.leases.map((lease) => heard.get(lease.address) ?? lease),
    };
    hasLoaded.value = true;
  });
}

function merged(
  known: ReadonlyMap<string, LeaseView>,
  changed: Iterable<LeaseView>,
): ReadonlyMap<string, LeaseView> {
  const next = new Map(known);
  for (const lease of changed) next.set(lease.address, lease);
  return next;
}

function markFresh(leases: readonly LeaseView[]): void {
  if (!hasLoaded.value) return;
  const news = leases.filter(isNew).slice(0, FRESH_MAX);
  if (news.length === 0) return;
  const addresses = news.map((lease) => lease.address);
  fresh.value = new Set([...fresh.value, ...addresses]);
  newest.value = news.at(-1);
  setTimeout(() => {
    fresh.value = new Set([...fresh.value].filter((address) => !addresses.includes(address)));
  }, FRESH_MILLISECONDS);
}

/** A lease this client did not have a moment ago; a renewal is none. */
function isNew(lease: LeaseView): boolean {
  if (lease.state !== "active") return false;
  if (isLong.value) return Date.parse(lease.seenAt) - Date.parse(lease.startsAt) < 2000;
  const before = whole.value.get(lease.address);
  return before?.state !== "active" || before.startsAt !== lease.startsAt;
}

function haystack(lease: LeaseView): string {
  const { address, mac, hostname, clientId, vendorClass } = lease;
  return `${address} ${mac} ${hostname} ${clientId} ${vendorClass}`.toLowerCase();
}

function reloadSoon(milliseconds: number): void {
  if (reload !== undefined) return;
  reload = setTimeout(() => {
    reload = undefined;
    void load();
  }, milliseconds);
}

// What the API needs of the configuration.

import type {
  ChangedView,
  CheckView,
  ConfigView,
  DifferenceView,
  EntryView,
  HistoryEntryView,
  HistoryVersionView,
  IssueView,
} from "./api-config.ts";
import type { ActionResult } from "./box-view.ts";
import type { Caller } from "./route.ts";

/** How a change is to be made. */
export interface Wish {
  readonly caller: Caller;
  /** The tag of what the caller had before their eyes; undefined: they do not say. */
  readonly ifMatch: string | undefined;
  /** After so long it is undone unless it is confirmed; 0: it stays. */
  readonly trialSeconds: number;
  readonly note: string;
}

export type Outcome =
  /** `etag`: of what was changed, as it is now; "" when it is gone. */
  | { readonly kind: "changed"; readonly etag: string; readonly view: ChangedView }
  | { readonly kind: "invalid"; readonly issues: readonly IssueView[] }
  /** Somebody else was faster. */
  | {
      readonly kind: "conflict";
      readonly text: string;
      readonly etag: string;
      /** Between what the caller had and what is there; undefined: what they had is not known any more. */
      readonly differences: readonly DifferenceView[] | undefined;
    }
  | { readonly kind: "refused"; readonly text: string; readonly issues: readonly IssueView[] }
  | { readonly kind: "missing"; readonly text: string };

export interface ConfigControl {
  /** Undefined while the box starts. */
  read(): (ConfigView & { readonly etag: string }) | undefined;
  check(value: unknown): Promise<CheckView>;
  put(value: unknown, wish: Wish): Promise<Outcome>;
  /** The change under trial stays. */
  confirm(caller: Caller): Promise<ActionResult>;
  /** The change under trial goes, now. */
  undo(caller: Caller): Promise<ActionResult>;
  history(): readonly HistoryEntryView[];
  version(generation: number): Promise<HistoryVersionView | undefined>;
  rollBack(generation: number, wish: Wish): Promise<Outcome>;
  networks(): readonly EntryView[];
  /** A name of undefined: a new one. A value of undefined takes it away. */
  putNetwork(name: string | undefined, value: unknown, wish: Wish): Promise<Outcome>;
  /** Undefined: there is no such network. */
  reservations(network: string): readonly EntryView[] | undefined;
  putReservation(
    network: string,
    address: string | undefined,
    value: unknown,
    wish: Wish,
  ): Promise<Outcome>;
}

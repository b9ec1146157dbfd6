// The configuration as a test wants the page to see it: what is in force, a trial, what was.

import { wholeSentence } from "../../daemon/base/whole-sentence.ts";
import type {
  ConfigView,
  DifferenceView,
  HistoryEntryView,
  HistoryVersionView,
  OriginView,
  TrialView,
} from "../../daemon/http/api-config.ts";
import type { ConfigSyncView } from "../../daemon/http/api-types.ts";
import type { ActionResult } from "../../daemon/http/box-view.ts";
import type { ConfigControl, Outcome } from "../../daemon/http/config-control.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { FAKE_NOW, iso } from "./fake-box.ts";

export class FakeConfigControl implements ConfigControl {
  /** The newest first; the first is in force. */
  entries: HistoryEntryView[] = [fakeEntry(3), fakeEntry(2), fakeEntry(1, { by: "" })];
  differences: readonly DifferenceView[] = [
    { path: "networks[office].leaseSeconds", before: "3600", after: "43200" },
  ];
  moreDifferences = 0;
  /** Monotonic ms at which the trial ends; undefined: none is on. */
  trialEndsAt: number | undefined;
  /** What was asked for, in order. */
  readonly acts: string[] = [];
  /** Why nothing is done, as a part of a sentence; "" when it is. */
  refusal = "";

  read(): (ConfigView & { readonly etag: string }) | undefined {
    const [now] = this.#inOrder;
    if (!now) return undefined;
    const { generation, hash, origin } = now;
    return { generation, hash, origin, trial: this.#trial, config: {}, etag: hash };
  }

  /** The same, for the view of both boxes. */
  standing(): Partial<ConfigSyncView> {
    const [now] = this.#inOrder;
    const { generation = 0, hash = "" } = now ?? {};
    return { generation, hash, trial: this.#trial };
  }

  beginTrial(seconds: number): void {
    this.trialEndsAt = performance.now() + seconds * 1000;
  }

  async confirm(caller: Caller): Promise<ActionResult> {
    return this.#act(`confirm by ${caller.name}`, "the change stays");
  }

  async undo(caller: Caller): Promise<ActionResult> {
    return this.#act(`undo by ${caller.name}`, "the change is undone");
  }

  history(): readonly HistoryEntryView[] {
    return this.#inOrder;
  }

  async version(generation: number): Promise<HistoryVersionView | undefined> {
    const entry = this.#inOrder.find((one) => one.generation === generation);
    const { differences, moreDifferences } = this;
    return entry && { ...entry, config: {}, differences, moreDifferences };
  }

  async rollBack(
    generation: number,
    { caller, trialSeconds }: Parameters<ConfigControl["rollBack"]>[1],
  ): Promise<Outcome> {
    this.acts.push(`back to ${generation} by ${caller.name} for ${trialSeconds} s`);
    if (this.refusal !== "") {
      return { kind: "refused", text: wholeSentence(this.refusal), issues: [] };
    }
    const next = (this.entries[0]?.generation ?? 0) + 1;
    this.entries = [
      fakeEntry(next, { by: caller.name, note: `back to number ${generation}` }),
      ...this.entries,
    ];
    this.beginTrial(trialSeconds);
    const view = { generation: next, hash: hashOf(next), sentence: "Done.", trial: this.#trial };
    return { kind: "changed", etag: hashOf(next), view };
  }

  /** Those that the page has no part in. */
  check = () => Promise.reject(new Error("not asked by the page"));
  put = this.check;
  putNetwork = this.check;
  putReservation = this.check;
  networks = () => [];
  reservations = () => undefined;

  get #inOrder(): HistoryEntryView[] {
    return this.entries.map((entry, index) => ({ ...entry, isInForce: index === 0 }));
  }

  get #trial(): TrialView | null {
    if (this.trialEndsAt === undefined) return null;
    const left = Math.max(0, Math.ceil((this.trialEndsAt - performance.now()) / 1000));
    return { secondsLeft: left, sentence: `The change is undone in ${left} s.` };
  }

  #act(what: string, text: string): ActionResult {
    this.acts.push(what);
    if (this.refusal !== "") return { isDone: false, text: this.refusal };
    this.trialEndsAt = undefined;
    return { isDone: true, text };
  }
}

export function fakeEntry(generation: number, changes: Partial<OriginView> = {}): HistoryEntryView {
  const at = iso(FAKE_NOW - (10 - generation) * 3_600_000);
  const origin = { by: "anna", from: "192.168.1.20", box: "A", at, note: "", ...changes };
  return { generation, hash: hashOf(generation), isInForce: false, origin };
}

function hashOf(generation: number): string {
  return generation.toString(16).padStart(64, "0");
}

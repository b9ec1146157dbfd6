// A configuration machine in memory: what is in force, what was, and what each change came with.

import { loadConfig } from "../../daemon/config/load.ts";
import type { ConfigIssue } from "../../daemon/config/schema.ts";
import type { Applied, ApplyWish, ConfigMachine, Version } from "../../daemon/config-desk.ts";
import { documentOf, type SharedDocument } from "../../daemon/core/sync/shared-document.ts";
import type { ConsequenceView, TrialView } from "../../daemon/http/api-config.ts";
import type { ActionResult } from "../../daemon/http/box-view.ts";

export const FAKE_SHARED = {
  version: 1,
  networks: [
    {
      name: "lan",
      subnet: "192.168.1.0/24",
      pools: [{ from: "192.168.1.100", to: "192.168.1.200" }],
      gateway: "192.168.1.1",
      reservations: [{ mac: "02:00:5e:10:00:01", address: "192.168.1.10" }],
    },
  ],
};
export const FAKE_BOX_FILE = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { lan: { interface: "lan0", address: "192.168.1.2/24" } },
};

export class FakeConfigMachine implements ConfigMachine {
  readonly #all: SharedDocument[];
  readonly wishes: ApplyWish[] = [];
  readonly acts: string[] = [];
  /** What the partner says instead of taking it. */
  objections: readonly ConfigIssue[] = [];
  trial: TrialView | null = null;
  /** Somebody who changes something just before each change, so many times. */
  rushes: (() => unknown)[] = [];

  constructor(shared: unknown = FAKE_SHARED) {
    this.#all = [documentOf(shared)];
  }

  get now(): SharedDocument {
    return this.#all.at(-1) as SharedDocument;
  }

  get value(): unknown {
    return JSON.parse(this.now.text);
  }

  inForce() {
    return { ...this.#version(this.#all.length - 1), document: this.now, trial: this.trial };
  }

  async check({ text }: SharedDocument): Promise<readonly ConfigIssue[]> {
    const loaded = loadConfig(JSON.parse(text), FAKE_BOX_FILE);
    return "issues" in loaded ? loaded.issues : [];
  }

  async apply(document: SharedDocument, wish: ApplyWish): Promise<Applied> {
    const rush = this.rushes.shift();
    if (rush) this.#all.push(documentOf(rush()));
    if (wish.expectedHash !== this.now.hash) return { kind: "overtaken" };
    const issues = await this.check(document);
    if (issues.length > 0) return { kind: "invalid", issues };
    if (this.objections.length > 0) {
      return { kind: "refused", text: "the partner cannot take it", issues: this.objections };
    }
    this.wishes.push(wish);
    this.#all.push(document);
    return { kind: "applied", sentence: "both boxes have it" };
  }

  async confirm(): Promise<ActionResult> {
    this.acts.push("confirm");
    return { isDone: true, text: "the change stays" };
  }

  async undo(): Promise<ActionResult> {
    this.acts.push("undo");
    return { isDone: false, text: "nothing waits to be confirmed" };
  }

  history(): readonly Version[] {
    return this.#all
      .slice(0, -1)
      .map((_, index) => this.#version(index))
      .toReversed();
  }

  async earlier(generation: number): Promise<SharedDocument | undefined> {
    return generation < this.#all.length ? this.#all[generation - 1] : undefined;
  }

  consequences(before: unknown, after: unknown): readonly ConsequenceView[] {
    const isSame = JSON.stringify(before) === JSON.stringify(after);
    return isSame ? [] : [{ id: "x", severity: "info", path: "", sentence: "Something is new." }];
  }

  #version(index: number): Version {
    return { generation: index + 1, hash: this.#all[index]?.hash ?? "", origin: null };
  }
}

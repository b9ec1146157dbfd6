// Backups of a box that is not there: what a test wants to be answered, and what was asked for.

import type { ResetView, RestoreView } from "../../daemon/http/api-backup.ts";
import type {
  BackupControl,
  BackupWish,
  Made,
  Previewed,
  Refused,
  Restored,
  RestoreWish,
} from "../../daemon/http/backup-control.ts";
import type { ActionResult } from "../../daemon/http/box-view.ts";
import type { Caller } from "../../daemon/http/route.ts";

export const FAKE_RESTORE: RestoreView = {
  whose: "this-box",
  about: "The backup was made at 2026-05-03T07:12:00.000Z. It is of this very box.",
  ...{ issues: [], moreChanges: 0, needsRestart: false },
  changes: [{ file: "config.json", path: "leaseSeconds", before: "600", after: "(not set)" }],
  consequences: [
    {
      ...{ id: "leases-outside-pools", severity: "danger", path: "networks[lan].pools" },
      sentence: "3 leases fall outside the pools that lan has then.",
    },
  ],
  records: ["the user anna"],
  leftOut: [{ what: "the key of the box", why: "It is only in a backup that is encrypted." }],
};

export class FakeBackups implements BackupControl {
  made: Made = { kind: "made", name: "tandem-A-2026-05-03.json", bytes: Uint8Array.of(0, 255, 7) };
  previewed: Previewed = { kind: "preview", view: FAKE_RESTORE };
  result: ActionResult = { isDone: true, text: "the configuration was put back" };
  outlook: ResetView | Refused = { goes: ["Everything goes."], stays: ["The software."] };
  readonly backups: BackupWish[] = [];
  readonly previews: RestoreWish[] = [];
  readonly restores: RestoreWish[] = [];
  readonly resets: { readonly withLeases: boolean; readonly caller: Caller }[] = [];
  readonly outlooks: boolean[] = [];

  async make(wish: BackupWish): Promise<Made> {
    this.backups.push(wish);
    return this.made;
  }

  async preview(wish: RestoreWish): Promise<Previewed> {
    this.previews.push(wish);
    return this.previewed;
  }

  async restore(wish: RestoreWish): Promise<Restored> {
    this.restores.push(wish);
    const { previewed, result } = this;
    return previewed.kind === "preview"
      ? { kind: "acted", result, view: previewed.view }
      : previewed;
  }

  async resetOutlook(withLeases: boolean): Promise<ResetView | Refused> {
    this.outlooks.push(withLeases);
    return this.outlook;
  }

  async reset(withLeases: boolean, caller: Caller): Promise<ActionResult> {
    this.resets.push({ withLeases, caller });
    return this.result;
  }
}

// A plan as people and programs are shown it.

import type { ChangeView, RestoreView } from "../http/api-backup.ts";
import { LIMITS } from "../limits.ts";
import { type RestorePlan, wordOf } from "./restore-plan.ts";

export function restoreView(plan: RestorePlan): RestoreView {
  const { whose, about, issues, consequences, leftOut, needsRestart } = plan;
  const { sharedDifferences, boxDifferences } = plan;
  const changes = [
    ...changesIn("box.json", boxDifferences),
    ...changesIn("config.json", sharedDifferences),
  ];
  const shown = changes.slice(0, LIMITS.configDifferencesMax);
  return {
    ...{ whose, about, issues, leftOut, needsRestart },
    changes: shown,
    moreChanges: sharedDifferences.more + boxDifferences.more + changes.length - shown.length,
    consequences: consequences.list,
    records: plan.records.map(({ key }) => wordOf(key)),
  };
}

function changesIn(
  file: ChangeView["file"],
  { shown }: RestorePlan["sharedDifferences"],
): ChangeView[] {
  return shown.map(({ path, here, partner }) => ({ file, path, before: here, after: partner }));
}

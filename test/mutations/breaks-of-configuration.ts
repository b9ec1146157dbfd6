// Rules of how two boxes keep one configuration, and how a change on trial ends.

import type { Break, Watcher } from "./break.ts";

const SYNC = "daemon/core/sync";

function tests(...names: readonly string[]): Watcher {
  return { tests: names.map((name) => `test/core/sync/${name}.test.ts`) };
}

export const BREAKS_OF_CONFIGURATION: readonly Break[] = [
  {
    what: "time puts the other box back as a new generation, which is newer than a confirmation",
    file: `${SYNC}/trial.ts`,
    find: "else if (hasBefore(trial)) end(state, trial.before);",
    put: "else if (hasBefore(trial)) undo(state, byItself(state));",
    noticedBy: tests("every-step"),
  },
  {
    what: "a confirmation does not count, so an undoing apart from it goes over it",
    file: `${SYNC}/trial.ts`,
    find: "state.remember({ ...standing, lineage, agreed, trial: undefined });",
    put: "state.remember({ ...standing, agreed, trial: undefined });",
    noticedBy: tests("every-step"),
  },
  {
    what: "a clock that stands before the trial began leaves it its time",
    file: `${SYNC}/sync-state.ts`,
    find: "this.wall < startedWall ? 0 : Math.max(0, untilWall - this.wall)",
    put: "Math.max(0, untilWall - this.wall)",
    noticedBy: tests("every-step"),
  },
  {
    what: "the partner does not hear that a trial was confirmed",
    file: `${SYNC}/config-sync.ts`,
    find: "if (isConfirmed) confirmedByPartner(state);",
    put: "",
    noticedBy: tests("trial"),
  },
  {
    what: "a partner that comes back has for good what is on trial",
    file: `${SYNC}/what-is-due.ts`,
    find: 'state.propose("newer", standing.lineage, inForce, left);',
    put: 'state.propose("newer", standing.lineage, inForce, 0);',
    noticedBy: tests("trial"),
  },
  {
    what: "the other box does not wait for the one that began a trial",
    file: `${SYNC}/trial.ts`,
    find: "trial.isMine ? 0 : LIMITS.configTrialGraceMilliseconds",
    put: "0",
    noticedBy: tests("trial"),
  },
  {
    what: "a change in config.json goes over a trial",
    file: `${SYNC}/what-is-due.ts`,
    find: 'state.edit?.state === "waiting" && !state.standing.trial',
    put: 'state.edit?.state === "waiting"',
    noticedBy: tests("trial"),
  },
  {
    what: "a change over the API is in force whatever is there by then",
    file: `${SYNC}/request.ts`,
    find: 'if (state.document.hash !== expectedHash) return { kind: "overtaken" };',
    put: "",
    noticedBy: tests("request"),
  },
  {
    what: "what the partner has refused is slipped past it over the API",
    file: `${SYNC}/request.ts`,
    find: "if (refused?.hash === document.hash) {",
    put: "if (refused === null) {",
    noticedBy: tests("request"),
  },
];

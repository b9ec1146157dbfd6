// Rules of how two boxes get to know each other: what people have not agreed to does not happen.

import type { Break, Watcher } from "./break.ts";

const INTRODUCTION = "daemon/core/introduction";

function tests(...names: readonly string[]): Watcher {
  return { tests: names.map((name) => `test/core/introduction/${name}.test.ts`) };
}

export const BREAKS_OF_PAIRING: readonly Break[] = [
  {
    what: "a confirmation counts for whatever digits are shown",
    file: `${INTRODUCTION}/introduction.ts`,
    find: "if (digits !== talk.digits) return",
    put: "if (digits === undefined) return",
    noticedBy: tests("pairing"),
  },
  {
    what: "the other box's confirmation is enough",
    file: `${INTRODUCTION}/conversation.ts`,
    find: "if (!this.isConfirmedHere || !this.isConfirmedThere || !this.#partner) return;",
    put: "if (!this.isConfirmedThere || !this.#partner) return;",
    noticedBy: tests("refusals"),
  },
  {
    what: "the confirmation of this box is enough",
    file: `${INTRODUCTION}/conversation.ts`,
    find: "if (!this.isConfirmedHere || !this.isConfirmedThere || !this.#partner) return;",
    put: "if (!this.isConfirmedHere || !this.#partner) return;",
    noticedBy: tests("pairing"),
  },
  {
    what: "what is out of turn is listened to",
    file: `${INTRODUCTION}/conversation.ts`,
    find: 'message.kind === "refused" || PHASES[this.#phase].hears.includes(message.kind);',
    put: "true;",
    noticedBy: tests("refusals"),
  },
  {
    what: "of two choices both count",
    file: `${INTRODUCTION}/conversation.ts`,
    find: "} else if (this.#chosen !== giver) {",
    put: "} else if (this.#chosen === undefined) {",
    noticedBy: tests("pairing"),
  },
  {
    what: "the giver writes without having checked",
    file: `${INTRODUCTION}/conversation.ts`,
    find: 'if (problem !== undefined) {\n      this.refuse("not-valid", { problem });\n      return;\n    }',
    put: "",
    noticedBy: tests("refusals"),
  },
  {
    what: "a taker that could not write says that it has",
    file: `${INTRODUCTION}/conversation.ts`,
    find: 'if (problem !== undefined) {\n      this.refuse("not-written", { problem });\n      return;\n    }',
    put: "",
    noticedBy: tests("refusals"),
  },
  {
    what: "an answer to an older question is taken for one to this",
    file: `${INTRODUCTION}/conversation.ts`,
    find: "if (ticket !== this.#ticket || !this.#documents) return;",
    put: "if (!this.#documents) return;",
    noticedBy: tests("pairing"),
  },
  {
    what: "a warning that somebody sits between goes away with the cable",
    file: `${INTRODUCTION}/introduction.ts`,
    find: 'if (ends !== "by a person") this.#ending = undefined;',
    put: "this.#ending = undefined;",
    noticedBy: tests("refusals"),
  },
  {
    what: "what people have stopped begins again by itself",
    file: `${INTRODUCTION}/introduction.ts`,
    find: 'return ends === "by a person" || (ends === "anew" && by === "here");',
    put: "return false;",
    noticedBy: tests("refusals"),
  },
  {
    what: "the button counts however long the cable has been there",
    file: `${INTRODUCTION}/introduction.ts`,
    find: "if (now.monotonic - verdict.foundAt > LIMITS.introductionButtonMilliseconds) {",
    put: "if (now.monotonic < 0) {",
    noticedBy: tests("pairing"),
  },
  {
    what: "of several boxes the first one is taken",
    file: `${INTRODUCTION}/candidates.ts`,
    find: "if (others.length > 0) {",
    put: "if (others.length > 100) {",
    noticedBy: tests("refusals"),
  },
  {
    what: "a partner that is there is replaced",
    file: `${INTRODUCTION}/candidates.ts`,
    find: "pair?.isHeard === true && !(pair.partner && equalBytes(pair.partner, box.identity)),",
    put: "pair?.isHeard === true && box.port === undefined,",
    noticedBy: tests("pairing"),
  },
  {
    what: "a replaced box takes the part of the one that is left",
    file: `${INTRODUCTION}/roles.ts`,
    find: "if (giver.profile.pair) return giver.profile.pair.role;",
    put: "",
    noticedBy: tests("pairing"),
  },
  {
    what: "the second box may have an address of a pool",
    file: `${INTRODUCTION}/free-address.ts`,
    find: "return [...single.map((address) => ({ from: address, to: address })), ...pools].filter(",
    put: "return [...single.map((address) => ({ from: address, to: address }))].filter(",
    noticedBy: tests("documents"),
  },
  {
    what: "both boxes stop serving when the end is said on both",
    file: `${INTRODUCTION}/unpairing.ts`,
    find: "if (isOwnTurn && isLower(identity, pair.partner)) return [];",
    put: "",
    noticedBy: { tests: ["test/pairing-desk.test.ts"] },
  },
  {
    what: "power that fails between the two files leaves a mixture",
    file: "daemon/document-files.ts",
    find: "if (shared !== undefined) await this.#shared.write(shared);",
    put: "",
    noticedBy: { tests: ["test/pairing-desk.test.ts"] },
  },
  {
    what: "a page of another site may pair this box",
    file: "daemon/http/guard.ts",
    find: 'const origin = request.header("origin");',
    put: 'const origin = "http://127.0.0.1:8080";',
    noticedBy: { tests: ["test/http/pairing.test.ts"] },
  },
  {
    what: "a form may pair this box",
    file: "daemon/http/guard.ts",
    find: 'if (request.header("content-type") === "application/json") return;',
    put: 'if (request.header("content-type") !== "") return;',
    noticedBy: { tests: ["test/http/pairing.test.ts"] },
  },
];

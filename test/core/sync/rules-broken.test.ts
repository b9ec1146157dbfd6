// A partner that says what it may not say.

import { describe, expect, test } from "vitest";
import { ConfigSync } from "../../../daemon/core/sync/config-sync.ts";
import { BLANK_STANDING } from "../../../daemon/core/sync/sync-state.ts";
import {
  type ConfigMessage,
  decodeConfigMessage,
  encodeConfigMessage,
  type Lineage,
} from "../../../daemon/wire/config-message.ts";
import { makeDocument } from "./two-boxes.ts";

const FIRST = makeDocument(1);
const START = { monotonic: 0, wall: 0 };

describe("a partner that does not keep to the rules", () => {
  const lineage: Lineage = { generation: 1, hash: FIRST.hash, ancestors: [] };
  const hello: ConfigMessage = { kind: "hello", lineage, isOnTrial: false };
  const next = makeDocument(2);
  const later: Lineage = { generation: 2, hash: next.hash, ancestors: [lineage] };
  const proposal: Extract<ConfigMessage, { kind: "propose" }> = {
    kind: "propose",
    number: 1,
    lineage: later,
    origin: undefined,
    trialMilliseconds: 0,
    text: next.text,
  };

  /** A box that hears these; the reasons for which it closes the channel. */
  function reasons(...messages: (ConfigMessage | Uint8Array)[]): string[] {
    const standing = { ...BLANK_STANDING, lineage };
    const sync = new ConfigSync(standing, FIRST);
    const effects = [...sync.step({ kind: "opened", isPrimary: true }, START)];
    for (const message of messages) {
      const bytes = message instanceof Uint8Array ? message : encodeConfigMessage(message);
      effects.push(...sync.step({ kind: "received", bytes }, START));
    }
    return effects.flatMap((effect) => (effect.kind === "close" ? [effect.reason] : []));
  }

  test.each([
    ["rubbish", [Uint8Array.of(0x2f, 1, 2)], /cannot be read/],
    ["anything before it said what it has", [{ kind: "fetch" }], /before anything else/],
    ["a proposal before that", [proposal], /before anything else/],
    ["another document than it names", [hello, { ...proposal, text: FIRST.text }], /names another/],
    ["a document that is none", [hello, { ...proposal, text: "{" }], /is not JSON/],
    [
      "one that nests without end",
      [hello, { ...proposal, text: `${"[".repeat(5000)}${"]".repeat(5000)}` }],
      /nests deeper/,
    ],
    ["a commit of nothing", [hello, { kind: "commit", number: 1 }], /not ready for/],
    [
      "a commit before this box was ready",
      [hello, proposal, { kind: "commit", number: 1 }],
      /ready/,
    ],
    ["that it applied nothing", [hello, { kind: "applied", number: 1 }], /was not committed/],
  ] as [string, (ConfigMessage | Uint8Array)[], RegExp][])("%s", (_, messages, reason) => {
    expect(reasons(...messages)).toEqual([expect.stringMatching(reason)]);
  });

  test("an answer to what is not asked any more is nothing", () => {
    const late: ConfigMessage[] = [
      { kind: "ready", number: 9 },
      { kind: "overtaken", number: 9 },
      { kind: "cancel", number: 9 },
      { kind: "refused", number: 9, objections: [{ file: "f", path: "p", reason: "r" }] },
    ];
    expect(reasons(hello, ...late)).toEqual([]);
  });

  test.each<[string, Lineage, ConfigMessage]>([
    ["what is in force", lineage, { ...proposal, lineage: { ...later, ancestors: [] } }],
    [
      "what is in force under a higher number",
      { ...lineage, generation: 9 },
      { ...proposal, lineage, text: FIRST.text },
    ],
  ])("a proposal that does not follow on %s is turned down", (_, own, message) => {
    const sync = new ConfigSync({ ...BLANK_STANDING, lineage: own }, FIRST);
    sync.step({ kind: "opened", isPrimary: true }, START);
    sync.step({ kind: "received", bytes: encodeConfigMessage(hello) }, START);
    const effects = sync.step({ kind: "received", bytes: encodeConfigMessage(message) }, START);
    const sent = effects.flatMap((one) =>
      one.kind === "send" ? [decodeConfigMessage(one.bytes)] : [],
    );
    expect(sent).toEqual([{ kind: "overtaken", number: 1 }]);
  });
});

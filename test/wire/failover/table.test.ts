// MESSAGES.md beside the code is the table of messages as a reader wants it. It is made from the code:
// after a change, `vitest -u` writes it anew.

import path from "node:path";
import { expect, test } from "vitest";
import { MESSAGE } from "../../../daemon/wire/failover/messages.ts";
import { OPTION } from "../../../daemon/wire/failover/options.ts";

const FILE = path.join(import.meta.dirname, "../../../daemon/wire/failover/MESSAGES.md");
const MESSAGES = Object.entries(MESSAGE).toSorted(([, a], [, b]) => a.code - b.code);

const HEAD = `# Messages and options

The failover protocol on the wire (draft-ietf-dhc-failover-12). Made from \`messages.ts\` and \`options.ts\`; a test
keeps it true.

## Messages

§ is the section of the draft.
`;

const LEGEND = `
## Which option is in which message

| letter | meaning |
|---|---|
| M | must be in every such message that is sent |
| O | may be in it |
| A | must be in one that accepts, may not be in a refusal (one with a reject-reason) |
| B | must be in one that accepts, may be in a refusal |
| R | may be in a refusal, and only there |
| T | taken when it comes, never sent |
| | has no business there: set aside when it comes, refused when sending |

Two letters are the dialects tandem and isc. In BNDUPD and BNDACK all but the message-digest belong to the address in front of them.
The client's options of a BNDUPD depend on its binding-status: active, expired and released need the hardware address, abandoned may name
no client. Vendor-specific options are sent beside a vendor class only. POOLREQ, UPDREQ, UPDREQALL and UPDDONE have no options of
their own.
`;

function rendered(): string {
  const withOptions = MESSAGES.filter(([, one]) => Object.keys(one.body).length > 1);
  const messages = MESSAGES.map(([name, one]) =>
    line([`${one.code}`, name, one.section, one.sender, one.answer ?? ""]),
  );
  const options = Object.entries(OPTION).map(([field, option]) => {
    const cells = withOptions.map(([, one]) => (one.body as Record<string, string>)[field] ?? "");
    return line([`${option.code}`, option.name, option.codec.shape, ...cells]);
  });
  return [
    HEAD,
    ...tableOf(["type", "name", "§", "sent by", "answered by"], messages),
    LEGEND,
    ...tableOf(["code", "option", "value", ...withOptions.map(([name]) => name)], options),
    "",
  ].join("\n");
}

function tableOf(titles: readonly string[], lines: readonly string[]): string[] {
  return [line(titles), `|${"---|".repeat(titles.length)}`, ...lines];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |").replaceAll("|  |", "| |");
}

test("MESSAGES.md shows the table of the code", async () => {
  await expect(rendered()).toMatchFileSnapshot(FILE);
});

test("the messages without options of their own are those that the legend names", () => {
  const bare = MESSAGES.filter(([, one]) => Object.keys(one.body).length === 1);
  expect(bare.map(([name]) => name).toSorted()).toEqual([
    "POOLREQ",
    "UPDDONE",
    "UPDREQ",
    "UPDREQALL",
  ]);
});

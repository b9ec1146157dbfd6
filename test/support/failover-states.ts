// The state tables as a reader wants them: Markdown and Mermaid, made from the code.

import { serviceOf } from "../../daemon/core/failover/service.ts";
import { entryActions, mayAnnounce } from "../../daemon/core/failover/transitions.ts";
import { type CellInfo, cells } from "../../daemon/core/failover/transitions-cells.ts";
import { RULE_NAMES, ruleOf, type Variant } from "../../daemon/core/failover/transitions-rules.ts";
import {
  type Cell,
  HAPPENINGS,
  happenedCell,
  heardCell,
  SHORTS,
  STATE_OF,
  shortOf,
} from "../../daemon/core/failover/transitions-table.ts";
import { DIALECTS, type Dialect } from "../../daemon/wire/failover/messages.ts";

const HEAD = `# States of a pair

The state machine of a failover endpoint (draft-ietf-dhc-failover-12 §9). Made from \`transitions-table.ts\`,
\`transitions-rules.ts\`, \`transitions.ts\` and \`service.ts\`; a test keeps it true, \`vitest -u\` writes it anew.

Dialect tandem is between two of our boxes, isc is beside a dhcpd 4.4.3.
`;

const HEARD = `
The partner's STATE is heard. Rows: the own state, in STARTUP the saved one. "." stays. STARTUP is over then in any case.
`;

const BITS: Readonly<Record<Dialect, string>> = {
  tandem: "Outside of the own STARTUP a STATE with the STARTUP bit is recorded only.",
  isc:
    "The STARTUP bit matters where a rule says so. In N and PC a STATE that is on record already is passed over. " +
    "This box hears the partner before it says its own STATE: some states are the end of some dhcpd.",
};

const HAPPENED = `
## Anything else, in both dialects

In STARTUP updates-done, wait-over and safe-time-over are passed over, and the loss of a connection too in the dialect tandem.
`;

/** A Mermaid state diagram; an arrow names what leads along it, "hears" for the partner's states. */
export function stateDiagram(dialect: Dialect): string {
  const nodes = SHORTS.map((short) => `  state "${capital(STATE_OF[short])}" as ${short}`);
  const arrows = new Map<string, { heard: string[]; happened: string[] }>();
  for (const { state, to, id, unreachable } of cells().filter((cell) => cell.dialect === dialect)) {
    if (state === undefined || to === undefined || to === state || unreachable !== undefined)
      continue;
    const arrow = `${shortOf(state)} --> ${shortOf(to)}`;
    const labels = arrows.get(arrow) ?? { heard: [], happened: [] };
    arrows.set(arrow, labels);
    const column = id.split(" ")[2] ?? "";
    const list = SHORTS.some((short) => short === column) ? labels.heard : labels.happened;
    if (!list.includes(column)) list.push(column);
  }
  const lines = [...arrows].map(([arrow, { heard, happened }]) => {
    const hears = heard.length === 0 ? [] : [`hears ${heard.join(" ")}`];
    return `  ${arrow}: ${[...hears, ...happened].join(", ")}`;
  });
  return ["stateDiagram-v2", ...nodes, "  [*] --> R: a new box", ...lines].join("\n");
}

const README_BEGIN =
  "<!-- The diagram is made from core/failover/transitions-table.ts: vitest -u -->";
const README_END = "<!-- End of the diagram -->";

/** daemon/README.md with the diagram as it should be between its two marks, and all else as it is. */
export function withDiagram(readme: string): string {
  const [before, rest, ...others] = readme.split(README_BEGIN);
  const [, after, ...more] = rest?.split(README_END) ?? [];
  if (after === undefined || others.length + more.length > 0) {
    throw new Error("the README has not both marks of the diagram, each once");
  }
  const diagram = ["```mermaid", stateDiagram("tandem"), "```"].join("\n");
  return `${before}${README_BEGIN}\n\n${diagram}\n\n${README_END}${after}`;
}

/** The whole of STATES.md. */
export function statesDocument(): string {
  return [
    HEAD,
    ...services(),
    ...DIALECTS.flatMap(heardTable),
    HAPPENED,
    ...tableOf(["", ...HAPPENINGS], SHORTS.map(happenedLine)),
    "\n## Rules\n\nThe first case that holds counts.\n",
    ...tableOf(["rule", "cases", "why"], RULE_NAMES.map(ruleLine)),
    ...entries(),
    ...fatal(),
    ...unreachable(),
    ...DIALECTS.flatMap((dialect) => [
      `\n## Diagram: ${dialect}\n`,
      "```mermaid",
      stateDiagram(dialect),
      "```",
    ]),
    "",
  ].join("\n");
}

function services(): string[] {
  const lines = SHORTS.map((short) => [
    short,
    capital(STATE_OF[short]),
    ...DIALECTS.map((dialect) => serviceOf(dialect, STATE_OF[short], false, undefined)),
  ]);
  const silent = SHORTS.filter(
    (short) => serviceOf("isc", "normal", false, STATE_OF[short]) === "nothing",
  );
  return [
    "## What a box answers\n",
    ...tableOf(["", "state", ...DIALECTS], lines),
    `\nIn STARTUP nothing. In the dialect isc also nothing beside a partner in ${silent.join(", ")}, but for PD.`,
  ];
}

function heardTable(dialect: Dialect): string[] {
  const lines = SHORTS.map((mine) => [
    `**${mine}**`,
    ...SHORTS.map((heard) => word(heardCell(dialect, STATE_OF[mine], STATE_OF[heard]))),
  ]);
  return [
    `\n## The partner is heard: ${dialect}`,
    HEARD + BITS[dialect],
    "",
    ...tableOf(["", ...SHORTS], lines),
  ];
}

function happenedLine(mine: (typeof SHORTS)[number]): string[] {
  const words = HAPPENINGS.map((happening) => word(happenedCell(STATE_OF[mine], happening)));
  return [`**${mine}**`, ...words];
}

function word(cell: Cell): string {
  if (cell.kind === "stay") return ".";
  return cell.kind === "go" ? shortOf(cell.to) : `*${cell.name}*`;
}

function ruleLine(name: (typeof RULE_NAMES)[number]): string[] {
  const { why, variants } = ruleOf(name);
  return [`*${name}*`, variants.map(variantText).join("; "), why];
}

function variantText({ when, to, actions = [], onlyIn }: Variant): string {
  const result = [to === undefined ? "stay" : shortOf(to), ...actions].join(", ");
  return `${when}${onlyIn === undefined ? "" : ` (${onlyIn} only)`}: ${result}`;
}

function entries(): string[] {
  const lines = SHORTS.map((short) => [
    short,
    ...DIALECTS.flatMap((dialect) => {
      const state = STATE_OF[short];
      const primary = entryActions(dialect, "primary", state, undefined).join(", ");
      const secondary = entryActions(dialect, "secondary", state, undefined).join(", ");
      const late = entryActions(dialect, "secondary", state, "conflict-done").join(", ");
      const second = late === secondary ? secondary : `${late} beside CD`;
      return [primary === second ? primary : `primary: ${primary}; secondary: ${second}`];
    }),
  ]);
  return [
    "\n## On entering a state\n",
    "The state is written down first and said to the partner second.\n",
    ...tableOf(["", ...DIALECTS], lines),
  ];
}

function fatal(): string[] {
  const lines = SHORTS.map((partner) => [
    partner,
    SHORTS.filter((own) => !mayAnnounce("isc", STATE_OF[partner], STATE_OF[own])).join(", "),
  ]).filter(([, states]) => states !== "");
  return ["\n## What is never said to a dhcpd\n", ...tableOf(["dhcpd is in", "not said"], lines)];
}

function unreachable(): string[] {
  const reasons = new Map<string, CellInfo[]>();
  for (const cell of cells()) {
    if (cell.unreachable === undefined) continue;
    reasons.set(cell.unreachable, [...(reasons.get(cell.unreachable) ?? []), cell]);
  }
  const lines = [...reasons].map(([why, list]) => [why, list.map(({ id }) => id).join(", ")]);
  return [
    `\n## What cannot happen\n\nOf ${cells().length} cases; the number is that of the rule's case.\n`,
    ...tableOf(["why", "cases"], lines),
  ];
}

function capital(state: string): string {
  return state.toUpperCase();
}

function tableOf(titles: readonly string[], lines: readonly (readonly string[])[]): string[] {
  return [line(titles), `|${"---|".repeat(titles.length)}`, ...lines.map(line)];
}

function line(cellTexts: readonly string[]): string {
  return `| ${cellTexts.join(" | ")} |`.replaceAll("|  |", "| |").replaceAll("|  |", "| |");
}

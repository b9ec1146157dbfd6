import type { PairingStageId, PairingView } from "../http/api-types.ts";
import { columns, type Paint, wrap } from "./terminal.ts";

/** How far two boxes have come, for a terminal `width` characters wide; ends with a line end. */
export function formatPairing(view: PairingView, paint: Paint, width: number): string {
  const { refusal, digits } = view;
  const colour = refusal?.loud ? "red" : refusal ? "yellow" : "green";
  const lines = [`${paint(colour, "●")} ${paint("bold", wrap(view.sentence, width, "  "))}`];
  if (view.advice !== "") lines.push(`  ${wrap(view.advice, width, "  ")}`);
  if (refusal) {
    lines.push("", `  ${paint(colour, "▲")} ${wrap(refusal.sentence, width, "    ")}`);
    lines.push(`    ${paint("grey", wrap(refusal.advice, width, "    "))}`);
  }
  if (view.underWay || view.stages.some(({ state }) => state !== "open")) {
    lines.push("", ...stageLines(view, paint));
  }
  if (digits !== null) lines.push("", ...digitLines(digits, paint));
  if (view.question) {
    lines.push("", "  How they differ:");
    for (const difference of view.question.differences) {
      lines.push(`  - ${wrap(difference, width, "    ")}`);
    }
  }
  const said = actionRows(view);
  if (said.length > 0) lines.push("", ...columns(said).map((line) => `  ${line}`));
  if (view.unpaired !== "") lines.push("", `  ${wrap(view.unpaired, width, "  ")}`);
  return `${lines.join("\n")}\n`;
}

const STAGES: Readonly<Record<PairingStageId, string>> = {
  cable: "cable seen",
  found: "box found",
  digits: "six digits",
  confirmed: "confirmed on both",
  roles: "roles and identity",
  configuration: "configuration",
  leases: "leases",
  "in-step": "in step",
};

function stageLines({ stages, found }: PairingView, paint: Paint): string[] {
  const rows = stages.map(({ id, state, seconds }) => {
    const mark = { done: paint("green", "✓"), now: paint("yellow", "…"), open: " " }[state];
    const name = state === "open" ? paint("grey", STAGES[id]) : STAGES[id];
    const box = id === "found" && found ? foundText(found) : "";
    return [mark, name, seconds === null ? "" : `${seconds.toFixed(1)} s`, box];
  });
  return columns(rows).map((line) => `  ${line}`);
}

function foundText({ name, model, serial, version }: NonNullable<PairingView["found"]>): string {
  return [name, model, serial, version && `Tandem ${version}`].filter(Boolean).join(" · ");
}

/** Each digit by its seven bars, three lines high; for those who listen, as text as well. */
function digitLines(digits: string, paint: Paint): string[] {
  const lines = [0, 1, 2].map((row) => {
    const bars = Array.from(digits, (digit) => BARS[Number(digit)]?.[row] ?? "");
    const text = `${bars.slice(0, 3).join(" ")}     ${bars.slice(3).join(" ")}`;
    return `    ${paint("bold", text.trimEnd())}`;
  });
  return [...lines, "", `    ${digits.slice(0, 3)} ${digits.slice(3)}`];
}

const BARS = [
  [" _ ", "| |", "|_|"],
  ["   ", "  |", "  |"],
  [" _ ", " _|", "|_ "],
  [" _ ", " _|", " _|"],
  ["   ", "|_|", "  |"],
  [" _ ", "|_ ", " _|"],
  [" _ ", "|_ ", "|_|"],
  [" _ ", "  |", "  |"],
  [" _ ", "|_|", "|_|"],
  [" _ ", "|_|", " _|"],
] as const;

function actionRows({ actions, digits, confirmedHere }: PairingView): string[][] {
  const rows: string[][] = [];
  if (actions.includes("confirm")) {
    rows.push(["They are the same:", `tandem pair confirm ${digits}`]);
  } else if (confirmedHere && digits !== null) {
    rows.push(["Confirmed on this box."]);
  }
  if (actions.includes("differ")) rows.push(["They differ:", "tandem pair differ"]);
  if (actions.includes("choose")) {
    rows.push(["Both like this box:", "tandem pair choose keep"]);
    rows.push(["Both like the other one:", "tandem pair choose take"]);
  }
  if (actions.includes("cancel")) rows.push(["No pair after all:", "tandem pair cancel"]);
  if (actions.includes("again")) rows.push(["Begin again:", "tandem pair again"]);
  return rows;
}

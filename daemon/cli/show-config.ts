import type { ConfigSyncView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { columns, jsonText, wrap } from "./terminal.ts";

/** How the configurations of both boxes stand to each other. */
export async function showConfig({
  client,
  options,
  out,
  columns: width,
  paint,
}: Context): Promise<number> {
  const { raw, value } = await client.get<ConfigSyncView>("/api/v1/configuration");
  const isFine = !value.diverged && value.refused === "";
  if (options.json) {
    out(jsonText(raw, 2));
    return isFine ? EXIT.fine : EXIT.degraded;
  }
  const { sentence, trial, pending, refused } = value;
  const sentences = [sentence, trial?.sentence ?? "", pending, refused].filter(
    (text) => text !== "",
  );
  for (const text of sentences) out(`${wrap(text, width, "")}\n`);
  out(`\n${columns(generations(value)).join("\n")}\n`);
  for (const file of value.keptAside) {
    out(`${wrap(`Written into config.json, and never in force: ${file}`, width, "  ")}\n`);
  }
  if (value.differences.length > 0) out(`\n${paint("bold", "Where they differ")}\n`);
  for (const { path, here, partner } of value.differences) {
    out(`  ${path}: ${here} here, ${partner} on the partner\n`);
  }
  if (value.moreDifferences > 0) out(`  and ${value.moreDifferences} more\n`);
  if (value.diverged) out(`\n${wrap(HOW_TO_CHOOSE, width, "")}\n`);
  return isFine ? EXIT.fine : EXIT.degraded;
}

function generations({ generation, hash, partner }: ConfigSyncView): string[][] {
  const row = (name: string, number: number, digest: string) => [
    name,
    `configuration ${number}`,
    digest.slice(0, 12),
  ];
  const own = row("this box", generation, hash);
  return partner ? [own, row("the partner", partner.generation, partner.hash)] : [own];
}

const HOW_TO_CHOOSE =
  "Choose one for both boxes: tandem config keep for this box's, tandem config take for the partner's. The other one stays in the state folder of its box.";

/** The pairs that can be measured, and measuring those that were asked for. */
import type { Setting } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { Contender } from "./pair-contenders.ts";
import { ISC_PAIRS } from "./pair-isc.ts";
import { KEA_PAIRS } from "./pair-kea.ts";
import { measurePair, type PairResult } from "./pair-plan.ts";
import { buildPairRoom } from "./pair-room.ts";
import { TANDEM_PAIRS } from "./pair-tandem.ts";
import type { Progress } from "./plan.ts";

export const PAIRS: readonly Contender[] = [...TANDEM_PAIRS, ...KEA_PAIRS, ...ISC_PAIRS];

/** Measures each pair that `options` names; inside a room. A pair that cannot be measured here is
 * told of and left out. */
export async function measurePairs(
  setting: Omit<Setting, "room">,
  options: BenchOptions,
  say: Progress,
): Promise<{ results: PairResult[]; skipped: string[] }> {
  const room = buildPairRoom();
  const results: PairResult[] = [];
  const skipped: string[] = [];
  for (const name of options.servers) {
    const contender = PAIRS.find((candidate) => candidate.name === name);
    if (contender === undefined) continue;
    const missing = contender.missing(setting.root);
    if (missing !== null) {
      skipped.push(`${name}: not measured: ${missing}`);
      say(skipped.at(-1) ?? "");
      continue;
    }
    const result = await measurePair({ ...setting, room }, room, contender, options, say);
    if (result.server.failure !== null) say(`${name}: ${result.server.failure}`);
    results.push(result);
  }
  return { results, skipped };
}

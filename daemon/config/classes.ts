// Classes of clients: what makes a client a member, and what members get.

import type { ClassConfig, Match } from "../core/config-view.ts";
import { buildLevel } from "./levels.ts";
import { type MatchNames, parseMatch } from "./match.ts";
import type { OptionNames } from "./options.ts";
import type { SharedConfig } from "./schema.ts";
import type { Say } from "./validate.ts";

/** One match for each class, undefined where something was said about it. */
export function parseMatches(
  shared: SharedConfig,
  options: OptionNames,
  say: Say,
): (Match | undefined)[] {
  const networks = new Set(shared.networks.map((network) => network.name));
  return shared.classes.map(({ match }, index) => {
    const names: MatchNames = {
      optionCode: (name) => options.find(name)?.code,
      earlierClass: (name) => earlierClass(shared, index, name),
      hasNetwork: (name) => networks.has(name),
    };
    return parseMatch(match, names, `classes[${index}].match`, say);
  });
}

/** The classes of a configuration that passed all checks. */
export function buildClasses(shared: SharedConfig, options: OptionNames): ClassConfig[] {
  const classes: ClassConfig[] = [];
  parseMatches(shared, options, () => {}).forEach((match, index) => {
    const one = shared.classes[index];
    if (!one || !match) return;
    classes.push({ ...buildLevel(one, options), name: one.name, match, isDenied: one.deny });
  });
  return classes;
}

function earlierClass(shared: SharedConfig, own: number, name: string): number | string {
  const index = shared.classes.findIndex((one) => one.name === name);
  if (index < 0) return "there is no class of this name";
  if (index === own) return "is the class itself";
  return index < own ? index : `comes later, as classes[${index}]; only earlier classes count`;
}

// Two validated files become the one frozen configuration that the core works with.

import { ipv4 } from "../base/address.ts";
import type { CoreConfig } from "../core/config-view.ts";
import { checkTogether } from "./check.ts";
import { buildClasses } from "./classes.ts";
import { buildNetworks } from "./networks.ts";
import { OptionNames } from "./options.ts";
import { buildPair, type PairLinkConfig } from "./pair.ts";
import { type BoxConfig, BoxSchema, type SharedConfig, SharedSchema } from "./schema.ts";
import { type ConfigIssue, validate, withFound } from "./validate.ts";

export interface LoadedConfig {
  readonly shared: SharedConfig;
  readonly box: BoxConfig;
  readonly core: CoreConfig;
  /** How the partner is reached; undefined: this box has none. */
  readonly pairLink: PairLinkConfig | undefined;
}

/** Everything wrong in both files at once, or the configuration. Never throws. */
export function loadConfig(
  sharedInput: unknown,
  boxInput: unknown,
): { readonly config: LoadedConfig } | { readonly issues: ConfigIssue[] } {
  const shared = validate(SharedSchema, "config.json", sharedInput);
  const box = validate(BoxSchema, "box.json", boxInput);
  if ("issues" in shared || "issues" in box) {
    return {
      issues: [
        ...("issues" in shared ? shared.issues : []),
        ...("issues" in box ? box.issues : []),
      ],
    };
  }
  const issues = checkTogether(shared.value, box.value);
  if (issues.length > 0) {
    const input = (file: string) => (file === "box.json" ? boxInput : sharedInput);
    return { issues: issues.map((issue) => withFound(issue, input(issue.file))) };
  }
  return { config: build(shared.value, box.value) };
}

function build(shared: SharedConfig, box: BoxConfig): LoadedConfig {
  const names = new OptionNames(shared.customOptions);
  const pair = buildPair(shared, box);
  const core: CoreConfig = {
    pair: pair.config,
    serving: box.role === "serving",
    networks: buildNetworks(shared, box, names),
    classes: buildClasses(shared, names),
    leasequeryFrom: (shared.leasequery?.from ?? []).map(ipv4),
  };
  return { shared, box, core, pairLink: pair.link };
}

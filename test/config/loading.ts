// Ways to load a configuration that the tests here share.

import { loadConfig } from "../../daemon/config/load.ts";
import type { CoreConfig, NetworkConfig } from "../../daemon/core/config-view.ts";

export const BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { office: { interface: "lan0", address: "10.77.0.2/24" } },
};
export const OFFICE = {
  name: "office",
  subnet: "10.77.0.0/24",
  pools: [{ from: "10.77.0.100", to: "10.77.0.199" }],
};

type Result = ReturnType<typeof loadConfig>;
type Changes = Record<string, unknown>;

/** One network "office" with these settings, and `file` at the top of config.json. */
export function office(network: Changes, file: Changes = {}, box: Changes = {}): Result {
  return loadConfig(
    { version: 1, networks: [{ ...OFFICE, ...network }], ...file },
    { ...BOX, ...box },
  );
}

/** Several networks, each named after the file's settings. */
export function networks(list: readonly Changes[], box: Changes = {}): Result {
  return loadConfig({ version: 1, networks: list }, { ...BOX, ...box });
}

export function issues(result: Result): string[] {
  return "issues" in result
    ? result.issues.map((issue) => `${issue.file} ${issue.path}: ${issue.reason}`)
    : [];
}

/** Throws all issues when there are any. */
export function coreOf(result: Result): CoreConfig {
  if ("issues" in result) throw new Error(issues(result).join("\n"));
  return result.config.core;
}

export function firstOf(result: Result): NetworkConfig {
  const [network] = coreOf(result).networks;
  if (!network) throw new Error("this box has no network");
  return network;
}

export function nth<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`there is no entry ${index}`);
  return item;
}

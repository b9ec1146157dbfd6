import { ConfigError } from "../base/errors.ts";
import type { OptionValue } from "../core/config-view.ts";
import { encodeOption, optionByName } from "../wire/dhcp4-options.ts";
import type { Plain } from "../wire/option-codecs.ts";

/**
 * An option as a person writes it, `{"ntp-servers": ["10.0.0.1"]}`, to its bytes. Throws ConfigError
 * when there is no such option, when it is not for a person to set, or when the value does not fit.
 */
export function encodeConfigured(name: string, value: unknown): OptionValue {
  const row = optionByName(name);
  if (!row) throw new ConfigError("there is no DHCP option of this name");
  if (row.sender !== "network" && row.sender !== "both") {
    throw new ConfigError(
      "this option is not set by configuration; the server or a client fills it",
    );
  }
  try {
    return { code: row.code, data: encodeOption(row, row.codec.parse(value as Plain)) };
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

// Signals of the appliance in what dbus-monitor prints.

import { ROOT } from "./appliance.ts";

export interface SeenSignal {
  readonly path: string;
  readonly member: string;
  /** In the order in which they were printed. */
  readonly strings: readonly string[];
  /** The signal as it was printed. */
  readonly text: string;
}

/** Those below the root. */
export function signals(printed: string): SeenSignal[] {
  return printed
    .split(/^(?=signal )/m)
    .map((text) => ({
      path: /path=([^;]+)/.exec(text)?.[1] ?? "",
      member: /member=(\w+)/.exec(text)?.[1] ?? "",
      strings: Array.from(
        text.matchAll(/(?:string|object path) "(.*)"/g),
        (match) => match[1] ?? "",
      ),
      text,
    }))
    .filter(({ path }) => path.startsWith(ROOT));
}

import { readdirSync } from "node:fs";

/** All interfaces of the box, also those without carrier; undefined when the system does not say. */
export function interfaceNames(folder = "/sys/class/net"): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

// Addresses of a message bus: D-Bus specification, "Server Addresses".

/** Where a bus can listen on this machine: a path for connect(2). */
export interface BusAddress {
  /** As net.createConnection takes it: an abstract socket begins with a NUL. */
  readonly path: string;
  /** For sentences. */
  readonly text: string;
}

/** D-Bus specification, "Well-known Message Bus Instances". */
export const SYSTEM_BUS = "unix:path=/var/run/dbus/system_bus_socket";

/**
 * The Unix sockets of a bus address, in its order of preference. Other transports (TCP, a command
 * to run) are left out: a system bus has none of them, and running commands from an environment
 * variable is nothing a daemon should do. Empty when nothing usable is left.
 */
export function parseBusAddress(address: string): BusAddress[] {
  return address.split(";").flatMap((entry) => {
    const found = /^unix:(?:[^;]*,)?(path|abstract)=([^,;]+)/.exec(entry.trim());
    const [, kind, escaped] = found ?? [];
    if (kind === undefined || escaped === undefined) return [];
    const value = unescaped(escaped);
    if (value === undefined) return [];
    return kind === "path"
      ? [{ path: value, text: value }]
      : [{ path: `\0${value}`, text: `@${value}` }];
  });
}

function unescaped(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

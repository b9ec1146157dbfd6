// What is to be known of the machine that the daemon runs on: for people who look for a fault from afar.

import { lstatSync, readdirSync } from "node:fs";
import { cpus, freemem, loadavg, networkInterfaces, release, totalmem, uptime } from "node:os";
import path from "node:path";

export interface FileFacts {
  /** Within the folder, with "/" where it is in one of its own. */
  readonly name: string;
  readonly bytes: number;
  /** When it was written last; ISO 8601. */
  readonly at: string;
}

export function machineFacts() {
  const processors = cpus();
  return {
    kernel: `Linux ${release()}`,
    processors: `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}, ${process.arch}`,
    switchedOnSeconds: Math.round(uptime()),
    load: loadavg().map((value) => Math.round(value * 100) / 100),
    memoryBytes: { total: totalmem(), free: freemem() },
  };
}

export function processFacts() {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    node: process.version,
    upSeconds: Math.round(process.uptime()),
    memoryBytes: { resident: rss, heapTotal, heapUsed, external },
    processorSeconds: { user: user / 1e6, system: system / 1e6 },
  };
}

/** Addresses of each interface that has some, as "10.77.0.2/24 02:00:5e:00:00:02". */
export function interfaceFacts(): Record<string, string[]> {
  const found = Object.entries(networkInterfaces());
  return Object.fromEntries(
    found.map(([name, addresses = []]) => [
      name,
      addresses.map(({ cidr, address, mac }) => `${cidr ?? address} ${mac}`),
    ]),
  );
}

/** Plain files in a folder and in the folders in it, `most` of them; nothing of what they hold. */
export function fileFacts(folder: string, most: number): FileFacts[] {
  const facts: FileFacts[] = [];
  const add = (name: string, isInside: boolean) => {
    const found = lstatSync(path.join(folder, name), { throwIfNoEntry: false });
    if (found?.isDirectory() && !isInside) {
      for (const one of readdirSync(path.join(folder, name)).sort()) add(`${name}/${one}`, true);
    } else if (found?.isFile() && facts.length < most) {
      facts.push({ name, bytes: found.size, at: found.mtime.toISOString() });
    }
  };
  for (const name of readdirSync(folder).sort()) add(name, false);
  return facts;
}

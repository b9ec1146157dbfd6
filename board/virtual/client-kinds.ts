// How each DHCP client program is started, told to renew and told to release, without touching any
// file of the machine.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inNamespace, run } from "./shell.ts";
import type { Service } from "./supervisor.ts";

export type ClientKind = "udhcpc" | "dhclient" | "dhcpcd";

export interface ClientSetup {
  readonly name: string;
  /** The client's own files: configuration, leases, log. */
  readonly folder: string;
  readonly script: string;
}

export interface ClientTool {
  prepare(setup: ClientSetup): void;
  command(setup: ClientSetup): string[];
  renew(setup: ClientSetup, service: Service): Promise<void>;
  release(setup: ClientSetup, service: Service): Promise<void>;
}

/** The n-th client, from 1: the first four are of three kinds, further ones are the lightest. */
export function kindOf(number: number): ClientKind {
  return (["udhcpc", "udhcpc", "dhclient", "dhcpcd"] as const)[number - 1] ?? "udhcpc";
}

const udhcpc: ClientTool = {
  prepare: () => {},
  // One DISCOVER a second: a lab is watched by somebody who waits.
  command: ({ name, script }) => [
    ...["udhcpc", "-f", "-i", "eth0", "-s", script, "-x", `hostname:${name}`],
    ...["-t", "5", "-T", "1", "-A", "1"],
  ],
  renew: async (_setup, service) => service.signal("SIGUSR1"),
  release: async (_setup, service) => service.signal("SIGUSR2"),
};

const dhclient: ClientTool = {
  prepare: ({ name, folder }) => {
    const lines = [
      `send host-name "${name}";`,
      "timeout 10;",
      "retry 1;",
      "initial-interval 1;",
      "initial-delay 0;",
    ];
    const wanted = "request subnet-mask, routers, domain-name-servers, broadcast-address;";
    const text = [...lines, "backoff-cutoff 2;", wanted, ""].join("\n");
    writeFileSync(join(folder, "dhclient.conf"), text);
  },
  command: (setup) => ["dhclient", "-4", "-d", ...dhclientFiles(setup), "eth0"],
  // dhclient has no signal to renew: a new one takes the old one's lease and asks for it again.
  renew: async (_setup, service) => {
    await service.stop("SIGTERM");
    service.start();
  },
  release: async (setup, service) => {
    // `-r` finds the running one by its pid file, ends it and sends the release.
    const ended = service.stop("SIGCONT", 5000);
    await run(inNamespace(setup.name, ["dhclient", "-4", "-r", ...dhclientFiles(setup), "eth0"]));
    await ended;
  },
};

const dhcpcd: ClientTool = {
  prepare: ({ name, folder }) => {
    for (const part of ["db", "run"]) mkdirSync(join(folder, part));
    const options = ["option subnet_mask, routers, domain_name_servers, dhcp_lease_time"];
    const text = [`hostname ${name}`, "clientid", "ipv4only", "noipv4ll", "noarp", ...options, ""];
    writeFileSync(join(folder, "dhcpcd.conf"), text.join("\n"));
  },
  // Its folders are fixed when it is compiled, so each client sees its own ones in their place.
  command: ({ folder, script }) => [
    ...["unshare", "--mount", "--propagation", "slave", "sh", "-c", dhcpcdStart, "sh"],
    ...[folder, "dhcpcd", "-B", "-4", "-f", join(folder, "dhcpcd.conf"), "-c", script, "eth0"],
  ],
  renew: async (_setup, service) => service.signal("SIGUSR1"),
  release: async (_setup, service) => service.stop("SIGALRM", 5000),
};

export const clientTools: Readonly<Record<ClientKind, ClientTool>> = { udhcpc, dhclient, dhcpcd };

const dhcpcdStart = `set -e
mkdir -p /run/dhcpcd
mount --bind "$1/db" /var/lib/dhcpcd
mount --bind "$1/run" /run/dhcpcd
shift
exec "$@"`;

function dhclientFiles({ folder, script }: ClientSetup): string[] {
  const files = { conf: "dhclient.conf", leases: "dhclient.leases", pid: "dhclient.pid" };
  const at = (name: string): string => join(folder, name);
  // dhclient wants its lease file to be there.
  if (!existsSync(at(files.leases))) writeFileSync(at(files.leases), "");
  return ["-cf", at(files.conf), "-lf", at(files.leases), "-pf", at(files.pid), "-sf", script];
}

// The files a box finds at its start: configuration, identity and bus configuration.

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hex } from "../../daemon/base/bytes.ts";
import { identityOf } from "../../daemon/io/identity.ts";
import { type BoxName, plan } from "./topology.ts";

/** Where things of one box are, and where the program comes from. */
export interface BoxPaths {
  readonly folder: string;
  readonly state: string;
  readonly run: string;
  readonly busSocket: string;
  readonly apiSocket: string;
  /** On which people are as over the network. */
  readonly pageSocket: string;
  readonly helperSocket: string;
  readonly busConfig: string;
  readonly gatekeeperSocket: string;
  /** Of the gatekeeper and of keepalived. */
  readonly gateFolder: string;
}

export function boxPaths(lab: string, box: BoxName): BoxPaths {
  const folder = join(lab, box);
  const run = join(folder, "run");
  return {
    folder,
    state: join(folder, "state"),
    run,
    busSocket: join(run, "bus"),
    apiSocket: join(run, "tandem.sock"),
    pageSocket: join(run, "page.sock"),
    helperSocket: join(run, "rawlink.sock"),
    busConfig: join(folder, "bus.conf"),
    gatekeeperSocket: join(run, "gatekeeper.sock"),
    gateFolder: join(folder, "gate"),
  };
}

/**
 * "pair": each knows the other from the begin; "alone": they are no pair, box a serves and box b stands by; "new":
 * the same, and box b is as the factory made it.
 */
export type LabKind = "pair" | "alone" | "new";

/** `policies` are D-Bus policy files that the bus of the box takes in. */
export function writeBoxFiles(
  paths: BoxPaths,
  box: BoxName,
  kind: LabKind,
  policies: readonly string[],
): void {
  const policyFolder = join(paths.folder, "bus.d");
  for (const folder of [paths.folder, paths.state, paths.run, policyFolder]) mkdirSync(folder);
  const json = (name: string, value: unknown): void =>
    writeFileSync(join(paths.folder, name), `${JSON.stringify(value, null, 2)}\n`);
  json("board.json", board(box));
  if (kind === "pair") {
    writeFileSync(join(paths.state, "key"), secretOf(box), { mode: 0o600 });
    json("config.json", { ...configuration(), pair: { name: "lab" } });
    json("box.json", member(box));
  } else if (kind === "new" && box === "b") {
    json("config.json", { version: 1, networks: [] });
    json("box.json", { version: 1, name: "new", role: "standby", networks: {} });
  } else {
    json("config.json", configuration());
    json("box.json", single(box));
  }
  writeFileSync(paths.busConfig, busConfig(paths.busSocket, policyFolder));
  policies.forEach((file, index) => {
    copyFileSync(file, join(policyFolder, `${index}.conf`));
  });
}

// Shared by both boxes: the networks they serve.
function configuration() {
  const { subnet, gateway, from, to } = plan.lan;
  const dns = [gateway];
  const domain = "lab.example";
  const lan = { name: "lan", subnet, gateway, dns, domain, pools: [{ from, to }] };
  const wan = { address: `${plan.wan.virtual}/24`, router: plan.wan.gateway };
  return { version: 1, gateway: { wan }, networks: [{ ...lan, leaseSeconds: 3600 }] };
}

/** Of the key of a box; each knows the other's from the begin. No secret: it is a lab. */
function secretOf(box: BoxName): Uint8Array {
  return new Uint8Array(32).fill(box.charCodeAt(0));
}

function board(box: BoxName) {
  return {
    version: 1,
    model: "Virtual",
    serial: `LAB-${box.toUpperCase()}`,
    wanPort: "wan0",
    pairPorts: ["ded0"],
  };
}

// Who this box is; never the same on two boxes.
function identity(box: BoxName) {
  const lan = { interface: "lan0", address: `${plan.boxes[box].lan}/24` };
  return { version: 1, name: box.toUpperCase(), networks: { lan } };
}

function single(box: BoxName): unknown {
  return { ...identity(box), role: box === "a" ? "serving" : "standby" };
}

// The first to start is the primary.
function member(box: BoxName): unknown {
  const role = box === "a" ? "primary" : "secondary";
  const { id } = identityOf(secretOf(box === "a" ? "b" : "a"));
  const pair = { role, partnerIdentity: hex(id) };
  return { ...identity(box), role: "serving", pair };
}

function busConfig(socket: string, policyFolder: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <policy user="root">
    <allow own="org.keepalived.Vrrp1"/>
    <allow send_destination="org.keepalived.Vrrp1"/>
  </policy>
  <includedir>${policyFolder}</includedir>
</busconfig>
`;
}

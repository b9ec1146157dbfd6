// What is written for dhcpd and Kea, read back by our own importers.

import { describe, expect, test } from "vitest";
import type { SharedConfig } from "../../daemon/config/schema.ts";
import { exportIsc } from "../../daemon/export/isc.ts";
import { exportKea } from "../../daemon/export/kea.ts";
import type { ImportedLease } from "../../daemon/import/imported.ts";
import { importIsc } from "../../daemon/import/isc.ts";
import { importKea } from "../../daemon/import/kea.ts";
import { configurations, loaded } from "./configurations.ts";

const NOW = 1_795_680_000;

const WAYS = [
  { way: "dhcpd", out: exportIsc, back: importIsc },
  {
    way: "Kea",
    out: (shared: SharedConfig, leases: readonly ImportedLease[]) => exportKea(shared, leases, NOW),
    back: importKea,
  },
];

/** What both servers can say of networks. */
function essence({ networks }: SharedConfig) {
  return networks.map(({ subnet, gateway, dns, domain, pools, reservations }) => ({
    ...{ subnet, gateway, dns, domain },
    pools: pools.map(({ from, to }) => `${from}-${to}`),
    reservations: reservations
      .filter(({ remoteId, hostname }) => remoteId === undefined && hostname === undefined)
      .map(({ address, mac, clientId }) => ({ address, mac: mac?.toLowerCase(), clientId })),
  }));
}

/** In the order of their wires, as they are written. */
function sorted(shared: SharedConfig) {
  return essence(shared).sort((a, b) => (a.subnet < b.subnet ? -1 : 1));
}

describe.each(WAYS)("$way and back", ({ out, back }) => {
  test.each(configurations())("%s", (_, shared) => {
    const { files } = out(shared, []);
    const again = loaded(back(files).shared);
    expect(sorted(again)).toEqual(sorted(shared));
    expect(again.leaseSeconds).toBe(shared.leaseSeconds);
  });

  test("leases", () => {
    const leases: ImportedLease[] = [
      {
        address: "10.77.0.100",
        state: "active",
        mac: "02:00:5e:10:00:01",
        clientId: "0102005e100001",
        hostname: "desk-1",
        expiresAt: NOW + 600,
      },
      { address: "10.77.0.101", state: "active", clientId: "00612c3b227d", expiresAt: undefined },
      { address: "10.77.0.102", state: "declined", expiresAt: NOW + 60 },
    ];
    const shared = loaded({
      version: 1,
      networks: [{ name: "office", subnet: "10.77.0.0/24", pools: [] }],
    });
    expect(back(out(shared, leases).files).leases).toEqual(leases);
  });
});

const WHOLE = {
  version: 1,
  options: { "ntp-servers": ["10.0.0.3"], "domain-search": ["a.example", "b.example"] },
  leaseSeconds: 3600,
  minLeaseSeconds: 600,
  maxLeaseSeconds: 86_400,
  boot: { server: "10.0.0.5", file: "boot.img" },
  classes: [
    {
      name: "phones",
      match: { mac: ["00:04:13", "00:15:65"] },
      options: { "log-server": ["10.0.0.8"] },
    },
    {
      name: "boot",
      match: { all: [{ vendorClass: "PXE*" }, { arch: [7, 9] }, { not: { class: "phones" } }] },
      boot: { file: "ipxe.efi" },
    },
    {
      name: "port",
      match: { any: [{ circuitId: "port-1" }, { option: { "host-name": "*lab" } }] },
    },
  ],
  networks: [
    {
      name: "net-10-0-0-0",
      subnet: "10.0.0.0/24",
      gateway: "10.0.0.1",
      dns: ["10.0.0.2"],
      domain: "office.example",
      ignoreClientId: true,
      pools: [
        { from: "10.0.0.10", to: "10.0.0.19", allow: ["phones"] },
        { from: "10.0.0.20", to: "10.0.0.29", knownOnly: true },
        { from: "10.0.0.30", to: "10.0.0.39" },
      ],
      reservations: [
        { mac: "02:00:5e:00:00:01", address: "10.0.0.50" },
        { clientId: "0102", address: "10.0.0.51", options: { "log-server": ["10.0.0.9"] } },
        { circuitId: "0x0102", address: "10.0.0.52" },
      ],
    },
  ],
};

test.each(WAYS)("a configuration comes back from $way as it was", ({ out, back }) => {
  const shared = loaded(WHOLE);
  const again = loaded(back(out(shared, []).files).shared);
  const classes = again.classes.map((one) => ({ ...one, match: withoutClasses(one.match) }));
  const expected = shared.classes.map((one) => ({ ...one, match: withoutClasses(one.match) }));
  const networks = again.networks.map((network) => ({
    ...network,
    reservations: network.reservations.map(withoutMadeName),
  }));
  expect({ ...again, classes, networks }).toEqual({ ...shared, classes: expected });
});

/** dhcpd has no host without a name. */
function withoutMadeName({
  name,
  ...entry
}: SharedConfig["networks"][number]["reservations"][number]) {
  return { ...entry, ...(name !== undefined && !name.startsWith("at-") && { name }) };
}

/** dhcpd has no conditions on other classes: theirs is written out. */
function withoutClasses(match: unknown): unknown {
  const phones = JSON.stringify(WHOLE.classes[0]?.match);
  return JSON.parse(JSON.stringify(match).replace('{"class":"phones"}', phones));
}

test.each(WAYS)("what $way has nothing for is noted", ({ way, out }) => {
  const [first] = WHOLE.networks;
  const shared = loaded({
    ...WHOLE,
    leasequery: { from: ["10.0.0.4"] },
    classes: [
      { name: "a", match: { network: "net-10-0-0-0" } },
      { name: "b", match: { randomisedMac: true } },
      { name: "c", match: { vendorClass: "*x*" } },
      { name: "d", match: { class: "a" } },
    ],
    networks: [
      {
        ...first,
        rapidCommit: true,
        leasesPerPort: 2,
        options: { "ntp-servers": null },
        pools: [{ from: "10.0.0.10", to: "10.0.0.19", deny: ["a"] }],
      },
    ],
  });
  const paths = out(shared, []).notes.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      "leasequery",
      "networks[0].rapidCommit",
      "networks[0].leasesPerPort",
      "networks[0].options.ntp-servers",
      "networks[0].pools[0]",
      ...["a", "b", "c", "d"].map((_, index) => `classes[${index}].match`),
    ]),
  );
  expect(paths.filter((path) => path === "networks")).toHaveLength(way === "Kea" ? 2 : 0);
});

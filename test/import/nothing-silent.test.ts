// The promise to whoever moves: no statement is dropped without a word. Each line that is a statement of its own is
// taken out, and the result must change, in the draft, the leases or the notes.

import { expect, test } from "vitest";
import type { Importer } from "../../daemon/import/imported.ts";
import { importIsc } from "../../daemon/import/isc.ts";
import { importKea } from "../../daemon/import/kea.ts";
import { fixtures } from "./reading.ts";

/** Lines whose absence changes nothing: they say what is so anyway, or stand in braces that are left out as a whole. */
function silent(importer: Importer, names: readonly string[], isStatement: RegExp): string[] {
  const files = fixtures(...names);
  const whole = JSON.stringify(importer(files));
  const found: string[] = [];
  for (const [name, text] of files) {
    const lines = text.split("\n");
    for (const [index, line] of lines.entries()) {
      if (!isStatement.test(line)) continue;
      const changed = new Map(files).set(name, lines.with(index, "").join("\n"));
      if (JSON.stringify(importer(changed)) === whole) found.push(line.trim());
    }
  }
  return found;
}

const ISC_STATEMENT = /^\s*[^#\s{}][^{}]*;/;
const KEA_STATEMENT = /^\s*(?!\/\/)"[^{}[\]]*,?\s*(\/\/.*)?$|^\s*\{.*\},?$|^[0-9]/;

test.each([
  [
    ["isc/office.conf", "isc/hosts.conf"],
    [
      "deny bootp;",
      "option space UBNT;",
      // Of what stands in braces that are left out as a whole.
      "primary;",
      "address 192.168.10.2;",
      "peer address 192.168.10.3;",
      "mclt 1800;",
      "split 128;",
    ],
  ],
  [["isc/example.conf"], ["max-lease-time 7200;"]],
  [["isc/dhcpd.conf.example"], ["max-lease-time 7200;"]],
  [
    ["isc/vmnet8.conf"],
    ["allow unknown-clients;", "max-lease-time 7200;                    # default is 2 hours"],
  ],
  [["isc/simple.conf"], []],
])("statements of %s", (names, expected) => {
  expect(silent(importIsc, names, ISC_STATEMENT)).toEqual(expected);
});

test.each([
  [["kea/office.conf", "kea/subnets.json"], []],
  [
    ["kea/classify2.json"],
    [
      '"test": "member(\'ALL\')",',
      '"id": 1,',
      '"id": 2,',
      '"id": 3,',
      '"id": 4,',
      '"name": "kea-dhcp4",',
      '"output": "stdout"',
      '"severity": "INFO"',
    ],
  ],
  [
    ["kea/shared-network.json"],
    [
      '"type": "memfile",',
      '"lfc-interval": 3600',
      '"match-client-id": false,',
      '"authoritative": true,',
      '"id": 1,',
      '"next-server": "0.0.0.0",',
      '"server-hostname": "",',
      '"boot-file-name": "",',
      '"id": 2,',
      '"next-server": "0.0.0.0",',
      '"server-hostname": "",',
      '"boot-file-name": "",',
      '"valid-lifetime": 200',
      '"id": 3',
    ],
  ],
  [
    ["kea/multiple-options.json"],
    [
      '"type": "memfile"',
      '"id": 1,',
      '"name": "kea-dhcp4",',
      '"output": "stdout"',
      '"severity": "INFO"',
    ],
  ],
  [
    ["kea/reservations.json"],
    [
      '"type": "memfile",',
      '"lfc-interval": 3600',
      '"id": 1,',
      '"interface": "eth0",',
      '"space": "vendor-4491",',
      '"name": "kea-dhcp4",',
      '"output": "stdout"',
      '"severity": "INFO"',
    ],
  ],
])("settings of %s", (names, expected) => {
  expect(silent(importKea, names, KEA_STATEMENT)).toEqual(expected);
});

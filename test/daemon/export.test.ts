// What is written for dhcpd and Kea, as those servers themselves judge it.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { exportIsc } from "../../daemon/export/isc.ts";
import { exportKea } from "../../daemon/export/kea.ts";
import { configurations } from "../export/configurations.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";

const DHCPD = "/usr/sbin/dhcpd";
const KEA = "/usr/sbin/kea-dhcp4";
const folder = mkdtempSync(path.join(tmpdir(), "tandem-export-"));
afterAll(() => rmSync(folder, { recursive: true }));

describeUnless(withoutProgram(existsSync(DHCPD), "dhcpd"), "dhcpd takes", () => {
  test.each(configurations())("%s", (_, shared) => {
    const file = path.join(folder, "dhcpd.conf");
    writeFileSync(file, exportIsc(shared, []).files.get("dhcpd.conf") ?? "");
    const { status, stderr } = spawnSync(DHCPD, ["-t", "-cf", file], { encoding: "utf8" });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describeUnless(withoutProgram(existsSync(KEA), "kea-dhcp4"), "Kea takes", () => {
  test.each(configurations())("%s", (_, shared) => {
    const file = path.join(folder, "kea.conf");
    writeFileSync(file, exportKea(shared, [], 0).files.get("kea-dhcp4.conf") ?? "");
    expect(() => execFileSync(KEA, ["-t", file], { encoding: "utf8" })).not.toThrow();
  });
});

// What goes onto a box: every file arrives, fits the others, and is gone after removal.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseBoard } from "../../daemon/config/board.ts";
import { loadConfig } from "../../daemon/config/load.ts";
import { ENVIRONMENT, NODE_FLAGS } from "../../image/runtime.ts";
import { testUnless, withoutProgram } from "../support/unless.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const UNITS = ["tandem.service", "tandem-rawlink.service", "tandem-gatekeeper.service"];
const HELPERS = ["board/rawlink/rawlink", "board/gatekeeper/gatekeeper"];
/** Where each unit may write, besides a folder that systemd makes for it. */
const WRITABLE: Readonly<Record<string, string>> = {
  "tandem.service": "/run/tandem /etc/tandem",
  "tandem-rawlink.service": "/run/tandem",
  "tandem-gatekeeper.service": "/run/tandem-gate",
};

let clone: string;
let box: string;

/** A clone of which only what image/ brings is real, so that nothing has to be built. */
beforeAll(() => {
  const folder = mkdtempSync(path.join(tmpdir(), "tandem-image-"));
  clone = path.join(folder, "clone");
  box = path.join(folder, "box");
  cpSync(path.join(ROOT, "image"), path.join(clone, "image"), { recursive: true });
  for (const file of ["dist/tandemd.js", "dist/tandem.js", "dist/package.json"]) fake(file);
  for (const file of ["dist/web/manifest.json", ...HELPERS]) fake(file);
  fake("node_modules/.bin/node");
});

afterAll(() => rmSync(path.dirname(clone), { recursive: true, force: true }));

describe("image/install.sh", () => {
  test.each([
    ["dist/tandemd.js", "npm run build"],
    ["board/rawlink/rawlink", "make -C board/rawlink"],
    ["board/gatekeeper/gatekeeper", "make -C board/gatekeeper"],
  ])("says that %s has to be built first", (file, command) => {
    rmSync(path.join(clone, file));
    const { status, stderr } = run("install");
    expect(status).toBe(1);
    expect(stderr).toBe(`install.sh: ${file} is missing: run \`${command}\`\n`);
    expect(existsSync(box)).toBe(false);
    fake(file);
  });

  test("installs all that the units and the bus need, twice without harm", () => {
    for (const _ of [1, 2]) expect(run("install")).toMatchObject({ status: 0, stderr: "" });
    for (const unit of UNITS) {
      const text = installed(`usr/lib/systemd/system/${unit}`);
      const programs = /^ExecStart=(.+)$/m.exec(text)?.[1]?.match(/\/usr\/\S+/g) ?? [];
      expect(programs.length).toBeGreaterThan(0);
      for (const program of programs)
        expect(existsSync(path.join(box, program)), program).toBe(true);
    }
    expect(statSync(path.join(box, "usr/bin/tandem")).mode & 0o777).toBe(0o755);
    expect(statSync(path.join(box, "usr/lib/tandem/node")).mode & 0o777).toBe(0o755);
    expect(existsSync(path.join(box, "usr/lib/tandem/web/manifest.json"))).toBe(true);
    expect(existsSync(path.join(box, "etc"))).toBe(false);
    expect(listing(box).filter((file) => file.endsWith(".new"))).toEqual([]);
  });

  test("users, groups and folders of the units are those that are made", () => {
    const users = installed("usr/lib/sysusers.d/tandem.conf").matchAll(/^u\s+(\S+)/gm);
    const made = Array.from(users, (match) => match[1]);
    for (const unit of UNITS) {
      const text = installed(`usr/lib/systemd/system/${unit}`);
      const named = text.matchAll(/^(?:User|Group|SupplementaryGroups)=(.+)$/gm);
      for (const [, name] of named) expect(made).toContain(name);
      expect(text).toContain(`ReadWritePaths=${WRITABLE[unit]}\n`);
    }
    const folder = installed("usr/lib/tmpfiles.d/tandem.conf");
    expect(folder).toMatch(/^d\s+\/run\/tandem\s+1775\s+tandem\s+tandem-rawlink\s/m);
    expect(folder).toMatch(/^d\s+\/etc\/tandem\s+2775\s+root\s+tandem\s/m);
    const policy = installed("usr/share/dbus-1/system.d/org.tandem.Appliance1.conf");
    const owners = policy.matchAll(/policy (?:user|group)="(\w+)"/g);
    for (const [, name] of owners) expect(["root", ...made]).toContain(name);
  });

  test("the gatekeeper's folder is its own, and its socket the daemon's alone", () => {
    const unit = installed("usr/lib/systemd/system/tandem-gatekeeper.service");
    expect(unit).toContain(
      "gatekeeper -s /run/tandem-gate/gatekeeper.sock -d /run/tandem-gate -u tandem -m 0600\n",
    );
    expect(installed("usr/lib/systemd/system/tandem.service")).toContain(
      "tandemd.js --gatekeeper /run/tandem-gate/gatekeeper.sock\n",
    );
    expect(unit).toContain("RuntimeDirectory=tandem-gate\nRuntimeDirectoryMode=0711\n");
    expect(unit).toContain("Conflicts=keepalived.service\n");
  });

  test("the daemon's unit has no capability, the helpers' those they need", () => {
    const capabilities = (unit: string) =>
      Array.from(
        installed(`usr/lib/systemd/system/${unit}`).matchAll(
          /^(?:CapabilityBoundingSet|AmbientCapabilities)=(.*)$/gm,
        ),
        (match) => match[1],
      );
    expect(capabilities("tandem.service")).toEqual(["", ""]);
    const two = "CAP_NET_RAW CAP_NET_BIND_SERVICE";
    expect(capabilities("tandem-rawlink.service")).toEqual([two, two]);
    const four = "CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK CAP_CHOWN";
    expect(capabilities("tandem-gatekeeper.service")).toEqual([four]);
  });

  const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
  testUnless(
    withoutProgram(analyze, "systemd-analyze"),
    "systemd finds no fault in the units",
    () => {
      const units = UNITS.map((unit) => `/usr/lib/systemd/system/${unit}`);
      const { stderr } = spawnSync(
        "systemd-analyze",
        ["verify", "--man=no", "--recursive-errors=no", `--root=${box}`, ...units],
        { encoding: "utf8" },
      );
      // An empty root has no targets and no D-Bus: those complaints are about the root.
      const ours = stderr.split("\n").filter((line) => /^(?:\S*\/)?tandem\S*:/.test(line));
      expect(ours).toEqual([]);
    },
  );

  test("removes every file that it installed", () => {
    expect(run("remove")).toMatchObject({ status: 0, stderr: "" });
    expect(listing(box).filter((file) => statSync(path.join(box, file)).isFile())).toEqual([]);
  });
});

describe("image/examples", () => {
  test("are a configuration without a fault", () => {
    const read = (name: string): unknown =>
      JSON.parse(readFileSync(path.join(ROOT, "image/examples", name), "utf8"));
    const loaded = loadConfig(read("config.json"), read("box.json"));
    expect("issues" in loaded ? loaded.issues : []).toEqual([]);
    expect("config" in loaded && loaded.config.core.networks.map(({ name }) => name)).toEqual([
      "office",
    ]);
    expect(parseBoard(read("board.json")).pairPorts).toHaveLength(1);
  });
});

function run(verb: string): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(path.join(clone, "image/install.sh"), [verb], {
    env: { ...process.env, DESTDIR: box },
    encoding: "utf8",
  });
  return { status, stderr };
}

function fake(file: string): void {
  const target = path.join(clone, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, "#!/bin/sh\n");
  chmodSync(target, 0o755);
}

function installed(file: string): string {
  return readFileSync(path.join(box, file), "utf8");
}

function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}

test("the unit starts the daemon as the lab and the bench do", () => {
  const unit = readFileSync(path.join(ROOT, "image/systemd/tandem.service"), "utf8");
  expect(unit).toContain(`/usr/lib/tandem/node ${NODE_FLAGS.join(" ")} /usr/lib/tandem/tandemd.js`);
  for (const [name, value] of Object.entries(ENVIRONMENT)) {
    expect(unit).toContain(`Environment=${name}=${value}\n`);
  }
});

// What image/examples/ and daemon/DBUS.md show is run as it stands there, in the shells that boxes have.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describeUnless, withoutProgram } from "../support/unless.ts";
import { box, Recorded } from "./appliance.ts";
import { has, missing, PrivateBus } from "./private-bus.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const EXAMPLES = path.join(ROOT, "image/examples");
const FOLLOW = path.join(EXAMPLES, "follow-gateway");

const why = missing();

function boxWith(role: string) {
  return box({ gateway: { role, why: `It is ${role}.`, since: "2026-03-01T11:00:00.000Z" } });
}

describeUnless(why, "examples on a bus", () => {
  let bus: PrivateBus;
  let service: Recorded;
  let folder: string;
  let follower: ChildProcess | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "tandem-examples-"));
    bus = new PrivateBus();
    await bus.start();
    service = new Recorded(bus.address);
    service.bus.start(boxWith("standby"));
    await service.until(/connected/);
  });

  afterEach(async () => {
    follower?.kill("SIGKILL");
    follower = undefined;
    await service.bus.stop();
    await bus.end();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs follow-gateway in a shell; what it is to run is a script of the test's, which notes its arguments. */
  function follow(
    shell: readonly string[],
    env: Record<string, string> = {},
    hook = noting(),
  ): void {
    const [program = "", ...args] = shell;
    follower = spawn(program, [...args, FOLLOW, ...hook], {
      stdio: "ignore",
      env: { ...process.env, TMPDIR: folder, DBUS_SYSTEM_BUS_ADDRESS: bus.address, ...env },
    });
  }

  function noting(): string[] {
    const script = path.join(folder, "note");
    writeFileSync(script, `#!/bin/sh\necho "$*" >>"${folder}/noted"\n`, { mode: 0o755 });
    return [script, "with", "arguments"];
  }

  const noted = () => {
    const file = path.join(folder, "noted");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };

  const untilNoted = (count: number) =>
    vi.waitUntil(() => noted().length >= count, { timeout: 15_000, interval: 20 });

  const shells: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ["the system's shell", ["/bin/sh"], undefined],
    ["the shell of OpenWrt", ["busybox", "sh"], withoutProgram(has("busybox"), "busybox")],
  ];

  describe.each(shells)("in %s", (_, shell, lacking) => {
    describeUnless(lacking, "follow-gateway", () => {
      test("runs a command at the start and at every change, once each", async () => {
        follow(shell);
        await untilNoted(1);
        service.bus.update(boxWith("standby"));
        service.bus.update(boxWith("active"));
        await untilNoted(2);
        service.bus.update({ ...boxWith("active"), why: "Something else." });
        service.bus.update(boxWith(""));
        await untilNoted(3);
        expect(noted()).toEqual(
          ["standby", "active", "none"].map((role) => `with arguments ${role}`),
        );
      });

      test("leaves nothing behind when it is told to end", async () => {
        follow(shell);
        await untilNoted(1);
        const monitors = () => childrenOf(follower?.pid ?? 0);
        const before = monitors();
        expect(before.length).toBeGreaterThan(0);
        const ended = new Promise((resolve) => follower?.once("exit", resolve));
        follower?.kill("SIGTERM");
        expect(await ended).toBe(0);
        await vi.waitUntil(() => !before.some(isRunning), { timeout: 5000 });
        expect(readdirSync(folder).filter((name) => name.startsWith("tmp"))).toEqual([]);
      });
    });
  });

  test("follow-gateway goes on over restarts of the daemon and of the bus", async () => {
    follow(["/bin/sh"]);
    await untilNoted(1);
    // The daemon ends, and comes back as something else; nothing is run while it is away.
    await service.bus.stop();
    service = new Recorded(bus.address);
    service.bus.start(boxWith("active"));
    await untilNoted(2);
    await bus.stop();
    await service.until(/lost/);
    await bus.start();
    await service.until(/connected/);
    service.bus.update(boxWith("released"));
    await untilNoted(3);
    expect(noted().map((line) => line.split(" ").at(-1))).toEqual([
      "standby",
      "active",
      "released",
    ]);
  });

  test("gateway-led shows on a LED what the box is", async () => {
    const led = path.join(folder, "leds/green:status");
    mkdirSync(led, { recursive: true });
    const shown = () =>
      ["trigger", "brightness", "delay_on", "delay_off"]
        .map((name) => path.join(led, name))
        .map((file) => (existsSync(file) ? readFileSync(file, "utf8").trim() : ""))
        .join(" ");
    const until = (text: string) =>
      vi.waitUntil(() => shown().trim() === text, { timeout: 10_000, interval: 20 });
    const hook = [path.join(EXAMPLES, "gateway-led"), "green:status"];
    follow(["/bin/sh"], { LEDS: path.join(folder, "leds") }, hook);
    await until("none 0");
    service.bus.update(boxWith("active"));
    await until("none 255");
    service.bus.update(boxWith("maintenance"));
    await until("timer 255 1000 1000");
    service.bus.update(boxWith("released"));
    await until("timer 255 100 100");
    service.bus.update(boxWith("fault"));
    await until("timer 255 300 300");
  });

  test("gateway-vpn has the VPN at the gateway", async () => {
    const hook = [path.join(EXAMPLES, "gateway-vpn"), "wg0"];
    follow(["/bin/sh"], { PATH: toolsOf(folder, ["systemctl"]) }, hook);
    await untilNoted(1);
    service.bus.update(boxWith("active"));
    await untilNoted(2);
    expect(noted()).toEqual(["systemctl stop wg-quick@wg0", "systemctl start wg-quick@wg0"]);
  });

  const roles = [
    "active",
    "standby",
    "released",
    "maintenance",
    "fault",
    "waiting",
    "unknown",
    "none",
  ];

  test.each([
    [["systemctl"], "systemctl start wg-quick@wg0", "systemctl stop wg-quick@wg0"],
    [["ifup", "ifdown"], "ifup wg0", "ifdown wg0"],
  ])(
    "gateway-vpn with %j: until it is known where the gateway is, the VPN stays as it is",
    (tools, up, down) => {
      const env = { PATH: toolsOf(folder, tools) };
      for (const role of roles) {
        spawnSync("/bin/sh", [path.join(EXAMPLES, "gateway-vpn"), "wg0", role], { env });
      }
      expect(noted()).toEqual([up, down, down, down, down]);
    },
  );
});

test.each([[FOLLOW], [path.join(EXAMPLES, "gateway-led")], [path.join(EXAMPLES, "gateway-vpn")]])(
  "%s says what is missing",
  (script) => {
    expect(spawnSync("/bin/sh", [script], { encoding: "utf8" }).status).not.toBe(0);
  },
);

/** A PATH with what the examples need, and tools that note what they are asked for. */
function toolsOf(folder: string, noting: readonly string[]): string {
  const bin = path.join(folder, "bin");
  mkdirSync(bin);
  for (const tool of [
    "dbus-send",
    "dbus-monitor",
    "sh",
    "sed",
    "mktemp",
    "mkfifo",
    "rm",
    "sleep",
  ]) {
    symlinkSync(whereIs(tool), path.join(bin, tool));
  }
  for (const tool of noting) {
    const script = `#!/bin/sh\necho "${tool} $*" >>"${folder}/noted"\n`;
    writeFileSync(path.join(bin, tool), script, { mode: 0o755 });
  }
  return bin;
}

function whereIs(tool: string): string {
  return spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).stdout.trim();
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return readFileSync(file, "utf8")
    .trim()
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);
}

/** One that has ended may wait to be asked for how. */
function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return false;
  }
}

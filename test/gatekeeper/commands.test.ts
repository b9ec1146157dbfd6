// Every command to one gatekeeper with the real keepalived, and daemons that do not behave.

import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { describeUnless } from "../support/unless.ts";
import { configuration } from "./configuration.ts";
import { Daemon } from "./daemon.ts";
import {
  type Box,
  build,
  type Gatekeeper,
  pause,
  Room,
  roomProblem,
  USUAL,
  until,
} from "./room.ts";

const BUS = "unix:path=/nowhere/at/all";

for (const kind of USUAL) {
  describeUnless(roomProblem(), `commands (${kind})`, () => {
    let program: string;
    let room: Room;
    let box: Box;
    let gatekeeper: Gatekeeper;
    let daemon: Daemon;
    let slow: Daemon;
    let slowSince: number;
    let hung: Promise<string[]>;

    beforeAll(async () => {
      program = build(kind);
      room = await Room.open(program);
      box = room.a;
      gatekeeper = await box.gatekeeper([], { DBUS_SYSTEM_BUS_ADDRESS: BUS, SECRET: "no" });
      hangs();
      await room.b.gatekeeper();
      slow = await Daemon.open(room.b);
      slow.write("config 1000\nglobal_defs {");
      slowSince = performance.now();
    });
    /** A second gatekeeper whose keepalived answers to nothing; what it says is looked at later. */
    function hangs(): void {
      const never = join(room.folder, "keepalived-never");
      writeFileSync(never, "#!/bin/sh\nsleep 600\n", { mode: 0o755 });
      const socket = join(room.folder, "never.sock");
      const folder = join(room.folder, "never");
      const places = ["-s", socket, "-d", folder, "-k", never];
      const gatekeeper = room.b.spawnGatekeeper(places);
      hung = until(() => gatekeeper.log.includes("listening"), "it listens").then(async () => {
        const daemon = new Daemon(socket);
        const answer = await daemon.configure(configuration({ folder }));
        return [answer, await daemon.ask("stop")];
      });
    }
    afterAll(() => {
      room.close();
      rmSync(dirname(program), { recursive: true });
    });
    // All use one gatekeeper; each daemon replaces the one before.
    beforeEach(async () => {
      daemon = await Daemon.open(box);
    });

    const text = (wishes = {}): string =>
      configuration({ folder: box.folder, ...wishes }).replace("delay 0.5", "delay 0.1");

    /** keepalived runs with the usual configuration, and has the gateway. */
    async function running(): Promise<void> {
      expect(await daemon.configure(text())).toMatch(/^ok (started|unchanged|reloaded)$/);
      expect(await daemon.ask("health 0 60000 -254")).toBe("ok");
      await until(() => box.isOwner, "the box has the gateway");
    }

    test("before the first word nothing runs, and the track file says so", async () => {
      expect(daemon.events).toEqual([`hello 1 ${box.folder}`, "keepalived stopped", "health -254"]);
      expect(box.health).toBe("-254");
      expect(statSync(box.folder).mode & 0o777).toBe(0o711);
      expect(await daemon.ask("dump")).toBe("no keepalived is not running");
      expect(await daemon.ask("respawn")).toBe("no keepalived is not running");
      expect(await daemon.ask("plug 1000")).toMatch(/^no there is no configuration/);
      expect(await daemon.ask("stop")).toBe("ok");
    });

    test("a configuration is refused by the whitelist, or by keepalived, and nothing starts", async () => {
      const evil = text().replace(" state BACKUP", " notify /bin/true");
      expect(await daemon.configure(evil)).toBe(
        "no line 39: notify is not allowed in vrrp_instance",
      );
      const odd = text().replace("virtual_router_id 51", "virtual_router_id 999");
      expect(await daemon.configure(odd)).toBe("no line 60: number '999' outside range [1, 255]");
      const lone = text().replace(" HB0\n LAN0\n", " HB0\n");
      expect(await daemon.configure(lone)).toMatch(/^no .*only 1 virtual router/);
      expect(await daemon.ask("health -254 60000 -254")).toBe("ok");
      expect(daemon.events.slice(3)).toEqual([]);
    });

    test("started, unchanged, reloaded without losing an address, and in FAULT till healthy", async () => {
      expect(await daemon.configure(text())).toBe("ok started");
      await daemon.until('vrrp GROUP "TANDEM" FAULT 0');
      expect(box.isOwner).toBe(false);
      await running();
      expect(await daemon.configure(text())).toBe("ok unchanged");
      const pids = [box.pid("keepalived"), box.pid("vrrp")];
      const more = ["10.77.0.1/24 dev lan0", "10.77.0.9/24 dev lan0"];
      const watch = box.watchAddresses();
      expect(await daemon.configure(text({ lan: more }))).toBe("ok reloaded");
      const has = (): boolean => box.addresses.includes("10.77.0.9/24 on lan0");
      await until(has, "the other address is there");
      expect(await daemon.configure(text())).toBe("ok reloaded");
      await until(() => !has(), "the other address is gone");
      expect(await watch()).toEqual(["10.77.0.9/24 lan0", "Deleted 10.77.0.9/24 lan0"]);
      expect([box.pid("keepalived"), box.pid("vrrp")]).toEqual(pids);
      // keepalived's own check before a reload is not wanted: see README.md.
      const written = readFileSync(join(box.folder, "keepalived.conf"), "utf8");
      expect(written.replace(/^ +$/m, " reload_check_config")).toBe(text());
    });

    test("keepalived gets its folder and the bus, and nothing else of the environment", async () => {
      await running();
      const environment = readFileSync(`/proc/${box.pid("keepalived")}/environ`, "utf8");
      expect(environment.split("\0").filter(Boolean).sort()).toEqual([
        `DBUS_SYSTEM_BUS_ADDRESS=${BUS}`,
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        `TMPDIR=${box.folder}`,
      ]);
      await until(() => gatekeeper.log.includes("Entering MASTER STATE"), "its log is in ours");
    });

    test("a dump is the JSON of keepalived", async () => {
      await running();
      const dump = JSON.parse(await daemon.ask("dump")) as { data: { iname: string } }[];
      expect(dump.map(({ data }) => data.iname)).toEqual(["HB0", "LAN0"]);
      // One that is stopped cannot write it.
      process.kill(box.pid("vrrp"), "SIGSTOP");
      const answer = daemon.ask("dump");
      expect(await answer).toBe("no keepalived wrote no dump within 1000 ms");
      process.kill(box.pid("vrrp"), "SIGCONT");
    });

    test("respawn ends the VRRP process alone", async () => {
      await running();
      const [parent, vrrp] = [box.pid("keepalived"), box.pid("vrrp")];
      const since = daemon.now;
      expect(await daemon.ask("respawn")).toBe("ok");
      await daemon.until('vrrp GROUP "TANDEM" STOP 0', since);
      await until(() => ![0, vrrp].includes(box.pid("vrrp")), "another VRRP process");
      expect(box.pid("keepalived")).toBe(parent);
      expect(daemon.events.slice(since).filter((line) => !line.startsWith("vrrp"))).toEqual([]);
    });

    test("D-Bus is switched on by a restart, never by a reload", async () => {
      await running();
      const parent = box.pid("keepalived");
      const since = daemon.now;
      expect(await daemon.configure(text({ dbus: true }))).toBe("ok started");
      expect(box.pid("keepalived")).not.toBe(parent);
      expect(daemon.events.slice(since).filter((line) => line.startsWith("keep"))).toEqual([
        "keepalived stopped",
        "keepalived started",
      ]);
    });

    test("health is written at once, runs out, and is told when it changes", async () => {
      const since = daemon.now;
      expect(await daemon.ask("health -7 60000 -254")).toBe("ok");
      expect(box.health).toBe("-7");
      expect(await daemon.ask("health 1 300 0")).toMatch(/^no health VALUE TTL AFTER/);
      // In one go, so that the first one's time cannot be over before the second comes.
      daemon.write("health -7 100 -9\nhealth -7 60000 -9\n");
      await pause(200);
      expect(box.health).toBe("-7");
      expect(await daemon.ask("health -7 100 -9")).toBe("ok");
      await daemon.until("health -9", since);
      expect(box.health).toBe("-9");
      const told = daemon.events.slice(since).filter((line) => line.startsWith("health"));
      expect(told).toEqual(["health -7", "health -9"]);
    });

    test("while plugged all commands are answered, and stop ends it", async () => {
      await running();
      expect(await daemon.ask("plug 60000")).toBe("ok");
      expect(await daemon.ask("plug 50000")).toBe("ok");
      expect(await daemon.ask("dump")).toBe("no keepalived is not running");
      expect(await daemon.ask("health -2 60000 -254")).toBe("ok");
      expect(box.health).toBe("-254");
      expect(await daemon.configure(text({ dbus: true }))).toBe("ok plugged");
      const since = daemon.now;
      expect(await daemon.ask("stop")).toBe("ok");
      expect(daemon.events.slice(since)).toEqual(["health -2"]);
      expect(await daemon.ask("dump")).toBe("no keepalived is not running");
    });

    test("a virtual MAC address goes with its link, and no other link goes", async () => {
      const links = (): string => box.sh("ip -o link");
      const virtual = (name: string): string =>
        text({ lan: ["10.77.0.1/24"] }).replace("face lan0\n", `face lan0\n use_vmac ${name}\n`);
      expect(await daemon.configure(virtual("vmac0"))).toBe("ok started");
      await daemon.ask("health 0 60000 -254");
      await until(() => box.addresses.includes("10.77.0.1/24 on vmac0"), "it has the gateway");
      // The VRRP process takes the address along, and leaves the link to the next one.
      process.kill(box.pid("vrrp"), "SIGKILL");
      await until(() => !box.addresses.includes("10.77.0.1/24 on vmac0"), "the address is gone");
      await until(() => box.addresses.includes("10.77.0.1/24 on vmac0"), "it has it again");
      expect(await daemon.ask("plug 60000")).toBe("ok");
      expect(links()).not.toContain("vmac0");
      expect(await daemon.configure(virtual("wan1"))).toMatch(
        /^no line \d+: .*wan1 already exists/,
      );
      expect(await daemon.ask("stop")).toBe("ok");
      // Another link that has got the name behind keepalived's back.
      expect(await daemon.configure(virtual("vmac0"))).toBe("ok started");
      await until(() => links().includes("vmac0@lan0"), "its link is there");
      process.kill(box.pid("vrrp"), "SIGSTOP");
      box.sh("ip link del vmac0; ip link add vmac0 type veth peer name vmac1");
      expect(await daemon.ask("plug 60000")).toBe("ok");
      expect(links()).toContain("vmac0@vmac1");
      expect(gatekeeper.log).toContain("left on vmac0 cannot be removed: Operation not permitted");
      expect(await daemon.ask("stop")).toBe("ok");
      box.sh("ip link del vmac0");
    });

    test("the FIFO is told line by line, with what cannot be shown replaced", async () => {
      const since = daemon.now;
      const long = "x".repeat(300);
      writeFileSync(join(box.folder, "vrrp.fifo"), `\n one\u0007two\x80\n${long}\nhalf`);
      await daemon.until(`vrrp ${"x".repeat(200)}`, since);
      writeFileSync(join(box.folder, "vrrp.fifo"), " whole\n");
      await daemon.until("vrrp half whole", since);
      expect(daemon.events[since]).toBe("vrrp  one?two??");
    });

    test("a newer daemon takes the place of the older one", async () => {
      const answer = daemon.ask("health 0 60000 -254");
      const next = await Daemon.open(box);
      await daemon.gone();
      expect(await answer).toMatch(/^ok$|closed/);
      expect(await next.ask("health -1 60000 -254")).toBe("ok");
      // Two that want it at the same time: one has it.
      const both = [new Daemon(box.socket), new Daemon(box.socket)];
      await until(() => both.some(({ isGone }) => isGone), "one of the two is replaced");
      await next.gone();
      await until(() => both.some(({ isGone, now }) => !isGone && now === 3), "one is served");
    });

    test("what is no command is answered, and the next one is served", async () => {
      for (const line of ["", "rubbish", "\0\x01\x7f", "x".repeat(255), "GET / HTTP/1.1\r"]) {
        expect(await daemon.ask(line)).toBe("no unknown command");
      }
      expect(await daemon.ask("health 0 60000 -254")).toBe("ok");
      // Byte by byte, and many at once.
      for (const byte of "health -3 60000 0") {
        daemon.write(byte);
        await pause(1);
      }
      expect(await daemon.ask("")).toBe("ok");
      const before = daemon.answers.length;
      daemon.write("health -4 60000 0\nx\n".repeat(500));
      await until(() => daemon.answers.length === before + 1000, "all are answered");
      expect(new Set(daemon.answers.slice(before))).toEqual(new Set(["ok", "no unknown command"]));
    });

    test("after a broken frame the connection is closed", async () => {
      expect(await daemon.ask("x".repeat(2048))).toBe("no a command is longer than 2048 bytes");
      await daemon.gone();
      const next = await Daemon.open(box);
      expect(await next.ask("config 65537")).toMatch(/^no config BYTES/);
      await next.gone();
    });

    test("a daemon that does not read what it is told is cut off", async () => {
      daemon.socket.pause();
      const lines = `${"y".repeat(199)}\n`.repeat(250);
      const fill = (): true => {
        writeFileSync(join(box.folder, "vrrp.fifo"), lines);
        return true;
      };
      await until(() => fill() && gatekeeper.log.includes("it does not read"), "it is cut off");
      const next = await Daemon.open(box);
      expect(await next.ask("health 0 60000 0")).toBe("ok");
    });

    test("a message without its end is cut off after five seconds", async () => {
      await slow.gone();
      expect(performance.now() - slowSince).toBeGreaterThan(4900);
      expect(slow.answers).toEqual(["no the rest of a message did not come within 5 s"]);
    });

    test("a keepalived that hangs is a reason after five seconds", async () => {
      expect(await hung).toEqual(["no keepalived -t took longer than 5000 ms", "ok"]);
    });
  });
}

// conntrackd below the gatekeeper: started, told, ended and started again, and what is said where it is not, with the
// real one between two boxes and with some that do not behave.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { describeUnless, withoutProgram } from "../support/unless.ts";
import { configuration } from "./configuration.ts";
import { Daemon } from "./daemon.ts";
import { type Box, build, type Gatekeeper, Room, roomProblem, USUAL, until } from "./room.ts";

const CONNTRACKD = "/usr/sbin/conntrackd";
const without = withoutProgram(existsSync(CONNTRACKD), "conntrackd") ?? roomProblem();
/** A connection that nobody has: the kernel's table takes it all the same. */
const FLOW = "-p tcp -s 192.0.2.1 -d 192.0.2.2 --sport 7 --dport 9";

for (const kind of USUAL) {
  describeUnless(without, `connection tracking (${kind})`, () => {
    let program: string;
    let room: Room;
    let box: Box;
    let started: Gatekeeper[];

    beforeAll(async () => {
      program = build(kind);
      room = await Room.open(program);
      box = room.a;
      for (const [index, each] of room.boxes.entries()) address(each, index + 1, "add");
    });
    afterAll(() => {
      room.close();
      rmSync(dirname(program), { recursive: true });
    });
    beforeEach(() => {
      started = [];
    });
    afterEach(async () => {
      for (const gatekeeper of started) await gatekeeper.end("SIGTERM");
      for (const each of room.boxes) rmSync(each.folder, { recursive: true, force: true });
      for (const each of room.boxes) each.sh("conntrack -F 2>/dev/null");
    });

    function address(at: Box, side: number, verb: "add" | "del"): void {
      at.sh(`ip addr ${verb} fe80::7464:${side}/64 dev ded0 ${verb === "add" ? "nodad" : ""}`);
    }

    async function start(at = box, options: readonly string[] = []): Promise<Gatekeeper> {
      const gatekeeper = await at.gatekeeper(options);
      started.push(gatekeeper);
      return gatekeeper;
    }

    /** A gatekeeper whose conntrackd is a shell script. */
    async function startWith(script: string): Promise<Gatekeeper> {
      const file = join(room.folder, "conntrackd-script");
      writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return await start(box, ["-c", file]);
    }

    async function running(at: Box): Promise<Daemon> {
      await start(at);
      const daemon = await Daemon.open(at);
      expect(await daemon.ask(words(at))).toBe("ok");
      await daemon.until("tracking running");
      return daemon;
    }

    const words = (at: Box, more = ""): string =>
      `tracking ${at.name === "a" ? 1 : 2} ded0 10.77.0.1,${at.ownAddress}${more}`;
    const pid = (at = box): number =>
      Number(readFileSync(join(at.folder, "conntrackd.pid"), "utf8"));
    const isAlive = (process: number): boolean => existsSync(`/proc/${process}/exe`);
    const ask = (at: Box, option: string): string =>
      at.sh(`${CONNTRACKD} -C ${at.folder}/conntrackd.conf ${option} 2>/dev/null`);
    const flows = (at: Box): number =>
      at.sh("conntrack -L -p tcp 2>/dev/null").split("src=192.0.2.1 ").length - 1;
    const add = (at: Box): string =>
      at.sh(`conntrack -I ${FLOW} --timeout 600 --state ESTABLISHED 2>/dev/null`);
    const events = (daemon: Daemon): string[] =>
      daemon.events.filter((line) => line.startsWith("tracking"));

    test("it is started once, with a configuration for these ports, and ended", async () => {
      const daemon = await running(box);
      const first = pid();
      const written = readFileSync(join(box.folder, "conntrackd.conf"), "utf8");
      expect(written).toContain("IPv4_address 10.77.0.2\n");
      // Its own words for a port do not take every name.
      expect(box.sh("ip link show dev tandem0")).toContain(" ded0@");
      const since = daemon.now;
      expect(await daemon.ask(words(box))).toBe("ok unchanged");
      expect(pid()).toBe(first);
      await daemon.until("tracking running", since);
      expect(await daemon.ask(words(box, ",10.79.0.1"))).toBe("ok");
      await until(
        () => existsSync(join(box.folder, "conntrackd.pid")) && pid() !== first,
        "another",
      );
      const second = pid();
      expect(await daemon.ask("tracking off")).toBe("ok");
      await daemon.until("tracking stopped");
      expect([first, second].filter(isAlive)).toEqual([]);
      const files = box
        .sh(`ls ${box.folder}`)
        .split("\n")
        .filter((name) => /^c(t|onn)/.test(name));
      expect(files).toEqual([]);
    });

    test("it has three capabilities", async () => {
      await running(box);
      const status = readFileSync(`/proc/${pid()}/status`, "utf8");
      expect(status).toContain("NoNewPrivs:\t1\n");
      for (const set of ["CapPrm", "CapEff", "CapBnd"])
        expect(status).toContain(`${set}:\t0000000000007000\n`);
    });

    test("connections of one box are in the kernel of the other, also of one that comes later", async () => {
      const daemon = await running(box);
      expect(await daemon.ask("tracking primary")).toBe("ok");
      await running(room.b);
      add(box);
      await until(() => flows(room.b) === 1, "it is there");
      room.b.sh("conntrack -F 2>/dev/null");
      expect(flows(room.b)).toBe(0);
      // Nothing happens to it any more: only what is sent anew can bring it back.
      expect(await daemon.ask("tracking primary")).toBe("ok");
      await until(() => flows(room.b) === 1, "it is there again");
      process.kill(pid(room.b), "SIGKILL");
      room.b.sh("conntrack -F 2>/dev/null");
      await until(() => flows(room.b) === 1, "one that begins anew asks for it");
    });

    test("what runs out at a box that was the gateway stays at the one that is", async () => {
      const [a, b] = [await running(box), await running(room.b)];
      expect(await a.ask("tracking primary")).toBe("ok");
      add(box);
      await until(() => flows(room.b) === 1, "it is there");
      await until(() => ask(box, "-i").includes("192.0.2.1"), "it is this box's own");
      expect(await a.ask("tracking backup")).toBe("ok");
      expect(await b.ask("tracking primary")).toBe("ok");
      await until(() => ask(room.b, "-i").includes("192.0.2.1"), "it is the other box's own");
      await until(() => ask(box, "-i") === "", "it is this box's no more");
      box.sh(`conntrack -D ${FLOW} 2>/dev/null`);
      // Told in order: what comes behind it is there.
      box.sh(
        "conntrack -I -p tcp -s 192.0.2.3 -d 192.0.2.4 --sport 7 --dport 9 --timeout 600 --state ESTABLISHED 2>/dev/null",
      );
      await until(() => room.b.sh("conntrack -L 2>/dev/null").includes("192.0.2.3"), "the next");
      expect(flows(room.b)).toBe(1);
    });

    test("what is forgotten by a box that lets go of the gateway is not forgotten by the other", async () => {
      const daemon = await running(box);
      await running(room.b);
      expect(await daemon.ask("health 0 60000 -254")).toBe("ok");
      expect(await daemon.ask("tracking primary")).toBe("ok");
      add(box);
      await until(() => flows(room.b) === 1, "it is there");
      await until(() => ask(box, "-i").includes("192.0.2.1"), "it is this box's own");
      const [first, since] = [pid(), daemon.now];
      expect(await daemon.ask("health -254 60000 -254")).toBe("ok");
      // As masquerading does with the address.
      box.sh(`conntrack -D ${FLOW} 2>/dev/null`);
      await until(() => !isAlive(first), "it is gone");
      await daemon.until("tracking running", since);
      await until(() => flows(box) === 0 && pid() !== first, "another one");
      expect([flows(room.b), ask(box, "-i")]).toEqual([1, ""]);
      // At a box that has it not, nothing happens.
      const second = pid();
      expect(await daemon.ask("health 0 60000 -254")).toBe("ok");
      expect(await daemon.ask("health -254 60000 -254")).toBe("ok");
      expect(pid()).toBe(second);
    });

    test("one that was killed is started again, and knows which box has the gateway", async () => {
      const daemon = await running(box);
      await daemon.ask("tracking primary");
      add(box);
      const first = pid();
      const since = daemon.now;
      process.kill(first, "SIGKILL");
      await daemon.until("tracking died it ended with wait status 0x9", since);
      await daemon.until("tracking running", since);
      await until(() => ask(box, "-i").includes("192.0.2.1"), "it has this box's own");
      await daemon.ask("tracking backup");
      await until(() => ask(box, "-i") === "", "none is its own");
      process.kill(pid(), "SIGKILL");
      await daemon.until("tracking running", daemon.now);
      await until(() => ask(box, "-i") === "", "none is its own");
      expect(flows(box)).toBe(1);
    });

    test("without the address between the boxes it waits for it, and says why once", async () => {
      address(box, 1, "del");
      await start();
      const daemon = await Daemon.open(box);
      expect(await daemon.ask(words(box))).toBe("ok");
      await until(() => events(daemon).length > 0, "it is said");
      const died = () => events(daemon).filter((line) => line.includes("died"));
      expect(died()[0]).toMatch(/^tracking died .*address/i);
      // keepalived is not kept waiting meanwhile.
      expect(await daemon.configure(configuration({ folder: box.folder }))).toBe("ok started");
      await until(() => box.addresses.includes("fe80::7464:1/64 on ded0"), "it has the address");
      await daemon.until("tracking running");
      expect(died()).toHaveLength(1);
      expect(await daemon.ask("stop")).toBe("ok");
      if (!box.addresses.includes("fe80::7464:1/64 on ded0")) address(box, 1, "add");
    });

    test("a port that is not there is a reason, and so is a name that another port has", async () => {
      await start();
      const daemon = await Daemon.open(box);
      expect(await daemon.ask("tracking 1 ded7 10.77.0.1")).toBe("ok");
      await daemon.until("tracking died ded7: No such device");
      // To a daemon that is new it is told again.
      const since = daemon.now;
      expect(await daemon.ask("tracking 1 ded7 10.77.0.1")).toBe("ok unchanged");
      await daemon.until("tracking died ded7: No such device", since);
      box.sh("ip link set wan1 down; ip link set wan1 name tandem1");
      expect(await daemon.ask("tracking 1 ded0,wan0 10.77.0.1")).toBe("ok");
      await daemon.until("tracking died wan0: File exists");
      box.sh("ip link set tandem1 name wan1; ip link set wan1 up");
    });

    test("it ends with its gatekeeper, however that ends", async () => {
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        await running(box);
        const last = pid();
        await started.at(-1)?.end(signal);
        await until(() => !isAlive(last), `it has ended after ${signal}`);
      }
      await running(box);
    });

    test("one that outlives its gatekeeper is ended by the next one", async () => {
      const deaf = `trap "" TERM; while :; do sleep 1; done`;
      const first = await startWith(
        `case "$*" in *-f*) exit 0 ;; esac\nexec bash -c 'exec -a conntrackd bash -c "$0" x "$@"' '${deaf}' "$@"`,
      );
      const daemon = await Daemon.open(box);
      expect(await daemon.ask(words(box))).toBe("ok");
      await daemon.until("tracking running");
      const last = pid();
      onTestFinished(() => {
        if (isAlive(last)) process.kill(last, "SIGKILL");
      });
      await first.end("SIGKILL");
      expect(isAlive(last)).toBe(true);
      const next = await start();
      expect(next.log).toContain(`process ${last}, a conntrackd without its gatekeeper`);
      expect(isAlive(last)).toBe(false);
    });

    test("without the program it says so, and all else goes on", async () => {
      await start(box, ["-c", "/nowhere/conntrackd"]);
      const daemon = await Daemon.open(box);
      expect(await daemon.ask(words(box))).toBe("no conntrackd is not installed");
      expect(await daemon.ask("tracking primary")).toBe("no connections are not tracked");
      expect(await daemon.ask("tracking off")).toBe("ok");
      expect(await daemon.configure(configuration({ folder: box.folder }))).toBe("ok started");
      expect(events(daemon)).toEqual([]);
      expect(existsSync(join(box.folder, "conntrackd.conf"))).toBe(false);
    });

    test("one that dies again and again is started ever more slowly, with what it says last", async () => {
      await startWith(
        `echo "[today] (pid=1) [ERROR] no luck $(( $(date +%N | cut -c1) / 9 ))x" | tr -d 0-9 >&2; exit 1`,
      );
      const daemon = await Daemon.open(box);
      const since = performance.now();
      expect(await daemon.ask(words(box))).toBe("ok");
      await until(() => events(daemon).length > 0, "its end is told");
      expect(events(daemon)).toEqual(["tracking died no luck x"]);
      expect(await daemon.ask("tracking off")).toBe("ok");
      expect(performance.now() - since).toBeLessThan(10_000);
    });

    test("one that does not answer keeps nobody waiting", async () => {
      await startWith("exec sleep 600");
      const daemon = await Daemon.open(box);
      expect(await daemon.ask(words(box))).toBe("ok");
      expect(await daemon.ask("tracking primary")).toBe("ok");
      expect(await daemon.configure(configuration({ folder: box.folder }))).toBe("ok started");
      expect(await daemon.ask("health 0 60000 -254")).toBe("ok");
      await until(() => box.isOwner, "the box has the gateway");
      expect(events(daemon)).toEqual([]);
      const last = pid();
      expect(await daemon.ask("tracking off")).toBe("ok");
      await daemon.until("tracking stopped");
      expect(isAlive(last)).toBe(false);
    });

    test("one that says very much does not fill the log, nor does it keep anybody waiting", async () => {
      const gatekeeper = await startWith(
        `case "$*" in *-f*) exit 0 ;; esac\nwhile :; do echo "[x] [ERROR] $((i=i+1))"; done`,
      );
      const daemon = await Daemon.open(box);
      expect(await daemon.ask(words(box))).toBe("ok");
      await daemon.until("tracking running");
      await until(() => gatekeeper.log.includes("conntrackd says: "), "something is said");
      const before = gatekeeper.log.length;
      const begin = performance.now();
      for (let turn = 0; turn < 100; turn++) {
        expect(await daemon.ask("health 0 60000 -254")).toBe("ok");
      }
      const seconds = (performance.now() - begin) / 1000;
      expect(gatekeeper.log.slice(before).split("\n").length).toBeLessThan(4 + 2 * seconds);
    });
  });
}

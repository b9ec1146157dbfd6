// Two boxes with the real keepalived: who has the gateway when something ends, and that nobody ever
// keeps it beside another one.

import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { describeUnless } from "../support/unless.ts";
import { configuration } from "./configuration.ts";
import { Daemon } from "./daemon.ts";
import {
  type Box,
  build,
  type Gatekeeper,
  isAlive,
  Room,
  roomProblem,
  USUAL,
  until,
} from "./room.ts";

const OWNED = [
  "10.77.0.1/24 on lan0",
  "10.79.0.1/24 on wan0",
  "fe80::7464:1/64 on ded0",
  "fe80::7464:fa/64 on ded0",
];

for (const kind of USUAL) {
  describeUnless(roomProblem(), `a pair (${kind})`, () => {
    let program: string;
    let room: Room;
    let a: Box;
    let b: Box;
    let gateA: Gatekeeper;
    let daemonA: Daemon;
    let daemonB: Daemon;

    beforeAll(async () => {
      program = build(kind);
      room = await Room.open(program);
      ({ a, b } = room);
      gateA = await a.gatekeeper();
      await b.gatekeeper();
    });
    afterAll(() => {
      room.close();
      rmSync(dirname(program), { recursive: true });
    });

    // All use one pair. What a test has ended is started again, and box a has the gateway.
    beforeEach(async () => {
      if (gateA.exitCode !== null) gateA = await a.gatekeeper();
      [daemonA, daemonB] = [await Daemon.open(a), await Daemon.open(b)];
      await runs(daemonA, a, "A");
      await runs(daemonB, b, "B");
      await daemonB.ask("health -254 60000 -254");
      await daemonA.ask("health 0 60000 -254");
      await until(() => a.isOwner && !b.isOwner, "box a has the gateway");
      await daemonB.ask("health -5 60000 -254");
      await daemonB.until('vrrp GROUP "TANDEM" BACKUP 0');
    });

    async function runs(daemon: Daemon, box: Box, name: "A" | "B"): Promise<void> {
      expect(await daemon.configure(text(box, name))).toMatch(/^ok (started|unchanged)$/);
    }

    function text(box: Box, name: "A" | "B"): string {
      const whole = configuration({ name, folder: box.folder });
      return whole.replace("startup_delay 0.5", "startup_delay 0.1");
    }

    /** Waits until b has the gateway; returns after how many milliseconds, and if a still had it. */
    async function taken(since: number): Promise<number> {
      await until(() => b.isOwner, "box b takes over");
      const milliseconds = performance.now() - since;
      expect(a.isOwner, "both have it").toBe(false);
      return milliseconds;
    }

    test("the owner has everything, the other nothing; health -254 hands it over", async () => {
      expect(a.addresses).toEqual(OWNED);
      expect(a.routes).toEqual([expect.stringMatching(/^default via 10.79.0.9 dev wan0/)]);
      expect(b.addresses).toEqual(["fe80::7464:2/64 on ded0"]);
      expect(b.routes).toEqual([]);
      await daemonA.until('vrrp INSTANCE "LAN0" MASTER 250');
      const since = daemonA.now;
      const start = performance.now();
      expect(await daemonA.ask("health -254 600 0")).toBe("ok");
      expect(await taken(start)).toBeLessThan(500);
      await daemonB.until('vrrp GROUP "TANDEM" MASTER 0');
      // After its time the old owner is fit again, and yet does not take it back.
      await daemonA.until("health 0", since);
      await daemonA.until('vrrp GROUP "TANDEM" BACKUP 0', since);
      expect(b.isOwner).toBe(true);
    });

    test("a daemon that is gone lets go of the gateway when its time is over", async () => {
      await daemonA.ask("health 0 400 -254");
      const start = performance.now();
      daemonA.close();
      const milliseconds = await taken(start);
      expect(milliseconds).toBeGreaterThan(300);
      expect(milliseconds).toBeLessThan(1500);
      const next = await Daemon.open(a);
      expect(next.events).toEqual([`hello 1 ${a.folder}`, "keepalived running", "health -254"]);
    });

    test("a stopped keepalived has nothing left, and the other box has it at once", async () => {
      const start = performance.now();
      const answer = daemonA.ask("stop");
      expect(await taken(start)).toBeLessThan(500);
      expect(await answer).toBe("ok");
      expect(a.addresses).toEqual([]);
      expect(await daemonA.ask("dump")).toBe("no keepalived is not running");
      expect(await daemonA.ask("respawn")).toBe("no keepalived is not running");
    });

    test("kill -9 of all of keepalived leaves no address behind", async () => {
      const since = daemonA.now;
      const pids = [a.pid("vrrp"), a.pid("keepalived")];
      const start = performance.now();
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await until(() => !a.isOwner, "the address is gone");
      expect(performance.now() - start, "milliseconds to remove").toBeLessThan(500);
      expect(a.routes).toEqual([]);
      // Not by the next keepalived, which would come later.
      await until(() => /5 addresses, routes and links were left/.test(gateA.log), "it says so");
      expect(await taken(start)).toBeLessThan(1000);
      // It had not lived for long, so the next one comes a little later.
      await daemonA.until("keepalived died", since);
      await daemonA.until("keepalived started", since);
      await daemonA.until('vrrp GROUP "TANDEM" BACKUP 0', since);
      expect(b.isOwner).toBe(true);
    });

    test("the VRRP process dies twice: nothing stays while keepalived waits", async () => {
      for (const turn of [1, 2]) {
        await until(() => a.isOwner, `box a has the gateway, turn ${turn}`);
        const pid = a.pid("vrrp");
        const start = performance.now();
        process.kill(pid, "SIGKILL");
        await until(() => !a.isOwner, "the address is gone");
        expect(performance.now() - start, "milliseconds to remove").toBeLessThan(500);
        await until(() => ![0, pid].includes(a.pid("vrrp")), "keepalived starts the next one");
        if (turn === 2) break;
        await until(() => b.isOwner, "box b takes over");
        await daemonB.ask("health -254 100 -5");
      }
      expect(gateA.log).toContain("delayed 1 seconds");
      expect(gateA.log.match(/were left by the VRRP process/g)).toHaveLength(2);
    });

    test("a parent that dies alone takes its VRRP process with it, in good order", async () => {
      const [parent, vrrp] = [a.pid("keepalived"), a.pid("vrrp")];
      const since = daemonA.now;
      const start = performance.now();
      process.kill(parent, "SIGKILL");
      expect(await taken(start)).toBeLessThan(500);
      await daemonA.until("keepalived died", since);
      await daemonA.until("keepalived started", since);
      await until(() => a.pid("vrrp") > 0, "another VRRP process");
      expect(a.pid("vrrp")).not.toBe(vrrp);
    });

    test("without gatekeeper keepalived lets go; the next one cleans up and starts anew", async () => {
      const start = performance.now();
      gateA.child.kill("SIGKILL");
      expect(await taken(start)).toBeLessThan(500);
      await daemonA.gone();
      gateA = await a.gatekeeper();
      const daemon = await Daemon.open(a);
      expect(daemon.events).toEqual([`hello 1 ${a.folder}`, "keepalived stopped", "health -254"]);
      expect(a.addresses).toEqual([]);
      expect(await daemon.configure(text(a, "A"))).toBe("ok started");
    });

    test("what was left when all were killed, the next gatekeeper removes", async () => {
      gateA.child.kill("SIGSTOP");
      for (const pid of [a.pid("vrrp"), a.pid("keepalived")]) process.kill(pid, "SIGKILL");
      await gateA.end("SIGKILL");
      expect(a.isOwner).toBe(true);
      gateA = await a.gatekeeper();
      expect(gateA.log).toContain("5 addresses, routes and links were left by an earlier");
      expect(a.addresses).toEqual([]);
      expect(a.routes).toEqual([]);
      expect(a.health).toBe("-254");
    });

    test("a keepalived without gatekeeper that does not end is killed by the next one", async () => {
      const pids = [a.pid("keepalived"), a.pid("vrrp")];
      await gateA.end("SIGKILL");
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      gateA = await a.gatekeeper();
      for (const pid of pids) {
        expect(gateA.log).toContain(`process ${pid}, a keepalived without its gatekeeper, gets`);
        await until(() => !isAlive(pid), `the end of ${pid}`);
      }
      expect(gateA.log).toContain("gets signal 9");
      expect(a.addresses).toEqual([]);
    });

    test("plug is a power cut: no goodbye, and it comes back by itself", async () => {
      const since = daemonA.now;
      const start = performance.now();
      expect(await daemonA.ask("plug 1000")).toBe("ok");
      expect(a.addresses).toEqual([]);
      const told = daemonA.events.slice(since).filter((line) => !line.startsWith("vrrp"));
      expect(told).toEqual(["health -254", "keepalived plugged"]);
      // The words of the daemon wait meanwhile.
      expect(await daemonA.ask("health -3 60000 -254")).toBe("ok");
      daemonA.close();
      const milliseconds = await taken(start);
      expect(milliseconds, "no prio-0 advert, so three intervals pass").toBeGreaterThan(200);
      const next = await Daemon.open(a);
      expect(next.events.slice(1)).toEqual(["keepalived plugged", "health -254"]);
      await next.until("keepalived started");
      expect(performance.now() - start).toBeGreaterThan(990);
      expect(a.health).toBe("-254");
      await next.until("health -3");
      expect(performance.now() - start).toBeGreaterThan(1990);
      expect(b.isOwner).toBe(true);
    });

    test("SIGTERM stops keepalived first, and removes the socket", async () => {
      const start = performance.now();
      const ends = gateA.end("SIGTERM");
      expect(await taken(start)).toBeLessThan(500);
      await ends;
      expect(gateA.exitCode).toBe(0);
      expect(a.addresses).toEqual([]);
      expect(a.pid("vrrp")).toBe(0);
      expect(gateA.log.trimEnd().endsWith("gatekeeper: stopped")).toBe(true);
    });
  });
}

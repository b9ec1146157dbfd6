// gatekeeper as a process: its command line, its socket file, its folder, its rights.

import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { describeUnless } from "../support/unless.ts";
import { configuration } from "./configuration.ts";
import { Daemon } from "./daemon.ts";
import {
  type Box,
  build,
  type Gatekeeper,
  KEEPALIVED,
  Room,
  roomProblem,
  USUAL,
  until,
} from "./room.ts";

const isRoot = process.getuid?.() === 0;

for (const kind of USUAL) {
  describeUnless(roomProblem(), `the process (${kind})`, () => {
    let program: string;
    let room: Room;
    let box: Box;
    let started: Gatekeeper[];

    beforeAll(async () => {
      program = build(kind);
      room = await Room.open(program);
      box = room.a;
    });
    afterAll(() => {
      room.close();
      rmSync(dirname(program), { recursive: true });
    });
    beforeEach(() => {
      started = [];
    });
    afterEach(async () => {
      for (const gatekeeper of started) await gatekeeper.end("SIGKILL");
      box.killKeepalived();
      rmSync(box.folder, { recursive: true, force: true });
      rmSync(box.socket, { force: true });
    });

    async function start(options: readonly string[] = []): Promise<Gatekeeper> {
      const gatekeeper = await box.gatekeeper(options);
      started.push(gatekeeper);
      return gatekeeper;
    }

    /** What it says before it ends with code 1. */
    async function refusal(...options: string[]): Promise<string> {
      const gatekeeper = box.spawnGatekeeper(options);
      await until(() => gatekeeper.exitCode !== null, "gatekeeper ends");
      expect(gatekeeper.exitCode, gatekeeper.log).toBe(1);
      return gatekeeper.log.trimEnd().split("\n").at(-1) ?? "";
    }

    test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends it", async (name) => {
      const gatekeeper = await start();
      const daemon = await Daemon.open(box);
      await gatekeeper.end(name);
      expect(gatekeeper.exitCode).toBe(0);
      expect(existsSync(box.socket)).toBe(false);
      await daemon.gone();
    });

    test("a socket left behind is replaced, one that answers is not, nor is a file", async () => {
      const first = await start();
      await first.end("SIGKILL");
      expect(existsSync(box.socket)).toBe(true);
      await start();
      const elsewhere = join(room.folder, "elsewhere");
      expect(await refusal("-s", box.socket, "-d", elsewhere)).toContain("another gatekeeper");
      expect(await refusal("-s", `${box.socket}2`, "-d", box.folder)).toContain("is in use");
      expect((await Daemon.open(box)).events).toHaveLength(3);
      const file = join(room.folder, "file");
      writeFileSync(file, "kept");
      expect(await refusal("-s", file, "-d", elsewhere)).toContain("is not a socket");
      expect(statSync(file).size).toBe(4);
      const foreign = join(room.folder, "foreign.sock");
      const server = createServer(() => {});
      await new Promise<void>((resolve) => server.listen(foreign, resolve));
      expect(await refusal("-s", foreign, "-d", elsewhere)).toContain("is in use");
      server.close();
    });

    test("unusable options and places are one sentence and exit 1", async () => {
      const places = ["-s", box.socket, "-d", box.folder];
      for (const wrong of [
        ["-m", "999"],
        ["-x"],
        ["more"],
        ["-k", "keepalived"],
        ["-c", "x"],
        ["--check", "x"],
      ])
        expect(await refusal(...places, ...wrong)).toContain("usage:");
      expect(await refusal("-d", box.folder)).toContain("usage:");
      expect(await refusal(...places, "-u", "no-such-user")).toContain("no such user");
      expect(await refusal(...places, "-g", "no-such-group")).toContain("no such group");
      expect(await refusal("-s", `/tmp/${"x".repeat(120)}`, "-d", box.folder)).toContain("longer");
      for (const folder of [
        "relative",
        "/",
        `/${"x".repeat(100)}`,
        '/tmp/"',
        "/tmp/a b",
        "/tmp/x/",
      ])
        expect(await refusal("-s", box.socket, "-d", folder), folder).toContain("absolute path");
      expect(await refusal("-s", box.socket, "-d", "/nowhere/at/all")).toContain("/nowhere/at/all");
    });

    test("a folder where others could write is not used", async () => {
      mkdirSync(box.folder);
      chmodSync(box.folder, 0o775);
      expect(await refusal("-s", box.socket, "-d", box.folder)).toContain("nobody else may write");
      const link = join(room.folder, "link");
      symlinkSync(box.folder, link);
      expect(await refusal("-s", box.socket, "-d", link)).toContain(link);
    });

    test.runIf(isRoot)("the socket belongs to whom it is given", async () => {
      await start(["-m", "620", "-u", "65534", "-g", "65533"]);
      const { mode, uid, gid } = lstatSync(box.socket);
      expect([mode & 0o777, uid, gid]).toEqual([0o620, 65534, 65533]);
    });

    test.runIf(isRoot)("a folder of another user is not used", async () => {
      mkdirSync(box.folder, 0o711);
      chownSync(box.folder, 65534, 65534);
      expect(await refusal("-s", box.socket, "-d", box.folder)).toContain("must belong");
    });

    test("it keeps three capabilities, and nothing that it starts can gain more", async () => {
      const gatekeeper = await start();
      const daemon = await Daemon.open(box);
      const text = configuration({ folder: box.folder });
      expect(await daemon.configure(text)).toBe("ok started");
      await until(() => box.pid("vrrp") > 0, "both have written their pids");
      for (const pid of [gatekeeper.pid, box.pid("keepalived"), box.pid("vrrp")]) {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        expect(status).toContain("NoNewPrivs:\t1\n");
        // CAP_NET_ADMIN 12, CAP_NET_RAW 13, CAP_IPC_LOCK 14.
        for (const set of ["CapPrm", "CapEff", "CapBnd"])
          expect(status).toContain(`${set}:\t0000000000007000\n`);
      }
    });

    test("a program that is not there, or is no keepalived, is a reason", async () => {
      const text = configuration({ folder: box.folder });
      const ask = async (keepalived: string): Promise<string> => {
        const gatekeeper = await start(["-k", keepalived]);
        const answer = await (await Daemon.open(box)).configure(text);
        await gatekeeper.end("SIGTERM");
        return answer;
      };
      expect(await ask("/nowhere/keepalived")).toMatch(/^no keepalived cannot be run: No such/);
      expect(await ask("/bin/false")).toMatch(/^no keepalived -t ended with status \d+ and said/);
      // Says yes to -t, and ends at once when it is started: again and again, ever more slowly.
      const gatekeeper = await start(["-k", "/bin/true"]);
      const daemon = await Daemon.open(box);
      expect(await daemon.configure(text)).toBe("ok started");
      const deaths = (): number => daemon.events.filter((line) => line.endsWith("died")).length;
      await until(() => deaths() === 4, "four deaths");
      await gatekeeper.end("SIGTERM");
    });

    test("a keepalived that is slow to start is not reloaded before it is there", async () => {
      const slow = join(room.folder, "slow-keepalived");
      const wait = 'case " $* " in *" -n "*) sleep 0.5 ;; esac';
      writeFileSync(slow, `#!/bin/sh\n${wait}\nexec ${KEEPALIVED} "$@"\n`, { mode: 0o755 });
      await start(["-k", slow]);
      const daemon = await Daemon.open(box);
      await daemon.ask("health 0 60000 -254");
      const text = (lan: readonly string[]) => configuration({ folder: box.folder, lan });
      const usual = "10.77.0.1/24 dev lan0";
      expect(await daemon.configure(text([usual]))).toBe("ok started");
      expect(await daemon.configure(text([usual, "10.77.0.9/24 dev lan0"]))).toBe("ok reloaded");
      await until(
        () => box.addresses.includes("10.77.0.9/24 on lan0"),
        "the newer one is in force",
      );
      expect(daemon.events.filter((line) => line.startsWith("keepalived "))).toEqual([
        "keepalived stopped",
        "keepalived started",
      ]);
    });

    test("--check judges a file without rights, without keepalived", async () => {
      const file = join(room.folder, "some.conf");
      const check = async (text: string): Promise<string> => {
        writeFileSync(file, text);
        const gatekeeper = box.spawnGatekeeper(["--check", file, "-d", box.folder]);
        await until(() => gatekeeper.exitCode !== null, "it ends");
        return `${gatekeeper.exitCode} ${gatekeeper.log.trimEnd()}`;
      };
      const text = configuration({ folder: box.folder });
      expect(await check(text)).toBe(`0 gatekeeper: ${file}: good`);
      expect(await check(text.replace("nopreempt", "preempt"))).toBe(
        `1 gatekeeper: ${file}: line 40: preempt is not allowed in vrrp_instance`,
      );
      expect(await check(`${text}${"\n".repeat(65_536)}`)).toContain("longer than 65536 bytes");
      rmSync(file);
      expect(await refusal("--check", file, "-d", box.folder)).toContain("No such file");
    });
  });
}

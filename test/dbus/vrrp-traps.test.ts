// What keepalived 2.2.7 does on the bus that one would not expect, each with the real one: that it does so,
// and that the observer tells the truth all the same, which is what keepalived's own dump says.

import { expect, test, vi } from "vitest";
import { INSTANCE_INTERFACE, VRRP_NAME, VRRP_ROOT } from "../../daemon/io/vrrp-reading.ts";
import { describeUnless, testUnless } from "../support/unless.ts";
import {
  type Instance,
  type Keepalived,
  keepalivedProblem,
  LAN0,
  type Scene,
  withKeepalived,
} from "./keepalived.ts";
import { cannotSwitchUser, NOBODY, type PrivateBus } from "./private-bus.ts";
import type { Observed } from "./vrrp-observed.ts";

const LAN1: Instance = { name: "LAN1", interface: "lan1", router: 52 };
const ONE = { instances: [LAN0] };
const BOTH = { instances: [LAN0, LAN1] };
const LAN0_PATH = `${VRRP_ROOT}/Instance/lan0/51/IPv4`;
const GONE = /^lost: keepalived is not on the system bus$/;

describeUnless(keepalivedProblem(), "keepalived 2.2.7 on the bus", () => {
  test.concurrent("its first signals come before it has its name", () =>
    withKeepalived(ONE, async ({ bus, keepalived, observed }) => {
      await observed.until(GONE);
      const heard = await bus.monitor("type='signal'");
      await keepalived.start();
      await observed.until(/LAN0 master$/);
      const members = ["VrrpStarted", "VrrpStatusChange", `string "${VRRP_NAME}"`];
      const places = members.map((member) => heard().indexOf(member));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(Math.min(...places)).toBeGreaterThan(0);
      expect(observed.lines[1]).toMatch(/^states LAN0 (init|backup|master)$/);
      expect(observed.bus.ignoredSignals).toBe(0);
      await agrees({ keepalived, observed });
    }));

  test.concurrent("a property that changes is never signalled as one", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { bus, keepalived, observed } = scene;
      const heard = await bus.monitor(`type='signal',path_namespace='${VRRP_ROOT}'`);
      keepalived.health(-254);
      await observed.until(/^LAN0 fault$/);
      await vi.waitUntil(() => heard().includes("uint32 3"), { timeout: 10_000 });
      expect(heard()).not.toContain("PropertiesChanged");
      await agrees(scene);
    }));

  test.concurrent("the name of an instance is announced as a text and given as a structure", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const described = await ask(scene.bus, LAN0_PATH, "Introspectable.Introspect");
      expect(described).toContain('<property type="s" name="Name" access="read">');
      const arguments_ = [`string:${INSTANCE_INTERFACE}`, "string:Name"];
      const given = await ask(scene.bus, LAN0_PATH, "Properties.Get", arguments_);
      expect(given).toMatch(/variant\s+struct \{\s+string "LAN0"\s+\}/);
      await agrees(scene);
    }));

  test.concurrent("a path that leads nowhere is described all the same, as empty", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const path = `${VRRP_ROOT}/Instance/lan9/9/IPv4`;
      const described = await ask(scene.bus, path, "Introspectable.Introspect");
      expect(described).toMatch(/string "<!DOCTYPE[\s\S]*<node>\s*<\/node>/);
      expect(Array.from(scene.observed.states?.keys() ?? [])).toEqual(["LAN0"]);
    }));

  test.concurrent("the path has underscores for what the interface is called", () => {
    const office = { name: "the-office", interface: "br-lan.7", router: 51 };
    return withKeepalived({ instances: [office] }, async (scene) => {
      await scene.room.run("ip link set lan0 down && ip link set lan0 name br-lan.7 up");
      await scene.keepalived.start();
      await scene.observed.until(/the-office master$/);
      const path = `${VRRP_ROOT}/Instance/br_lan_7/51/IPv4`;
      const described = await ask(scene.bus, path, "Introspectable.Introspect");
      expect(described).toContain(INSTANCE_INTERFACE);
      await agrees(scene);
    });
  });

  test.concurrent("an instance with an interface of its own has the path of the one below", () => {
    const own = { ...LAN0, lines: ["use_vmac v51"] };
    return withKeepalived({ instances: [own] }, async (scene) => {
      await untilMaster(scene);
      expect(await scene.room.run("ip -br addr show dev v51")).toContain("10.77.0.1/24");
      const described = await ask(scene.bus, LAN0_PATH, "Introspectable.Introspect");
      expect(described).toContain(INSTANCE_INTERFACE);
      await agrees(scene);
    });
  });

  test.concurrent("the name of the process is in the path", () =>
    withKeepalived({ ...ONE, instanceName: "boxA" }, async (scene) => {
      await untilMaster(scene);
      const path = `${VRRP_ROOT}/boxA/Instance/lan0/51/IPv4`;
      const described = await ask(scene.bus, path, "Introspectable.Introspect");
      expect(described).toContain(INSTANCE_INTERFACE);
      await agrees(scene);
    }));

  test.concurrent("a reload without a change keeps the connection, and says nothing but that", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { keepalived, observed } = scene;
      const before = observed.news.length;
      keepalived.reload();
      await observed.count(before + 1);
      expect(observed.lines.slice(before)).toEqual(["states LAN0 master"]);
      await agrees(scene);
    }));

  test.concurrent("a reload brings instances and takes them away, which it calls a fault", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { keepalived, observed } = scene;
      keepalived.reload(BOTH);
      await observed.until(/LAN1 master$/);
      await agrees(scene);
      keepalived.reload({ instances: [LAN1] });
      await observed.until(/^states LAN1 master$/);
      expect(observed.lines.at(-2)).toBe("LAN0 fault");
      await agrees(scene);
    }));

  test.concurrent("a reload gives an object another name", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { keepalived, observed } = scene;
      keepalived.reload({ instances: [{ ...LAN0, name: "OFFICE" }] });
      await observed.until(/OFFICE master$/);
      expect(Array.from(observed.states?.keys() ?? [])).toEqual(["OFFICE"]);
      await agrees(scene);
    }));

  test.concurrent("when it is ended it says so at once and keeps its name for a second", () =>
    withKeepalived(BOTH, async (scene) => {
      await untilMaster(scene);
      const { keepalived, observed } = scene;
      const before = performance.now();
      const stopped = keepalived.stop();
      await observed.until(/^LAN1 stopped$/);
      expect(performance.now() - before).toBeLessThan(500);
      expect(observed.bus.isOnBus).toBe(true);
      await observed.until(GONE);
      expect(performance.now() - before).toBeGreaterThan(900);
      expect(observed.lines.slice(-3)).toEqual([
        "LAN0 stopped",
        "LAN1 stopped",
        "lost: keepalived is not on the system bus",
      ]);
      await stopped;
    }));

  test.concurrent("its VRRP process is killed, and another one takes its place at once", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { keepalived, observed } = scene;
      const before = observed.news.length;
      process.kill(keepalived.vrrpPid, "SIGKILL");
      await observed.until(GONE);
      await observed.until(/LAN0 master$/);
      expect(observed.lines[before]).toMatch(GONE);
      expect(observed.lines[before + 1]).toMatch(/^states LAN0 (init|backup|master)$/);
      await agrees(scene);
    }));

  test.concurrent("a bus that stands still delays what happens, and loses nothing", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { bus, keepalived, observed } = scene;
      const [news, lines] = [observed.news.length, keepalived.fifoLines.length];
      bus.pause();
      for (const value of [-254, 0, -254, 0]) await moved(keepalived, value);
      expect(observed.news.length).toBe(news);
      bus.resume();
      await observed.count(news + 6);
      const written = keepalived.writtenBehind(lines);
      expect(written).toHaveLength(6);
      expect(observed.lines.slice(news)).toEqual(written);
      await agrees(scene);
    }));

  test.concurrent("a bus that stands still while it is asked: unknown after a while, then read anew", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { bus, keepalived, observed } = scene;
      bus.pause();
      observed.bus.reread();
      await observed.until(/^lost: keepalived does not answer on the system bus$/);
      await moved(keepalived, -254);
      bus.resume();
      await observed.until(/^states LAN0 fault$/);
      await agrees(scene);
    }));

  test.concurrent("a bus that was killed: it never comes back, until its VRRP process is ended", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { bus, keepalived, observed } = scene;
      await bus.stop();
      await observed.until(/^lost: the bus closed the connection$/);
      expect(observed.bus.isKeepalivedMissing).toBe(false);
      await bus.start();
      await observed.until(GONE);
      expect(observed.bus.isKeepalivedMissing).toBe(true);
      keepalived.reload();
      await pause(1000);
      expect(observed.lines.at(-1)).toMatch(GONE);
      expect(await keepalived.states()).toEqual(new Map([["LAN0", "master"]]));
      process.kill(keepalived.vrrpPid, "SIGTERM");
      await observed.until(/LAN0 master$/);
      expect(observed.bus.isKeepalivedMissing).toBe(false);
      await agrees(scene);
    }));

  test.concurrent("a bus that was missing when it started is never looked for", async () => {
    await withKeepalived(ONE, async (scene) => {
      const { bus, keepalived, observed } = scene;
      await bus.stop();
      await keepalived.start();
      await vi.waitUntil(() => keepalived.fifoLines.length >= 2, { timeout: 10_000 });
      await bus.start();
      await observed.until(GONE);
      await pause(1000);
      expect(observed.lines.at(-1)).toMatch(GONE);
      expect(await keepalived.states()).toEqual(new Map([["LAN0", "master"]]));
    });
  });

  test.concurrent("D-Bus switched off and on by reloads: nothing is told that is not so", () =>
    withKeepalived(ONE, async (scene) => {
      await untilMaster(scene);
      const { keepalived, observed } = scene;
      keepalived.reload({ ...ONE, lines: [] });
      await observed.until(GONE);
      keepalived.reload(ONE);
      // Mostly it crashes and is started again. Sometimes it works, and sometimes it lives on without
      // sending anything, with its addresses and its name: then it tells no states.
      await vi.waitUntil(() => observed.bus.isOnBus, { timeout: 4000 }).catch(() => {});
      await pause(300);
      const before = await keepalived.advertsSent();
      await pause(100);
      if (observed.bus.isOnBus) {
        await agrees(scene);
        expect(await keepalived.advertsSent()).toBeGreaterThan(before);
      } else {
        expect(observed.lines.at(-1)).toMatch(/^lost: keepalived (is not on|tells no state of)/);
        expect(await keepalived.states()).toEqual(new Map([["LAN0", "master"]]));
        expect(await keepalived.advertsSent()).toBe(before);
      }
    }));

  testUnless(
    cannotSwitchUser(),
    "everybody may read it, nobody but its own user may command it",
    () =>
      withKeepalived(ONE, async (scene) => {
        await untilMaster(scene);
        const arguments_ = [`string:${INSTANCE_INTERFACE}`, "string:State"];
        const get = await ask(scene.bus, LAN0_PATH, "Properties.Get", arguments_, NOBODY);
        expect(get).toMatch(/uint32 2\s+string "Master"/);
        const target = [`--dest=${VRRP_NAME}`, LAN0_PATH, `${INSTANCE_INTERFACE}.SendGarp`];
        const done = await scene.bus.run(
          "dbus-send",
          ["--system", "--print-reply", ...target],
          NOBODY,
        );
        expect(done.output).toContain("org.freedesktop.DBus.Error.AccessDenied");
      }),
  );
});

async function untilMaster({ keepalived, observed }: Scene): Promise<void> {
  await keepalived.start();
  // What the FIFO says comes through another process, and may come later.
  const isWritten = () => keepalived.writtenBehind(0).at(-1)?.endsWith(" master");
  const isMaster = () => isAll(observed, "master") && isWritten();
  await vi.waitUntil(isMaster, { timeout: 10_000, interval: 5 });
}

function isAll(observed: Observed, state: string): boolean {
  const states = Array.from(observed.states?.values() ?? []);
  return states.length > 0 && states.every((one) => one === state);
}

/** What was told is what keepalived dumps. */
async function agrees({ keepalived, observed }: Pick<Scene, "keepalived" | "observed">) {
  expect(observed.states).toEqual(await keepalived.states());
}

/** Writes the tracked file and waits until keepalived has done what follows. */
async function moved(keepalived: Keepalived, value: number): Promise<void> {
  keepalived.health(value);
  const end = value === 0 ? "LAN0 master" : "LAN0 fault";
  await vi.waitUntil(() => keepalived.writtenBehind(0).at(-1) === end, { timeout: 10_000 });
}

async function ask(
  bus: PrivateBus,
  path: string,
  member: string,
  args: readonly string[] = [],
  user?: string,
): Promise<string> {
  const target = [`--dest=${VRRP_NAME}`, path, `org.freedesktop.DBus.${member}`, ...args];
  return (await bus.run("dbus-send", ["--system", "--print-reply", ...target], user)).output;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Answers and signals that cross: of two values the newer one stays, and no change is lost or made up.

import { expect, test } from "vitest";
import { describeUnless } from "../support/unless.ts";
import {
  BACKUP,
  FAULT,
  FakeKeepalived,
  INIT,
  instance,
  LAN0_PATH,
  LAN1_PATH,
  MASTER,
  STOP,
  withFake,
} from "./fake-keepalived.ts";
import { missing } from "./private-bus.ts";
import { lineOf } from "./vrrp-observed.ts";

const OLD = instance("LAN0", BACKUP);

describeUnless(missing(), "what changes while the states are read", () => {
  test("a signal that leaves before the older answer is not overwritten by it", () =>
    withFake(async ({ fake, observed }) => {
      fake.handle = (call) => {
        if (call.member !== "GetAll") return false;
        fake.change(LAN0_PATH, MASTER);
        fake.reply(call, "a{sv}", [Object.entries(OLD)]);
        return true;
      };
      observed.bus.reread();
      await observed.until(/^states LAN0 master$/);
      expect(observed.lines).toEqual(["states LAN0 backup", "states LAN0 master"]);
    }));

  test("a signal that leaves right behind the answer counts as well", () =>
    withFake(async ({ fake, observed }) => {
      fake.handle = (call) => {
        if (call.member !== "GetAll") return false;
        fake.answer(call);
        fake.change(LAN0_PATH, MASTER);
        return true;
      };
      observed.bus.reread();
      await observed.until(/LAN0 master$/);
      const shown = observed.news.slice(1).map(lineOf).join(", ");
      expect(["states LAN0 master", "states LAN0 backup, LAN0 master"]).toContain(shown);
    }));

  test("several changes of one instance all arrive, in order", () =>
    withFake(async ({ fake, observed }) => {
      fake.handle = (call) => {
        if (call.member !== "GetAll") return false;
        for (const state of [FAULT, BACKUP, MASTER]) fake.change(LAN0_PATH, state);
        fake.reply(call, "a{sv}", [Object.entries(OLD)]);
        for (const state of [FAULT, BACKUP]) fake.change(LAN0_PATH, state);
        return true;
      };
      observed.bus.reread();
      await fakeIsQuiet(fake);
      await observed.until(/^LAN0 backup$/);
      const seen = observed.lines.slice(1).join(", ");
      expect(seen).toBe("states LAN0 fault, LAN0 backup, LAN0 master, LAN0 fault, LAN0 backup");
    }));

  test("changes of several instances keep the order that they have among each other", () =>
    withFake(async ({ fake, observed }) => {
      fake.objects.set(LAN1_PATH, instance("LAN1", BACKUP));
      fake.handle = (call) => {
        if (call.path !== LAN0_PATH || call.member !== "GetAll") return false;
        fake.say(LAN0_PATH, FAULT);
        fake.say(LAN1_PATH, FAULT);
        fake.say(LAN1_PATH, BACKUP);
        fake.say(LAN0_PATH, BACKUP);
        fake.answer(call);
        return true;
      };
      observed.bus.reread();
      await observed.until(/^LAN0 backup$/);
      expect(observed.lines.slice(1)).toEqual([
        "states LAN0 fault LAN1 fault",
        "LAN1 backup",
        "LAN0 backup",
      ]);
    }));

  test("what happened before a reload is told under the old names, and then everything is read anew", () =>
    withFake(async ({ fake, observed }) => {
      let isReloaded = false;
      fake.handle = (call) => {
        if (call.member !== "GetAll" || isReloaded) return false;
        isReloaded = true;
        fake.say(LAN0_PATH, FAULT);
        fake.reloaded();
        fake.objects.set(LAN0_PATH, instance("OFFICE", INIT));
        fake.say(LAN0_PATH, BACKUP);
        fake.reply(call, "a{sv}", [Object.entries(OLD)]);
        return true;
      };
      observed.bus.reread();
      await observed.until(/OFFICE/);
      expect(observed.lines).toEqual(["states LAN0 backup", "LAN0 fault", "states OFFICE backup"]);
    }));

  test("a reload at any moment: a new instance is there, a removed one is not", () =>
    withFake(async ({ fake, observed }) => {
      fake.objects.set(LAN1_PATH, instance("LAN1", INIT));
      fake.reloaded();
      await observed.until(/^states LAN0 backup LAN1 init$/);
      fake.change(LAN1_PATH, MASTER);
      await observed.until(/^LAN1 master$/);
      fake.objects.delete(LAN0_PATH);
      // keepalived says FAULT of an instance that it takes away.
      fake.say(LAN0_PATH, FAULT);
      fake.reloaded();
      await observed.until(/^states LAN1 master$/);
      expect(observed.lines.at(-2)).toBe("LAN0 fault");
      fake.say(LAN0_PATH, MASTER);
      fake.change(LAN1_PATH, BACKUP);
      await observed.until(/LAN1 backup$/);
      expect(observed.states).toEqual(new Map([["LAN1", "backup"]]));
    }));

  test("an instance that vanishes between its description and its properties", () =>
    withFake(async ({ fake, observed }) => {
      fake.objects.set(LAN1_PATH, instance("LAN1", MASTER));
      fake.handle = (call) => {
        if (call.member === "GetAll") fake.objects.delete(LAN1_PATH);
        return false;
      };
      fake.reloaded();
      await observed.count(2);
      expect(observed.lines[1]).toBe("states LAN0 backup");
    }));

  test("an instance that nobody has heard of makes everything be read anew", () =>
    withFake(async ({ fake, observed }) => {
      fake.objects.set(LAN1_PATH, instance("LAN1", BACKUP));
      fake.change(LAN1_PATH, MASTER);
      fake.change(LAN1_PATH, FAULT);
      await observed.until(/LAN1 fault$/);
      expect(observed.lines.slice(1)).toEqual(["states LAN0 backup LAN1 master", "LAN1 fault"]);
    }));

  test("another owner while the old one is asked: nothing of the old one is told", () =>
    withFake(async ({ bus, fake, observed }) => {
      let quit: Promise<void> | undefined;
      fake.handle = () => {
        fake.say(LAN0_PATH, MASTER);
        quit ??= fake.quit();
        return true;
      };
      const next = await FakeKeepalived.start(bus, { [LAN1_PATH]: instance("LAN1", FAULT) });
      try {
        observed.bus.reread();
        await observed.until(/LAN1/);
        await quit;
        expect(observed.lines).toEqual(["states LAN0 backup", "states LAN1 fault"]);
        next.change(LAN1_PATH, BACKUP);
        await observed.until(/^LAN1 backup$/);
      } finally {
        await next.quit();
      }
    }));

  test("one that says that it ends is not asked any more, and what it said on the way is told", () =>
    withFake(async ({ fake, observed }) => {
      fake.handle = () => {
        fake.say(LAN0_PATH, FAULT);
        fake.say(LAN0_PATH, STOP);
        return true;
      };
      observed.bus.reread();
      await observed.until(/^LAN0 stopped$/);
      fake.calls.length = 0;
      observed.bus.reread();
      fake.say(`${LAN0_PATH}/unheard/of`, STOP);
      await fake.sent();
      await fake.quit();
      await observed.until(/^lost: keepalived is not on the system bus$/);
      expect(fake.calls).toEqual([]);
      expect(observed.lines.slice(1, -1)).toEqual(["LAN0 fault", "LAN0 stopped"]);
    }));

  test("one that has said that it ends and goes on is asked again", () =>
    withFake(async ({ fake, observed }) => {
      fake.say(LAN0_PATH, STOP);
      fake.change(LAN0_PATH, BACKUP);
      await observed.until(/^LAN0 backup$/);
      observed.bus.reread();
      await observed.until(/^states LAN0 backup$/);
    }));

  test("asked again and again, everything is read once at a time", () =>
    withFake(async ({ fake, observed }) => {
      fake.calls.length = 0;
      for (let i = 0; i < 100; i++) observed.bus.reread();
      await observed.until(/^states/);
      await observed.count(2);
      expect(fake.calls.filter(({ member }) => member === "GetAll")).toHaveLength(1);
    }));
});

describeUnless(missing(), "whoever is told", () => {
  test("asks anew as soon as it hears that nothing is known: nothing is lost by the attempt that follows", () =>
    withFake(async ({ fake, observed }) => {
      observed.told = (news) => {
        if (news.kind === "lost") observed.bus.reread();
      };
      let asked = 0;
      fake.handle = (call) => {
        if (call.member !== "GetAll" || asked++ > 0) return false;
        // Long enough for that attempt to come into the midst of the reading.
        fake.change(LAN0_PATH, FAULT);
        fake.change(LAN0_PATH, MASTER);
        setTimeout(() => fake.answer(call), 300);
        return true;
      };
      fake.say(LAN0_PATH, 4);
      await observed.until(/^LAN0 master$/);
      expect(observed.lines.slice(2)).toEqual(["states LAN0 fault", "LAN0 master"]);
    }));

  test("stops it at once: nothing comes any more, though more has happened", () =>
    withFake(async ({ fake, observed }) => {
      let stopped: Promise<void> | undefined;
      observed.told = () => {
        stopped = observed.bus.stop();
      };
      fake.handle = (call) => {
        if (call.member !== "GetAll") return false;
        for (const state of [FAULT, BACKUP, MASTER]) fake.change(LAN0_PATH, state);
        fake.answer(call);
        return true;
      };
      observed.bus.reread();
      await observed.count(2);
      await stopped;
      fake.change(LAN0_PATH, FAULT);
      await fake.sent();
      expect(observed.lines).toEqual(["states LAN0 backup", "states LAN0 fault"]);
      expect(observed.bus.isOnBus).toBe(false);
    }));

  test("stops it and starts it again", () =>
    withFake(async ({ bus, fake, observed }) => {
      await observed.bus.stop();
      await observed.bus.stop();
      observed.bus.reread();
      fake.change(LAN0_PATH, MASTER);
      await fake.sent();
      observed.bus.start();
      await observed.count(2);
      expect(observed.lines).toEqual(["states LAN0 backup", "states LAN0 master"]);
      await bus.stop();
      await observed.until(/^lost: the bus closed the connection$/);
      await observed.bus.stop();
      observed.bus.start();
      await observed.until(/^lost: nothing listens at .*$/);
    }));
});

/** Resolves when everything that it sent until now has left it. */
async function fakeIsQuiet(fake: FakeKeepalived): Promise<void> {
  await expect.poll(() => fake.calls.some(({ member }) => member === "GetAll")).toBe(true);
  await fake.sent();
}

// Programs that are not keepalived, or answer as if they were not: said in one sentence, survived, and over
// when keepalived is itself again.

import { expect, test } from "vitest";
import { INSTANCE_INTERFACE, VRRP_NAME, VRRP_ROOT } from "../../daemon/io/vrrp-reading.ts";
import { describeUnless } from "../support/unless.ts";
import { busClient } from "./bus-client.ts";
import {
  BACKUP,
  FAULT,
  FakeKeepalived,
  instance,
  LAN0_PATH,
  LAN1_PATH,
  MASTER,
  type Properties,
  withFake,
} from "./fake-keepalived.ts";
import { missing, PrivateBus } from "./private-bus.ts";
import { Observed } from "./vrrp-observed.ts";

const NOT_KEEPALIVED = `lost: who has the name ${VRRP_NAME} does not speak as keepalived does`;

describeUnless(missing(), "a stranger on the bus", () => {
  test("its signals are ignored and counted, whatever path they have", () =>
    withFake(async ({ bus, fake, observed }) => {
      const stranger = await busClient(bus);
      const said = { type: 4, path: LAN0_PATH, signature: "u", body: [MASTER] };
      const change = { ...said, interface: INSTANCE_INTERFACE, member: "VrrpStatusChange" };
      fake.calls.length = 0;
      for (let i = 0; i < 10; i++) stranger.connection.send(change);
      const reload = { type: 4, interface: `${VRRP_NAME}.Vrrp`, member: "VrrpReloaded" };
      stranger.connection.send({ ...reload, path: `${VRRP_ROOT}/Vrrp` });
      await expect.poll(() => observed.bus.ignoredSignals).toBe(11);
      expect(fake.calls).toEqual([]);
      fake.change(LAN0_PATH, FAULT);
      await observed.until(/^LAN0 fault$/);
      expect(observed.lines).toEqual(["states LAN0 backup", "LAN0 fault"]);
      await stranger.connection.close();
    }));

  test("nobody but the bus can say who has the name", () =>
    withFake(async ({ bus, fake, observed }) => {
      const stranger = await busClient(bus);
      const [to] = fake.calls.map(({ sender }) => sender);
      const path = "/org/freedesktop/DBus";
      const target = { path, interface: "org.freedesktop.DBus", member: "NameOwnerChanged" };
      const content = { signature: "sss", body: [VRRP_NAME, "", ":1.999"], destination: to ?? "" };
      stranger.connection.send({ type: 4, ...target, ...content });
      await expect.poll(() => observed.bus.ignoredSignals).toBe(1);
      expect(observed.bus.isOnBus).toBe(true);
      expect(observed.lines).toEqual(["states LAN0 backup"]);
      await stranger.connection.close();
    }));

  test("a second one that wants the name waits unheard until it gets it", () =>
    withFake(async ({ bus, fake, observed }) => {
      const next = await FakeKeepalived.start(bus, { [LAN0_PATH]: instance("LAN0", MASTER) });
      next.say(LAN0_PATH, MASTER);
      await expect.poll(() => observed.bus.ignoredSignals).toBe(1);
      await fake.quit();
      await observed.until(/^states LAN0 master$/);
      expect(observed.lines).toEqual(["states LAN0 backup", "states LAN0 master"]);
      await next.quit();
    }));
});

/** Answers of a program that has the name: what it gives instead, and what is said of that. */
const NONSENSE: readonly (readonly [
  title: string,
  give: (fake: FakeKeepalived) => void,
  why: string,
])[] = [
  ["no objects at all", (fake) => fake.objects.clear(), `it has no object with ${VRRP_NAME}.Vrrp`],
  [
    "no instance interface, as a path that leads nowhere",
    (fake) => answering(fake, "Introspect", "s", ["<node></node>"]),
    `it has no object with ${VRRP_NAME}.Vrrp`,
  ],
  [
    "a description that is a number",
    (fake) => answering(fake, "Introspect", "u", [7]),
    `it describes ${VRRP_ROOT} by other than a text`,
  ],
  [
    "a description without anything",
    (fake) => answering(fake, "Introspect", "", []),
    `it describes ${VRRP_ROOT} by other than a text`,
  ],
  [
    "objects below objects without end",
    (fake) => answering(fake, "Introspect", "s", ['<node name="deeper"/>']),
    "it has more objects than keepalived ever has",
  ],
  [
    "far too many objects",
    (fake) => {
      const nodes = Array.from({ length: 30_000 }, (_, i) => `<node name="n${i}"/>`);
      answering(fake, "Introspect", "s", [nodes.join("")]);
    },
    "it has more objects than keepalived ever has",
  ],
  [
    "a state without a name",
    (fake) => answering(fake, "GetAll", "a{sv}", [[["State", ["(us)", [2, "Master"]]]]]),
    `${LAN0_PATH} has no name`,
  ],
  ["a name that is a number", wrong({ Name: ["u", 7] }), `${LAN0_PATH} has no name`],
  ["an empty name", wrong({ Name: ["s", ""] }), `${LAN0_PATH} has no name`],
  [
    "a state that is a number alone",
    wrong({ State: ["u", 1] }),
    `${LAN0_PATH} has no state that is known`,
  ],
  [
    "a state that is a text",
    wrong({ State: ["(ss)", ["Backup", "1"]] }),
    `${LAN0_PATH} has no state that is known`,
  ],
  [
    "a state that keepalived does not have",
    wrong({ State: ["(us)", [4, "Else"]] }),
    `${LAN0_PATH} has no state that is known`,
  ],
  [
    "the same name twice",
    (fake) => fake.objects.set(LAN1_PATH, instance("LAN0", MASTER)),
    "two instances have the same name",
  ],
  [
    "a reload during each reading",
    (fake) => {
      fake.handle = ({ member }) => {
        if (member === "GetAll") fake.reloaded();
        return false;
      };
    },
    "it loads its configuration again and again",
  ],
  [
    "changes without end",
    (fake) => {
      fake.handle = ({ member }) => {
        if (member !== "GetAll") return false;
        for (let i = 0; i < 2000; i++) fake.say(LAN0_PATH, (i % 3) + 1);
        return true;
      };
    },
    "it changes its states without end",
  ],
];

describeUnless(missing(), "a program that has the name and answers", () => {
  test.concurrent.each(NONSENSE)("%s", (_, give, why) =>
    withFake(async ({ fake, observed }) => {
      give(fake);
      observed.bus.reread();
      await observed.until(/^lost/);
      expect(observed.lines[1]).toBe(`${NOT_KEEPALIVED} (${why})`);
      expect(observed.bus.isOnBus).toBe(false);
      expect(observed.bus.isKeepalivedMissing).toBe(false);
      fake.handle = () => false;
      fake.objects.delete(LAN1_PATH);
      fake.objects.set(`${VRRP_ROOT}/Vrrp`, {});
      fake.objects.set(LAN0_PATH, instance("LAN0", BACKUP));
      // It says its changes all the same, and nobody tells them until it can be understood.
      fake.change(LAN0_PATH, MASTER);
      await observed.until(/^states LAN0 master$/);
      expect(observed.lines).toHaveLength(3);
      expect(observed.bus.isOnBus).toBe(true);
    }),
  );

  test.concurrent.each([
    ["that are a text", "s", ["master"]],
    ["of which there are none", "a{sv}", [[]]],
    ["that are nothing", "", []],
  ])("properties %s", (_, signature, body) =>
    withFake(async ({ fake, observed }) => {
      answering(fake, "GetAll", signature, body);
      observed.bus.reread();
      await observed.until(/^lost/);
      expect(observed.lines[1]).toBe(`lost: keepalived tells no state of ${LAN0_PATH}`);
    }),
  );

  test.concurrent.each([
    ["a number that is no state", "u", [4]],
    ["a text", "s", ["master"]],
    ["nothing", "", []],
  ])("a change to %s: nothing is known until everything was read anew", (_, signature, body) =>
    withFake(async ({ fake, observed }) => {
      fake.signal(LAN0_PATH, `${INSTANCE_INTERFACE}.VrrpStatusChange`, signature, body);
      await observed.count(3);
      const why = `${LAN0_PATH} changed to no state that is known`;
      expect(observed.lines.slice(1)).toEqual([`${NOT_KEEPALIVED} (${why})`, "states LAN0 backup"]);
    }),
  );

  test.concurrent.each<readonly [string, Record<string, Properties>, string]>([
    [
      "2.2.8, whose name is announced as the structure that it is, or as a text",
      { [LAN0_PATH]: { ...instance("", FAULT), Name: ["s", "LAN0"] } },
      "states LAN0 fault",
    ],
    [
      "a process with a network namespace and a name of its own",
      { [`${VRRP_ROOT}/blue/boxA/Instance/lan0/51/IPv6`]: instance("LAN0", MASTER) },
      "states LAN0 master",
    ],
    [
      "names of any kind",
      {
        [LAN0_PATH]: instance("the office, 1st floor", MASTER),
        [LAN1_PATH]: instance("__proto__", BACKUP),
      },
      "states the office, 1st floor master __proto__ backup",
    ],
  ])("as keepalived of another kind: %s", (_, objects, line) =>
    withFake(async ({ fake, observed }) => {
      fake.objects.delete(LAN0_PATH);
      for (const [path, properties] of Object.entries(objects)) fake.objects.set(path, properties);
      fake.reloaded();
      await observed.count(2);
      expect(observed.lines[1]).toBe(line);
    }),
  );

  test.concurrent("a hundred instances", () =>
    withFake(async ({ fake, observed }) => {
      for (let i = 1; i <= 100; i++) {
        fake.objects.set(`${VRRP_ROOT}/Instance/lan${i}/7/IPv4`, instance(`LAN${i}`, MASTER));
      }
      fake.reloaded();
      await observed.until(/^states .*LAN100 master$/);
      expect(observed.states?.size).toBe(101);
    }));
});

describeUnless(missing(), "a program that has the name and does not answer", () => {
  test.concurrent("one answer that never comes is asked for again", () =>
    withFake(async ({ fake, observed }) => {
      let silent = 1;
      fake.handle = () => silent-- > 0;
      observed.bus.reread();
      await observed.count(2);
      expect(observed.lines).toEqual(["states LAN0 backup", "states LAN0 backup"]);
    }));

  test.concurrent("silence for three seconds is said, and it is asked until it answers again", () =>
    withFake(async ({ fake, observed }) => {
      fake.handle = () => true;
      const before = performance.now();
      observed.bus.reread();
      await observed.until(/^lost/);
      expect(performance.now() - before).toBeGreaterThan(2900);
      expect(observed.lines[1]).toBe("lost: keepalived does not answer on the system bus");
      fake.handle = () => false;
      await observed.until(/^states LAN0 backup$/);
      expect(observed.lines).toHaveLength(3);
    }));

  test.concurrent("an error instead of an answer", () =>
    withFake(async ({ fake, observed }) => {
      fake.handle = (call) => {
        fake.refuse(call, "org.freedesktop.DBus.Error.Failed");
        return true;
      };
      observed.bus.reread();
      await observed.until(/^lost/);
      expect(observed.lines[1]).toBe("lost: keepalived did not tell its states (Not here.)");
    }));
});

/** A policy, and what is said of the bus that has it. */
const RULES = [
  [
    "that lets nobody ask keepalived",
    '<allow own="org.keepalived.Vrrp1"/>',
    /^lost: the system bus does not let this program ask keepalived \(.+\)$/,
  ],
  [
    "that lets nobody listen",
    `<deny send_interface="org.freedesktop.DBus" send_member="AddMatch"/>
       <allow own="org.keepalived.Vrrp1"/>`,
    /^lost: the bus does not let this program listen \(.+\)$/,
  ],
] as const;

describeUnless(missing(), "a bus with other rules", () => {
  test.concurrent.each(RULES)("%s", async (_, rules, why) => {
    const policy = `<policy context="default">${rules}</policy>`;
    const bus = new PrivateBus(`<busconfig>${policy}</busconfig>`);
    await bus.start();
    const fake = await FakeKeepalived.start(bus, { [LAN0_PATH]: instance("LAN0", BACKUP) });
    const observed = new Observed(bus.address);
    try {
      await observed.until(why);
      // Long enough for further attempts, which must not say it again.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(observed.lines).toHaveLength(1);
    } finally {
      await observed.bus.stop();
      await fake.quit();
      await bus.end();
    }
  });
});

function answering(fake: FakeKeepalived, member: string, signature: string, body: unknown[]): void {
  fake.handle = (call) => {
    if (call.member !== member) return false;
    fake.reply(call, signature, body);
    return true;
  };
}

function wrong(properties: Properties): (fake: FakeKeepalived) => void {
  return (fake) => {
    fake.objects.set(LAN0_PATH, { ...instance("LAN0", BACKUP), ...properties });
  };
}

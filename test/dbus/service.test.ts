// The service as other programs see it: through dbus-send, dbus-monitor, busctl and gdbus.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { describeUnless, testUnless, withoutProgram } from "../support/unless.ts";
import { box, GUESTS, LAN, MAIN, OFFICE, Recorded, ROOT } from "./appliance.ts";
import { has, missing, PrivateBus } from "./private-bus.ts";
import { signals } from "./signals.ts";

const why = missing();

const GET = "org.freedesktop.DBus.Properties.Get";

describeUnless(why, "org.tandem.Appliance1", () => {
  let bus: PrivateBus;
  let service: Recorded;

  beforeAll(async () => {
    bus = new PrivateBus();
    await bus.start();
    service = new Recorded(bus.address);
    service.bus.start(box());
    await service.until(/connected/);
  });

  afterAll(async () => {
    await service?.bus.stop();
    await bus?.end();
  });

  test("shows the box in its properties", async () => {
    service.bus.update(
      box({
        conditions: [
          { id: "disk-full", subject: "", severity: "error", sentence: "The disk is full: ü." },
          { id: "pool-full", subject: "office", severity: "warning", sentence: "No address." },
        ],
      }),
    );
    expect(await bus.property(ROOT, MAIN, "Role")).toBe("serving");
    expect(await bus.property(ROOT, MAIN, "State")).toBe("fine");
    expect(await bus.property(ROOT, MAIN, "Why")).toBe("Serves all networks.");
    expect(await bus.property(ROOT, MAIN, "Since")).toBe("2026-03-01T10:00:00.000Z");
    expect(await bus.property(ROOT, MAIN, "Name")).toBe("A");
    expect(await bus.property(ROOT, MAIN, "Version")).toBe("0.1.0");
    expect(await bus.property(`${ROOT}/network/office`, LAN, "Serving")).toBe("true");
    expect(await bus.property(`${ROOT}/network/office`, LAN, "Interface")).toBe("lan0");
    expect(await bus.property(ROOT, MAIN, "GatewayRole")).toBe("active");
    expect(await bus.property(ROOT, MAIN, "GatewayWhy")).toBe("The gateway is at box A.");
    expect(await bus.property(ROOT, MAIN, "GatewaySince")).toBe("2026-03-01T11:00:00.000Z");
    expect(await bus.property(ROOT, MAIN, "Health")).toBe("60");
    expect(await bus.property(ROOT, MAIN, "PartnerState")).toBe("normal");
    expect(await bus.property(ROOT, MAIN, "PartnerWhy")).toBe("The boxes are in step.");
    expect(await bus.property(ROOT, MAIN, "InMaintenance")).toBe("false");
    expect(await bus.property(ROOT, MAIN, "SafeToSwitchOff")).toBe("false");
    expect(await bus.property(ROOT, MAIN, "DrillUnderWay")).toBe("false");
    expect(await bus.property(ROOT, MAIN, "LastDrill")).toMatch(/had it after 12 ms\.$/);
    expect(await bus.property(`${ROOT}/network/office`, LAN, "GatewayRole")).toBe("gateway");
    expect(await bus.property(`${ROOT}/network/office`, LAN, "Leases")).toBe("7");
    const { output } = await bus.call(ROOT, GET, [`string:${MAIN}`, "string:Conditions"]);
    const strings = Array.from(output.matchAll(/string "(.*)"/g), (match) => match[1]);
    expect(strings).toEqual(
      ["disk-full", "", "error", "The disk is full: ü."].concat([
        "pool-full",
        "office",
        "warning",
        "No address.",
      ]),
    );
    service.bus.update(box());
  });

  test("signals each change once, with the old and the new value and why", async () => {
    const seen = await bus.monitor(`type='signal',path_namespace='${ROOT}'`);
    service.bus.update(box());
    service.bus.update(box({ state: "degraded", why: "The disk is slow." }));
    service.bus.update(box({ state: "degraded", role: "standby", why: "Stands by." }));
    await vi.waitUntil(() => seen().includes("RoleChanged"), { timeout: 10_000 });
    const blocks = signals(seen());
    expect(blocks.map(({ member }) => member)).toEqual([
      "PropertiesChanged",
      "StateChanged",
      "PropertiesChanged",
      "RoleChanged",
    ]);
    expect(blocks[0]?.strings).toEqual([MAIN, "State", "degraded", "Why", "The disk is slow."]);
    expect(blocks[1]?.strings).toEqual(["fine", "degraded", "The disk is slow."]);
    expect(blocks[2]?.strings).toEqual([MAIN, "Role", "standby", "Why", "Stands by."]);
    expect(blocks[3]?.strings).toEqual(["serving", "standby", "Stands by."]);
    service.bus.update(box());
  });

  test("signals what becomes of the gateway, of maintenance and of drills", async () => {
    const seen = await bus.monitor(`type='signal',path_namespace='${ROOT}'`);
    const gateway = { role: "released", why: "Box A has let go of it.", since: "2026" };
    const why = "It is at the partner.";
    const lan = { ...OFFICE, gatewayRole: "standby" } as const;
    service.bus.update(box({ gateway, isInMaintenance: true }));
    service.bus.update(
      box({
        gateway: { ...gateway, role: "standby", why },
        ...{ isInMaintenance: true, isSafeToSwitchOff: true, isDrillUnderWay: true },
        networks: [lan],
      }),
    );
    const changed = () => seen().split("GatewayRoleChanged").length - 1;
    await vi.waitUntil(() => changed() === 2, { timeout: 10_000 });
    const blocks = signals(seen());
    expect(blocks.map(({ member }) => member)).toEqual([
      "PropertiesChanged",
      "GatewayRoleChanged",
      "PropertiesChanged",
      "PropertiesChanged",
      "GatewayRoleChanged",
    ]);
    expect(blocks[1]?.strings).toEqual(["active", "released", "Box A has let go of it."]);
    expect(blocks[2]?.strings).toEqual(
      [MAIN, "GatewayRole", "standby", "GatewayWhy", why].concat([
        "SafeToSwitchOff",
        "DrillUnderWay",
      ]),
    );
    expect(blocks[3]).toMatchObject({
      path: `${ROOT}/network/office`,
      strings: [LAN, "GatewayRole", "standby"],
    });
    expect(blocks[4]?.strings).toEqual(["released", "standby", why]);
    service.bus.update(box());
  });

  test("signals what becomes of leases, and how many it left out", async () => {
    const seen = await bus.monitor(`type='signal',path='${ROOT}'`);
    const office = await bus.monitor(`type='signal',interface='${MAIN}',arg0='office'`);
    const lease = { network: "office", address: "10.77.0.100", mac: "02:00:5e:00:00:05" };
    const expires = "2026-03-01T22:00:00.000Z";
    const nobody = { network: "lab", address: "10.78.0.7", mac: "", hostname: "", expires: "" };
    expect(service.bus.isTaking).toBe(true);
    service.bus.tellLeases(
      [
        { kind: "added", ...lease, hostname: "phone", expires },
        { kind: "updated", ...lease, hostname: "a\0\ud800ü", expires: "never" },
        { kind: "removed", ...nobody },
      ],
      0,
    );
    service.bus.tellLeases([], 17);
    await vi.waitUntil(() => seen().includes("LeasesSkipped"), { timeout: 10_000 });
    const [added, updated, removed, skipped] = signals(seen());
    const { network, address, mac } = lease;
    expect([added?.member, ...(added?.strings ?? [])]).toEqual(
      ["LeaseAdded", network, address, mac].concat("phone", expires),
    );
    expect([updated?.member, ...(updated?.strings ?? [])]).toEqual(
      ["LeaseUpdated", network, address, mac].concat("a\uFFFD\uFFFDü", "never"),
    );
    expect([removed?.member, ...(removed?.strings ?? [])]).toEqual(
      ["LeaseRemoved", "lab", "10.78.0.7"].concat("", "", ""),
    );
    expect(skipped?.text).toContain("uint32 17");
    expect(signals(office()).map(({ member }) => member)).toEqual(["LeaseAdded", "LeaseUpdated"]);
  });

  test("figures that change all the time are read as they are, and signalled seldom", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    // Later than whatever was signalled in other tests.
    vi.advanceTimersByTime(3_600_000);
    const seen = await bus.monitor(`type='signal',path_namespace='${ROOT}'`);
    const after = (milliseconds: number, leases: number, isGood = true) => {
      const detail = `10.0.0.1 answers in ${milliseconds} ms, 0 of 20 lost`;
      const check = { id: "internet", subject: "", isGood, weight: 40, detail };
      const networks = [{ ...OFFICE, leases }];
      service.bus.update(box({ health: { score: 60, checks: [check] }, networks }));
    };
    for (let second = 0; second < 25; second++) {
      after(100 + second, 1000 + second);
      vi.advanceTimersByTime(1000);
    }
    const args = [`string:${MAIN}`, "string:HealthChecks"];
    const { output } = await bus.call(ROOT, GET, args);
    expect(output).toContain("answers in 124 ms");
    expect(await bus.property(`${ROOT}/network/office`, LAN, "Leases")).toBe("1024");
    after(124, 1024, false);
    await vi.waitUntil(() => seen().includes("boolean false"), { timeout: 10_000 });
    vi.useRealTimers();
    const told = signals(seen()).map(
      ({ text }) => /in \d+ ms|(?<=uint32 )1\d+/.exec(text)?.[0] ?? text,
    );
    // At once, every ten seconds, and at once when something else is otherwise.
    expect(told).toEqual(
      ["in 100 ms", "1000", "in 110 ms", "1010", "in 120 ms", "1020"].concat("in 124 ms"),
    );
    service.bus.update(box());
  });

  test("adds, changes and removes networks through the object manager", async () => {
    const seen = await bus.monitor(`type='signal',path_namespace='${ROOT}'`);
    service.bus.update(box({ networks: [OFFICE, GUESTS] }));
    service.bus.update(box({ networks: [OFFICE, { ...GUESTS, serving: true, why: "Serves." }] }));
    const guests = `${ROOT}/network/guest_2d2`;
    expect(await bus.property(guests, LAN, "Name")).toBe("guest-2");
    expect(await bus.property(guests, LAN, "Serving")).toBe("true");
    const managed = await bus.call(ROOT, "org.freedesktop.DBus.ObjectManager.GetManagedObjects");
    const paths = Array.from(managed.output.matchAll(/object path "(.*)"/g), (match) => match[1]);
    expect(paths).toEqual([`${ROOT}/network/office`, guests]);
    service.bus.update(box());
    await vi.waitUntil(() => seen().includes("InterfacesRemoved"), { timeout: 10_000 });
    const blocks = signals(seen());
    expect(blocks.map(({ path, member }) => `${path} ${member}`)).toEqual([
      `${ROOT} InterfacesAdded`,
      `${guests} PropertiesChanged`,
      `${ROOT} InterfacesRemoved`,
    ]);
    expect(blocks[0]?.strings).toEqual([
      guests,
      LAN,
      "Name",
      "guest-2",
      "Interface",
      "lan1",
      "Serving",
      "Why",
      "No cable.",
      "GatewayRole",
      "",
      "GatewayAddresses",
      "Leases",
    ]);
    const gone = await bus.call(guests, GET, [`string:${LAN}`, "string:Name"]);
    expect(gone.output).toContain("org.freedesktop.DBus.Error.UnknownObject");
  });

  test("introspects as image/dbus/org.tandem.Appliance1.xml says", async () => {
    const file = new URL("../../image/dbus/org.tandem.Appliance1.xml", import.meta.url);
    const written = readFileSync(file, "utf8");
    const found = [ROOT, `${ROOT}/network/office`].map((path) => introspect(bus, path));
    const exported = (await Promise.all(found)).map((xml) => interfaces(xml));
    const own = exported.flat().filter((text) => text.includes('name="org.tandem.'));
    expect(own).toEqual(interfaces(written));
    expect(exported[0]?.map(nameOf)).toEqual([
      MAIN,
      "org.freedesktop.DBus.Properties",
      "org.freedesktop.DBus.ObjectManager",
      "org.freedesktop.DBus.Introspectable",
      "org.freedesktop.DBus.Peer",
    ]);
  });

  testUnless(
    withoutProgram(has("busctl"), "busctl"),
    "busctl walks the tree and reads all of it",
    async () => {
      const tree = await bus.run("busctl", ["--system", "--list", "tree", MAIN]);
      expect(tree.output.split("\n").filter((line) => line !== "")).toEqual([
        "/",
        "/org",
        "/org/tandem",
        ROOT,
        `${ROOT}/network`,
        `${ROOT}/network/office`,
      ]);
      const root = await bus.run("busctl", ["--system", "--no-pager", "introspect", MAIN, ROOT]);
      expect(root.output).toMatch(/\.Role +property +s +"serving" +emits-change/);
      expect(root.output).toMatch(/\.Conditions +property +a\(ssss\) +0 +emits-change/);
      expect(root.output).toMatch(/\.RoleChanged +signal +sss/);
      const lan = await bus.run("busctl", [
        "--system",
        "get-property",
        MAIN,
        `${ROOT}/network/office`,
        LAN,
        "Serving",
      ]);
      expect(lan.output).toBe("b true\n");
      const get = (property: string) =>
        bus.run("busctl", ["--system", "get-property", MAIN, ROOT, MAIN, property]);
      expect((await get("HealthChecks")).output).toBe(
        'a(ssbus) 2 "lan" "office" true 30 "lan0 has a cable" "wan" "" false 40 "wan0 has no cable"\n',
      );
    },
  );

  testUnless(
    withoutProgram(has("gdbus"), "gdbus"),
    "gdbus understands the introspection data",
    async () => {
      const args = ["introspect", "--system", "--dest", MAIN, "--object-path", ROOT, "--recurse"];
      const { ok, output } = await bus.run("gdbus", args);
      expect(ok).toBe(true);
      expect(output).toContain("readonly b Serving = true;");
      expect(output).toContain("readonly s Role = 'serving';");
    },
  );

  test("answers malformed and impossible calls with an error, every one", async () => {
    const cases: readonly (readonly [string, string, readonly string[], string])[] = [
      [ROOT, GET, [], "InvalidArgs"],
      [ROOT, GET, ["int32:1", "string:Role"], "InvalidArgs"],
      [ROOT, GET, ["string:no.such", "string:Role"], "UnknownInterface"],
      [ROOT, GET, [`string:${MAIN}`, "string:__proto__"], "UnknownProperty"],
      [ROOT, "org.freedesktop.DBus.Properties.Fetch", [], "UnknownMethod"],
      [ROOT, `${MAIN}.constructor`, [], "UnknownMethod"],
      [ROOT, `${MAIN}.Pair`, [], "UnknownMethod"],
      [ROOT, "no.such.Interface.Call", [], "UnknownInterface"],
      [`${ROOT}/network`, GET, [`string:${LAN}`, "string:Name"], "UnknownInterface"],
      ["/no/such/object", "org.freedesktop.DBus.Peer.Ping", [], "UnknownObject"],
      [
        `${ROOT}/network/office`,
        "org.freedesktop.DBus.ObjectManager.GetManagedObjects",
        [],
        "UnknownInterface",
      ],
      [
        ROOT,
        "org.freedesktop.DBus.Properties.Set",
        [`string:${MAIN}`, "string:Role", "variant:string:standby"],
        "PropertyReadOnly",
      ],
    ];
    for (const [path, member, args, error] of cases) {
      const { ok, output } = await bus.call(path, member, args);
      expect(output, `${path} ${member}`).toContain(`org.freedesktop.DBus.Error.${error}:`);
      expect(ok).toBe(false);
    }
    expect(service.said).toEqual(["connected"]);
    expect(await bus.property(ROOT, MAIN, "Role")).toBe("serving");
  });
});

async function introspect(bus: PrivateBus, path: string): Promise<string> {
  return (await bus.call(path, "org.freedesktop.DBus.Introspectable.Introspect")).output;
}

function interfaces(xml: string): string[] {
  return Array.from(xml.matchAll(/<interface [\s\S]*?<\/interface>/g), (match) => match[0]);
}

function nameOf(element: string): string {
  return /name="([^"]+)"/.exec(element)?.[1] ?? "";
}

// Who may do what on the bus, enforced by a real one with the policy that comes with the image.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { NO_REPLY_EXPECTED } from "../../daemon/io/dbus-connection.ts";
import { VRRP_INTERFACE, VRRP_NAME, VRRP_ROOT } from "../../daemon/io/vrrp-reading.ts";
import { describeUnless } from "../support/unless.ts";
import { box, LAN, MAIN, Recorded, ROOT } from "./appliance.ts";
import { BACKUP, FakeKeepalived, instance, LAN0_PATH } from "./fake-keepalived.ts";
import {
  appliancePolicy,
  cannotSwitchUser,
  missing,
  NOBODY,
  OPERATOR,
  PrivateBus,
} from "./private-bus.ts";
import { errorsOf } from "./raw-client.ts";

const PROPERTIES = "org.freedesktop.DBus.Properties";
const ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied";

/** Of keepalived 2.4: without the rules in ours the daemon would see nothing. */
const KEEPALIVED = `<busconfig>
  <policy context="default">
    <deny own="${VRRP_NAME}"/>
    <deny send_destination="${VRRP_NAME}"/>
  </policy>
  <policy user="root">
    <allow own="${VRRP_NAME}"/>
    <allow send_destination="${VRRP_NAME}"/>
  </policy>`;

const LOOKS: readonly (readonly [member: string, args: readonly string[]])[] = [
  [`${PROPERTIES}.Get`, [`string:${MAIN}`, "string:GatewayRole"]],
  [`${PROPERTIES}.GetAll`, [`string:${MAIN}`]],
  ["org.freedesktop.DBus.Introspectable.Introspect", []],
  ["org.freedesktop.DBus.ObjectManager.GetManagedObjects", []],
  ["org.freedesktop.DBus.Peer.Ping", []],
];

const ACTS: readonly (readonly [member: string, args: readonly string[]])[] = [
  [`${MAIN}.Handover`, []],
  [`${MAIN}.EnterMaintenance`, []],
  [`${MAIN}.LeaveMaintenance`, []],
  [`${MAIN}.StartDrill`, ["string:planned"]],
  [`${MAIN}.DeclarePartnerDown`, []],
  [`${MAIN}.Preflight`, ["string:handover"]],
  [`${MAIN}.GetDrills`, []],
];

describeUnless(missing() ?? cannotSwitchUser(), "the policy", () => {
  let bus: PrivateBus;
  let service: Recorded;
  let keepalived: FakeKeepalived;

  beforeAll(async () => {
    bus = new PrivateBus(appliancePolicy().replace("<busconfig>", KEEPALIVED));
    await bus.start();
    service = new Recorded(bus.address);
    service.bus.start(box());
    await service.until(/connected/);
    keepalived = await FakeKeepalived.start(bus, { [LAN0_PATH]: instance("LAN0", BACKUP) });
  });

  beforeEach(() => {
    service.box.told.length = 0;
    keepalived.calls.length = 0;
  });

  afterAll(async () => {
    await keepalived?.quit();
    await service?.bus.stop();
    await bus?.end();
  });

  test.each(LOOKS)("lets everybody look: %s", async (member, args) => {
    for (const user of [NOBODY, OPERATOR]) {
      const { ok, output } = await bus.call(ROOT, member, args, user);
      expect(output, user).toMatch(/^method return/);
      expect(ok).toBe(true);
    }
  });

  test.each(ACTS)("lets nobody but operators have anything done: %s", async (member, args) => {
    const { ok, output } = await bus.call(ROOT, member, args, NOBODY);
    expect(output).toContain(ACCESS_DENIED);
    expect(ok).toBe(false);
    expect(service.box.told).toEqual([]);
    for (const user of [OPERATOR, `${NOBODY}:${OPERATOR}`, undefined]) {
      expect((await bus.call(ROOT, member, args, user)).output, user).toMatch(/^method return/);
    }
  });

  test("lets nobody set a property, and the daemon lets no one", async () => {
    for (const [objectPath, name, property] of [
      [ROOT, MAIN, "InMaintenance"],
      [`${ROOT}/network/office`, LAN, "Serving"],
    ] as const) {
      const args = [`string:${name}`, `string:${property}`, "variant:boolean:true"];
      const set = (user: string) => bus.call(objectPath, `${PROPERTIES}.Set`, args, user);
      expect((await set(NOBODY)).output).toContain(ACCESS_DENIED);
      expect((await set(OPERATOR)).output).toContain("PropertyReadOnly");
    }
    expect(await bus.property(ROOT, MAIN, "InMaintenance")).toBe("false");
  });

  test("a call to the unique name, without an interface, or without an answer is denied as well", async () => {
    const owner = await bus.run("dbus-send", [
      ...["--system", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/"],
      ...["org.freedesktop.DBus.GetNameOwner", `string:${MAIN}`],
    ]);
    const unique = owner.output.trim();
    expect(unique).toMatch(/^:1\.\d+$/);
    const call = { member: "Handover" };
    const errors = await errorsOf(bus, NOBODY, [
      { ...call, destination: unique, interface: MAIN },
      { ...call, destination: unique },
      { ...call, destination: MAIN },
      { ...call, destination: MAIN, interface: `${MAIN}.Network` },
      { ...call, destination: MAIN, interface: MAIN, flags: NO_REPLY_EXPECTED },
    ]);
    // The bus answers also who wants no answer.
    expect(errors).toEqual(Array(5).fill(ACCESS_DENIED));
    expect(service.box.told).toEqual([]);
  });

  test("lets the name be taken by root and by the daemon's user, and by nobody else", async () => {
    const request = (user: string) =>
      bus.run(
        "dbus-send",
        [
          ...["--system", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"],
          ...["org.freedesktop.DBus.RequestName", `string:${MAIN}`, "uint32:4"],
        ],
        user,
      );
    expect((await request(NOBODY)).output).toContain(ACCESS_DENIED);
    // A member of the group operates the box, and is not the box.
    expect((await request(`${NOBODY}:${OPERATOR}`)).output).toContain(ACCESS_DENIED);
    // 3: it exists already; the policy let the request through.
    expect((await request(OPERATOR)).output).toContain("uint32 3");
  });

  const ask = (member: string, args: readonly string[], user: string) =>
    bus.run(
      "dbus-send",
      [
        ...["--system", "--print-reply", "--reply-timeout=5000", `--dest=${VRRP_NAME}`],
        ...[member.startsWith(VRRP_INTERFACE) ? `${VRRP_ROOT}/Vrrp` : LAN0_PATH, member, ...args],
      ],
      user,
    );

  test("lets the daemon's user read keepalived, whose own policy lets it not", async () => {
    const name = `string:${VRRP_NAME}.Instance`;
    for (const [member, args] of [
      [`${PROPERTIES}.GetAll`, [name]],
      [`${PROPERTIES}.Get`, [name, "string:State"]],
      ["org.freedesktop.DBus.Introspectable.Introspect", []],
    ] as const) {
      expect((await ask(member, args, OPERATOR)).output, member).not.toContain(ACCESS_DENIED);
      expect((await ask(member, args, NOBODY)).output, member).toContain(ACCESS_DENIED);
    }
    expect(keepalived.calls.map(({ member }) => member)).toEqual(["GetAll", "Get", "Introspect"]);
  });

  test("lets the daemon's user have nothing done by keepalived", async () => {
    for (const [member, args] of [
      [`${VRRP_INTERFACE}.ReloadConfig`, []],
      [`${VRRP_NAME}.Instance.SendGarp`, []],
      [`${PROPERTIES}.Set`, ["string:a", "string:b", "variant:string:c"]],
      ["org.freedesktop.DBus.Peer.Ping", []],
    ] as const) {
      expect((await ask(member, args, OPERATOR)).output, member).toContain(ACCESS_DENIED);
    }
    expect(keepalived.calls).toEqual([]);
  });
});

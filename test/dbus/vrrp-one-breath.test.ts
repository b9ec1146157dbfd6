// A bus that says several things at once: what it says last is what counts, although promises are kept after all
// of it has been heard.

import type { BusMessage } from "dbus-native/lib/message.js";
import { afterEach, expect, test } from "vitest";
import {
  INSTANCE_INTERFACE,
  VRRP_INTERFACE,
  VRRP_NAME,
  VRRP_ROOT,
} from "../../daemon/io/vrrp-reading.ts";
import { FakeBus, refusal, reply, type Script, signal } from "./fake-bus.ts";
import { BACKUP, LAN0_PATH, MASTER } from "./fake-keepalived.ts";
import { Observed } from "./vrrp-observed.ts";

const OWNER = ":1.5";
const NOBODY = "org.freedesktop.DBus.Error.NameHasNoOwner";

let bus: FakeBus;
let observed: Observed;

afterEach(async () => {
  await observed.bus.stop();
  await bus.stop();
});

async function observe(script: Script): Promise<void> {
  bus = await FakeBus.start(script);
  observed = new Observed(bus.address);
}

/** Everything that is asked but for who has the name: keepalived with one instance. */
function ordinary(call: BusMessage): ReturnType<Script> {
  switch (call.member) {
    case "Hello":
      return [reply(call, "s", [":1.1"])];
    case "Introspect": {
      const below = LAN0_PATH.startsWith(`${call.path}/`)
        ? LAN0_PATH.slice((call.path?.length ?? 0) + 1).split("/", 1)
        : [];
      const nodes = below.map((name) => `<node name="${name}"/>`);
      const own = call.path === LAN0_PATH ? INSTANCE_INTERFACE : VRRP_INTERFACE;
      return [reply(call, "s", [`<interface name="${own}"/>${nodes}`], OWNER)];
    }
    case "GetAll":
      return [state(call, BACKUP)];
    default:
      return [reply(call)];
  }
}

function state(call: BusMessage, value: number) {
  const properties = [
    ["Name", ["(s)", ["LAN0"]]],
    ["State", ["(us)", [value, ""]]],
  ];
  return reply(call, "a{sv}", [properties], OWNER);
}

function ownerChanged(from: string, to: string) {
  const member = "org.freedesktop.DBus.NameOwnerChanged";
  return signal("/org/freedesktop/DBus", member, "sss", [VRRP_NAME, from, to]);
}

function changed(value: number) {
  return signal(LAN0_PATH, `${INSTANCE_INTERFACE}.VrrpStatusChange`, "u", [value], OWNER);
}

/** Long enough for a reading that must not follow. */
function silence(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

test("nobody has the name, and then somebody gets it", async () => {
  await observe((call) =>
    call.member === "GetNameOwner"
      ? [refusal(call, NOBODY), ownerChanged("", OWNER)]
      : ordinary(call),
  );
  await observed.until(/^states LAN0 backup$/);
  expect(observed.lines).toHaveLength(1);
});

test("a change that nobody has sent while nobody has the name", async () => {
  const unsigned = { ...changed(4), sender: "" };
  await observe((call) =>
    call.member === "GetNameOwner" ? [refusal(call, NOBODY), unsigned] : ordinary(call),
  );
  await observed.until(/^lost/);
  await silence();
  expect(observed.lines).toEqual(["lost: keepalived is not on the system bus"]);
});

test("somebody has the name, and then nobody", async () => {
  await observe((call) =>
    call.member === "GetNameOwner"
      ? [reply(call, "s", [OWNER]), ownerChanged(OWNER, "")]
      : ordinary(call),
  );
  await observed.until(/^lost: keepalived is not on the system bus$/);
  await silence();
  expect(observed.lines).toHaveLength(1);
});

test("a state, and then another one", async () => {
  await observe((call) => {
    if (call.member === "GetNameOwner") return [reply(call, "s", [OWNER])];
    return call.member === "GetAll" ? [state(call, BACKUP), changed(MASTER)] : ordinary(call);
  });
  await observed.until(/^states LAN0 master$/);
  expect(observed.lines).toHaveLength(1);
});

test("the last answer of a reading, and then that the configuration was loaded", async () => {
  let readings = 0;
  await observe((call) => {
    if (call.member === "GetNameOwner") return [reply(call, "s", [OWNER])];
    if (call.member !== "GetAll" || ++readings > 1) return ordinary(call);
    const loaded = signal(`${VRRP_ROOT}/Vrrp`, `${VRRP_INTERFACE}.VrrpReloaded`, "", [], OWNER);
    return [state(call, MASTER), loaded];
  });
  await observed.until(/^states LAN0 backup$/);
  expect(observed.lines).toHaveLength(1);
  expect(readings).toBe(2);
});

test("the last answer of a reading, and then that its program has gone", async () => {
  await observe((call) => {
    if (call.member === "GetNameOwner") return [reply(call, "s", [OWNER])];
    return call.member === "GetAll"
      ? [state(call, MASTER), ownerChanged(OWNER, "")]
      : ordinary(call);
  });
  await observed.until(/^lost: keepalived is not on the system bus$/);
  await silence();
  expect(observed.lines).toHaveLength(1);
});

// The objects on the bus without a bus: what calls answer and which signals a change makes.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBusAddress, SYSTEM_BUS } from "../../daemon/io/dbus-address.ts";
import {
  type ApplianceView,
  answer,
  changes,
  networkPath,
  objectsOf,
  type Question,
  ROOT,
} from "../../daemon/io/dbus-objects.ts";

const VIEW: ApplianceView = {
  role: "serving",
  state: "fine",
  why: "Serves.",
  since: "2026-03-01T10:00:00.000Z",
  name: "A",
  version: "0.1.0",
  conditions: [],
  networks: [{ name: "office", interface: "lan0", serving: true, why: "Serves office." }],
};
const OFFICE = `${ROOT}/network/office`;
const PROPERTIES = "org.freedesktop.DBus.Properties";

function ask(member: string, change: Partial<Question> = {}) {
  const question = { path: ROOT, interface: "", member, signature: "", body: [], ...change };
  return answer(question, objectsOf(VIEW), "0123");
}

describe("answers", () => {
  test("GetAll gives every property with its signature", () => {
    const args = { signature: "s", body: ["org.tandem.Appliance1.Network"], path: OFFICE };
    expect(ask("GetAll", args)).toEqual({
      signature: "a{sv}",
      body: [
        [
          ["Name", ["s", "office"]],
          ["Interface", ["s", "lan0"]],
          ["Serving", ["b", true]],
          ["Why", ["s", "Serves office."]],
        ],
      ],
    });
  });

  test("a standard interface has no properties, an empty name asks all interfaces", () => {
    expect(ask("GetAll", { signature: "s", body: [PROPERTIES] })).toMatchObject({ body: [[]] });
    const role = ask("Get", { signature: "ss", body: ["", "Role"] });
    expect(role).toEqual({ signature: "v", body: [["s", "serving"]] });
  });

  test("the interface may be left out of a call", () => {
    expect(ask("Ping")).toEqual({ signature: "", body: [] });
    expect(ask("GetMachineId")).toEqual({ signature: "s", body: ["0123"] });
    expect(ask("Nothing")).toMatchObject({ errorName: expect.stringMatching(/UnknownMethod$/) });
  });

  test("paths on the way to an object only lead on", () => {
    const children = (path: string) => {
      const given = ask("Introspect", { path });
      return "body" in given
        ? Array.from(String(given.body[0]).matchAll(/<node name="(.*)"/g), (match) => match[1])
        : [];
    };
    expect(children("/")).toEqual(["org"]);
    expect(children("/org")).toEqual(["tandem"]);
    expect(children(ROOT)).toEqual(["network"]);
    expect(children(`${ROOT}/network`)).toEqual(["office"]);
    expect(children(OFFICE)).toEqual([]);
  });

  test("whatever is asked, there is an answer", () => {
    const text = fc.oneof(
      fc.constantFrom("", ROOT, OFFICE, "/", "/org", PROPERTIES, "org.tandem.Appliance1"),
      fc.constantFrom("Get", "GetAll", "Set", "Introspect", "Role", "__proto__", "constructor"),
      fc.string(),
    );
    const question = fc.record({
      path: text,
      interface: text,
      member: text,
      signature: fc.constantFrom("", "s", "ss", "ssv", "i", "a{sv}"),
      body: fc.array(fc.oneof(text, fc.anything()), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(question, (asked) => {
        const given = answer(asked, objectsOf(VIEW), "");
        expect("errorName" in given || typeof given.signature === "string").toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("changes", () => {
  const members = (from: ApplianceView, to: ApplianceView) =>
    changes(objectsOf(from), objectsOf(to)).map(({ path, member }) => `${path} ${member}`);

  test("nothing changed, nothing said", () => {
    expect(members(VIEW, structuredClone(VIEW))).toEqual([]);
  });

  test("only what changed is in the signal", () => {
    const condition = { id: "disk-full", subject: "", severity: "error", sentence: "Full." };
    const signals = changes(objectsOf(VIEW), objectsOf({ ...VIEW, conditions: [condition] }));
    expect(signals).toEqual([
      expect.objectContaining({
        path: ROOT,
        member: "PropertiesChanged",
        body: [
          "org.tandem.Appliance1",
          [["Conditions", ["a(ssss)", [["disk-full", "", "error", "Full."]]]]],
          [],
        ],
      }),
    ]);
  });

  test("a network that leaves is told before one that comes", () => {
    const other = { ...VIEW, networks: [{ ...VIEW.networks[0], name: "lab" }] } as ApplianceView;
    expect(members(VIEW, other)).toEqual([`${ROOT} InterfacesRemoved`, `${ROOT} InterfacesAdded`]);
  });

  test("texts that the bus would refuse are made good", () => {
    const why = "a\0b\ud800c";
    const signals = changes(objectsOf(VIEW), objectsOf({ ...VIEW, why }));
    expect(JSON.stringify(signals)).toContain("a\uFFFDb\uFFFDc");
  });
});

describe("object paths", () => {
  test.each([
    ["office", "office"],
    ["guest-2", "guest_2d2"],
    ["a_b", "a_5fb"],
    ["ü", "_c3_bc"],
    ["", "_"],
  ])("%j", (name, element) => {
    expect(networkPath(name)).toBe(`${ROOT}/network/${element}`);
  });

  test("two names never share a path, and every path is valid", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        expect(networkPath(a) === networkPath(b)).toBe(a === b);
        expect(networkPath(a)).toMatch(/^(\/[A-Za-z0-9_]+)+$/);
      }),
    );
  });
});

describe("bus addresses", () => {
  test.each([
    [SYSTEM_BUS, ["/var/run/dbus/system_bus_socket"]],
    ["unix:path=/run/a,guid=00ff;unix:guid=00,path=/run/b", ["/run/a", "/run/b"]],
    ["unix:path=/tmp/with%20space%2cand%3bmore", ["/tmp/with space,and;more"]],
    ["unix:abstract=/tmp/x", ["\0/tmp/x"]],
    ["tcp:host=localhost,port=12; unix:path=/run/a", ["/run/a"]],
    ["unixexec:path=/bin/sh,argv1=-c", []],
    ["unix:path=/bad%zz", []],
    ["unix:tmpdir=/tmp", []],
    ["", []],
  ])("%s", (address, paths) => {
    expect(parseBusAddress(address).map(({ path }) => path)).toEqual(paths);
  });
});

// The objects on the bus without a bus: what calls answer.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBusAddress, SYSTEM_BUS } from "../../daemon/io/dbus-address.ts";
import { answer, type Question } from "../../daemon/io/dbus-objects.ts";
import { networkPath, objectsOf, ROOT, unsigned } from "../../daemon/io/dbus-view.ts";
import { box, Told } from "../dbus/appliance.ts";

const VIEW = box();
const CONTROL = new Told().control;
const OFFICE = `${ROOT}/network/office`;
const PROPERTIES = "org.freedesktop.DBus.Properties";

function ask(member: string, change: Partial<Question> = {}) {
  const question = { path: ROOT, interface: "", member, signature: "", body: [], ...change };
  return answer(question, objectsOf(VIEW), "0123", CONTROL);
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
          ["GatewayRole", ["s", "gateway"]],
          ["GatewayAddresses", ["as", ["10.77.0.1/24"]]],
          ["Leases", ["u", 7]],
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

  test("without control nothing of the appliance's can be had done", () => {
    for (const member of ["Handover", "DeclarePartnerDown", "GetDrills"]) {
      const question = { path: ROOT, interface: "", member, signature: "", body: [] };
      expect(answer(question, objectsOf(VIEW), "", undefined)).toMatchObject({
        errorName: "org.freedesktop.DBus.Error.AccessDenied",
      });
    }
  });

  test("whatever is asked, there is an answer", () => {
    const text = fc.oneof(
      fc.constantFrom("", ROOT, OFFICE, "/", "/org", PROPERTIES, "org.tandem.Appliance1"),
      fc.constantFrom("Get", "GetAll", "Set", "Introspect", "Role", "__proto__", "constructor"),
      fc.constantFrom("Handover", "StartDrill", "Preflight", "GetDrills", "planned", "unplug"),
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
        const given = answer(asked, objectsOf(VIEW), "", CONTROL);
        expect("errorName" in given || typeof given.signature === "string").toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what does not fit into an unsigned number", () => {
  test.each([
    [7.4, 7],
    [-1, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0xffff_ffff],
    [2 ** 40, 0xffff_ffff],
  ])("%d is shown as %d", (value, shown) => {
    expect(unsigned(value)).toBe(shown);
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

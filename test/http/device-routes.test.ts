// Devices over the API: names and notes are records, who is ignored is configuration.

import { beforeEach, expect, test } from "vitest";
import { ConfigDesk } from "../../daemon/config-desk.ts";
import { RecordError } from "../../daemon/core/records/record-book.ts";
import { Devices } from "../../daemon/devices.ts";
import { deviceRoutes } from "../../daemon/http/device-routes.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { FakeBox } from "../support/fake-box.ts";
import { FAKE_SHARED, FakeConfigMachine } from "../support/fake-config-machine.ts";
import { type Answer, askLater } from "./ask.ts";

const PATH = "/api/v1/devices";
const MAC = "02:00:5e:10:00:09";
const NAMED_MAX = 3;
const PAGE = { origin: "http://127.0.0.1:8080", "content-type": "application/json" };

let records: Map<string, string>;
let machine: FakeConfigMachine;
let caller: Caller;
let send: (method: string, target: string, content?: unknown) => Promise<Answer>;

beforeEach(() => {
  records = new Map();
  machine = new FakeConfigMachine();
  caller = { name: "otto", role: "operator", via: "session", from: "192.168.1.20" };
  const devices = new Devices(
    {
      get: (key) => records.get(key),
      list: () => [...records.keys()].map((key) => ({ key })),
      set: async (key, value) => {
        if (records.size === NAMED_MAX) throw new RecordError("there can be 3 at most");
        return records.set(key, value).has(key);
      },
      delete: async (key) => records.delete(key),
    },
    new ConfigDesk(machine),
  );
  const { answer } = createWebApp(new FakeBox(), {
    ...{ routes: deviceRoutes(devices), callerOf: () => caller },
  });
  send = (method, target, content) => {
    const body = content === undefined ? {} : { body: JSON.stringify(content) };
    return askLater(answer, target, { method, headers: PAGE, ...body });
  };
});

test("a name and a note stay until they are taken away", async () => {
  const named = await send("PATCH", `${PATH}/02-00-5E-10-00-09`, { name: " Printer  " });
  expect(named.json()).toEqual({ mac: MAC, name: "Printer", note: "", ignored: false });
  await send("PATCH", `${PATH}/${MAC}`, { note: "second floor" });
  const both = { mac: MAC, name: "Printer", note: "second floor", ignored: false };
  expect((await send("GET", PATH)).json()).toEqual({ devices: [both] });
  expect((await send("GET", `${PATH}/${MAC}`)).json()).toEqual(both);
  expect((await send("DELETE", `${PATH}/${MAC}`)).status).toBe(200);
  expect((await send("GET", PATH)).json()).toEqual({ devices: [] });
  expect((await send("DELETE", `${PATH}/${MAC}`)).status).toBe(404);
  expect(machine.wishes).toEqual([]);
});

test("a device that is ignored stands in the configuration, with who wanted it", async () => {
  await send("PATCH", `${PATH}/${MAC}`, { name: "Printer", ignored: true });
  expect(machine.value).toEqual({ ...FAKE_SHARED, deny: [MAC] });
  expect(machine.wishes).toEqual([
    expect.objectContaining({ by: "otto", note: `Printer (${MAC}) is ignored`, trialSeconds: 0 }),
  ]);
  await send("PATCH", `${PATH}/${MAC}`, { ignored: true });
  expect(machine.wishes).toHaveLength(1);
  expect((await send("GET", `${PATH}/${MAC}`)).json()).toMatchObject({ ignored: true });
  await send("DELETE", `${PATH}/${MAC}`);
  expect(machine.value).toEqual(FAKE_SHARED);
});

test("first bytes in the configuration mean many devices, and stay", async () => {
  machine = Object.assign(machine, new FakeConfigMachine());
  machine.rushes = [() => ({ ...FAKE_SHARED, deny: ["02:00:5e", "02-00-5E-10-00-09"] })];
  await send("PATCH", `${PATH}/02:00:5e:10:00:0a`, { ignored: true });
  expect((await send("GET", PATH)).json()).toMatchObject({
    devices: [{ mac: MAC }, { mac: "02:00:5e:10:00:0a" }],
  });
  await send("PATCH", `${PATH}/${MAC}`, { ignored: false });
  expect(machine.value).toMatchObject({ deny: ["02:00:5e", "02:00:5e:10:00:0a"] });
});

test("what the configuration refuses is said, and nothing is remembered", async () => {
  machine.objections = [{ file: "box.json", path: "networks", reason: "is missing" }];
  const refused = await send("PATCH", `${PATH}/${MAC}`, { name: "Printer", ignored: true });
  expect(refused.status).toBe(409);
  expect(records.size).toBe(0);
});

test.each([
  ["a name over the limit", { name: "x".repeat(65) }],
  ["a name of two lines", { name: "a\nb" }],
  ["half a character", { note: "\ud800" }],
  ["a number", { name: 7 }],
  ["something unknown", { colour: "red" }],
  ["no truth", { ignored: "yes" }],
])("%s is refused", async (_, content) => {
  expect((await send("PATCH", `${PATH}/${MAC}`, content)).status).toBe(400);
  expect(records.size).toBe(0);
});

test.each(["x", "02:00:5e", "02:00:5e:10:00:09:0a", "..%2f"])("%s is no device", async (name) => {
  expect((await send("GET", `${PATH}/${name}`)).status).toBe(400);
  expect((await send("PATCH", `${PATH}/${name}`, {})).status).toBe(400);
});

test("a record that is none is as if nothing were known", async () => {
  for (const text of ["{", "7", "null", '{"name":7}']) {
    records.set(`device:${MAC}`, text);
    expect((await send("GET", PATH)).json()).toEqual({
      devices: [{ mac: MAC, name: "", note: "", ignored: false }],
    });
  }
});

test("one more than can be kept is refused", async () => {
  for (const last of ["1", "2", "3"]) {
    await send("PATCH", `${PATH}/02:00:5e:10:00:0${last}`, { name: "x" });
  }
  const refused = await send("PATCH", `${PATH}/${MAC}`, { name: "x" });
  expect([refused.status, refused.json()]).toMatchObject([
    ...[409, { detail: "There can be 3 at most." }],
  ]);
});

test("a viewer changes nothing", async () => {
  caller = { ...caller, role: "viewer" };
  expect((await send("PATCH", `${PATH}/${MAC}`, { name: "x" })).status).toBe(403);
});

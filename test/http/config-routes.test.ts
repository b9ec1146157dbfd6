// The configuration over the API: two people who change the same thing, entries put into the whole, and history.

import { beforeEach, describe, expect, test } from "vitest";
import { ConfigDesk } from "../../daemon/config-desk.ts";
import { configRoutes } from "../../daemon/http/config-routes.ts";
import type { Caller } from "../../daemon/http/route.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { FakeBox } from "../support/fake-box.ts";
import { FAKE_SHARED, FakeConfigMachine } from "../support/fake-config-machine.ts";
import { type Answer, type Asked, askLater } from "./ask.ts";

const CONFIG = "/api/v1/config";
const LAN = "/api/v1/networks/lan";
const PAGE = { origin: "http://127.0.0.1:8080", "content-type": "application/json" };
const ADMIN: Caller = { name: "anna", role: "admin", via: "session", from: "192.168.1.20" };

let machine: FakeConfigMachine;
let caller: Caller;
let send: (target: string, asked?: Asked) => Promise<Answer>;

beforeEach(() => {
  machine = new FakeConfigMachine();
  caller = ADMIN;
  const routes = configRoutes(new ConfigDesk(machine));
  const { answer } = createWebApp(new FakeBox(), { routes, callerOf: () => caller });
  send = (target, asked) => askLater(answer, target, asked);
});

function write(method: string, target: string, content?: unknown, ifMatch?: string) {
  const match = ifMatch === undefined ? {} : { "if-match": ifMatch };
  const body = content === undefined ? {} : { body: JSON.stringify(content) };
  return send(target, { method, headers: { ...PAGE, ...match }, ...body });
}

async function tagOf(target: string): Promise<string> {
  return (await send(target)).header("etag") ?? "";
}

const [lan] = FAKE_SHARED.networks;
const with2Hours = { ...FAKE_SHARED, leaseSeconds: 7200 };

describe("the whole configuration", () => {
  test("is read with its tag, and changed by whoever names it", async () => {
    const read = await send(CONFIG);
    expect(read.json()).toEqual({
      ...{ generation: 1, hash: machine.now.hash, origin: null, trial: null, config: FAKE_SHARED },
    });
    expect(read.header("etag")).toBe(`"${machine.now.hash}"`);
    const tag = await tagOf(CONFIG);
    const changed = await write("PUT", `${CONFIG}?note=longer`, with2Hours, tag);
    expect(changed.json()).toMatchObject({ generation: 2, sentence: "Both boxes have it." });
    expect(changed.header("etag")).toBe(await tagOf(CONFIG));
    expect(machine.value).toEqual(with2Hours);
    expect(machine.wishes).toEqual([
      expect.objectContaining({
        ...{ by: "anna", from: "192.168.1.20", note: "longer", trialSeconds: 60 },
      }),
    ]);
  });

  test("without a tag nothing is changed", async () => {
    expect((await write("PUT", CONFIG, with2Hours)).status).toBe(428);
    expect(machine.value).toEqual(FAKE_SHARED);
  });

  test("the second of two tabs is told what the first has changed", async () => {
    const tag = await tagOf(CONFIG);
    expect((await write("PUT", CONFIG, with2Hours, tag)).status).toBe(200);
    const second = await write("PUT", CONFIG, { ...FAKE_SHARED, leaseSeconds: 600 }, tag);
    expect([second.status, second.header("etag")]).toEqual([409, await tagOf(CONFIG)]);
    expect(second.json()).toMatchObject({
      differences: [{ path: "leaseSeconds", before: "(not set)", after: "7200" }],
    });
    expect(machine.value).toEqual(with2Hours);
  });

  test("a change that comes while another one is put into force is a conflict as well", async () => {
    const tag = await tagOf(CONFIG);
    machine.rushes = [() => with2Hours];
    const late = await write("PUT", CONFIG, { ...FAKE_SHARED, leaseSeconds: 600 }, tag);
    expect([late.status, machine.value]).toEqual([409, with2Hours]);
  });

  test("everything that is wrong with it is said at once", async () => {
    const bad = { version: 1, networks: [{ ...lan, gateway: "10.0.0.1", mtu: 3 }], colour: "red" };
    const answer = await write("PUT", CONFIG, bad, await tagOf(CONFIG));
    expect(answer.status).toBe(422);
    const { errors } = answer.json() as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path)).toEqual(["networks[0].mtu", "colour"]);
    expect(machine.value).toEqual(FAKE_SHARED);
  });

  test.each([
    ["null", null],
    ["a text", "networks"],
    ["a list", []],
    ["a number", 7],
  ])("%s is no configuration", async (_, value) => {
    expect((await write("PUT", CONFIG, value, await tagOf(CONFIG))).status).toBe(422);
    expect((await write("POST", `${CONFIG}/check`, value)).status).toBe(200);
  });

  test("what the partner cannot take is refused with its reasons", async () => {
    const objection = { file: "box.json", path: "networks.lan", reason: "is missing" };
    machine.objections = [objection];
    const refused = await write("PUT", CONFIG, with2Hours, await tagOf(CONFIG));
    expect(refused.status).toBe(409);
    expect(refused.json()).toMatchObject({
      ...{ detail: "The partner cannot take it.", errors: [objection] },
    });
  });

  test.each(["0", "10", "3600"])("may be confirmed within %s seconds", async (seconds) => {
    const target = `${CONFIG}?confirmWithinSeconds=${seconds}`;
    expect((await write("PUT", target, with2Hours, await tagOf(CONFIG))).status).toBe(200);
    expect(machine.wishes[0]?.trialSeconds).toBe(Number(seconds));
  });

  test.each(["9", "3601", "-1", "1e2", "", "ten"])("not within %s seconds", async (seconds) => {
    const target = `${CONFIG}?confirmWithinSeconds=${seconds}`;
    expect((await write("PUT", target, with2Hours, await tagOf(CONFIG))).status).toBe(400);
  });

  test("confirm and undo are passed on with what came of them", async () => {
    const stays = await write("POST", `${CONFIG}/confirm`, {});
    expect(stays.json()).toEqual({ sentence: "The change stays." });
    const none = await write("POST", `${CONFIG}/undo`, {});
    expect([none.status, none.json()]).toMatchObject([
      ...[409, { detail: "Nothing waits to be confirmed." }],
    ]);
    expect(machine.acts).toEqual(["confirm", "undo"]);
  });

  test("check says what would come of it, and changes nothing", async () => {
    const good = await write("POST", `${CONFIG}/check`, with2Hours);
    expect(good.json()).toMatchObject({
      ...{ issues: [], consequences: [{ sentence: "Something is new." }] },
      differences: [{ path: "leaseSeconds", before: "(not set)", after: "7200" }],
    });
    const bad = await write("POST", `${CONFIG}/check`, { ...with2Hours, colour: "red" });
    expect(bad.json()).toMatchObject({ issues: [{ path: "colour" }], consequences: [] });
    expect(machine.value).toEqual(FAKE_SHARED);
  });
});

describe("history", () => {
  beforeEach(async () => {
    await write("PUT", CONFIG, with2Hours, await tagOf(CONFIG));
  });

  test("lists what was in force, the newest first, and shows each with its differences", async () => {
    const list = await send(`${CONFIG}/history`);
    expect(list.json()).toMatchObject({
      entries: [
        { generation: 2, isInForce: true },
        { generation: 1, isInForce: false },
      ],
    });
    expect((await send(`${CONFIG}/history/1`)).json()).toMatchObject({
      config: FAKE_SHARED,
      differences: [{ path: "leaseSeconds", before: "(not set)", after: "7200" }],
    });
    expect((await send(`${CONFIG}/history/2`)).json()).toMatchObject({ differences: [] });
  });

  test.each(["0", "3", "-1", "x", "1e0"])("there is no number %s", async (number) => {
    expect((await send(`${CONFIG}/history/${number}`)).status).toBe(404);
    expect((await write("POST", `${CONFIG}/history/${number}/restore`, {})).status).toBe(404);
  });

  test("any of them can be put into force again", async () => {
    const back = await write("POST", `${CONFIG}/history/1/restore`, {});
    expect(back.json()).toMatchObject({ generation: 3 });
    expect(machine.value).toEqual(FAKE_SHARED);
    expect(machine.wishes.at(-1)?.note).toBe("back to number 1");
  });
});

describe("one network", () => {
  const faster = { ...lan, leaseSeconds: 600 };

  test("is changed without touching what else there is", async () => {
    const tag = await tagOf(LAN);
    await write("PUT", CONFIG, with2Hours, await tagOf(CONFIG));
    const changed = await write("PUT", LAN, faster, tag);
    expect(changed.status).toBe(200);
    expect(machine.value).toEqual({ ...with2Hours, networks: [faster] });
    expect(changed.header("etag")).toBe(await tagOf(LAN));
  });

  test("the second of two tabs is told what the first has changed", async () => {
    const tag = await tagOf(LAN);
    await write("PUT", LAN, faster, tag);
    const second = await write("PUT", LAN, { ...lan, leaseSeconds: 900 }, tag);
    expect(second.status).toBe(409);
    expect(second.json()).toMatchObject({
      differences: [{ path: "leaseSeconds", before: "(not set)", after: "600" }],
    });
  });

  test("what is changed elsewhere meanwhile stays", async () => {
    machine.rushes = [() => with2Hours];
    expect((await write("PUT", LAN, faster, await tagOf(LAN))).status).toBe(200);
    expect(machine.value).toEqual({ ...with2Hours, networks: [faster] });
  });

  test("the same network changed meanwhile is a conflict", async () => {
    machine.rushes = [() => ({ ...FAKE_SHARED, networks: [{ ...lan, leaseSeconds: 900 }] })];
    expect((await write("PUT", LAN, faster, await tagOf(LAN))).status).toBe(409);
  });

  test("comes and goes", async () => {
    const guests = { name: "guests", subnet: "10.9.0.0/24", pools: [] };
    expect((await write("POST", "/api/v1/networks", guests)).status).toBe(200);
    const list = (await send("/api/v1/networks")).json() as { entries: { value: unknown }[] };
    expect(list.entries.map(({ value }) => value)).toEqual([lan, guests]);
    const target = "/api/v1/networks/guests";
    expect((await write("DELETE", target)).status).toBe(428);
    expect((await write("DELETE", target, undefined, await tagOf(target))).status).toBe(200);
    expect(machine.value).toEqual(FAKE_SHARED);
    expect((await write("DELETE", target, undefined, '"x"')).status).toBe(404);
    expect((await send(target)).status).toBe(404);
  });

  test("a second one of the same name is refused by the rules of the configuration", async () => {
    expect((await write("POST", "/api/v1/networks", lan)).status).toBe(422);
    expect((await write("POST", "/api/v1/networks", [])).status).toBe(400);
    expect((await write("POST", "/api/v1/networks", 7)).status).toBe(400);
  });
});

describe("reservations", () => {
  const PATH = `${LAN}/reservations`;
  const [printer] = lan?.reservations ?? [];
  const scanner = { mac: "02:00:5e:10:00:02", address: "192.168.1.11" };

  test("an operator may add, change and take away", async () => {
    caller = { ...ADMIN, role: "operator" };
    expect((await write("POST", PATH, scanner)).status).toBe(200);
    expect(machine.wishes.at(-1)?.trialSeconds).toBe(0);
    const { entries } = (await send(PATH)).json() as {
      entries: { etag: string; value: unknown }[];
    };
    expect(entries.map(({ value }) => value)).toEqual([printer, scanner]);
    const moved = { ...scanner, address: "192.168.1.12" };
    const target = `${PATH}/192.168.1.11`;
    expect((await write("PUT", target, moved, `"${entries[1]?.etag}"`)).status).toBe(200);
    expect((await write("PUT", target, moved, "*")).status).toBe(404);
    expect((await write("DELETE", `${PATH}/192.168.1.12`, undefined, "*")).status).toBe(200);
    expect(machine.value).toEqual(FAKE_SHARED);
    expect((await write("PUT", LAN, lan, await tagOf(LAN))).status).toBe(403);
  });

  test("of another tab's version are not overwritten", async () => {
    const target = `${PATH}/192.168.1.10`;
    const answer = await write("PUT", target, { ...printer, name: "printer" }, '"old"');
    expect(answer.status).toBe(409);
    expect(answer.json()).toMatchObject({ differences: [] });
  });

  test("of a network that is not there are none", async () => {
    expect((await send("/api/v1/networks/x/reservations")).status).toBe(404);
    expect((await write("POST", "/api/v1/networks/x/reservations", scanner)).status).toBe(404);
  });
});

// What a person can have done with the gateway, over HTTP: who may, with which method, and what is said before.

import { beforeEach, describe, expect, test } from "vitest";
import type { Problem } from "../../daemon/http/api-types.ts";
import type { GatewayVerb } from "../../daemon/http/box-view.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { FakeBox } from "../support/fake-box.ts";
import { FakeGatewayControl, fakeDrill } from "../support/fake-gateway.ts";
import { type Answer, type Asked, ask } from "./ask.ts";

const PATH = "/api/v1/gateway";
const DRILLS = "/api/v1/drills";
const JSON_POST = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };

/** Legend: the last part of the path, what it means. */
const VERBS: readonly (readonly [string, GatewayVerb])[] = [
  ["handover", "handover"],
  ["maintenance/on", "maintenance-on"],
  ["maintenance/off", "maintenance-off"],
  ["drill", "drill"],
  ["unplug", "unplug"],
];

let control: FakeGatewayControl;
let faults: unknown[];
let send: (target: string, asked?: Asked) => Answer;

beforeEach(() => {
  control = new FakeGatewayControl();
  faults = [];
  const box = new FakeBox();
  const onFault = (error: unknown) => faults.push(error);
  const { answer } = createWebApp(box, { gateway: control, actions: box, onFault });
  send = (target, asked) => ask(answer, target, asked);
});

describe.each(VERBS)("/api/v1/gateway/%s", (name, verb) => {
  const target = `${PATH}/${name}`;

  test("GET says what would happen, over any socket, and does nothing", () => {
    for (const transport of ["tcp", "unix"] as const) {
      const answer = send(target, { transport });
      expect([answer.status, answer.header("cache-control")]).toEqual([200, "no-store"]);
      expect(answer.json()).toEqual({
        ...{ possible: true, sentence: `Box A would do this: ${verb}.` },
      });
    }
    control.refusal = "the partner is not heard";
    expect(send(target).json()).toEqual({
      ...{ possible: false, sentence: "The partner is not heard." },
    });
    expect(control.acts).toEqual([]);
  });

  test("HEAD is GET without the body", () => {
    const [head, get] = [send(target, { method: "HEAD" }), send(target)];
    expect([head.status, head.text()]).toEqual([200, ""]);
    expect(head.header("content-length")).toBe(get.header("content-length"));
    expect(control.acts).toEqual([]);
  });

  test("POST has it done over the Unix socket, or says why not", () => {
    const done = send(target, { ...JSON_POST, transport: "unix" });
    expect([done.status, done.header("cache-control")]).toEqual([200, "no-store"]);
    expect(done.json()).toEqual({ sentence: `Box A would do this: ${verb}.` });
    control.refusal = "a drill is under way; it ends by itself";
    const refused = send(target, { method: "POST", transport: "unix" });
    expect([refused.status, refused.header("content-type")]).toEqual([
      ...[409, "application/problem+json"],
    ]);
    expect((refused.json() as Problem).detail).toBe("A drill is under way; it ends by itself.");
    expect(control.acts).toEqual([verb, verb]);
  });

  test("POST over TCP does nothing for who has not logged in, also from the page of the box", () => {
    const origin = "http://127.0.0.1:8080";
    const headers = { origin, "content-type": "application/json" };
    expect(send(target, JSON_POST).status).toBe(403);
    expect(send(target, { ...JSON_POST, headers }).status).toBe(401);
    expect(control.acts).toEqual([]);
  });

  test.each(["PUT", "DELETE", "PATCH", "OPTIONS"])("%s is refused everywhere", (method) => {
    for (const transport of ["tcp", "unix"] as const) {
      expect(send(target, { method, transport }).status).toBe(405);
    }
    expect(control.acts).toEqual([]);
  });
});

describe("/api/v1/drills", () => {
  test("is what drills have shown, over any socket", () => {
    expect(send(DRILLS).json()).toEqual({ underWay: false, drills: [] });
    control.view = { underWay: true, drills: [fakeDrill({ id: 2 }), fakeDrill({ id: 1 })] };
    for (const transport of ["tcp", "unix"] as const) {
      const answer = send(DRILLS, { transport });
      expect([answer.status, answer.json()]).toEqual([200, control.view]);
    }
    expect(send(DRILLS, { method: "HEAD" }).text()).toBe("");
  });

  test("is only read", () => {
    for (const transport of ["tcp", "unix"] as const) {
      const answer = send(DRILLS, { ...JSON_POST, transport });
      expect([answer.status, answer.header("allow")]).toEqual([405, "GET, HEAD"]);
    }
  });
});

describe("what is not there", () => {
  test.each(["", "/", "/maintenance", "/maintenance/", "/maintenance/now", "/maintenance-on"])(
    "%s is nothing, with any method",
    (rest) => {
      expect(send(`${PATH}${rest}`).status).toBe(404);
      expect(send(`${PATH}${rest}`, { ...JSON_POST, transport: "unix" }).status).toBe(405);
      expect(control.acts).toEqual([]);
    },
  );

  test("on a box without a gateway nothing of it is", () => {
    const { answer } = createWebApp(new FakeBox());
    expect(ask(answer, DRILLS).status).toBe(404);
    for (const [name] of VERBS) expect(ask(answer, `${PATH}/${name}`).status).toBe(404);
  });
});

test("an error of our own is a problem without its text, and is reported", () => {
  control.preflight = () => {
    throw new Error("secret path");
  };
  const answer = send(`${PATH}/handover`);
  expect([answer.status, answer.text().includes("secret")]).toEqual([500, false]);
  expect(faults).toHaveLength(1);
});

// What page and command line may say about pairing, and who else may not.

import { beforeEach, describe, expect, test } from "vitest";
import { createWebApp } from "../../daemon/http/routes.ts";
import { FakeBox } from "../support/fake-box.ts";
import { FakePairing, fakeComparing } from "../support/fake-pairing.ts";
import { type Answer, type Asked, ask } from "./ask.ts";

const PATH = "/api/v1/pairing";
const HOST = "127.0.0.1:8080";
const PAGE = { origin: `http://${HOST}`, "content-type": "application/json" };

let pairing: FakePairing;
let send: (target: string, asked?: Asked) => Answer;

beforeEach(() => {
  pairing = new FakePairing();
  const box = new FakeBox();
  const { answer } = createWebApp(box, { pairing, actions: box });
  send = (target, asked) => ask(answer, target, asked);
});

/** As the page sends it. */
function post(name: string, content: object = {}, headers: Record<string, string> = PAGE): Answer {
  return send(`${PATH}/${name}`, { method: "POST", headers, body: JSON.stringify(content) });
}

test("GET says how far it is", () => {
  pairing.view = fakeComparing();
  expect(send(PATH).json()).toEqual(fakeComparing());
  expect(send(PATH, { transport: "unix" }).status).toBe(200);
  const without = createWebApp(new FakeBox()).answer;
  expect(ask(without, PATH).status).toBe(404);
  expect(ask(without, `${PATH}/cancel`, { method: "POST", transport: "unix" }).status).toBe(405);
});

describe("POST", () => {
  test.each([
    ["confirm", { digits: "042 137" }, { kind: "confirm", digits: "042137" }],
    ["differ", {}, { kind: "differ" }],
    ["choose", { choice: "keep" }, { kind: "choose", choice: "keep" }],
    ["cancel", {}, { kind: "cancel" }],
    ["again", {}, { kind: "again" }],
    ["unpair", {}, { kind: "unpair" }],
  ] as const)("%s of the page and over the Unix socket", (name, content, act) => {
    expect(post(name, content).json()).toEqual({ sentence: "Confirmed on this box." });
    const body = JSON.stringify(content);
    const local = send(`${PATH}/${name}`, { method: "POST", transport: "unix", body });
    expect(local.status).toBe(200);
    expect(pairing.acts).toEqual([act, act]);
  });

  test("what is refused is said with its reason", () => {
    pairing.result = { isDone: false, text: "there are no digits to be confirmed now" };
    const refused = post("confirm", { digits: "042137" });
    expect(refused.status).toBe(409);
    expect(refused.json()).toMatchObject({ detail: "There are no digits to be confirmed now." });
  });

  test.each([
    ["confirm", {}],
    ["confirm", { digits: 42137 }],
    ["confirm", { digits: "42137" }],
    ["confirm", { digits: "0421375" }],
    ["choose", {}],
    ["choose", { choice: "both" }],
  ])("%s with %j is not understood", (name, content) => {
    expect(post(name, content).status).toBe(400);
    expect(pairing.acts).toEqual([]);
  });

  test.each(["{", "7", "null", '"042137"'])("a body of %s is no object", (body) => {
    const asked = { method: "POST", headers: PAGE, body };
    expect(send(`${PATH}/differ`, asked).status).toBe(400);
    expect(pairing.acts).toEqual([]);
  });
});

describe("over TCP", () => {
  test.each([
    ["no origin", { "content-type": "application/json" }, 403],
    ["another site", { ...PAGE, origin: "http://evil.example" }, 403],
    ["another port of this host", { ...PAGE, origin: "http://127.0.0.1:8081" }, 403],
    ["another name of this host", { ...PAGE, origin: "http://localhost:8080" }, 403],
    ["an origin that hides", { ...PAGE, origin: "null" }, 403],
    ["TLS that this box does not speak", { ...PAGE, origin: `https://${HOST}` }, 403],
    ["a form", { ...PAGE, "content-type": "application/x-www-form-urlencoded" }, 415],
    ["plain text", { ...PAGE, "content-type": "text/plain" }, 415],
    ["no type", { origin: `http://${HOST}` }, 415],
    [
      "a name that was made to point here",
      { ...PAGE, host: "evil.example", origin: "http://evil.example" },
      421,
    ],
    ["a cross-site fetch", { ...PAGE, "sec-fetch-site": "cross-site" }, 403],
  ])("%s is refused", (_, headers, status) => {
    expect(post("confirm", { digits: "042137" }, headers).status).toBe(status);
    expect(pairing.acts).toEqual([]);
  });

  test("the button is the box's own, and nothing else may be told it", () => {
    expect(post("button").status).toBe(405);
    expect(post("").status).toBe(405);
    expect(send("/api/v1/pair/partner-down", { method: "POST", headers: PAGE }).status).toBe(401);
    expect(pairing.acts).toEqual([]);
    const pressed = send(`${PATH}/button`, { method: "POST", transport: "unix" });
    expect(pressed.status).toBe(200);
    expect(pairing.acts).toEqual([{ kind: "button" }]);
  });

  test.each(["PUT", "DELETE", "PATCH", "OPTIONS"])("%s is refused", (method) => {
    expect(send(`${PATH}/cancel`, { method, headers: PAGE }).status).toBe(405);
  });

  test("a GET does nothing", () => {
    expect(send(`${PATH}/cancel`).status).toBe(405);
    expect(pairing.acts).toEqual([]);
  });
});

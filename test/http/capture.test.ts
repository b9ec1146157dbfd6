import { beforeEach, expect, test } from "vitest";
import {
  type CaptureControl,
  type CaptureWish,
  captureRoutes,
} from "../../daemon/http/capture-routes.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FakeBox } from "../support/fake-box.ts";
import { type Answer, type Asked, ask } from "./ask.ts";

let wishes: CaptureWish[];
let isBusy: boolean;
let get: (query: string, asked?: Asked) => Answer;

beforeEach(() => {
  wishes = [];
  isBusy = false;
  const control: CaptureControl = {
    interfaceOf: (network) =>
      new Map([
        ["office", "lan0"],
        ["far", ""],
      ]).get(network),
    open: (wish) => {
      if (isBusy) return undefined;
      wishes.push(wish);
      return (sink) => {
        sink.write(Uint8Array.of(1, 2, 3));
        sink.end();
      };
    },
  };
  const app = createWebApp(new FakeBox(), { routes: captureRoutes(control) });
  get = (query, asked = { transport: "unix" }) => ask(app.answer, `/api/v1/capture${query}`, asked);
});

test("a capture is a file that is streamed", () => {
  const answer = get("");
  expect(answer.status).toBe(200);
  expect(answer.header("content-type")).toBe("application/x-pcapng");
  expect(answer.header("content-disposition")).toContain("tandem.pcapng");
  expect([...answer.bytes()]).toEqual([1, 2, 3]);
  expect(wishes).toEqual([
    { by: "unix socket", seconds: 60, mac: undefined, interfaceName: undefined },
  ]);
});

test("it can be of one device and one network, and as long as wanted", () => {
  expect(get("?seconds=600&client=02-00-5E-10-00-07&network=office").status).toBe(200);
  const mac = Uint8Array.of(2, 0, 0x5e, 0x10, 0, 7);
  expect(wishes).toEqual([{ by: "unix socket", seconds: 600, mac, interfaceName: "lan0" }]);
  get("?client=&network=");
  expect(wishes[1]).toEqual({
    by: "unix socket",
    seconds: 60,
    mac: undefined,
    interfaceName: undefined,
  });
});

test.each([
  ["?seconds=0", "from 1 to 600"],
  ["?seconds=601", "from 1 to 600"],
  ["?seconds=-1", "from 1 to 600"],
  ["?seconds=1e2", "from 1 to 600"],
  ["?client=02:00:5e:10:00", "MAC address"],
  ["?client=laptop", "MAC address"],
  ["?network=nowhere", "no network of this box"],
  ["?network=far", "behind relays"],
  [`?network=${"x".repeat(LIMITS.searchTextMax + 1)}`, "too long"],
  ["?second=5", "not known here"],
])("%s is refused, and said why", (query, why) => {
  const answer = get(query);
  expect(answer.status).toBe(400);
  expect(answer.text()).toContain(why);
  expect(wishes).toEqual([]);
});

test("when as many run as may, it is said", () => {
  isBusy = true;
  const answer = get("");
  expect(answer.status).toBe(409);
  expect(answer.text()).toContain("wait until one is over");
});

test("whoever may only read does not see what devices say", () => {
  expect(get("", { transport: "tcp" }).status).toBe(401);
  expect(wishes).toEqual([]);
});

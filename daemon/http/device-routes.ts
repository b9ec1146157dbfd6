// Devices as people know them: name, note, and whether they are answered at all.

import * as v from "valibot";
import { parseMac } from "../base/address.ts";
import { LIMITS } from "../limits.ts";
import type { DeviceList, DeviceView } from "./api-devices.ts";
import type { Outcome } from "./config-control.ts";
import { changed } from "./config-routes.ts";
import { type HttpResponse, jsonResponse } from "./message.ts";
import { problem, RequestError } from "./problem.ts";
import { type Caller, type Route, row } from "./route.ts";

export interface DeviceControl {
  devices(): readonly DeviceView[];
  /** What is undefined stays. Undefined: done. */
  change(mac: string, wish: DeviceWish, caller: Caller): Promise<Outcome | undefined>;
}

export interface DeviceWish {
  readonly name?: string | undefined;
  readonly note?: string | undefined;
  readonly ignored?: boolean | undefined;
}

const PATH = "/api/v1/devices";

function text(charactersMax: number) {
  return v.optional(
    v.pipe(
      v.string("must be text in quotes"),
      v.maxLength(charactersMax, `may have ${charactersMax} characters at most`),
      v.check((one) => one.isWellFormed() && !CONTROL.test(one), "must be one line of text"),
      v.trim(),
    ),
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const wish = v.strictObject({
  name: text(LIMITS.deviceNameCharactersMax),
  note: text(LIMITS.noteCharactersMax),
  ignored: v.optional(v.boolean("must be true or false")),
});

export function deviceRoutes(control: DeviceControl): Route[] {
  const find = (mac: string): HttpResponse => {
    const none: DeviceView = { mac, name: "", note: "", ignored: false };
    return jsonResponse(control.devices().find((one) => one.mac === mac) ?? none);
  };
  return [
    row({
      ...{ method: "GET", path: PATH, role: "viewer" },
      summary: "The devices that have a name or a note, or are ignored.",
      answers: { 200: "the devices" },
      handle: () => {
        const view: DeviceList = { devices: control.devices() };
        return jsonResponse(view);
      },
    }),
    row({
      ...{ method: "GET", path: `${PATH}/{mac}`, role: "viewer" },
      summary: "What people know of one device.",
      answers: { 200: "the device" },
      handle: ({ path }) => find(macIn(path.mac)),
    }),
    row({
      ...{ method: "PATCH", path: `${PATH}/{mac}`, role: "operator", body: wish },
      summary: "Names a device, notes something of it, or has both boxes ignore it.",
      answers: { 200: "the device as it is now", 409: "it was refused", 422: "it cannot be so" },
      handle: async ({ path, body, caller }) => {
        const mac = macIn(path.mac);
        const refused = await control.change(mac, body, caller);
        return refused && refused.kind !== "changed" ? changed(refused) : find(mac);
      },
    }),
    row({
      ...{ method: "DELETE", path: `${PATH}/{mac}`, role: "operator" },
      summary: "Forgets name and note of a device, which is answered again.",
      answers: { 200: "the device as it is now", 404: "nothing is known of it" },
      handle: async ({ path, caller }) => {
        const mac = macIn(path.mac);
        const isKnown = control.devices().some((one) => one.mac === mac);
        if (!isKnown) return problem(404, "Nothing is known of this device.");
        const nothing = { name: "", note: "", ignored: false };
        const refused = await control.change(mac, nothing, caller);
        return refused && refused.kind !== "changed" ? changed(refused) : find(mac);
      },
    }),
  ];
}

/** In lower case with colons. Throws RequestError. */
function macIn(text = ""): string {
  if (parseMac(text)) return text.toLowerCase().replaceAll("-", ":");
  throw new RequestError("The path must end with a hardware address such as 02:00:5e:10:00:01.");
}

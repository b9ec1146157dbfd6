// What comes in and goes out on the LANs, as a file for Wireshark that is sent while it is made.

import * as v from "valibot";
import { parseMac } from "../base/address.ts";
import { LIMITS } from "../limits.ts";
import { type StreamBody, streamResponse } from "./message.ts";
import { invalid, problem } from "./problem.ts";
import { type Route, row } from "./route.ts";

export interface CaptureWish {
  /** Who wants it: a name, or where they are. */
  readonly by: string;
  /** 1 to LIMITS.captureSecondsMax. */
  readonly seconds: number;
  /** Only frames from, to or about the device with this MAC address. */
  readonly mac: Uint8Array | undefined;
  /** Only frames of this interface. */
  readonly interfaceName: string | undefined;
}

export interface CaptureControl {
  /** Where a network is; "" when it is behind relays, undefined when there is none of this name. */
  interfaceOf(network: string): string | undefined;
  /** A capture that begins when its body does. Undefined: as many as may run at once do. */
  open(wish: CaptureWish): StreamBody | undefined;
}

const SECONDS_DEFAULT = 60;
const SECONDS = `must be a whole number from 1 to ${LIMITS.captureSecondsMax}`;
const MAC = "must be a MAC address, such as 02:00:5e:10:00:07";

const captureQuery = v.strictObject({
  seconds: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[0-9]{1,4}$/, SECONDS),
      v.transform(Number),
      v.minValue(1, SECONDS),
      v.maxValue(LIMITS.captureSecondsMax, SECONDS),
    ),
    String(SECONDS_DEFAULT),
  ),
  client: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => text === "" || parseMac(text) !== undefined, MAC),
      v.transform((text) => parseMac(text)),
    ),
  ),
  network: v.optional(v.pipe(v.string(), v.maxLength(LIMITS.searchTextMax, "is too long"))),
});

export function captureRoutes(control: CaptureControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/capture", role: "operator", query: captureQuery },
      summary:
        "Captures the DHCP, ARP and echo frames that this box receives and sends, of all devices or one; ends by itself.",
      media: [TYPE],
      answers: {
        200: "a capture file (pcapng), sent while it is made",
        409: "too many run already",
      },
      handle: ({ query, caller }) => {
        const { seconds, client: mac, network } = query;
        const interfaceName = network ? placeOf(control, network) : undefined;
        const body = control.open({ by: caller.name || caller.from, seconds, mac, interfaceName });
        if (body === undefined) return problem(409, BUSY);
        return streamResponse(TYPE, body, {
          "content-disposition": 'attachment; filename="tandem.pcapng"',
        });
      },
    }),
  ];
}

function placeOf(control: CaptureControl, network: string): string {
  const interfaceName = control.interfaceOf(network);
  if (interfaceName === undefined) {
    throw invalid([{ path: "network", reason: "is no network of this box" }]);
  }
  if (interfaceName === "") {
    throw invalid([{ path: "network", reason: "is behind relays: its frames come by other LANs" }]);
  }
  return interfaceName;
}

const TYPE = "application/x-pcapng";
const BUSY = `${LIMITS.capturesMax} captures are under way, and more may not run at once: wait until one is over, or end it.`;

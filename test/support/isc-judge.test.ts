// The judge of what is sent to a dhcpd finds each thing that dhcpd punishes.

import { describe, expect, test } from "vitest";
import { judgeSaid, TYPE } from "./isc-judge.ts";
import type { Side } from "./isc-room.ts";
import type { SentMessage } from "./isc-wire.ts";

type Option = readonly [code: number, value: readonly number[]];

const TIME = [0, 0, 0, 1];
const ADDRESS: Option = [2, [10, 77, 0, 10]];
const MAC: Option = [5, [1, 2, 12, 0, 0, 0, 1]];
const NAME: Option = [22, [112, 97, 105, 114]];
const CONNECT: readonly Option[] = [
  NAME,
  [14, [0, 0, 0, 2]],
  [19, [0, 0, 0, 6]],
  [28, [105]],
  [20, [1]],
  [27, [0]],
  [15, [0, 0, 0, 60]],
  [11, new Array<number>(32).fill(255)],
];
const CONNECTACK: readonly Option[] = [
  NAME,
  [14, [0, 0, 0, 2]],
  [19, [0, 0, 0, 6]],
  [28, [105]],
  [20, [1]],
  [26, [0]],
];

function update(status: number, client: readonly Option[]): Option[] {
  return [ADDRESS, [3, [status]], ...client, [13, TIME], [18, TIME], [25, TIME]];
}

function state(number: number): Option[] {
  return [
    [24, [number]],
    [23, [0]],
    [25, TIME],
  ];
}

function message(from: Side, type: number, xid: number, options: readonly Option[]): SentMessage {
  const body = options.flatMap(([code, value]) => [0, code, 0, value.length, ...value]);
  const header = [0, 12 + body.length, type, 12, 0, 0, 0, 1, 0, 0, 0, xid];
  return { connection: 0, from, bytes: Uint8Array.from([...header, ...body]) };
}

/** The primary is side a; the connection stands. */
const OPENED: readonly SentMessage[] = [
  message("a", TYPE.connect, 0, CONNECT),
  message("b", TYPE.connectAck, 0, CONNECTACK),
];

function judged(...more: SentMessage[]): string[] {
  return judgeSaid([...OPENED, ...more], "a", "primary");
}

const GOOD: readonly (readonly [string, SentMessage[]])[] = [
  ["an update of an address in use", [message("a", TYPE.bndUpd, 1, update(2, [MAC]))]],
  ["an update of a free address", [message("a", TYPE.bndUpd, 1, update(1, []))]],
  ["an abandoned address", [message("a", TYPE.bndUpd, 1, update(5, []))]],
  [
    "an answer",
    [
      message("b", TYPE.bndUpd, 7, update(1, [])),
      message("a", TYPE.bndAck, 7, [ADDRESS, [21, [16]], [16, [110, 111]]]),
    ],
  ],
  [
    "the end of the updates that were asked for",
    [message("b", TYPE.updReqAll, 4, []), message("a", TYPE.updDone, 4, [])],
  ],
  ["a state", [message("b", TYPE.state, 1, state(2)), message("a", TYPE.state, 1, state(2))]],
];

describe("nothing wrong with", () => {
  test.each(GOOD)("%s", (_, messages) => {
    expect(judged(...messages)).toEqual([]);
  });
});

const [address, status, ...times] = update(1, []) as [Option, Option, ...Option[]];
const inOffset8 = message("a", TYPE.contact, 1, []);
inOffset8.bytes[3] = 8;

const BAD: readonly (readonly [string, RegExp, SentMessage[]])[] = [
  ["a payload offset of 8", /payload offset 8/, [inOffset8]],
  ["an unknown type", /type 13 is not known/, [message("a", 13, 1, [])]],
  ["status 0", /ends dhcpd/, [message("a", TYPE.bndUpd, 1, update(0, []))]],
  ["status 8", /ends dhcpd/, [message("a", TYPE.bndUpd, 1, update(8, []))]],
  [
    "a second address in an update",
    /option 2 twice/,
    [message("a", TYPE.bndUpd, 1, [...update(1, []), ADDRESS])],
  ],
  [
    "an update without its times",
    /option 13 is missing/,
    [message("a", TYPE.bndUpd, 1, [address, status, ...times.slice(1)])],
  ],
  [
    "a time of two octets",
    /option 25 has 2 octets/,
    [message("a", TYPE.bndUpd, 1, [address, status, ...times.slice(0, 2), [25, [0, 1]]])],
  ],
  ["xid 0", /no update to dhcpd/, [message("a", TYPE.bndUpd, 0, update(1, []))]],
  ["a lease of nobody", /no hardware address/, [message("a", TYPE.bndUpd, 1, update(2, []))]],
  ["a client in ABANDONED", /a client in/, [message("a", TYPE.bndUpd, 1, update(5, [MAC]))]],
  [
    "more updates than the window has",
    /more than 2/,
    [1, 2, 3].map((xid) => {
      const other: Option = [2, [10, 77, 0, xid]];
      return message("a", TYPE.bndUpd, xid, [other, ...update(1, []).slice(1)]);
    }),
  ],
  ["an answer to nothing", /about nothing/, [message("a", TYPE.bndAck, 1, [ADDRESS])]],
  [
    "a client identifier in an answer",
    /option 4 twice, misplaced/,
    [
      message("b", TYPE.bndUpd, 7, update(1, [])),
      message("a", TYPE.bndAck, 7, [ADDRESS, [4, [1, 2]]]),
    ],
  ],
  ["UPDDONE unasked", /nobody asked/, [message("a", TYPE.updDone, 4, [])]],
  ["POOLRESP unasked", /nobody asked/, [message("a", TYPE.poolResp, 4, [[1, TIME]])]],
  ["the number of STARTUP", /1 is no state/, [message("a", TYPE.state, 1, state(1))]],
  ["a number of no state", /99 is no state/, [message("a", TYPE.state, 1, state(99))]],
  [
    "POTENTIAL-CONFLICT to a dhcpd in NORMAL",
    /fatal for a dhcpd in normal/,
    [message("b", TYPE.state, 1, state(2)), message("a", TYPE.state, 1, state(5))],
  ],
  [
    "NORMAL to a dhcpd in POTENTIAL-CONFLICT",
    /fatal for a dhcpd in potential-conflict/,
    [message("b", TYPE.state, 1, state(5)), message("a", TYPE.state, 1, state(2))],
  ],
];

describe("the judge finds", () => {
  test.each(BAD)("%s", (_, problem, messages) => {
    const found = judged(...messages);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(problem);
  });

  test("a CONNECT without its buckets", () => {
    const short = [message("a", TYPE.connect, 0, CONNECT.slice(0, -1))];
    expect(judgeSaid(short, "a", "primary")[0]).toMatch(/option 11 is missing/);
  });

  test("a secondary that says CONNECT", () => {
    const [connect] = OPENED as [SentMessage];
    expect(judgeSaid([connect], "a", "secondary")[0]).toMatch(/not the one that opens/);
  });
});

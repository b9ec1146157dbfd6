// RFC 2131 §4.3.1, table 3: fields and options used by DHCP servers, cell by cell.

import { describe, expect, test } from "vitest";
import { formatIpv4, type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import type { NetworkConfig } from "../../daemon/core/config-view.ts";
import {
  address,
  bytes,
  CoreBench,
  INFORM,
  leaseTime,
  network,
  type Reply,
  text,
} from "../support/core-bench.ts";
import { A } from "./networks.ts";

const MESSAGES = ["DHCPOFFER", "DHCPACK", "DHCPACK to DHCPINFORM", "DHCPNAK"] as const;
type Message = (typeof MESSAGES)[number];

const XID = 0xfeedbeef;
const CHADDR = [2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const INFORMING = "10.77.0.44";

/** What the table says of a field; the numbers are what it means in the exchanges below. */
interface FieldRow {
  readonly field: string;
  readonly of: (reply: Reply) => unknown;
  readonly cells: readonly [unknown, unknown, unknown, unknown];
}

const FIELDS: readonly FieldRow[] = [
  { field: "'op'", of: ({ message }) => message.op, cells: [2, 2, 2, 2] },
  { field: "'htype'", of: ({ message }) => message.htype, cells: [1, 1, 1, 1] },
  { field: "'hlen'", of: ({ message }) => message.hlen, cells: [6, 6, 6, 6] },
  { field: "'hops'", of: ({ message }) => message.hops, cells: [0, 0, 0, 0] },
  { field: "'xid'", of: ({ message }) => message.xid, cells: [XID, XID, XID, XID] },
  { field: "'secs'", of: ({ message }) => message.secs, cells: [0, 0, 0, 0] },
  {
    field: "'ciaddr'",
    of: ({ ciaddr }) => ciaddr,
    cells: ["0.0.0.0", "0.0.0.0", INFORMING, "0.0.0.0"],
  },
  {
    field: "'yiaddr'",
    of: ({ yiaddr }) => yiaddr,
    cells: ["10.77.0.150", "10.77.0.150", "0.0.0.0", "0.0.0.0"],
  },
  {
    field: "'siaddr'",
    of: ({ message }) => formatIpv4(message.siaddr as Ipv4),
    cells: ["10.77.0.7", "10.77.0.7", "10.77.0.7", "0.0.0.0"],
  },
  { field: "'flags'", of: ({ message }) => message.flags, cells: [0x8000, 0x8000, 0x8000, 0x8000] },
  {
    field: "'giaddr'",
    of: ({ giaddr }) => giaddr,
    cells: ["0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0"],
  },
  {
    field: "'chaddr'",
    of: ({ message }) => Array.from(message.chaddr),
    cells: [CHADDR, CHADDR, CHADDR, CHADDR],
  },
  { field: "'sname'", of: (reply) => textAt(reply, 44, 64), cells: ["boot", "boot", "boot", ""] },
  {
    field: "'file'",
    of: (reply) => textAt(reply, 108, 128),
    cells: ["first.efi", "first.efi", "first.efi", ""],
  },
];

type Cell = "MUST" | "MUST NOT" | "MAY";

interface OptionRow {
  readonly option: string;
  readonly code: number;
  readonly cells: readonly [Cell, Cell, Cell, Cell];
}

/** RFC 6842 §3 turned the row of the client identifier around: who sends one MUST get it back. */
const OPTIONS: readonly OptionRow[] = [
  {
    option: "Requested IP address",
    code: 50,
    cells: ["MUST NOT", "MUST NOT", "MUST NOT", "MUST NOT"],
  },
  { option: "IP address lease time", code: 51, cells: ["MUST", "MUST", "MUST NOT", "MUST NOT"] },
  { option: "Use 'file'/'sname' fields", code: 52, cells: ["MAY", "MAY", "MAY", "MUST NOT"] },
  { option: "DHCP message type", code: 53, cells: ["MUST", "MUST", "MUST", "MUST"] },
  {
    option: "Parameter request list",
    code: 55,
    cells: ["MUST NOT", "MUST NOT", "MUST NOT", "MUST NOT"],
  },
  { option: "Message", code: 56, cells: ["MAY", "MAY", "MAY", "MUST"] },
  { option: "Client identifier (RFC 6842)", code: 61, cells: ["MUST", "MUST", "MUST", "MUST"] },
  { option: "Vendor class identifier", code: 60, cells: ["MAY", "MAY", "MAY", "MAY"] },
  { option: "Server identifier", code: 54, cells: ["MUST", "MUST", "MUST", "MUST"] },
  {
    option: "Maximum message size",
    code: 57,
    cells: ["MUST NOT", "MUST NOT", "MUST NOT", "MUST NOT"],
  },
];

/** All others, those with a row of their own apart. */
const OTHERS = Array.from({ length: 254 }, (_, i) => i + 1).filter(
  (code) => !OPTIONS.some((row) => row.code === code) && code !== 82,
);

describe("RFC 2131 §4.3.1 table 3: fields", () => {
  const cells = FIELDS.flatMap(({ field, of, cells }) =>
    MESSAGES.map((message, i) => {
      const name = `table 3: ${field} of a ${message}`;
      return { name, message, of, expected: cells[i] };
    }),
  );
  for (const { name, message, of, expected } of cells) {
    test(name, () => {
      const reply = exchange(message, named(), { broadcast: true, secs: 7, hops: 3 });
      expect(of(reply)).toEqual(expected);
    });
  }

  test("table 3: 'ciaddr' of a DHCPACK is the 'ciaddr' of the DHCPREQUEST", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    expect(bench.renew(A, held)?.ciaddr).toBe(held);
  });

  test("table 3: 'giaddr' of every reply is the 'giaddr' of the client's message", () => {
    const relay = { giaddr: "10.77.0.9", sourceMac: "02:00:00:00:00:99", sourceIp: "10.77.0.9" };
    for (const message of MESSAGES) {
      expect(exchange(message, network(), relay).giaddr, message).toBe("10.77.0.9");
    }
  });
});

describe("RFC 2131 §4.3.1 table 3: options", () => {
  const cells = OPTIONS.flatMap(({ option, code, cells }) =>
    MESSAGES.map((message, i) => {
      const cell = cells[i] as Cell;
      return { name: `table 3 ${cell}: ${option} in a ${message}`, code, message, cell };
    }),
  );
  for (const { name, code, message, cell } of cells) {
    test(name, () => {
      const reply = exchange(message, everything());
      if (cell === "MUST") expect(reply.message.has(code)).toBe(true);
      if (cell === "MUST NOT") expect(reply.message.has(code)).toBe(false);
      // MAY: whatever stands there is what this server decided, never what a client sent.
      if (cell === "MAY") expect(reply.option(code)).not.toEqual(CLIENTS_OWN[code]);
    });
  }

  test.each(MESSAGES)("table 3 MUST NOT: Client identifier in a %s to who sent none", (message) => {
    expect(exchange(message, everything(), {}, false).message.has(61)).toBe(false);
  });

  test.each(["DHCPOFFER", "DHCPACK", "DHCPACK to DHCPINFORM"] as const)(
    "table 3 MAY: all others in a %s, as configured and asked for",
    (message) => {
      const codes = exchange(message, everything()).message.codes();
      // Not the router: 121 stands for it (RFC 3442).
      for (const code of [1, 6, 15, 42, 66, 67, 121, 150, 224, 254]) expect(codes).toContain(code);
    },
  );

  test("table 3 MUST NOT: all others in a DHCPNAK", () => {
    const { message } = exchange("DHCPNAK", everything());
    expect(message.codes().filter((code) => OTHERS.includes(code))).toEqual([]);
  });

  test("table 3: the lease time of offer and ack is the one agreed on", () => {
    expect(leaseTime(exchange("DHCPOFFER", everything()))).toBe(3600);
    expect(leaseTime(exchange("DHCPACK", everything()))).toBe(3600);
  });

  test.each([
    ["DHCPOFFER", 2],
    ["DHCPACK", 5],
    ["DHCPACK to DHCPINFORM", 5],
    ["DHCPNAK", 6],
  ] as const)("table 3: DHCP message type of a %s is %i", (message, type) => {
    expect(exchange(message, everything()).option(53)).toEqual([type]);
  });
});

/** What the client of these exchanges sends about itself. */
const CLIENTS_OWN: Readonly<Record<number, number[]>> = {
  52: [0],
  56: Array.from(text("why")),
  60: Array.from(text("clients-own")),
};

/** The boot fields set, so that they show. */
function named(): NetworkConfig {
  return network({
    nextServer: ipv4("10.77.0.7"),
    serverName: text("boot"),
    bootFile: text("first.efi"),
  });
}

/** A value configured for every option there is: none may slip into a reply that must not have it. */
/** Not option 108: who asks for that is not given an address (RFC 8925). */
function everything(): NetworkConfig {
  const codes = Array.from({ length: 254 }, (_, i) => i + 1).filter((code) => code !== 108);
  const options = codes.map((code) => ({ code, data: bytes(1) }));
  return network({ options });
}

function exchange(
  message: Message,
  config: NetworkConfig,
  more: Record<string, unknown> = {},
  isIdentified = true,
): Reply {
  const bench = new CoreBench([config]);
  const asked = Uint8Array.from({ length: 254 }, (_, i) => i + 1);
  const about = { 55: asked, 57: bytes(5, 220), 60: text("clients-own") };
  const options = isIdentified ? { ...about, 61: bytes(1, 9, 9) } : about;
  const common = { xid: XID, ...more };
  const wanted = { ...options, 50: address("10.77.0.150") };
  let reply: Reply | undefined;
  if (message === "DHCPOFFER") reply = bench.discover(A, { ...common, options: wanted });
  if (message === "DHCPACK")
    reply = bench.select(A, "10.77.0.150", "10.77.0.2", { ...common, options });
  if (message === "DHCPACK to DHCPINFORM") {
    reply = bench.send({ type: INFORM, mac: A, ciaddr: INFORMING, ...common, options });
  }
  if (message === "DHCPNAK") reply = bench.reboot(A, "192.168.9.9", { ...common, options });
  if (!reply) throw new Error(`no ${message}`);
  return reply;
}

/** Text of one of the fixed fields, up to its first NUL. */
function textAt(reply: Reply, offset: number, length: number): string {
  const field = reply.frame.subarray(42 + offset, 42 + offset + length);
  const end = field.indexOf(0);
  return String.fromCharCode(...field.subarray(0, end < 0 ? length : end));
}

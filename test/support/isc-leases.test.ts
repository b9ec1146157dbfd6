// The reader of dhcpd's lease files, on what dhcpd writes.

import { expect, test } from "vitest";
import { parseIscLeases } from "./isc-leases.ts";

const FILE = `# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;

failover peer "pair" state {
  my state recover at 2 2026/11/24 04:36:00;
  partner state unknown-state at 2 2026/11/24 04:36:00;
  mclt 15;
}
lease 10.77.0.10 {
  starts 2 2026/11/24 04:36:24;
  ends 2 2026/11/24 04:36:39;
  tstp 2 2026/11/24 04:37:30;
  tsfp 2 2026/11/24 04:37:31;
  atsfp 2 2026/11/24 04:37:32;
  cltt 2 2026/11/24 04:36:25;
  binding state active;
  next binding state expired;
  hardware ethernet 02:0c:00:00:00:03;
  uid "\\000device;\\"3\\\\}";
  client-hostname "printer";
}
lease 10.77.0.11 {
  starts 2 2026/11/24 04:36:24;
  ends never;
  binding state backup;
  uid 1:a:ff;
}
failover peer "pair" state {
  my state normal at 2 2026/11/24 04:36:24;
  partner state recover-done at 2 2026/11/24 04:36:23;
  mclt 15;
}
lease 10.77.0.10 {
  binding state free;
`;

const AT = Date.UTC(2026, 10, 24, 4, 36, 0) / 1000;

test("a lease has its times, its state and its client", () => {
  expect(parseIscLeases(FILE).leases.get("10.77.0.10")).toEqual({
    address: "10.77.0.10",
    state: "active",
    starts: AT + 24,
    ends: AT + 39,
    tstp: AT + 90,
    tsfp: AT + 91,
    atsfp: AT + 92,
    cltt: AT + 25,
    mac: "02:0c:00:00:00:03",
    clientId: Buffer.from('\0device;"3\\}', "latin1").toString("hex"),
  });
});

test("what is not in an entry is undefined or empty, and an end may be never", () => {
  expect(parseIscLeases(FILE).leases.get("10.77.0.11")).toMatchObject({
    state: "backup",
    ends: Number.POSITIVE_INFINITY,
    tsfp: undefined,
    mac: "",
    clientId: "010aff",
  });
});

test("the newest whole entry counts", () => {
  const whole = `${FILE}}\n`;
  expect(parseIscLeases(whole).leases.get("10.77.0.10")?.state).toBe("free");
});

test("the newest state of the pair counts", () => {
  expect(parseIscLeases(FILE).peers.get("pair")).toEqual({
    name: "pair",
    myState: "normal",
    mySince: AT + 24,
    partnerState: "recover-done",
    partnerSince: AT + 23,
    mclt: 15,
  });
});

// How many handshakes are begun, whoever asks for them.

import { expect, test } from "vitest";
import { ConnectionGate } from "../../daemon/io/connection-gate.ts";
import { LIMITS } from "../../daemon/limits.ts";

const { httpsHandshakesPerSecond: ALL, httpsHandshakesPerDevice: ONE } = LIMITS;

/** How many of these may, each leaving at once. */
function letIn(gate: ConnectionGate, devices: readonly string[], now: number): number {
  return devices.filter((device) => {
    const isIn = gate.enter(device, now) === undefined;
    if (isIn) gate.leave(device);
    return isIn;
  }).length;
}

test("one device gets its share, and the next one gets its own", () => {
  const gate = new ConnectionGate(0);
  expect(letIn(gate, Array(50).fill("flood"), 0)).toBe(ONE);
  expect(gate.enter("flood", 0)).toBe("device-too-often");
  expect(letIn(gate, Array(6).fill("person"), 0)).toBe(6);
  // A second later it has its share again.
  expect(letIn(gate, Array(50).fill("flood"), 1000)).toBe(ONE);
});

test("many devices together get no more than there is", () => {
  const gate = new ConnectionGate(0);
  let sum = 0;
  for (let now = 0; now < 10_000; now += 10) {
    const many = Array.from({ length: 10 }, (_, i) => `10.77.${(now / 10) % 200}.${i}`);
    sum += letIn(gate, many, now);
  }
  expect(sum).toBeGreaterThanOrEqual(ALL * 10);
  expect(sum).toBeLessThanOrEqual(ALL * 11);
  expect(gate.devices).toBeLessThanOrEqual(LIMITS.httpsDevicesMax);
});

test("connections are counted, of one device and of all, until they are over", () => {
  const gate = new ConnectionGate(0);
  const { httpsConnectionsPerDevice: most, httpsConnectionsMax: all } = LIMITS;
  let now = 0;
  const enter = (device: string) => {
    now += 1000;
    return gate.enter(device, now);
  };
  for (let i = 0; i < most; i++) expect(enter("one")).toBeUndefined();
  expect(enter("one")).toBe("device-surplus");
  for (let i = most; i < all; i++) expect(enter(`other ${i}`)).toBeUndefined();
  expect(enter("last")).toBe("surplus");
  expect(gate.connections).toBe(all);
  gate.leave("one");
  expect(enter("last")).toBeUndefined();
  expect(gate.connections).toBe(all);
});

test("a device with a connection is not forgotten, however many others come", () => {
  const gate = new ConnectionGate(0);
  const most = LIMITS.httpsConnectionsPerDevice;
  for (let i = 0; i < most; i++) gate.enter("one", i * 1000);
  for (let i = 0; i < 5 * LIMITS.httpsDevicesMax; i++) {
    gate.enter(`other ${i}`, (most + i) * 1000);
    gate.leave(`other ${i}`);
  }
  expect(gate.enter("one", 1e9)).toBe("device-surplus");
  expect(gate.connections).toBe(most);
});

import { expect, test } from "vitest";
import { configPort } from "../../daemon/backup/config-port.ts";
import { documentOf } from "../../daemon/core/sync/shared-document.ts";
import { FAKE_SHARED, FakeConfigMachine } from "../support/fake-config-machine.ts";

const ORIGIN = { by: "anna", from: "192.168.1.20", note: "backup of 2026-05-03" };
const RESTORED = documentOf({ ...FAKE_SHARED, leaseSeconds: 7200 });

test("puts a configuration into force for good, with who did it", async () => {
  const machine = new FakeConfigMachine();
  const port = configPort(machine);
  expect(port.inForce()).toEqual({ shared: FAKE_SHARED, origin: null });
  expect(await port.apply(RESTORED, ORIGIN)).toEqual({ isDone: true, text: "both boxes have it" });
  expect(machine.wishes).toEqual([expect.objectContaining({ ...ORIGIN, trialSeconds: 0 })]);
  expect(port.inForce()?.shared).toEqual({ ...FAKE_SHARED, leaseSeconds: 7200 });
});

test("a change in between is written over, and a box that changes all the time is left alone", async () => {
  const machine = new FakeConfigMachine();
  const rush = () => ({ ...FAKE_SHARED, leaseSeconds: 600 + machine.rushes.length });
  machine.rushes = [rush];
  expect((await configPort(machine).apply(RESTORED, ORIGIN)).isDone).toBe(true);
  machine.rushes = [rush, rush, rush];
  expect(await configPort(machine).apply(RESTORED, ORIGIN)).toEqual({
    isDone: false,
    text: "the configuration changes all the time; try again in a moment",
  });
});

test("why it is not put into force", async () => {
  const machine = new FakeConfigMachine();
  const port = configPort(machine);
  machine.objections = [{ file: "box.json", path: "networks", reason: "has no port for it" }];
  expect(await port.apply(RESTORED, ORIGIN)).toEqual({
    isDone: false,
    text: "the partner cannot take it: box.json networks has no port for it",
  });
  expect((await port.apply(documentOf({ version: 1 }), ORIGIN)).text).toBe(
    "config.json networks is missing",
  );
  const starting = configPort({ inForce: () => undefined, apply: machine.apply });
  expect(starting.inForce()).toBeUndefined();
  expect(await starting.apply(RESTORED, ORIGIN)).toEqual({
    isDone: false,
    text: "the box is just starting",
  });
});

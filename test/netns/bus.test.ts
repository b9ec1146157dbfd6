// Two real boxes with real keepalived, as programs on their system buses see them, and have the gateway moved.

import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import { labProblem } from "../support/lab.ts";
import { untilSettled } from "../support/outage.ts";

const NAME = "org.tandem.Appliance1";
const OBJECT = "/org/tandem/Appliance1";

const problem = labProblem();
let lab: RunningLab;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  await untilSettled(lab);
});
beforeEach((context) => {
  if (problem) context.skip(problem);
});
afterAll(async () => {
  if (!problem) await lab.stop();
});

const busOf = (box: BoxName) => `--bus=unix:path=${join(lab.boxDir(box), "run", "bus")}`;

async function call(box: BoxName, member: string, ...args: string[]) {
  const fixed = [busOf(box), "--print-reply", `--dest=${NAME}`, OBJECT];
  return await lab.try(["exec", box, "dbus-send", ...fixed, member, ...args]);
}

async function property(box: BoxName, name: string): Promise<string> {
  const get = "org.freedesktop.DBus.Properties.Get";
  const { out } = await call(box, get, `string:${NAME}`, `string:${name}`);
  return /variant +\w+ "?(.*?)"?\n/.exec(out)?.[1] ?? out;
}

const until = (box: BoxName, name: string, value: string) =>
  lab.waitFor(`${name} ${value} at ${box}`, async () => (await property(box, name)) === value);

/** On a machine that is too busy the boxes lose sight of each other for a moment, and refuse it until they are well. */
async function untilDone(box: BoxName, member: string, said: RegExp): Promise<void> {
  await lab.waitFor(member, async () => said.test((await call(box, member)).out));
}

const other = (box: BoxName): BoxName => (box === "a" ? "b" : "a");

/** What the box says of its part in the gateway from now on: old and new of each signal. */
async function follow(box: BoxName): Promise<() => Promise<string[]>> {
  const rule = `type='signal',interface='${NAME}',member='GatewayRoleChanged'`;
  const file = join(lab.folder, `signals-${box}`);
  const address = busOf(box).replace("--bus=", "");
  const line = `dbus-monitor --address "$0" "$1" >"$2" 2>&1 & while [ ! -s "$2" ]; do sleep 0.02; done`;
  await lab.exec(box, ["sh", "-c", line, address, rule, file]);
  return async () => {
    const { out } = await lab.try(["exec", "lab", "cat", file]);
    const signals = out.split(/^signal /m).filter((text) => text.includes("GatewayRoleChanged"));
    return signals.map((text) =>
      Array.from(text.matchAll(/string "(.*)"/g), ([, value]) => value)
        .slice(0, 2)
        .join(" to "),
    );
  };
}

test("a handover is asked for on one bus, and told of on both", async () => {
  const active = await untilSettled(lab);
  const taker = other(active);
  await until(active, "GatewayRole", "active");
  await until(taker, "GatewayRole", "standby");
  await until(active, "PartnerState", "normal");
  await until(active, "Health", "100");
  const gave = await follow(active);
  const took = await follow(taker);
  await untilDone(active, `${NAME}.Handover`, /hands the gateway over to its partner/);
  await until(taker, "GatewayRole", "active");
  await until(active, "GatewayRole", "standby");
  await untilSettled(lab);
  await lab.waitFor("the signals of the one that took it", async () =>
    / to active$/.test((await took()).join()),
  );
  await lab.waitFor("the signals of the one that gave it", async () =>
    /^active to released.* to standby$/.test((await gave()).join()),
  );
});

test("maintenance is entered and left over the bus", async () => {
  const active = await untilSettled(lab);
  await untilDone(active, `${NAME}.EnterMaintenance`, /hands everything over to its partner/);
  await until(active, "InMaintenance", "true");
  await until(active, "SafeToSwitchOff", "true");
  const again = await call(active, `${NAME}.EnterMaintenance`);
  const sentence = `Box ${active.toUpperCase()} is in maintenance already.`;
  expect(again.err).toContain(`${NAME}.Error.Refused: ${sentence}`);
  await call(active, `${NAME}.LeaveMaintenance`);
  await until(active, "InMaintenance", "false");
});

// The last one: nobody waits for its end.
test("a drill that was begun is under way for whoever looks right after", async () => {
  const box = other(await untilSettled(lab));
  const send = `dbus-send "$0" --print-reply --dest=${NAME} ${OBJECT}`;
  const get = `org.freedesktop.DBus.Properties.Get string:${NAME} string:DrillUnderWay`;
  const line = `${send} ${NAME}.StartDrill string:planned && ${send} ${get}`;
  await lab.waitFor("a drill", async () => {
    const { out } = await lab.try(["exec", box, "sh", "-c", line, busOf(box)]);
    return /and gives it back by itself.*boolean true/s.test(out);
  });
});

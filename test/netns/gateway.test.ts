// The gateway moves between two real boxes with real keepalived: what a device on the LAN notices of everything that
// happens to them.

import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import { labProblem } from "../support/lab.ts";
import { addHost } from "../support/lab-hosts.ts";
import { gatewayOf, Observer, type Outage, untilSettled } from "../support/outage.ts";
import { longestSplit, VrrpCapture } from "../support/vrrp-judge.ts";

const problem = labProblem();
let lab: RunningLab;
let observer: Observer;
let capture: VrrpCapture;
let active: BoxName;

beforeAll(async () => {
  if (problem) return;
  lab = await startLab({ clients: 0 });
  await untilSettled(lab);
  capture = await VrrpCapture.start(lab, "lan");
  observer = await Observer.start(lab);
});
beforeEach(async (context) => {
  if (problem) context.skip(problem);
  active = await untilSettled(lab);
});
afterAll(async () => {
  if (problem) return;
  const { adverts, problems } = await capture.stop();
  await lab.stop();
  const split = longestSplit(adverts, 100);
  process.stdout.write(
    `  tshark finds nothing wrong with ${adverts.length} adverts, split ${split} ms\n`,
  );
  expect(problems, "what tshark says of the adverts").toEqual([]);
  expect(adverts.length).toBeGreaterThan(100);
  // A keepalived that is cut off in the middle is missed for a moment by nobody but the wire.
  expect(split).toBeLessThan(300);
});

const other = (box: BoxName): BoxName => (box === "a" ? "b" : "a");

/** `tandem` at a box, as a person would say it there. */
async function tandem(box: BoxName, ...words: string[]) {
  const cli = join(lab.folder, "program", "dist", "tandem.js");
  return await lab.try(["exec", box, process.execPath, cli, "--socket", lab.socket(box), ...words]);
}

async function watch(what: string, deed: () => Promise<unknown>, seconds = 2): Promise<Outage> {
  const outage = await observer.watch(deed, seconds);
  process.stdout.write(`  ${what}: ${JSON.stringify(outage)}\n`);
  return outage;
}

describe("a device on the LAN notices", () => {
  test("nothing of a handover, whichever box is asked for it", async () => {
    for (const at of [active, active]) {
      const outage = await watch("handover", async () => {
        const done = await tandem(at, "handover", "--yes");
        expect(done.err + done.code).toBe("0");
      });
      expect(outage).toMatchObject({ tcpEnd: "", others: 0 });
      expect(outage.ping).toBeLessThan(50);
      expect((await gatewayOf(lab, other(active)))?.role).toMatch(/active|standby/);
      await untilSettled(lab);
    }
    expect(await untilSettled(lab), "there and back").toBe(active);
  });

  test("nothing of a daemon that dies", async () => {
    const outage = await watch(
      "daemon killed",
      async () => {
        const { pid } = (await lab.status()).boxes[active].services.tandemd;
        await lab.exec("lab", ["kill", "-9", `${pid}`]);
      },
      4,
    );
    expect(outage).toMatchObject({ ping: 0, tcpEnd: "", others: 0 });
    // It is started again a second later, and learns what happened meanwhile.
    expect(outage.renewal).toBeLessThan(4000);
  });

  test("less than half a second of a box without power", async () => {
    const outage = await watch("power cut", () => lab.cmd(`power-cut ${active}`), 3);
    await lab.cmd(`start ${active}`);
    expect(outage).toMatchObject({ tcpEnd: "", others: 0 });
    expect(outage.ping).toBeLessThan(500);
  });

  test("less than half a second of a keepalived that dies", async () => {
    const outage = await watch("keepalived killed", () => lab.cmd(`keepalived ${active} kill`));
    expect(outage).toMatchObject({ tcpEnd: "", others: 0 });
    expect(outage.ping).toBeLessThan(500);
  });

  test("nothing of the system bus that is started again", async () => {
    const outage = await watch("bus restarted", async () => {
      await lab.cmd(`bus ${active} stop`);
      await lab.cmd(`bus ${active} start`);
    });
    expect(outage).toMatchObject({ ping: 0, tcpEnd: "", others: 0 });
  });

  test("little of a cable to the provider that is pulled: the gateway goes where there is another", async () => {
    const outage = await watch("WAN pulled", () => lab.cmd(`unplug wan-${active}`));
    expect((await gatewayOf(lab, other(active)))?.role).toBe("active");
    await lab.cmd(`plug wan-${active}`);
    expect(outage).toMatchObject({ tcpEnd: "", others: 0 });
    expect(outage.ping).toBeLessThan(100);
  });

  test("little of a LAN cable that is pulled", async () => {
    const outage = await watch("LAN pulled", () => lab.cmd(`unplug lan-${active}`), 3);
    await lab.cmd(`plug lan-${active}`);
    expect(outage).toMatchObject({ tcpEnd: "" });
    // The kernel says so within a second when another port has just changed as well.
    expect(outage.ping).toBeLessThan(1600);
  });

  test("nothing of a box that is worked on, switched off and on again", async () => {
    const outage = await watch("maintenance", async () => {
      const done = await tandem(active, "maintenance", "on", "--yes");
      expect(done.err + done.code).toBe("0");
      expect(done.out).toMatch(/it is safe\s+to switch it off/);
    });
    expect(outage.ping).toBeLessThan(50);
    expect(outage).toMatchObject({ tcpEnd: "", others: 0 });
    await lab.cmd(`power-cut ${active}`);
    await lab.cmd(`start ${active}`);
    await lab.waitFor("the box in maintenance again", async () => {
      const { conditions, gateway } = await lab.boxStatus(active);
      const said = conditions.find(({ id }) => id === "maintenance")?.sentence ?? "";
      return gateway?.role === "maintenance" && said.includes("it is safe");
    });
    expect((await gatewayOf(lab, other(active)))?.role).toBe("active");
    expect((await tandem(active, "maintenance", "off", "--yes")).code).toBe(0);
  });
});

test("another VRRP router on the LAN, set up by hand, waits for both boxes to be gone, and gives way", async () => {
  const spare = await addHost(lab, "spare", [{ on: "lan", addresses: ["10.77.0.60/24"] }]);
  const config = spare.write("keepalived.conf", SPARE);
  const files = ["-p", "main.pid", "-r", "vrrp.pid"].map((word) =>
    word.startsWith("-") ? word : `${spare.folder}/${word}`,
  );
  const keepalived = await spare.start(["keepalived", "-n", "-l", "-P", "-f", config, ...files]);
  const hasIt = async (): Promise<boolean> => (await spare.addresses()).includes("10.77.0.1");
  const outage = await watch("handover beside a third router", () =>
    tandem(active, "handover", "--yes"),
  );
  expect(outage.ping).toBeLessThan(50);
  expect(await hasIt()).toBe(false);
  await untilSettled(lab);
  for (const box of ["a", "b"]) await lab.cmd(`gatekeeper ${box} stop`);
  await lab.waitFor("the third one has it", hasIt, 3000);
  await keepalived.stop();
  await lab.cmd("start all");
  await untilSettled(lab);
});

/** As somebody would write it who knows the number, and nothing of the boxes. */
const SPARE = `global_defs {
    vrrp_version 3
}
vrrp_instance SPARE {
    interface eth0
    state BACKUP
    virtual_router_id 51
    priority 50
    advert_int 0.1
    virtual_ipaddress {
        10.77.0.1/24
    }
}
`;

describe("it is not done, with the reason", () => {
  test("a handover to a box without power", async () => {
    await lab.cmd(`power-cut ${other(active)}`);
    await lab.waitFor("the partner missed", async () => {
      return (await gatewayOf(lab, active))?.partner === null;
    });
    for (const words of [["handover"], ["maintenance", "on"]]) {
      const done = await tandem(active, ...words, "--yes");
      expect(done.code).toBe(1);
      expect(done.err).toMatch(/^Refused: The partner is not heard/);
    }
    await lab.cmd(`start ${other(active)}`);
  });
});

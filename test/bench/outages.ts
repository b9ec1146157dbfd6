// How long a device on the LAN has no gateway, no answer on a TCP connection through it, and no renewal of its lease, in
// everything that can happen to two boxes: a table with the median of so many times. `node test/bench/outages.ts [TIMES]`.

import { setTimeout as pause } from "node:timers/promises";
import { type RunningLab, startLab } from "../../board/virtual/lab-api.ts";
import type { BoxName } from "../../board/virtual/topology.ts";
import { Observer, type Outage, untilSettled } from "../support/outage.ts";

interface Trouble {
  readonly name: string;
  readonly seconds: number;
  /** So often in one lab: what comes and goes is trusted later each time, and waited for. */
  readonly timesPerLab?: number;
  begin(lab: RunningLab, active: BoxName): Promise<unknown>;
  undo?(lab: RunningLab, active: BoxName): Promise<unknown>;
}

const post = (lab: RunningLab, box: BoxName, path: string): Promise<string> => {
  const flags = ["-s", "-X", "POST", "--unix-socket", lab.socket(box)];
  return lab.exec("lab", ["curl", ...flags, `http://localhost/api/v1/gateway/${path}`]);
};

async function killDaemon(lab: RunningLab, box: BoxName): Promise<void> {
  const { pid } = (await lab.status()).boxes[box].services.tandemd;
  await lab.exec("lab", ["kill", "-9", `${pid}`]);
}

/** Legend: what happens to the box that has the gateway, how long it is watched, how it is undone. */
const TROUBLES: readonly Trouble[] = [
  { name: "handover", seconds: 1, begin: (lab, box) => post(lab, box, "handover") },
  { name: "daemon killed", seconds: 4, begin: killDaemon },
  {
    name: "keepalived killed",
    seconds: 2,
    begin: (lab, box) => lab.cmd(`keepalived ${box} kill`),
  },
  {
    name: "power cut",
    seconds: 2,
    begin: (lab, box) => lab.cmd(`power-cut ${box}`),
    undo: (lab, box) => lab.cmd(`start ${box}`),
  },
  {
    name: "reboot",
    seconds: 4,
    begin: async (lab, box) => {
      for (const name of ["tandemd", "gatekeeper"]) {
        const { pid } = (await lab.status()).boxes[box].services[name as "tandemd" | "gatekeeper"];
        await lab.exec("lab", ["kill", "-TERM", `${pid}`]);
      }
      await pause(500);
      await lab.cmd(`power-cut ${box}`);
      await lab.cmd(`start ${box}`);
    },
  },
  {
    name: "LAN cable pulled",
    seconds: 2,
    begin: (lab, box) => lab.cmd(`unplug lan-${box}`),
    undo: (lab, box) => lab.cmd(`plug lan-${box}`),
  },
  {
    name: "WAN cable pulled",
    seconds: 2,
    timesPerLab: 2,
    begin: (lab, box) => lab.cmd(`unplug wan-${box}`),
    undo: (lab, box) => lab.cmd(`plug wan-${box}`),
  },
  {
    name: "bus restarted",
    seconds: 2,
    begin: async (lab, box) => {
      await lab.cmd(`bus ${box} stop`);
      await lab.cmd(`bus ${box} start`);
    },
  },
];

const COLUMNS = ["lost", "silence", "tcp", "renewal"] as const;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** What a device notices of it, so many times in a lab of its own. */
async function measure({ begin, undo, seconds }: Trouble, times: number): Promise<Outage[]> {
  const lab = await startLab({ clients: 0 });
  try {
    await untilSettled(lab);
    const observer = await Observer.start(lab);
    const outages: Outage[] = [];
    for (let count = 0; count < times; count++) {
      const active = await untilSettled(lab, 90_000);
      outages.push(await observer.watch(() => begin(lab, active), seconds));
      await undo?.(lab, active);
    }
    return outages;
  } finally {
    await lab.stop();
  }
}

function line(name: string, outages: readonly Outage[]): string {
  const medians = COLUMNS.map((column) => median(outages.map((outage) => outage[column])));
  const worst = Math.max(...outages.map(({ silence }) => silence));
  const broken = outages.filter(({ tcpEnd }) => tcpEnd !== "").length;
  const text = [name, ...medians, broken > 0 ? `${worst}, ${broken} TCP broken` : worst];
  return `| ${text.join(" | ")} |\n`;
}

const times = Number(process.argv[2] ?? 10);
const only = process.argv.slice(3);
const head = [
  "what happens",
  "pings lost",
  "silence, ms",
  "TCP silence, ms",
  "renewal, ms",
  "worst silence",
];
process.stdout.write(`| ${head.join(" | ")} |\n|${"---|".repeat(head.length)}\n`);
for (const trouble of TROUBLES) {
  if (only.length > 0 && !only.includes(trouble.name)) continue;
  const outages: Outage[] = [];
  while (outages.length < times) {
    const { timesPerLab = times } = trouble;
    outages.push(...(await measure(trouble, Math.min(timesPerLab, times - outages.length))));
  }
  process.stdout.write(line(trouble.name, outages));
}

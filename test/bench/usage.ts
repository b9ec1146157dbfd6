/** What processes cost, read from /proc. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process of a server under test. */
export interface Process {
  /** Program name as people know it: "tandemd", "rawlink", "kea-dhcp4". */
  readonly name: string;
  readonly pid: number;
}

export interface Memory {
  readonly name: string;
  /** Highest resident size so far, MiB. */
  readonly peakMiB: number;
  /** Resident size now, MiB. */
  readonly residentMiB: number;
}

/** User plus system CPU seconds the processes have used since they began, all threads. */
export function cpuSeconds(processes: readonly Process[]): number {
  let ticks = 0;
  for (const { pid } of processes) ticks += parseStatTicks(readProc(pid, "stat"));
  return ticks / ticksPerSecond();
}

export function memoryOf(processes: readonly Process[]): Memory[] {
  return processes.map(({ name, pid }) => {
    const status = readProc(pid, "status");
    return {
      name,
      peakMiB: parseStatusKiB(status, "VmHWM") / 1024,
      residentMiB: parseStatusKiB(status, "VmRSS") / 1024,
    };
  });
}

/** CPU seconds the whole machine has been busy, and those the bench and its ended children used. */
export interface CpuClock {
  readonly machine: number;
  readonly bench: number;
}

export function readCpuClock(): CpuClock {
  const own = parseStatTicks(readFileSync("/proc/self/stat", "utf8"), "with ended children");
  const machine = parseBusyTicks(readFileSync("/proc/stat", "utf8"));
  return { machine: machine / ticksPerSecond(), bench: own / ticksPerSecond() };
}

/** Busy ticks of the "cpu" line of /proc/stat: all but idle and iowait, including what the
 * hypervisor gave to others (steal). */
export function parseBusyTicks(stat: string): number {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1];
  if (line === undefined) throw new Error("/proc/stat has no cpu line");
  const [user, nice, system, , , irq, softirq, steal] = line.split(" ").map(Number);
  const parts = [user, nice, system, irq, softirq, steal];
  return parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}

/** utime + stime of a /proc/PID/stat line. The program name may hold blanks and parentheses. The two
 * fields after them hold the same of children that have ended. */
export function parseStatTicks(stat: string, children?: "with ended children"): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Counted from field 3 (state), so utime (14) and stime (15) are 11 and 12.
  const used = fields.slice(11, children === undefined ? 13 : 15);
  const ticks = used.length < 2 ? Number.NaN : used.reduce((sum, field) => sum + Number(field), 0);
  if (!Number.isFinite(ticks)) throw new Error(`not a line of /proc/PID/stat: ${stat}`);
  return ticks;
}

/** The value of a "VmHWM:   1234 kB" line of /proc/PID/status. */
export function parseStatusKiB(status: string, label: string): number {
  const found = new RegExp(`^${label}:\\s+(\\d+) kB$`, "m").exec(status);
  if (found === null) throw new Error(`/proc/PID/status has no ${label}`);
  return Number(found[1]);
}

/** Datagrams the kernel threw away since boot because a UDP socket's buffer was full, from the text
 * of /proc/net/snmp. */
export function parseUdpOverflows(snmp: string): number {
  const [names, values] = snmp
    .split("\n")
    .filter((line) => line.startsWith("Udp: "))
    .map((line) => line.split(" "));
  const column = names?.indexOf("RcvbufErrors") ?? -1;
  const value = Number(values?.[column]);
  if (column < 0 || !Number.isFinite(value)) throw new Error("/proc/net/snmp has no RcvbufErrors");
  return value;
}

function readProc(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, "utf8");
}

let knownTicksPerSecond: number | null = null;

function ticksPerSecond(): number {
  knownTicksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return knownTicksPerSecond;
}

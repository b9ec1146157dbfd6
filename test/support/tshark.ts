// tshark as the independent judge of packets: whatever it calls malformed or an error, is one.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { writePcap } from "./pcap.ts";

export interface FrameProblem {
  /** Index of the frame, from 0. */
  readonly frame: number;
  readonly severity: "malformed" | "error";
  readonly text: string;
}

export interface JudgeOptions {
  /** False for captures of frames whose UDP checksum the network card was to fill in. */
  readonly areUdpChecksumsVerified?: boolean;
  /** Display filter: only these frames. */
  readonly filter?: string;
}

/** Wireshark's PI_ERROR (severity) and PI_MALFORMED (group). */
const SEVERITY_ERROR = 0x00800000;
const GROUP_MALFORMED = 0x07000000;
/** How Wireshark reports a mistake of its own, such as a table of its without a handler. */
const OWN_MISTAKE = "ERROR, please report";
const OUTPUT_BYTES_MAX = 256 << 20;
const PROBLEM_FIELDS = [
  "frame.number",
  "_ws.malformed",
  "_ws.expert.severity",
  "_ws.expert.group",
  "_ws.expert.message",
];

/** Problems of all frames; checksums are verified. Empty when tshark finds nothing wrong. */
export function judgeFrames(
  frames: readonly Uint8Array[],
  options: JudgeOptions = {},
): FrameProblem[] {
  if (frames.length === 0) return [];
  const lines = withPcap(frames, (file) => runFields(file, PROBLEM_FIELDS, options));
  if (lines.length !== frames.length) {
    throw new Error(`tshark saw ${lines.length} of ${frames.length} frames`);
  }
  return problemsOf(lines);
}

/** The same for a capture file (pcap or pcapng). */
export function judgePcapFile(file: string, options: JudgeOptions = {}): FrameProblem[] {
  return problemsOf(runFields(file, PROBLEM_FIELDS, options));
}

/** The DHCP packets of a capture file that came from this address, and what is wrong with them. */
export function judgeSent(
  file: string,
  source: string,
): { readonly frames: number; readonly problems: FrameProblem[] } {
  const lines = runFields(file, PROBLEM_FIELDS, { filter: `dhcp && ip.src == ${source}` });
  return { frames: lines.length, problems: problemsOf(lines) };
}

/** The values of the named fields, for each frame; a field that occurs several times has several. */
export function tsharkFields(
  frames: readonly Uint8Array[],
  names: readonly string[],
): Record<string, string[]>[] {
  const lines = withPcap(frames, (file) => runFields(file, names, {}));
  return lines.map((line) =>
    Object.fromEntries(names.map((name, i) => [name, splitValues(line[i] ?? "")])),
  );
}

/** The same for a capture file, one list of cells for each frame. */
export function tsharkFileFields(file: string, names: readonly string[]): string[][] {
  return runFields(file, names, {});
}

function problemsOf(lines: readonly string[][]): FrameProblem[] {
  const problems: FrameProblem[] = [];
  for (const line of lines) {
    const frame = Number(line[0]) - 1;
    const [severities, groups, texts] = line.slice(2).map((cell) => splitValues(cell));
    for (const [i, severity] of (severities ?? []).entries()) {
      const isMalformed = Number(groups?.[i]) === GROUP_MALFORMED;
      if (!isMalformed && Number(severity) !== SEVERITY_ERROR) continue;
      const text = texts?.[i] ?? "";
      if (text.startsWith(OWN_MISTAKE)) continue;
      problems.push({ frame, severity: isMalformed ? "malformed" : "error", text });
    }
    const isNoted = problems.some((one) => one.frame === frame && one.severity === "malformed");
    if (line[1] !== "" && !isNoted) {
      problems.push({ frame, severity: "malformed", text: "a dissector gave up" });
    }
  }
  return problems;
}

/** A file, since tshark takes no socket for its input, and Node's pipes are sockets. */
function withPcap<T>(frames: readonly Uint8Array[], use: (file: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), "tandem-tshark-"));
  try {
    const file = path.join(folder, "frames.pcap");
    writeFileSync(file, writePcap(frames));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runFields(file: string, names: readonly string[], options: JudgeOptions): string[][] {
  const areUdpChecksumsVerified = options.areUdpChecksumsVerified ?? true;
  const preferences = [
    "ip.check_checksum:TRUE",
    `udp.check_checksum:${areUdpChecksumsVerified ? "TRUE" : "FALSE"}`,
  ];
  const output = execFileSync(
    "tshark",
    [
      ...["-n", "-r", file, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"],
      ...(options.filter === undefined ? [] : ["-Y", options.filter]),
      ...preferences.flatMap((one) => ["-o", one]),
      ...names.flatMap((name) => ["-e", name]),
    ],
    {
      encoding: "utf8",
      maxBuffer: OUTPUT_BYTES_MAX,
      stdio: ["ignore", "pipe", "ignore"],
      // No settings of whoever runs the tests.
      env: { ...process.env, WIRESHARK_CONFIG_DIR: "/nonexistent" },
    },
  );
  return output
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));
}

function splitValues(cell: string): string[] {
  return cell === "" ? [] : cell.split("|");
}

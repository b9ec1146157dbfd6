// The adverts of VRRP on a wire of the lab, as tshark sees them: whether they are right, and who had the gateway when.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunningLab } from "../../board/virtual/lab-api.ts";

export interface Advert {
  /** Milliseconds. */
  readonly at: number;
  readonly source: string;
  /** 0: whoever sends it lets go. */
  readonly priority: number;
}

export interface VrrpJudgement {
  readonly adverts: readonly Advert[];
  /** What tshark finds wrong. */
  readonly problems: readonly string[];
}

/** Everything of VRRP that crosses a switch of the lab, until `stop`. */
export class VrrpCapture {
  readonly #lab: RunningLab;
  readonly #file: string;

  private constructor(lab: RunningLab, file: string) {
    this.#lab = lab;
    this.#file = file;
  }

  static async start(lab: RunningLab, wire: "lan" | "pair"): Promise<VrrpCapture> {
    const file = join(lab.folder, `vrrp-${wire}.pcap`);
    const dump = `dumpcap -q -i ${wire} -f "proto 112 or ip6 proto 112" -w ${file} >/dev/null 2>&1`;
    await lab.exec("lab", ["sh", "-c", `${dump} & echo $! > ${file}.pid`]);
    await lab.waitFor("the capture", () => existsSync(file));
    return new VrrpCapture(lab, file);
  }

  async stop(): Promise<VrrpJudgement> {
    const pid = `$(cat ${this.#file}.pid)`;
    const end = `kill -INT ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.05; done`;
    await this.#lab.exec("lab", ["sh", "-c", end]);
    const fields = ["frame.time_epoch", "ip.src", "ipv6.src", "vrrp.prio", "vrrp.version"];
    const flags = ["-o", "vrrp.v3_checksum_as_in_v2:FALSE", "-T", "fields", "-E", "separator=;"];
    const names = [...fields, "_ws.expert.message"].flatMap((name) => ["-e", name]);
    const text = execFileSync("tshark", ["-r", this.#file, ...flags, ...names], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const adverts: Advert[] = [];
    const problems: string[] = [];
    for (const line of text.trim().split("\n")) {
      const [time = "", ipv4, ipv6, priority, version, expert] = line.split(";");
      adverts.push({
        ...{ at: Number(time) * 1000, source: ipv4 || ipv6 || "", priority: Number(priority) },
      });
      if (version !== "3") problems.push(`version ${version} from ${ipv4 || ipv6}`);
      if (expert) problems.push(expert);
    }
    return { adverts, problems };
  }
}

/** How long two of them said that they have it, turn by turn and without a break; in milliseconds. */
export function longestSplit(adverts: readonly Advert[], advertMilliseconds: number): number {
  const lastOf = new Map<string, number>();
  let since: number | undefined;
  let longest = 0;
  for (const { at, source, priority } of adverts) {
    if (priority === 0) lastOf.delete(source);
    else lastOf.set(source, at);
    const alive = Array.from(lastOf.values()).filter(
      (last) => at - last <= advertMilliseconds * 1.5,
    );
    if (alive.length < 2) since = undefined;
    else {
      since ??= at;
      longest = Math.max(longest, at - since);
    }
  }
  return Math.round(longest);
}

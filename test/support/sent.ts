// Every packet that the box sends in a test file goes past tshark at the end of it.

import { execFileSync } from "node:child_process";
import { afterAll, expect } from "vitest";
import { describeFrame } from "../../daemon/wire/describe.ts";
import { judgeFrames } from "./tshark.ts";

/** More of one kind say nothing new, and tshark takes a second for so many. */
const KEPT_MAX = 5000;
const kept: Uint8Array[] = [];

/** Remembers a frame that the box sent. Frames are never changed once they were handed out. */
export function keepSent(frame: Uint8Array): void {
  if (kept.length < KEPT_MAX) kept.push(frame);
}

/** Once in a test file, at its top: what was kept is judged when its tests are done. */
export function judgeAllSent(): void {
  afterAll(() => {
    if (!hasTshark()) return;
    expect(kept.length, "frames to judge").toBeGreaterThan(0);
    const problems = judgeFrames(kept).map(({ frame, text }) => {
      const bytes = kept[frame] ?? new Uint8Array(0);
      return `${text}: ${describeFrame(bytes, 0, bytes.length)}`;
    });
    expect(problems, "what tshark says of the packets that were sent").toEqual([]);
    kept.length = 0;
  }, 120_000);
}

function hasTshark(): boolean {
  try {
    execFileSync("tshark", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

// Capture files as tshark reads them: the frames, their stamps, directions and interfaces, and what is missing.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  type CapturedFrame,
  interfaceBlock,
  packetBlock,
  sectionBlock,
  statisticsBlock,
} from "../../daemon/capture/pcapng.ts";
import { clientFrame } from "../support/client-frame.ts";
import { judgePcapFile, tsharkFileFields } from "../support/tshark.ts";

const folder = mkdtempSync(path.join(tmpdir(), "tandem-pcapng-"));
const file = path.join(folder, "some.pcapng");
afterAll(() => rmSync(folder, { recursive: true }));

const DISCOVER = clientFrame({ type: 1, mac: "02:00:5e:10:00:01" });
const AT = { seconds: 1_780_000_000, nanoseconds: 123_456_789 };

function frame(changes: Partial<CapturedFrame> = {}): Uint8Array {
  return packetBlock({
    interfaceNumber: 0,
    direction: "received",
    at: AT,
    bytes: DISCOVER,
    comment: "",
    ...changes,
  });
}

function fileOf(...blocks: Uint8Array[]): string {
  writeFileSync(file, Buffer.concat([sectionBlock("Tandem 1"), ...blocks]));
  return file;
}

describe("a capture file", () => {
  test("has frames of every length, and tshark finds nothing wrong with any of them", () => {
    const lengths = [0, 1, 2, 3, 4].map((more) => {
      return frame({ bytes: Uint8Array.from([...DISCOVER, ...new Uint8Array(more)]) });
    });
    fileOf(interfaceBlock("lan0", "office"), ...lengths);
    expect(judgePcapFile(file)).toEqual([]);
    const seen = tsharkFileFields(file, ["frame.len", "dhcp.hw.mac_addr"]);
    expect(seen).toEqual(
      [0, 1, 2, 3, 4].map((more) => [`${DISCOVER.length + more}`, "02:00:5e:10:00:01"]),
    );
  });

  test("tells direction, interface and remark of each frame", () => {
    fileOf(
      interfaceBlock("lan0", "office, guests"),
      interfaceBlock("lan1", ""),
      frame(),
      frame({ interfaceNumber: 1, direction: "sent", comment: "One remark." }),
    );
    const names = ["frame.packet_flags_direction", "frame.interface_name"];
    expect(
      tsharkFileFields(file, [...names, "frame.interface_description", "frame.comment"]),
    ).toEqual([
      ["0x00000001", "lan0", "office, guests", ""],
      ["0x00000002", "lan1", "", "One remark."],
    ]);
  });

  test.each([
    [0, 0, "0.000000000"],
    [1, 999_999_999, "1.999999999"],
    [1_780_000_000, 123_456_789, "1780000000.123456789"],
    // Just below and at where the lower half of the stamp is full.
    [8, 589_934_591, "8.589934591"],
    [8, 589_934_592, "8.589934592"],
    [4_294_967_295, 1, "4294967295.000000001"],
  ])("keeps the nanosecond of %d s and %d ns", (seconds, nanoseconds, epoch) => {
    fileOf(interfaceBlock("lan0", ""), frame({ at: { seconds, nanoseconds } }));
    expect(tsharkFileFields(file, ["frame.time_epoch"])).toEqual([[epoch]]);
  });

  test("says how many frames there were, and how many are missing", () => {
    const counts = { seen: 5_000_000_007, dropped: 12 };
    fileOf(
      interfaceBlock("lan0", ""),
      frame(),
      statisticsBlock(0, AT, counts, "The time is over."),
    );
    expect(judgePcapFile(file)).toEqual([]);
    // tshark shows the blocks themselves when it takes the file for a file.
    const shown = execFileSync(
      "tshark",
      ["-r", file, "-X", "read_format:MIME Files Format", "-V"],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    expect(shown).toContain("Block: Interface Statistics Block");
    expect(shown).toContain("Number of Received Packets: 5000000007");
    expect(shown).toContain("Number of Dropped Packets: 12");
    expect(shown).toContain("The time is over.");
    expect(shown).not.toMatch(/Malformed|Expert Info/);
  });
});

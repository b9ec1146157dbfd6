import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { interfaceBlock, packetBlock, sectionBlock } from "../../daemon/capture/pcapng.ts";
import { type CaptureWish, captureRoutes } from "../../daemon/http/capture-routes.ts";
import type { BodySink } from "../../daemon/http/message.ts";
import { Terminal } from "../support/at-terminal.ts";
import { countsOf } from "../support/pcapng.ts";

const FRAME = packetBlock({
  ...{ interfaceNumber: 0, direction: "sent", at: { seconds: 1, nanoseconds: 2 }, comment: "" },
  bytes: new Uint8Array(61),
});
const FILE = Buffer.concat([sectionBlock("x"), interfaceBlock("lan0", ""), FRAME, FRAME]);

let terminal: Terminal;
let wishes: CaptureWish[];
let send: (sink: BodySink) => void;
let isBusy: boolean;

beforeEach(async () => {
  wishes = [];
  isBusy = false;
  send = (sink) => {
    // In pieces that do not end where blocks do.
    for (let at = 0; at < FILE.length; at += 50) sink.write(FILE.subarray(at, at + 50));
    sink.end();
  };
  const open = (wish: CaptureWish) => {
    wishes.push(wish);
    return isBusy ? undefined : send;
  };
  const interfaceOf = (network: string) => (network === "office" ? "lan0" : undefined);
  terminal = await Terminal.begin(captureRoutes({ open, interfaceOf }));
});

afterEach(() => terminal.end());

test("into a file, which nobody else may read", async () => {
  const file = join(terminal.folder, "some.pcapng");
  const ran = await terminal.run(["capture", "-w", file], { isTerminal: true });
  expect(ran).toMatchObject({ code: 0, out: "" });
  expect(ran.err).toBe(
    `Capturing; Ctrl-C ends it before its time is over.\n2 frames are in ${file}.\n`,
  );
  expect(readFileSync(file)).toEqual(FILE);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("into another program, without a word", async () => {
  const parts: Uint8Array[] = [];
  const onBytes = (bytes: Uint8Array) => parts.push(bytes.slice());
  expect(await terminal.run(["capture"], { onBytes })).toEqual({ code: 0, out: "", err: "" });
  expect(Buffer.concat(parts)).toEqual(FILE);
});

test("of one device, for so long, of one network", async () => {
  const words = ["02:00:5e:10:00:07", "--seconds", "5", "--network", "office"];
  expect(await terminal.run(["capture", ...words])).toMatchObject({ code: 0 });
  const mac = Uint8Array.of(2, 0, 0x5e, 0x10, 0, 7);
  expect(wishes).toEqual([{ by: "unix socket", seconds: 5, mac, interfaceName: "lan0" }]);
});

test("not onto a terminal", async () => {
  const ran = await terminal.run(["capture"], { isTerminal: true });
  expect(ran).toMatchObject({ code: 3, out: "" });
  expect(ran.err).toContain("say -w FILE");
  expect(wishes).toEqual([]);
});

test("what the box refuses is said", async () => {
  isBusy = true;
  const busy = await terminal.run(["capture"]);
  expect(busy).toMatchObject({ code: 1 });
  expect(busy.err).toContain("Refused: 2 captures are under way");
  const wrong = await terminal.run(["capture", "--seconds", "601"]);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.err).toContain("from 1 to 600");
});

test("a file that cannot be written is said", async () => {
  const file = join(terminal.folder, "a-folder");
  mkdirSync(file);
  const ran = await terminal.run(["capture", "-w", file]);
  expect(ran).toMatchObject({ code: 3 });
  expect(ran.err).toContain("EISDIR");
});

test("what was cut off in the middle is whole as far as it goes", async () => {
  send = (sink) => {
    sink.write(FILE.subarray(0, FILE.length - 7));
    setTimeout(() => sink.cut(), 50);
  };
  const file = join(terminal.folder, "some.pcapng");
  const ran = await terminal.run(["capture", "-w", file]);
  expect(ran).toMatchObject({ code: 2 });
  expect(ran.err).toContain("it closed the connection");
  expect(countsOf(readFileSync(file)).frames).toBe(1);
});

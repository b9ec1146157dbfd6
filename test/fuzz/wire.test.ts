// Mutated packets through everything that reads bytes from the network: nothing may be thrown but
// DecodeError, and nothing outside the given bounds may have any influence.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Ipv4 } from "../../daemon/base/address.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import { parseArp } from "../../daemon/wire/arp.ts";
import { describeFrame } from "../../daemon/wire/describe.ts";
import { Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import {
  OPTION,
  type OptionRow,
  optionByCode,
  readOption,
  unknownOption,
} from "../../daemon/wire/dhcp4-options.ts";
import { Frame, HEADERS_BYTES, parseFrame } from "../../daemon/wire/frame.ts";
import { RELAY_SUBOPTION, readSuboption } from "../../daemon/wire/relay-agent.ts";
import { ReplyWriter } from "../../daemon/wire/reply.ts";
import { readPcap } from "../support/pcap.ts";
import { below, seeded } from "../support/random.ts";
import { messageBytes, option, udpFrame } from "../wire/messages.ts";
import { OPTION_CASES } from "../wire/option-cases.ts";
import { mutate } from "./wire-mutation.ts";

const RUNS = Number(process.env.FUZZ ?? 20_000);
const SEED = Number(process.env.SEED ?? 0x7a9de3);
const FIXTURES = path.join(import.meta.dirname, "../fixtures/dhcp");
const AROUND = 64;

const captured = readdirSync(FIXTURES)
  .filter((name) => name.endsWith(".pcap"))
  .flatMap((name) => readPcap(readFileSync(path.join(FIXTURES, name))));

/** Options of the table, in messages of every layout. */
function generated(random: () => number): Uint8Array {
  const options: number[] = option(53, [below(random, 20)]);
  for (let i = below(random, 8); i > 0; i--) {
    const one = OPTION_CASES[below(random, OPTION_CASES.length)];
    if (one && one.bytes.length < 256) options.push(...option(one.row.code, one.bytes));
  }
  const inFile = option(43, new Uint8Array(below(random, 120)));
  const inSname = option(60, new Uint8Array(below(random, 60)));
  if (below(random, 2) === 0) options.push(...option(52, [below(random, 4)]));
  if (below(random, 8) !== 0) options.push(255);
  const parts = { xid: below(random, 2 ** 32), hlen: below(random, 18), options };
  return udpFrame({}, messageBytes({ ...parts, file: inFile, sname: inSname }));
}

/** The DHCP payload is what is to be reached, so most mutations leave the headers right. */
function mutated(random: () => number): Uint8Array {
  const frame =
    below(random, 2) === 0
      ? generated(random)
      : (captured[below(random, captured.length)] ?? generated(random));
  if (below(random, 4) === 0 || frame.length < HEADERS_BYTES) return mutate(frame, random);
  const payload = mutate(frame.slice(HEADERS_BYTES), random);
  return udpFrame({ udpChecksum: 0 }, payload);
}

const suboptionRows: readonly OptionRow<unknown>[] = Object.values(RELAY_SUBOPTION);
const frame = new Frame();
const message = new Dhcp4Message();

/** Everything that can be read out of a frame, as text; or the DecodeError. */
function readAll(bytes: Uint8Array, start: number, end: number): string {
  try {
    parseFrame(frame, bytes, start, end, false);
    if (frame.kind === "arp") {
      return JSON.stringify(parseArp(bytes, frame.payloadStart, frame.payloadEnd));
    }
    if (frame.kind === "other") return `other ${frame.payloadEnd - frame.payloadStart}`;
    decodeDhcp4(bytes, frame.payloadStart, frame.payloadEnd, message);
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  const words = [message.xid, message.hlen, ...message.chaddr, message.overload];
  for (const code of message.codes()) {
    const row = optionByCode(code) ?? unknownOption(code);
    words.push(code, ...(message.raw(code) ?? []));
    const value = readOption(message, row);
    words.push(Number(message.u8(code) === undefined), Number(message.u16(code) === undefined));
    words.push(Number(message.u32(code) === undefined), Number(value === undefined));
    expect(value, `option ${code}`).toBeDefined();
  }
  const information = readOption(message, OPTION.relayAgentInformation);
  if (Array.isArray(information)) {
    for (const row of suboptionRows) readSuboption(information, row);
  }
  return words.join(" ");
}

describe(`with seed ${SEED} (SEED), ${RUNS} runs (FUZZ)`, () => {
  test("decoders throw DecodeError only and read nothing outside their bounds", () => {
    const random = seeded(SEED);
    const seen = { decoded: 0, refused: 0 };
    for (let run = 0; run < RUNS; run++) {
      const bytes = mutated(random);
      const outcomes = [0x00, 0xa5].map((poison) => {
        const around = new Uint8Array(AROUND + bytes.length + AROUND).fill(poison);
        around.set(bytes, AROUND);
        const [start, end] = [AROUND, AROUND + bytes.length];
        return [readAll(around, start, end), describeFrame(around, start, end)];
      });
      if (outcomes[0]?.join() !== outcomes[1]?.join()) {
        expect(outcomes[0], `run ${run}: bytes outside the bounds mattered`).toEqual(outcomes[1]);
      }
      if (outcomes[0]?.[1]?.includes("malformed ")) seen.refused++;
      else seen.decoded++;
      // One printable line, whatever is in the packet.
      expect(outcomes[0]?.[1], `run ${run}`).toMatch(/^[\x20-\x7e]+$/);
    }
    // Mutations that are all refused, or none, would test nothing.
    expect(seen.decoded).toBeGreaterThan(RUNS / 10);
    expect(seen.refused).toBeGreaterThan(RUNS / 10);
  }, 600_000);

  test("whatever options a message has, they come out of a reply as they went in", () => {
    const random = seeded(SEED ^ 1);
    const writer = new ReplyWriter();
    const addressing = {
      sourceMac: new Uint8Array(6),
      destinationMac: new Uint8Array(6),
      sourceIp: below(random, 2 ** 32) as Ipv4,
      destinationIp: below(random, 2 ** 32) as Ipv4,
      sourcePort: 67,
      destinationPort: 68,
    };
    for (let run = 0; run < RUNS / 10; run++) {
      const request = decodeOrNothing(mutated(random));
      if (request === undefined) continue;
      const contents = new Map(request.codes().map((code) => [code, request.raw(code)?.slice()]));
      contents.delete(52);
      writer.begin(request, below(random, 1600));
      for (const [code, content] of contents) if (content) writer.bytes(code, content);
      const reply = writer.finish(addressing);
      const back = decodeOrNothing(reply, true);
      expect(back, `run ${run}`).toBeDefined();
      for (const [code, content] of contents) {
        const expected = writer.leftOut.includes(code) ? undefined : content;
        expect(back?.raw(code), `run ${run}, option ${code}`).toEqual(expected);
      }
      expect(reply.length).toBeLessThanOrEqual(1514);
    }
  }, 600_000);
});

function decodeOrNothing(bytes: Uint8Array, checksumReady = false): Dhcp4Message | undefined {
  const into = new Frame();
  try {
    parseFrame(into, bytes, 0, bytes.length, checksumReady);
    return into.kind === "udp" ? decodeDhcp4(bytes, into.payloadStart, into.payloadEnd) : undefined;
  } catch (error) {
    if (error instanceof DecodeError && !checksumReady) return undefined;
    throw error;
  }
}

// Packets of clients and servers that other people wrote: we must read them as tshark does, and be
// able to say again what they said. Where they come from: test/fixtures/dhcp/PROVENANCE.md.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { formatIpv4, type Ipv4 } from "../../daemon/base/address.ts";
import { describeFrame } from "../../daemon/wire/describe.ts";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import {
  decodeOption,
  encodeOption,
  MALFORMED,
  OPTION,
  optionByCode,
  readOption,
  unknownOption,
} from "../../daemon/wire/dhcp4-options.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { RELAY_SUBOPTION, readSuboption } from "../../daemon/wire/relay-agent.ts";
import { ReplyWriter } from "../../daemon/wire/reply.ts";
import { readPcap, writePcap } from "../support/pcap.ts";
import { judgeFrames, judgePcapFile, tsharkFields } from "../support/tshark.ts";

const FIXTURES = path.join(import.meta.dirname, "../fixtures/dhcp");
const files = readdirSync(FIXTURES).filter((name) => name.endsWith(".pcap"));

function framesOf(file: string): Uint8Array[] {
  return readPcap(readFileSync(path.join(FIXTURES, file)));
}

/** The DHCP message of a frame; undefined for ARP. */
function messageOf(bytes: Uint8Array): Dhcp4Message | undefined {
  const frame = new Frame();
  parseFrame(frame, bytes, 0, bytes.length, true);
  if (frame.kind !== "udp") return undefined;
  return decodeDhcp4(bytes, frame.payloadStart, frame.payloadEnd);
}

function messagesOf(file: string): Dhcp4Message[] {
  return framesOf(file).flatMap((frame) => messageOf(frame) ?? []);
}

test("every capture has its provenance, and the other way round", () => {
  const provenance = readFileSync(path.join(FIXTURES, "PROVENANCE.md"), "utf8");
  const named = Array.from(provenance.matchAll(/`([a-z0-9-]+\.pcap)`/g), (match) => match[1]);
  expect([...new Set(named)].toSorted()).toEqual(files.toSorted());
});

test("a capture written again is read the same", () => {
  const frames = files.flatMap(framesOf);
  expect(readPcap(writePcap(frames))).toEqual(frames);
});

describe.each(files)("%s", (file) => {
  const frames = framesOf(file);

  test("tshark finds nothing wrong with it", () => {
    expect(judgePcapFile(path.join(FIXTURES, file))).toEqual([]);
  });

  test("decodes to the fields and options that tshark sees", () => {
    const names = ["dhcp.id", "dhcp.option.type", "dhcp.ip.your", "dhcp.ip.relay", "dhcp.secs"];
    const fields = tsharkFields(frames, names);
    for (const [i, frame] of frames.entries()) {
      const message = messageOf(frame);
      const seen = fields[i] ?? {};
      if (message === undefined) {
        expect(seen["dhcp.id"], `frame ${i}`).toEqual([]);
        continue;
      }
      expect(Number(seen["dhcp.id"]?.[0]), `frame ${i}`).toBe(message.xid);
      expect(seen["dhcp.ip.your"], `frame ${i}`).toEqual([formatIpv4(message.yiaddr)]);
      expect(seen["dhcp.ip.relay"], `frame ${i}`).toEqual([formatIpv4(message.giaddr)]);
      expect(Number(seen["dhcp.secs"]?.[0]), `frame ${i}`).toBe(message.secs);
      const codes = seen["dhcp.option.type"]?.map(Number).filter((code) => code !== 0);
      // tshark shows overloaded fields where option 52 stands; the codes are the same.
      expect(message.codes().toSorted(), `frame ${i}`).toEqual([...new Set(codes)].toSorted());
    }
  });

  test("no option in it is malformed, and each encodes to the bytes it came from", () => {
    for (const [i, message] of messagesOf(file).entries()) {
      for (const code of message.codes()) {
        const row = optionByCode(code) ?? unknownOption(code);
        const value = readOption(message, row);
        expect(value, `message ${i}: ${row.name}`).not.toBe(MALFORMED);
        if (value === MALFORMED) continue;
        const plain = row.codec.format(value);
        const encoded = encodeOption(row, row.codec.parse(plain));
        expect(decodeOption(row, encoded), `message ${i}: ${row.name}`).toEqual(value);
        // Kea writes lists of names without compression, and so not as we do.
        if (row.codec.shape === "domain-name-list") continue;
        const content = withoutFinalNuls(row.codec.shape, message.raw(code));
        expect(encoded, `message ${i}: ${row.name}`).toEqual(content);
      }
    }
  });

  test("options survive a reply with all of them, and tshark accepts it", () => {
    const writer = new ReplyWriter();
    const replies = messagesOf(file).map((message) => {
      writer.begin(message, 576);
      for (const code of message.codes()) {
        const content = message.raw(code);
        if (code !== OPTION.optionOverload.code && content) writer.bytes(code, content);
      }
      const reply = writer.finish({
        sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
        destinationMac: message.chaddr.subarray(0, 6),
        sourceIp: 0x0a4d0001 as Ipv4,
        destinationIp: 0xffffffff as Ipv4,
        sourcePort: message.op === 1 ? 68 : 67,
        destinationPort: message.op === 1 ? 67 : 68,
      });
      expect(writer.leftOut).toEqual([]);
      const back = messageOf(reply);
      for (const code of message.codes()) {
        if (code === OPTION.optionOverload.code) continue;
        expect(back?.raw(code), `option ${code}`).toEqual(message.raw(code));
      }
      return reply;
    });
    expect(judgeFrames(replies)).toEqual([]);
  });

  test("every cut of every message decodes or throws DecodeError", () => {
    for (const message of messagesOf(file)) {
      for (let end = message.start; end < message.end; end++) {
        expect(outcomeOfCut(message, end)).toMatch(/^(decoded|malformed)$/);
      }
    }
  });

  test("as text", () => {
    expect(
      `\n${frames.map((one) => describeFrame(one, 0, one.length)).join("\n")}\n`,
    ).toMatchSnapshot();
  });
});

describe("what clients really send", () => {
  test("dhclient sends its user class without the length of RFC 3004", () => {
    const [first] = messagesOf("dhclient-dhcpd.pcap");
    expect(first && readOption(first, OPTION.userClass)).toEqual({
      isRaw: true,
      classes: [new TextEncoder().encode("accounting")],
    });
  });

  test("dhcpd overloads file when the options of 576 bytes are full", () => {
    const overloaded = messagesOf("dhclient-dhcpd.pcap").filter((one) => one.overload === 1);
    expect(overloaded.length).toBeGreaterThan(1);
    for (const message of overloaded) expect(message.has(OPTION.domainName.code)).toBe(true);
  });

  test("a PXE client gives architecture, interface and UUID", () => {
    const [discover] = messagesOf("udhcpc-pxe-dnsmasq.pcap");
    if (discover === undefined) throw new Error("no messages");
    expect(readOption(discover, OPTION.clientSystemArchitecture)).toEqual([7]);
    expect(readOption(discover, OPTION.clientNetworkInterface)).toEqual({
      type: 1,
      major: 3,
      minor: 16,
    });
    const uuid = readOption(discover, OPTION.clientMachineIdentifier);
    expect(uuid).toBeInstanceOf(Uint8Array);
  });

  test("a relay puts giaddr and option 82 in, and gets the option back", () => {
    const messages = messagesOf("relay-kea.pcap");
    expect(messages.length).toBe(4);
    for (const message of messages) {
      expect(formatIpv4(message.giaddr)).toBe("10.78.0.1");
      const information = readOption(message, OPTION.relayAgentInformation);
      if (information === undefined || information === MALFORMED) throw new Error("no option 82");
      expect(readSuboption(information, RELAY_SUBOPTION.agentCircuitId)).toEqual(
        new TextEncoder().encode("r0"),
      );
    }
  });

  test("dhcpcd probes its address, declines it when it is taken, and asks anew", () => {
    const lines = framesOf("dhcpcd-kea.pcap").map((one) => describeFrame(one, 0, one.length));
    const words = [
      "REQUEST xid",
      "ARP probe",
      "is-at",
      "DECLINE xid",
      "DISCOVER xid",
      "RELEASE xid",
    ];
    let from = 0;
    for (const word of words) {
      const at = lines.findIndex((one, i) => i >= from && one.includes(word));
      expect(at, word).toBeGreaterThanOrEqual(from);
      from = at + 1;
    }
  });
});

function outcomeOfCut(message: Dhcp4Message, end: number): string {
  const { bytes, start } = message;
  try {
    decodeDhcp4(bytes, start, end);
    return "decoded";
  } catch (error) {
    return error instanceof Error && error.name === "DecodeError" ? "malformed" : String(error);
  }
}

/** Text is encoded without the NUL that some senders put behind it (RFC 2132 §2). */
function withoutFinalNuls(shape: string, content: Uint8Array | undefined): Uint8Array | undefined {
  if (content === undefined || shape !== "text") return content;
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end--;
  return content.slice(0, end);
}

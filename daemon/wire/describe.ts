// One line of text for any frame or message: for logs, captures, traces and test transcripts.
// Client bytes come out as printable ASCII only, so that no client can forge or colour a log line.

import { ANY, formatIpv4, formatMac, type Ipv4 } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { DecodeError } from "../base/errors.ts";
import { ARP_REPLY, ARP_REQUEST, parseArp } from "./arp.ts";
import {
  BOOTREPLY,
  BOOTREQUEST,
  BROADCAST_FLAG,
  CLIENT_PORT,
  type Dhcp4Message,
  decodeDhcp4,
  MESSAGE_TYPE,
  SERVER_PORT,
} from "./dhcp4-message.ts";
import { MALFORMED, OPTION, optionByCode, readOption, unknownOption } from "./dhcp4-options.ts";
import { Frame, parseFrame } from "./frame.ts";
import { ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_HEADER_BYTES } from "./icmp.ts";
import { isList, isRecord, type Plain } from "./option-codecs.ts";
import { readU16 } from "./reader.ts";

/** Longer values are cut: a line is for reading. */
const VALUE_CHARACTERS_MAX = 200;

const typeNames = new Map<number, string>(
  Object.entries(MESSAGE_TYPE).map(([name, value]) => [
    value,
    name.replace(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase(),
  ]),
);

/** Never throws; what cannot be decoded is said with the reason. Checksums of UDP are not verified. */
export function describeFrame(bytes: Uint8Array, start: number, end: number): string {
  try {
    return describe(bytes, start, end);
  } catch (error) {
    if (error instanceof DecodeError) return `malformed frame: ${error.message}`;
    throw error;
  }
}

/** The DHCP part: type, header fields that are set, all options in order of appearance. */
export function describeMessage(message: Dhcp4Message): string {
  const words = [describeType(message), `xid ${message.xid.toString(16).padStart(8, "0")}`];
  words.push(formatMac(message.chaddr.subarray(0, message.hlen)) || "no-chaddr");
  if (message.htype !== 1) words.push(`htype ${message.htype}`);
  if (message.hops !== 0) words.push(`hops ${message.hops}`);
  if (message.secs !== 0) words.push(`secs ${message.secs}`);
  if ((message.flags & BROADCAST_FLAG) !== 0) words.push("broadcast");
  for (const field of ["ciaddr", "yiaddr", "siaddr", "giaddr"] as const) {
    if (message[field] !== ANY) words.push(`${field} ${formatIpv4(message[field])}`);
  }
  if ((message.overload & 2) === 0) words.push(...describeName("sname", message.sname));
  if ((message.overload & 1) === 0) words.push(...describeName("file", message.file));
  for (const code of message.codes()) {
    if (code !== OPTION.dhcpMessageType.code) words.push(describeOption(message, code));
  }
  return words.join(" ");
}

function describe(bytes: Uint8Array, start: number, end: number): string {
  const frame = new Frame();
  parseFrame(frame, bytes, start, end, false);
  const macs = `${formatMac(frame.srcMac)} > ${formatMac(frame.dstMac)}`;
  if (frame.kind === "arp") return `${macs} ${describeArp(frame)}`;
  const length = frame.payloadEnd - frame.payloadStart;
  if (frame.kind === "other") {
    return `${macs} ethertype ${frame.etherType.toString(16).padStart(4, "0")} ${length} bytes`;
  }
  if (frame.kind === "icmp") {
    const ends = `${formatIpv4(frame.sourceIp)} > ${formatIpv4(frame.destinationIp)}`;
    return `${macs} ${ends} ${describeIcmp(frame)}`;
  }
  const from = describeEndpoint(frame.sourceIp, frame.sourcePort);
  const to = describeEndpoint(frame.destinationIp, frame.destinationPort);
  return `${macs} ${from} > ${to} ${describePayload(frame)}`;
}

function describeEndpoint(address: Ipv4, port: number): string {
  return `${formatIpv4(address)}:${port}`;
}

function describePayload(frame: Frame): string {
  const ports = [frame.sourcePort, frame.destinationPort];
  if (!ports.includes(SERVER_PORT) && !ports.includes(CLIENT_PORT)) {
    return `udp ${frame.payloadEnd - frame.payloadStart} bytes`;
  }
  try {
    return describeMessage(decodeDhcp4(frame.bytes, frame.payloadStart, frame.payloadEnd));
  } catch (error) {
    if (error instanceof DecodeError) return `malformed dhcp: ${error.message}`;
    throw error;
  }
}

/** Echo (RFC 792) by its numbers, everything else by its type. */
function describeIcmp(frame: Frame): string {
  const { bytes, payloadStart: start, payloadEnd: end } = frame;
  if (end - start < ICMP_HEADER_BYTES) return `ICMP ${end - start} bytes`;
  const type = bytes[start];
  const numbers = `id ${readU16(bytes, start + 4)} sequence ${readU16(bytes, start + 6)}`;
  if (type === ICMP_ECHO_REQUEST) return `ICMP echo request ${numbers}`;
  return type === ICMP_ECHO_REPLY ? `ICMP echo reply ${numbers}` : `ICMP type ${type}`;
}

/** RFC 5227 §1.1: a probe has no sender address; an announcement asks for its own. */
function describeArp(frame: Frame): string {
  const arp = parseArp(frame.bytes, frame.payloadStart, frame.payloadEnd);
  const target = formatIpv4(arp.targetIp);
  const sender = formatIpv4(arp.senderIp);
  if (arp.operation === ARP_REPLY) return `ARP ${sender} is-at ${formatMac(arp.senderMac)}`;
  if (arp.operation !== ARP_REQUEST) return `ARP operation ${arp.operation}`;
  if (arp.senderIp === ANY) return `ARP probe ${target}`;
  if (arp.senderIp === arp.targetIp) return `ARP announce ${target}`;
  return `ARP who-has ${target} tell ${sender}`;
}

function describeType(message: Dhcp4Message): string {
  const type = message.u8(OPTION.dhcpMessageType.code);
  if (type === MALFORMED) return "malformed-type";
  if (type !== undefined) return typeNames.get(type) ?? `type-${type}`;
  if (message.op === BOOTREQUEST) return "BOOTREQUEST";
  return message.op === BOOTREPLY ? "BOOTREPLY" : `op-${message.op}`;
}

function describeName(field: string, bytes: Uint8Array): string[] {
  const end = bytes.indexOf(0);
  const name = bytes.subarray(0, end < 0 ? bytes.length : end);
  return name.length === 0 ? [] : [`${field} ${describeValue(String.fromCharCode(...name))}`];
}

function describeOption(message: Dhcp4Message, code: number): string {
  const row = optionByCode(code) ?? unknownOption(code);
  const value = readOption(message, row);
  // An option without content says all by its name.
  if (value === undefined || row.max === 0) return row.name;
  if (value !== MALFORMED)
    return cut(`${row.name} ${describeValue(row.codec.format(value))}`.trim());
  return cut(`${row.name} malformed(${hex(message.raw(code) ?? new Uint8Array(0))})`);
}

function describeValue(value: Plain): string {
  if (typeof value === "string") return /^[\w.:/@-]+$/.test(value) ? value : quote(value);
  if (isList(value)) return value.map(describeValue).join(",");
  if (!isRecord(value)) return String(value);
  const parts = Object.entries(value).map(([name, part]) => `${name} ${describeValue(part)}`);
  return `{${parts.join(" ")}}`;
}

function quote(text: string): string {
  const isPrintable = (code: number) => code >= 0x20 && code < 0x7f;
  let quoted = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === "\\") quoted += `\\${character}`;
    else quoted += isPrintable(code) ? character : `\\u{${code.toString(16)}}`;
  }
  return `"${quoted}"`;
}

function cut(text: string): string {
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX)}...`;
}

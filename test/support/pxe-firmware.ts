// Boot firmware as recorded in test/fixtures/pxe: its messages, byte for byte.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { address, bytes, clientFrame } from "./client-frame.ts";

interface Recorded {
  readonly firmware: string;
  readonly mac: string;
  readonly broadcast: boolean;
  readonly secs: number;
  /** The message is padded to this many bytes; 0: not at all. */
  readonly length: number;
  readonly discover: readonly RecordedOption[];
  readonly request: readonly RecordedOption[];
}

/** Code, and content in hex or what stands for a value of the offer. */
type RecordedOption = readonly [number, string];

export interface Offered {
  readonly server: string;
  readonly address: string;
}

const FOLDER = join(import.meta.dirname, "../fixtures/pxe");
const DHCP_AT = 42;
const OPTIONS_AT = DHCP_AT + 240;

export class Firmware {
  /** Name of its file. */
  readonly name: string;
  readonly mac: string;
  readonly #recorded: Recorded;

  /** `mac`: of another machine than the recorded one. */
  constructor(name: string, mac?: string) {
    this.name = name;
    this.#recorded = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as Recorded;
    this.mac = mac ?? this.#recorded.mac;
  }

  /** Content of that option in the DISCOVER. */
  sends(code: number): Uint8Array | undefined {
    const found = this.#recorded.discover.find(([each]) => each === code);
    return found && unhex(found[1]);
  }

  discover(): Uint8Array {
    return this.#frame(this.#recorded.discover, undefined);
  }

  /** The REQUEST that takes the offer. */
  request(offered: Offered): Uint8Array {
    return this.#frame(this.#recorded.request, offered);
  }

  #frame(options: readonly RecordedOption[], offered: Offered | undefined): Uint8Array {
    const { broadcast, secs, length } = this.#recorded;
    const parts = options.flatMap(([code, text]) => {
      const content = offered && isPlace(text) ? address(offered[text]) : unhex(text);
      return [code, content.length, ...content];
    });
    const used = 240 + parts.length + 1;
    const frame = new Uint8Array(DHCP_AT + Math.max(used, length));
    // The header and the cookie come from a message without any option.
    const plain = clientFrame({ mac: this.mac, broadcast, secs });
    frame.set(plain.subarray(0, OPTIONS_AT));
    frame.set(parts, OPTIONS_AT);
    frame[OPTIONS_AT + parts.length] = 255;
    return withLengths(frame);
  }
}

/** All that are recorded. */
export function allFirmware(): Firmware[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => new Firmware(file.slice(0, -5)));
}

function isPlace(text: string): text is keyof Offered {
  return text === "server" || text === "address";
}

function unhex(text: string): Uint8Array {
  return bytes(...(text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
}

/** Writes the lengths of IPv4 and UDP and the sum of the IPv4 header anew. */
function withLengths(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer);
  view.setUint16(16, frame.length - 14);
  view.setUint16(24, 0);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~sum & 0xffff);
  view.setUint16(38, frame.length - 34);
  return frame;
}

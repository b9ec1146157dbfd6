// What a relay says about a client (option 82, RFC 3046), read in one pass and without allocation.

import { ANY, type Ipv4 } from "../base/address.ts";
import type { Dhcp4Message } from "./dhcp4-message.ts";
import { readU32 } from "./reader.ts";

const RELAY_AGENT_INFORMATION = 82;
const LINK_SELECTION = 5;
const FLAGS = 10;
const SERVER_ID_OVERRIDE = 11;
const SOURCE_PORT = 19;
const SUBOPTIONS = 256;

/** One reusable object; `read` fills it anew. Offsets are into `bytes`, valid as long as the message. */
export class RelayView {
  /** The content of option 82; empty when the message has none. */
  bytes: Uint8Array = NOTHING;
  /** RFC 3527: the subnet to choose from instead of the relay's; 0.0.0.0 when absent. */
  linkSelection: Ipv4 = ANY;
  /** RFC 5107: what the client shall take for the server's address; 0.0.0.0 when absent. */
  serverIdOverride: Ipv4 = ANY;
  /** RFC 5010; -1 when absent. Bit 0x80: the client sent its message to the relay by unicast. */
  flags = -1;
  /** RFC 8357: the reply goes to the port that the relay sent from. */
  hasSourcePort = false;
  readonly #start = new Uint16Array(SUBOPTIONS);
  readonly #length = new Uint8Array(SUBOPTIONS);
  #codes: number[] = [];

  /** Reads the message's option 82. False when it is malformed; then it counts as absent. */
  read(message: Dhcp4Message): boolean {
    // Setting the length of an array costs something even when it has none.
    if (this.#codes.length > 0) this.#forget();
    this.bytes = NOTHING;
    this.linkSelection = ANY;
    this.serverIdOverride = ANY;
    this.flags = -1;
    this.hasSourcePort = false;
    if (!message.has(RELAY_AGENT_INFORMATION)) return true;
    const bytes = message.raw(RELAY_AGENT_INFORMATION) ?? NOTHING;
    if (!this.#index(bytes)) return false;
    this.bytes = bytes;
    this.linkSelection = this.#address(LINK_SELECTION);
    this.serverIdOverride = this.#address(SERVER_ID_OVERRIDE);
    if (this.length(FLAGS) === 1) this.flags = bytes[this.start(FLAGS)] as number;
    this.hasSourcePort = this.has(SOURCE_PORT);
    return true;
  }

  /**
   * Takes what a relay said earlier, of a message that came without. Only what says where the client is:
   * there is no relay that a reply would go to.
   */
  recall(bytes: Uint8Array): void {
    if (this.#index(bytes)) this.bytes = bytes;
  }

  has(code: number): boolean {
    return this.#start[code] !== 0;
  }

  /** Where in `bytes` a sub-option's content starts; 0 when it is absent. */
  start(code: number): number {
    return this.#start[code] as number;
  }

  /** Bytes of a sub-option's content; 0 when it is absent. */
  length(code: number): number {
    return this.has(code) ? (this.#length[code] as number) : 0;
  }

  /** Of a sub-option that comes twice, which no RFC provides for, the first one counts. */
  #index(bytes: Uint8Array): boolean {
    let at = 0;
    while (at < bytes.length) {
      const code = bytes[at] as number;
      const length = bytes[at + 1];
      if (length === undefined || at + 2 + length > bytes.length) return this.#forget();
      if (this.#start[code] === 0) {
        this.#codes.push(code);
        this.#start[code] = at + 2;
        this.#length[code] = length;
      }
      at += 2 + length;
    }
    return true;
  }

  #forget(): boolean {
    for (const code of this.#codes) this.#start[code] = 0;
    this.#codes.length = 0;
    return false;
  }

  #address(code: number): Ipv4 {
    return this.length(code) === 4 ? (readU32(this.bytes, this.start(code)) as Ipv4) : ANY;
  }
}

const NOTHING = new Uint8Array(0);

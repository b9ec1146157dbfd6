// A pair in a room: two servers, the devices on their LAN, the capture of what the two say to each other,
// and the judgement of it at the end.

import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import type { ServerState } from "../../daemon/wire/failover/numbers.ts";
import { type PairServer, untilAgreed, untilState } from "./isc-agree.ts";
import { complaints } from "./isc-complaints.ts";
import { Devices } from "./isc-devices.ts";
import { Dhcpd, type PairTerms } from "./isc-dhcpd.ts";
import { judgeSaid, partsOf } from "./isc-judge.ts";
import { eventually, PairRoom, type Side } from "./isc-room.ts";
import { PairCapture, type SentMessage } from "./isc-wire.ts";
import { judgePcapFile } from "./tshark.ts";

/** Makes the server on a side of the room; it is not started. */
export type MakeServer = (
  room: PairRoom,
  side: Side,
  role: FailoverRole,
  terms: PairTerms,
) => PairServer;

export const makeDhcpd: MakeServer = (room, side, role, terms) =>
  new Dhcpd(room, side, role, terms);

export interface PairMakers {
  readonly a: MakeServer;
  readonly b: MakeServer;
  /** The role of side a; b has the other one. */
  readonly aIs: FailoverRole;
}

export class IscPair {
  readonly room: PairRoom;
  readonly terms: PairTerms;
  readonly a: PairServer;
  readonly b: PairServer;
  readonly devices: Devices;
  readonly roles: Readonly<Record<Side, FailoverRole>>;
  /** All addresses that the two share. */
  readonly addresses: readonly string[];
  readonly #capture: PairCapture;

  private constructor(room: PairRoom, makers: PairMakers, terms: PairTerms, rest: Opened) {
    this.room = room;
    this.terms = terms;
    this.roles = { a: makers.aIs, b: makers.aIs === "primary" ? "secondary" : "primary" };
    this.a = makers.a(room, "a", this.roles.a, terms);
    this.b = makers.b(room, "b", this.roles.b, terms);
    const [from, to] = terms.pool;
    this.addresses = Array.from({ length: to - from + 1 }, (_, i) => `10.77.0.${from + i}`);
    this.devices = rest.devices;
    this.#capture = rest.capture;
  }

  /** Runs the story with a pair whose servers are both started, and judges what was said behind it. */
  static async with(makers: PairMakers, terms: PairTerms, story: Story): Promise<PairVerdict> {
    const room = await PairRoom.open();
    let pair: IscPair | undefined;
    try {
      const rest = { devices: await Devices.open(room), capture: await PairCapture.start(room) };
      pair = new IscPair(room, makers, terms, rest);
      if (!story.isFirstTold) await Promise.all([pair.a.start(), pair.b.start()]);
      await story.tell(pair);
      return await pair.#verdict(story);
    } finally {
      await Promise.all([pair?.a.remove(), pair?.b.remove()]);
      await room.close();
    }
  }

  server(side: Side): PairServer {
    return side === "a" ? this.a : this.b;
  }

  async normal(milliseconds = 40_000): Promise<void> {
    await untilState([this.a, this.b], "normal", milliseconds);
  }

  async both(state: ServerState): Promise<void> {
    await untilState([this.a, this.b], state);
  }

  async agreed(milliseconds = 15_000): Promise<void> {
    await untilAgreed(this.a, this.b, this.addresses, milliseconds);
  }

  /** Rejects with the last words of both servers. */
  async waitFor(
    what: string,
    isTrue: () => Promise<boolean>,
    milliseconds = 15_000,
  ): Promise<void> {
    const saying = () => [this.a.tail(), this.b.tail()].join("\n");
    await eventually(what, isTrue, milliseconds, saying);
  }

  async #verdict(story: Story): Promise<PairVerdict> {
    const messages = await this.#capture.end();
    const types = new Set(messages.map((one) => partsOf(one.bytes).type));
    const missing = (story.needs ?? []).filter((type) => !types.has(type));
    if (missing.length > 0) throw new Error(`nobody sent a message of type ${missing.join()}`);
    const of = (server: PairServer) => ({
      said: judgeSaid(messages, server.side, this.roles[server.side]),
      complaints: server instanceof Dhcpd ? complaints(server.log, story.besides) : [],
    });
    const tshark = judgePcapFile(this.#capture.file, { filter: "dhcpfo" });
    return { messages, a: of(this.a), b: of(this.b), tshark: tshark.map((one) => one.text) };
  }
}

export interface PairVerdict {
  readonly messages: readonly SentMessage[];
  readonly a: SideVerdict;
  readonly b: SideVerdict;
  /** What tshark finds wrong with the messages of either side. */
  readonly tshark: readonly string[];
}

export interface SideVerdict {
  /** What it should not have sent. */
  readonly said: readonly string[];
  /** What it has to say against its partner; only dhcpd is asked. */
  readonly complaints: readonly string[];
}

/** What happens to a pair. */
export interface Story {
  readonly title: string;
  tell(pair: IscPair): Promise<void>;
  /** Lines of dhcpd's log that belong to it. */
  readonly besides?: readonly RegExp[];
  /** Types of messages without which it would not be this story. */
  readonly needs?: readonly number[];
  /** It begins before the two are started. */
  readonly isFirstTold?: boolean;
}

interface Opened {
  readonly devices: Devices;
  readonly capture: PairCapture;
}

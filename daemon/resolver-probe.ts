// Whether a resolver answers, asked again and again: any answer to a question for the root's name servers counts, for it
// is the resolver that is looked at and not the name (RFC 1035 §4.1).

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { IoError } from "./base/errors.ts";
import { randomBytes } from "./io/random.ts";

const PORT = 53;
/** One question: the root, type NS, class IN; recursion desired. */
const QUESTION = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
const HEADER_BYTES = 12;
const IS_RESPONSE = 0x80;
const CODE_MASK = 0x0f;
const SERVER_FAILURE = 2;

export interface ResolverProbeOptions {
  /** Of all addresses that are asked. */
  readonly family: "udp4" | "udp6";
  /** Where it is now, as numbers, with its interface if it is link-local; undefined: it cannot be asked now. */
  readonly where: () => string | undefined;
  readonly everyMilliseconds: number;
  /** A question that is not answered by then has been asked in vain. */
  readonly patienceMilliseconds: number;
  /** What came of a question that was asked so many milliseconds ago. */
  readonly told: (isAnswered: boolean, millisecondsAgo: number) => void;
  /** 53 when not given. */
  readonly port?: number | undefined;
  /** Throws IoError. */
  readonly random?: (count: number) => Uint8Array;
}

export class ResolverProbe {
  readonly #options: ResolverProbeOptions;
  readonly #port: number;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  /** When each was asked, by its number. */
  readonly #open = new Map<number, number>();
  #address: string | undefined;
  #isStopped = false;

  constructor(options: ResolverProbeOptions) {
    this.#options = options;
    this.#port = options.port ?? PORT;
    this.#socket = createSocket(options.family);
    // Without a socket nothing can be asked; the next question tries again to have one.
    this.#socket.on("error", () => this.#open.clear());
    this.#socket.on("message", (message, from) => this.#heard(message, from));
    // An answer that waits in the socket of a process that was too busy is read before it is missed.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), options.everyMilliseconds);
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #tick(): void {
    if (this.#isStopped) return;
    const { where, told, patienceMilliseconds } = this.#options;
    const now = performance.now();
    const address = where();
    // Nothing is missed of a host that is somewhere else by now, or gone as a whole.
    if (address !== this.#address) this.#open.clear();
    this.#address = address;
    for (const [id, askedAt] of this.#open) {
      if (now - askedAt < patienceMilliseconds) continue;
      this.#open.delete(id);
      told(false, now - askedAt);
    }
    if (address !== undefined) this.#ask(address, now);
  }

  /** Under a number that nobody can foresee who does not see the question. */
  #ask(address: string, now: number): void {
    const id = this.#randomId();
    if (id === undefined) return;
    this.#open.set(id, now);
    const question = Buffer.from([id >> 8, id & 0xff, ...QUESTION]);
    this.#socket.send(question, this.#port, address, (error) => {
      // What could not leave this box says nothing about the resolver.
      if (error) this.#open.delete(id);
    });
  }

  #randomId(): number | undefined {
    const { random = randomBytes } = this.#options;
    try {
      const [high = 0, low = 0] = random(2);
      return (high << 8) | low;
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      return undefined;
    }
  }

  #heard(message: Buffer, { address, port }: RemoteInfo): void {
    if (address !== this.#address || port !== this.#port) return;
    if (message.length < HEADER_BYTES || (message.readUInt8(2) & IS_RESPONSE) === 0) return;
    if ((message.readUInt8(3) & CODE_MASK) === SERVER_FAILURE) return;
    const id = message.readUInt16BE(0);
    const askedAt = this.#open.get(id);
    if (askedAt === undefined) return;
    this.#open.delete(id);
    this.#options.told(true, performance.now() - askedAt);
  }
}

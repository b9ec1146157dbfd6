// Whether a resolver answers, asked again and again: any answer to a question for the root's name servers counts, for it
// is the resolver that is looked at and not the name (RFC 1035 §4.1).

import { createSocket, type Socket } from "node:dgram";

const ANSWER_MILLISECONDS = 200;
const PORT = 53;
/** One question: the root, type NS, class IN; recursion desired. */
const QUESTION = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
const IS_RESPONSE = 0x80;
const CODE_MASK = 0x0f;
const SERVER_FAILURE = 2;

export class ResolverProbe {
  readonly #socket: Socket = createSocket("udp4");
  readonly #timer: NodeJS.Timeout;
  #id = 0;
  #askedAt: number | undefined;

  /** `address`: of the resolver. `told`: whether each question was answered. Asked every so many milliseconds. */
  constructor(address: string, every: number, told: (isAnswered: boolean) => void) {
    this.#socket.on("error", () => {});
    this.#socket.on("message", (message) => {
      const isAnswer =
        this.#askedAt !== undefined &&
        message.length >= 12 &&
        message.readUInt16BE(0) === this.#id &&
        (message.readUInt8(2) & IS_RESPONSE) !== 0 &&
        (message.readUInt8(3) & CODE_MASK) !== SERVER_FAILURE;
      if (!isAnswer) return;
      this.#askedAt = undefined;
      told(true);
    });
    this.#timer = setInterval(() => {
      if (this.#askedAt !== undefined && performance.now() - this.#askedAt > ANSWER_MILLISECONDS) {
        this.#askedAt = undefined;
        told(false);
      }
      if (this.#askedAt === undefined) this.#ask(address);
    }, every);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #ask(address: string): void {
    this.#id = (this.#id + 1) & 0xffff;
    this.#askedAt = performance.now();
    const question = Buffer.from([this.#id >> 8, this.#id & 0xff, ...QUESTION]);
    this.#socket.send(question, PORT, address, () => {});
  }
}

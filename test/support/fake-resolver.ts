// A resolver that answers every question with its own bytes, or as a test wants it.

import { createSocket, type Socket } from "node:dgram";

export class FakeResolver {
  readonly #socket: Socket;
  readonly #address: string;
  #isStopped = false;
  /** As they came in, the latest last. */
  readonly questions: Buffer[] = [];
  /** What is sent back; by itself one answer without an error. `port`: of whoever asks. */
  answer: (question: Buffer, port: number) => readonly Buffer[] = (question) => {
    const bytes = Buffer.from(question);
    bytes[2] = 0x81;
    bytes[3] = 0x80;
    return [bytes];
  };

  private constructor(address: string) {
    this.#address = address;
    this.#socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    this.#socket.on("message", (bytes, { port }) => {
      this.questions.push(Buffer.from(bytes));
      for (const one of this.answer(bytes, port)) this.send(one, port);
    });
  }

  /** `port` 0: any that is free. */
  static async start(address = "127.0.0.1", port = 0): Promise<FakeResolver> {
    const resolver = new FakeResolver(address);
    await new Promise<void>((resolve) => resolver.#socket.bind(port, address, resolve));
    return resolver;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** To a socket on this machine. */
  send(bytes: Buffer, port: number): void {
    if (!this.#isStopped)
      this.#socket.send(bytes, port, this.#address.includes(":") ? "::1" : "127.0.0.1");
  }

  readonly stop = (): void => {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#socket.close();
  };
}

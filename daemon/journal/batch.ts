import { LIMITS } from "../limits.ts";
import { RECORD_BYTES_MAX } from "./record-bytes.ts";

const FIRST_SIZE = 64 << 10;

/** Records that collect while a write is under way: two buffers that take turns, never copied. */
export class Batch {
  /** Bytes collected. */
  length = 0;
  #bytes = new Uint8Array(FIRST_SIZE);
  #spare = new Uint8Array(FIRST_SIZE);

  /** A buffer with room for one more record behind `length`; undefined when the limit is reached. */
  room(): Uint8Array | undefined {
    if (this.length + RECORD_BYTES_MAX <= this.#bytes.length) return this.#bytes;
    const size = this.#bytes.length * 2;
    if (size > LIMITS.journalBatchBytesMax) return undefined;
    const bigger = new Uint8Array(size);
    bigger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = bigger;
    return bigger;
  }

  /** What was collected; valid until the next `take`. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.length);
    const next = this.#spare;
    this.#spare = this.#bytes;
    this.#bytes = next;
    this.length = 0;
    return taken;
  }

  clear(): void {
    this.length = 0;
  }
}

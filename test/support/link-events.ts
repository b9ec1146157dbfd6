// Records what a RawLink says.

import type { LinkEvents, LinkState } from "../../daemon/io/link.ts";

export class LinkRecorder implements LinkEvents {
  readonly frames: string[] = [];
  readonly states: LinkState[] = [];
  readonly helpers: [connected: boolean, why: string][] = [];
  readonly errors: string[] = [];
  readonly totals: number[][] = [];
  batches = 0;
  onFrame: () => void = () => {};

  frame(bytes: Uint8Array, start: number, end: number): void {
    this.frames.push(Buffer.from(bytes.subarray(start, end)).toString("hex"));
    this.onFrame();
  }

  batchEnd(): void {
    this.batches++;
  }

  state(state: LinkState): void {
    this.states.push(state);
  }

  helper(connected: boolean, why: string): void {
    this.helpers.push([connected, why]);
  }

  error(text: string): void {
    this.errors.push(text);
  }

  drops(kernel: number, slow: number, refused: number, failed: number): void {
    this.totals.push([kernel, slow, refused, failed]);
  }
}

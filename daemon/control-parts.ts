// What the boxes of a pair say to each other besides the failover protocol: each part of the box has messages of its
// own on the same channel.

import type { PartnerControl } from "./partner.ts";

export interface ControlPart {
  owns(message: Uint8Array): boolean;
  /** There is a channel with the partner. */
  opened?(isPrimary: boolean): void;
  received(message: Uint8Array): void;
  closed?(): void;
}

/** What no part owns is left alone: a partner of another version may say more than this one. */
export class ControlParts implements PartnerControl {
  readonly #parts: ControlPart[];

  constructor(parts: readonly ControlPart[]) {
    this.#parts = [...parts];
  }

  join(part: ControlPart): void {
    this.#parts.push(part);
  }

  opened(isPrimary: boolean): void {
    for (const part of this.#parts) part.opened?.(isPrimary);
  }

  received(message: Uint8Array): void {
    this.#parts.find((part) => part.owns(message))?.received(message);
  }

  closed(): void {
    for (const part of this.#parts) part.closed?.();
  }
}

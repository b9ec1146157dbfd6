// What each box says to the other about the gateway, in its heartbeats.

/** "none": nothing moves here, or it is not known yet. */
export const HOLDINGS = ["none", "backup", "master", "fault"] as const;
export type Holding = (typeof HOLDINGS)[number];

export interface GatewayWord {
  readonly holding: Holding;
  /** 0 to 100. */
  readonly score: number;
  /** It would take the gateway if this box let go of it. */
  readonly mayTake: boolean;
}

export const NO_WORD: GatewayWord = { holding: "none", score: 0, mayTake: false };

const MAY_TAKE = 0x80;

/** Two bytes: the number; and how it is, with the highest bit for whether it would take over. */
export function encodeWord({ holding, score, mayTake }: GatewayWord): number {
  return (score << 8) | HOLDINGS.indexOf(holding) | (mayTake ? MAY_TAKE : 0);
}

/** Of a version that says more than this one knows, what is not known counts as nothing. */
export function decodeWord(value: number): GatewayWord {
  return {
    holding: HOLDINGS[value & 0x7f] ?? "none",
    score: Math.min((value >>> 8) & 0xff, 100),
    mayTake: (value & MAY_TAKE) !== 0,
  };
}

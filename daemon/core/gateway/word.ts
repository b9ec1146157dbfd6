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
  /** It keeps open connections in step with this box. */
  readonly tracks?: true;
}

export const NO_WORD: GatewayWord = { holding: "none", score: 0, mayTake: false };

const MAY_TAKE = 0x80;
const TRACKS = 0x1_0000;

/** Three bytes: what else it does; the number; and how it is, with the highest bit for whether it would take over. */
export function encodeWord({ holding, score, mayTake, tracks }: GatewayWord): number {
  const how = HOLDINGS.indexOf(holding) | (mayTake ? MAY_TAKE : 0);
  return (tracks ? TRACKS : 0) | (score << 8) | how;
}

/** Of a version that says more than this one knows, what is not known counts as nothing. */
export function decodeWord(value: number): GatewayWord {
  return {
    holding: HOLDINGS[value & 0x7f] ?? "none",
    score: Math.min((value >>> 8) & 0xff, 100),
    mayTake: (value & MAY_TAKE) !== 0,
    ...((value & TRACKS) !== 0 && { tracks: true }),
  };
}

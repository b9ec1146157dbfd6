// What kinds of records there are, and how many of each.

import { LIMITS } from "../../limits.ts";

export interface RecordKind {
  /** How people call one. */
  readonly word: string;
  readonly most: number;
  readonly bytesMax: number;
}

/** Legend: what stands before the colon of the key; how many there may be; how long a value is at most. */
const KINDS = {
  user: { word: "user", most: LIMITS.usersMax, bytesMax: LIMITS.recordBytesMax },
  token: { word: "token", most: LIMITS.tokensMax, bytesMax: LIMITS.recordBytesMax },
  device: {
    word: "named device",
    most: LIMITS.namedDevicesMax,
    bytesMax: LIMITS.deviceRecordBytesMax,
  },
  authority: {
    word: "certificate authority",
    most: 1,
    bytesMax: LIMITS.authorityRecordBytesMax,
  },
} as const satisfies Record<string, RecordKind>;

export type RecordKindName = keyof typeof KINDS;

const BY_NAME = new Map<string, RecordKind>(Object.entries(KINDS));

/** Undefined for a key of a kind that this version does not know. */
export function kindOf(key: string): RecordKind | undefined {
  return BY_NAME.get(kindNameOf(key));
}

export function kindNameOf(key: string): string {
  const end = key.indexOf(":");
  return end < 0 ? key : key.slice(0, end);
}

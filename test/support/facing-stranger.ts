// A box that gets to know another one which says whatever a test wants.

import {
  decodeIntroduction,
  encodeIntroduction,
  type IntroductionMessage,
  type Profile,
} from "../../daemon/wire/introduction-message.ts";
import { type BoxOptions, IntroducedBox, newBox, START } from "./two-introductions.ts";

export const NUMBER = new Uint8Array(32).fill(77);

/** A box with somebody at the other end of its connection who says whatever a test wants. */
export function facing(options: BoxOptions, strangerId: number): IntroducedBox {
  const box = new IntroducedBox(options);
  const stranger = new IntroducedBox(newBox(strangerId));
  box.happen({ kind: "found", box: stranger.hello() });
  box.isConnected = true;
  box.happen({ kind: "connected", partner: stranger.identity, number: NUMBER });
  return box;
}

export function hear(box: IntroducedBox, message: Parameters<typeof encodeIntroduction>[0]): void {
  box.happen({ kind: "received", bytes: encodeIntroduction(message) });
}

export function said(box: IntroducedBox): IntroductionMessage[] {
  return box.outgoing.splice(0).map(decodeIntroduction);
}

export const PROFILE: Profile = {
  kind: "profile",
  software: "1.0",
  name: "X",
  model: "board",
  serial: "S9",
  generation: 0,
  wall: START.wall,
  isServing: false,
  pair: undefined,
};

// What the boxes say to each other about the gateway, in three bytes of each heartbeat.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeWord,
  encodeWord,
  type GatewayWord,
  HOLDINGS,
  NO_WORD,
} from "../../../daemon/core/gateway/word.ts";

test.each<[GatewayWord, number]>([
  [NO_WORD, 0x0000],
  [{ holding: "backup", score: 100, mayTake: true }, 0x6481],
  [{ holding: "master", score: 60, mayTake: true }, 0x3c82],
  [{ holding: "fault", score: 0, mayTake: false }, 0x0003],
  [{ holding: "backup", score: 100, mayTake: true, tracks: true }, 0x1_6481],
])("%j", (word, value) => {
  expect(encodeWord(word)).toBe(value);
  expect(decodeWord(value)).toEqual(word);
});

test("whatever is written is read", () => {
  const word = fc.record({
    ...{ holding: fc.constantFrom(...HOLDINGS), score: fc.nat(100), mayTake: fc.boolean() },
    ...{ tracks: fc.boolean() },
  });
  fc.assert(
    fc.property(word, ({ tracks, ...rest }) => {
      const said: GatewayWord = { ...rest, ...(tracks && { tracks }) };
      expect(decodeWord(encodeWord(said))).toEqual(said);
    }),
  );
});

test("of a version that says more, what is not known counts as nothing", () => {
  expect(decodeWord(0xfffe_ffff)).toEqual({ holding: "none", score: 100, mayTake: true });
  expect(decodeWord(0xff84)).toEqual({ holding: "none", score: 100, mayTake: true });
  for (let value = 0; value < 0x1_0000; value++) {
    const { holding, score } = decodeWord(value);
    if (score > 100 || !HOLDINGS.includes(holding)) expect.fail(`${value}`);
  }
});

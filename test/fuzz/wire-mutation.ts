// Changes to packets of the kinds that break decoders.

import { below } from "../support/random.ts";

const IP_START = 14;

type Random = () => number;

/** One to four changes to a copy: the lengths and codes of a packet look like any other byte. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (let i = below(random, 4); i >= 0; i--) result = mutateOnce(result, random);
  return result;
}

/** Makes the lengths and the checksum of the headers right again, without one for UDP. */
export function repairIpHeader(frame: Uint8Array): void {
  if (frame.length < IP_START + 28) return;
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint16(IP_START + 2, frame.length - IP_START);
  view.setUint16(IP_START + 24, frame.length - IP_START - 20);
  view.setUint16(IP_START + 26, 0);
  view.setUint16(IP_START + 10, 0);
  let sum = 0;
  for (let at = IP_START; at < IP_START + 20; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(IP_START + 10, ~sum & 0xffff);
}

const MUTATIONS: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  (bytes, random) => setByte(bytes, random, 1 << below(random, 8), true),
  (bytes, random) => setByte(bytes, random, below(random, 256), false),
  (bytes, random) => setByte(bytes, random, below(random, 2) * 255, false),
  (bytes, random) => bytes.slice(0, below(random, bytes.length + 1)),
  function remove(bytes, random) {
    const at = below(random, bytes.length);
    const length = 1 + below(random, 8);
    return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
  },
  function insert(bytes, random) {
    const at = below(random, bytes.length);
    const more = Array.from({ length: 1 + below(random, 8) }, () => below(random, 256));
    return Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]);
  },
  function repeat(bytes, random) {
    const at = below(random, bytes.length);
    const part = bytes.subarray(at, at + 1 + below(random, 40));
    return Uint8Array.from([...bytes.subarray(0, at), ...part, ...bytes.subarray(at)]);
  },
  function swap(bytes, random) {
    const copy = bytes.slice();
    const from = below(random, bytes.length);
    copy.copyWithin(below(random, bytes.length), from, from + 1 + below(random, 40));
    return copy;
  },
];

function mutateOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const mutation = MUTATIONS[below(random, MUTATIONS.length)];
  return bytes.length === 0 || mutation === undefined ? bytes : mutation(bytes, random);
}

function setByte(bytes: Uint8Array, random: Random, value: number, isFlip: boolean): Uint8Array {
  const copy = bytes.slice();
  const at = below(random, bytes.length);
  copy[at] = isFlip ? (copy[at] ?? 0) ^ value : value;
  return copy;
}

// tandem capture: what comes in and goes out on the LANs, into a file or into another program. Only whole blocks are
// written, so that whoever has seen enough may end it at any time and has a file that is whole.

import { closeSync, openSync, writeSync } from "node:fs";
import { type Context, EXIT } from "./context.ts";
import { printable } from "./terminal.ts";

/** Of capture files (pcapng): a block begins with its type and its length. */
const PACKET = 6;
const HEAD_BYTES = 8;

const NO_PLACE = `tandem: a capture is for a file or another program: say -w FILE, or
  tandem capture | wireshark -k -i -
`;

export async function capture(context: Context): Promise<number> {
  const { client, options, words, isTerminal, err } = context;
  const file = options.write;
  if (file === undefined && isTerminal) {
    err(NO_PLACE);
    return EXIT.usage;
  }
  const query = new URLSearchParams();
  if (words[0] !== undefined) query.set("client", words[0]);
  if (options.seconds !== undefined) query.set("seconds", options.seconds);
  if (options.network !== undefined) query.set("network", options.network);
  const streamed = await client.stream(`/api/v1/capture?${query}`);
  if ("refusal" in streamed) {
    err(`Refused: ${streamed.refusal}\n`);
    return EXIT.degraded;
  }
  if (file !== undefined) err("Capturing; Ctrl-C ends it before its time is over.\n");
  try {
    const frames = await writeBlocks(streamed.body, file, context);
    if (file !== undefined) err(`${frames} frames are in ${printable(file)}.\n`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    err(`tandem: ${printable(message)}\n`);
    return EXIT.usage;
  }
  return EXIT.fine;
}

/** Resolves to the number of frames. Rejects with a system error when the file cannot be written. */
async function writeBlocks(
  body: AsyncIterable<Uint8Array>,
  file: string | undefined,
  { outBytes }: Context,
): Promise<number> {
  // It holds names and addresses of devices: nobody else may read it.
  const descriptor = file === undefined ? undefined : openSync(file, "w", 0o600);
  let frames = 0;
  let held = new Uint8Array();
  try {
    for await (const chunk of body) {
      const bytes = Buffer.concat([held, chunk]);
      const whole = wholeBlocks(bytes);
      frames += whole.frames;
      held = bytes.subarray(whole.length);
      const ready = bytes.subarray(0, whole.length);
      if (descriptor === undefined) await outBytes(ready);
      else for (let at = 0; at < ready.length; ) at += writeSync(descriptor, ready, at);
    }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  return frames;
}

function wholeBlocks(bytes: Buffer): { readonly length: number; readonly frames: number } {
  let at = 0;
  let frames = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(at + 4);
    if (at + length > bytes.length) break;
    if (bytes.readUInt32BE(at) === PACKET) frames++;
    at += Math.max(length, HEAD_BYTES);
  }
  return { length: at, frames };
}

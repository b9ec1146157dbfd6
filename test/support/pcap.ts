// Classic pcap files (not pcapng) of Ethernet frames: enough to read our captures and to feed tshark.

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const LINKTYPE_ETHERNET = 1;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** The frames of a capture file, in order. Throws when the file is not one, or frames were cut. */
export function readPcap(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magics = [MAGIC_MICROSECONDS, MAGIC_NANOSECONDS];
  const isLittleEndian = magics.includes(view.getUint32(0, true));
  if (!isLittleEndian && !magics.includes(view.getUint32(0))) throw new Error("not a pcap file");
  const linkType = view.getUint32(20, isLittleEndian);
  if (linkType !== LINKTYPE_ETHERNET) throw new Error(`link type ${linkType} is not Ethernet`);
  const frames: Uint8Array[] = [];
  let at = FILE_HEADER_BYTES;
  while (at < file.length) {
    const captured = view.getUint32(at + 8, isLittleEndian);
    const original = view.getUint32(at + 12, isLittleEndian);
    if (captured !== original)
      throw new Error(`frame ${frames.length} was cut to ${captured} bytes`);
    at += RECORD_HEADER_BYTES;
    if (at + captured > file.length) throw new Error(`frame ${frames.length} is cut short`);
    frames.push(new Uint8Array(file.subarray(at, at + captured)));
    at += captured;
  }
  return frames;
}

/** A capture file of these frames, one millisecond apart from 2024-01-01 on. */
export function writePcap(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = frames.reduce((sum, frame) => sum + RECORD_HEADER_BYTES + frame.length, 0);
  const file = new Uint8Array(FILE_HEADER_BYTES + bytes);
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC_MICROSECONDS);
  view.setUint16(4, 2);
  view.setUint16(6, 4);
  view.setUint32(16, 65_535);
  view.setUint32(20, LINKTYPE_ETHERNET);
  let at = FILE_HEADER_BYTES;
  for (const [i, frame] of frames.entries()) {
    view.setUint32(at, 1_704_067_200 + Math.floor(i / 1000));
    view.setUint32(at + 4, (i % 1000) * 1000);
    view.setUint32(at + 8, frame.length);
    view.setUint32(at + 12, frame.length);
    file.set(frame, at + RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES + frame.length;
  }
  return file;
}

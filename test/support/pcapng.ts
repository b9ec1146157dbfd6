// Reads capture files (pcapng) block by block, without the code that writes them.

export interface PcapngBlock {
  readonly type: "section" | "interface" | "packet" | "statistics" | "other";
  /** What is between the lengths, options included. */
  readonly body: DataView;
  /** By code; the last of several. */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

/** Where the options begin, by type of block; of a packet behind its bytes. */
const TYPES: Readonly<Record<number, readonly [PcapngBlock["type"], number]>> = {
  168627466: ["section", 16],
  1: ["interface", 8],
  5: ["statistics", 12],
  6: ["packet", 20],
};

/** All blocks of a file of one section. Throws when it is not whole. */
export function readPcapng(file: Uint8Array): PcapngBlock[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isLittle = view.getUint32(8, true) === 0x1a2b3c4d;
  if (!isLittle && view.getUint32(8) !== 0x1a2b3c4d) throw new Error("not a pcapng file");
  const blocks: PcapngBlock[] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at + 4, isLittle);
    if (length % 4 !== 0 || at + length > file.length) throw new Error(`cut short at ${at}`);
    if (view.getUint32(at + length - 4, isLittle) !== length) throw new Error(`lengths at ${at}`);
    const [type, fixed] = TYPES[view.getUint32(at, isLittle)] ?? ["other", 0];
    const body = new DataView(file.buffer, file.byteOffset + at + 8, length - 12);
    const data = type === "packet" ? (body.getUint32(12, isLittle) + 3) & ~3 : 0;
    blocks.push({ type, body, options: readOptions(body, fixed + data, isLittle) });
    at += length;
  }
  return blocks;
}

function readOptions(body: DataView, start: number, isLittle: boolean): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = start; at + 4 <= body.byteLength; ) {
    const code = body.getUint16(at, isLittle);
    const length = body.getUint16(at + 2, isLittle);
    if (code === 0) break;
    options.set(code, new Uint8Array(body.buffer, body.byteOffset + at + 4, length));
    at += 4 + ((length + 3) & ~3);
  }
  return options;
}

export interface PcapngCounts {
  readonly frames: number;
  readonly interfaces: readonly string[];
  /** Totals over all interfaces, as the file says them. */
  readonly received: number;
  readonly dropped: number;
  /** Why it ended. */
  readonly comments: readonly string[];
}

/** What a file by this project says of itself: numbers are big-endian. */
export function countsOf(file: Uint8Array): PcapngCounts {
  const blocks = readPcapng(file);
  const statistics = blocks.filter(({ type }) => type === "statistics");
  const total = (code: number) =>
    statistics.reduce((sum, { options }) => sum + count(options.get(code)), 0);
  return {
    frames: blocks.filter(({ type }) => type === "packet").length,
    interfaces: blocks.flatMap(({ type, options }) =>
      type === "interface" ? [text(options.get(2))] : [],
    ),
    received: total(4),
    dropped: total(5),
    comments: statistics.map(({ options }) => text(options.get(1))),
  };
}

function count(bytes: Uint8Array | undefined): number {
  if (!bytes) throw new Error("a count is missing");
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

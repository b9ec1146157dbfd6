// Reads the lease file of dhcpd: dhcpd.leases(5). The file is a log; the last entry about an address counts.

/** Times are seconds since 1970; undefined where the entry has none, Infinity for "never". */
export interface IscLease {
  readonly address: string;
  readonly state: string;
  readonly starts: number | undefined;
  readonly ends: number | undefined;
  /** Potential expiration told to the partner, agreed with it, and acknowledged by it. */
  readonly tstp: number | undefined;
  readonly tsfp: number | undefined;
  readonly atsfp: number | undefined;
  readonly cltt: number | undefined;
  /** "" when the entry has none. */
  readonly mac: string;
  /** Option 61 in hex, "" when the client sent none. */
  readonly clientId: string;
}

export interface IscPeerRecord {
  readonly name: string;
  readonly myState: string;
  readonly mySince: number;
  readonly partnerState: string;
  readonly partnerSince: number;
  /** Only a secondary writes it. */
  readonly mclt: number | undefined;
}

export interface IscDatabase {
  readonly leases: ReadonlyMap<string, IscLease>;
  readonly peers: ReadonlyMap<string, IscPeerRecord>;
}

export function parseIscLeases(text: string): IscDatabase {
  const leases = new Map<string, IscLease>();
  const peers = new Map<string, IscPeerRecord>();
  // An entry that is being written has no closing brace yet and is left for the next reading.
  for (const [, head = "", body = ""] of text.matchAll(/^(\w[^{}\n]*)\{\n([\s\S]*?)^\}/gm)) {
    const lines = body.split("\n").map((line) => line.trim().replace(/;[^"]*$/, ""));
    const lease = /^lease (\S+) $/.exec(head);
    const peer = /^failover peer "(.*)" state $/.exec(head);
    if (lease) leases.set(lease[1] ?? "", leaseOf(lease[1] ?? "", lines));
    if (peer) peers.set(peer[1] ?? "", peerOf(peer[1] ?? "", lines));
  }
  return { leases, peers };
}

function leaseOf(address: string, lines: readonly string[]): IscLease {
  const time = (key: string) => timeOf(textOf(lines, key));
  return {
    address,
    state: textOf(lines, "binding state") ?? "",
    starts: time("starts"),
    ends: time("ends"),
    tstp: time("tstp"),
    tsfp: time("tsfp"),
    atsfp: time("atsfp"),
    cltt: time("cltt"),
    mac: textOf(lines, "hardware ethernet") ?? "",
    clientId: bytesOf(textOf(lines, "uid") ?? ""),
  };
}

function peerOf(name: string, lines: readonly string[]): IscPeerRecord {
  const [myState = "", mySince = ""] = (textOf(lines, "my state") ?? "").split(" at ");
  const [partnerState = "", partnerSince = ""] = (textOf(lines, "partner state") ?? "").split(
    " at ",
  );
  const mclt = textOf(lines, "mclt");
  return {
    name,
    myState,
    mySince: timeOf(mySince) ?? 0,
    partnerState,
    partnerSince: timeOf(partnerSince) ?? 0,
    mclt: mclt === undefined ? undefined : Number(mclt),
  };
}

function textOf(lines: readonly string[], key: string): string | undefined {
  return lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
}

/** "2 2026/11/24 04:31:07" in UTC, behind the day of the week; or "never". */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "never") return Number.POSITIVE_INFINITY;
  const match = /^\d (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text);
  if (!match) throw new Error(`"${text}" is not a time of a lease file`);
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest) / 1000;
}

/** A string with octal escapes, or bytes in hex with colons. */
function bytesOf(text: string): string {
  if (!text.startsWith('"')) return text.split(":").map(twoDigits).join("");
  const bytes: number[] = [];
  for (const [, octal, escaped, plain] of text
    .slice(1, -1)
    .matchAll(/\\([0-7]{3})|\\(.)|([\s\S])/g)) {
    bytes.push(
      octal === undefined ? (escaped ?? plain ?? "").charCodeAt(0) : Number.parseInt(octal, 8),
    );
  }
  return Buffer.from(bytes).toString("hex");
}

function twoDigits(hex: string): string {
  return hex === "" ? "" : hex.padStart(2, "0");
}

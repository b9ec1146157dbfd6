import type { LeasePage, LeaseView } from "../http/api-types.ts";
import { type Context, EXIT } from "./context.ts";
import { columns, jsonText, type Paint } from "./terminal.ts";
import { ago } from "./words.ts";

export async function showLeases(context: Context): Promise<number> {
  const { options, out, paint, now } = context;
  if (options.state !== undefined && !STATES.includes(options.state)) {
    context.err(`tandem: --state is one of ${STATES.join(", ")}\n`);
    return EXIT.usage;
  }
  const { raw, leases } = await allLeases(context);
  if (options.json) out(jsonText({ total: raw.length, leases: raw }, 2));
  else if (options.dump) out(leases.map(dumpLine).join(""));
  else out(formatLeases(leases, now(), paint));
  return EXIT.fine;
}

/** A table for people; ends with a line end. */
export function formatLeases(leases: readonly LeaseView[], now: number, paint: Paint): string {
  if (leases.length === 0) return "No leases.\n";
  const header = ["address", "device", "MAC", "network", "state", "heard", "ends"];
  const rows = leases.map((lease) => [
    lease.address,
    lease.hostname === "" ? paint("grey", "(no name)") : lease.hostname,
    lease.mac === "" ? "(unknown)" : `${lease.mac}${lease.randomisedMac ? " (random)" : ""}`,
    lease.network,
    `${lease.state}${lease.reserved ? ", reserved" : ""}`,
    ago(Date.parse(lease.seenAt), now),
    endText(lease, now),
  ]);
  const [first = "", ...rest] = columns([header, ...rows]);
  const active = leases.filter((lease) => lease.state === "active").length;
  const summary = `${leases.length} in all, ${active} active`;
  return `${[paint("bold", first), ...rest, "", summary].join("\n")}\n`;
}

const STATES: readonly string[] = [
  "active",
  "expired",
  "released",
  "abandoned",
  "free",
  "reset",
  "backup",
];
const PAGE = 1000;

/** Page by page; a lease that changes its place meanwhile is listed once. */
export async function allLeases({ client, options, words }: Context) {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (options.network !== undefined) query.set("network", options.network);
  if (options.state !== undefined) query.set("state", options.state);
  if (words[0] !== undefined) query.set("search", words[0]);
  const raw = new Map<string, unknown>();
  const leases = new Map<string, LeaseView>();
  for (let offset = 0; ; offset += PAGE) {
    query.set("offset", String(offset));
    const answer = await client.get<LeasePage>(`/api/v1/leases?${query}`);
    const rawPage = (answer.raw as LeasePage).leases;
    answer.value.leases.forEach((lease, i) => {
      leases.set(lease.address, lease);
      raw.set(lease.address, rawPage[i]);
    });
    if (offset + PAGE >= answer.value.total) break;
  }
  return { raw: [...raw.values()], leases: [...leases.values()] };
}

/** The client has already turned tabs and line ends in a device's text into visible escapes. */
function dumpLine(lease: LeaseView): string {
  const fields = [
    lease.address,
    lease.network,
    lease.state,
    lease.mac,
    lease.randomisedMac,
    lease.hostname,
    lease.clientId,
    lease.vendorClass,
    lease.startsAt,
    lease.seenAt,
    lease.expiresAt,
    lease.reserved,
  ];
  return `${fields.map((field) => (field === "" ? "(none)" : String(field))).join("\t")}\n`;
}

function endText(lease: LeaseView, now: number): string {
  if (lease.state !== "active") return "";
  return lease.neverEnds ? "never" : ago(Date.parse(lease.expiresAt), now);
}

import { LIMITS } from "../limits.ts";
import type { LeaseView } from "./api-types.ts";
import type { BoxView, LeaseQuery } from "./box-view.ts";
import type { StreamBody } from "./message.ts";

const COLUMNS = [
  "address",
  "network",
  "state",
  "mac",
  "randomisedMac",
  "clientId",
  "hostname",
  "vendorClass",
  "startsAt",
  "seenAt",
  "expiresAt",
  "reserved",
] as const satisfies readonly (keyof LeaseView)[];

/** The first line of the file, RFC 4180 with its line end. */
export const CSV_HEADER = `${COLUMNS.join(",")}\r\n`;

/**
 * The leases of a query, `limit` of them at most: page by page as the client reads, so that a large
 * book is never one large string. `onFault` is told of an error on the way, which cuts the answer.
 */
export function csvBody(
  view: BoxView,
  query: LeaseQuery,
  limit: number,
  onFault: (error: unknown) => void,
): StreamBody {
  return (sink) => {
    let sent = 0;
    const nextPage = () => {
      const wanted = Math.min(LIMITS.leasePageMax, limit - sent);
      if (wanted <= 0) return [];
      const { leases } = view.leases({ ...query, offset: query.offset + sent, limit: wanted });
      sent += leases.length;
      return leases;
    };
    const fill = () => {
      try {
        for (let rows = nextPage(); rows.length > 0; rows = nextPage()) {
          if (!sink.write(UTF8.encode(rows.map(csvRow).join("")))) return;
        }
        sink.end();
      } catch (error) {
        onFault(error);
        sink.cut();
      }
    };
    sink.onDrain(fill);
    if (sink.write(UTF8.encode(CSV_HEADER))) fill();
  };
}

export function csvRow(lease: LeaseView): string {
  return `${COLUMNS.map((column) => csvField(String(lease[column]))).join(",")}\r\n`;
}

/**
 * Devices choose their names, and a spreadsheet runs a cell that begins like a formula: such a
 * cell gets an apostrophe, which spreadsheets show as plain text.
 */
export function csvField(value: string): string {
  const safe = /^\s*[=+\-@\t\r\n|%]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== value ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const UTF8 = new TextEncoder();

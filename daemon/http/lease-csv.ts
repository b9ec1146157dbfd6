import type { LeaseView } from "./api-types.ts";

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

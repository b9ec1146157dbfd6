// What can be taken over from another DHCP server, and what not: a preview, before anything is changed.

import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import type { ImportView } from "./api-import.ts";
import { BASE64_TEXT, base64Bytes } from "./base64.ts";
import { jsonResponse } from "./message.ts";
import { problem } from "./problem.ts";
import { type Route, row } from "./route.ts";

export const IMPORT_KINDS = ["isc", "kea", "openwrt", "dnsmasq", "windows"] as const;

export interface ImportFile {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface ImportControl {
  /** A text is why there is none, as a part of a sentence. Nothing rejects but with an error of our own. */
  preview(
    kind: (typeof IMPORT_KINDS)[number],
    files: readonly ImportFile[],
  ): Promise<ImportView | string>;
}

const CONTENT = "must be the bytes of the file in Base64";

const file = v.strictObject({
  name: v.pipe(
    v.string("must be the name of the file"),
    v.minLength(1, "must be the name of the file"),
    v.maxLength(LIMITS.searchTextMax, `may have ${LIMITS.searchTextMax} characters`),
  ),
  content: v.pipe(v.string(CONTENT), v.regex(BASE64_TEXT, CONTENT)),
});

const wish = v.strictObject({
  kind: v.picklist(IMPORT_KINDS, `must be one of ${IMPORT_KINDS.join(", ")}`),
  files: v.pipe(
    v.array(file, "must be a list of files"),
    v.minLength(1, "must be one file at least"),
    v.maxLength(LIMITS.importFilesMax, `may be ${LIMITS.importFilesMax} files at most`),
  ),
});

export function importRoutes(control: ImportControl): Route[] {
  return [
    row({
      ...{ method: "POST", path: "/api/v1/import", role: "admin", body: wish },
      bodyBytesMax: LIMITS.importBytesMax,
      summary: "What can be taken over from an ISC dhcpd, Kea, OpenWrt, dnsmasq or Windows Server.",
      answers: {
        200: "a configuration to look through, and every line that could not be taken over",
        409: "it cannot be done now, or the files take too long",
      },
      handle: async ({ body: { kind, files } }) => {
        const read = files.map(({ name, content }) => ({
          name,
          content: base64Bytes(content, "content"),
        }));
        const view = await control.preview(kind, read);
        return typeof view === "string" ? problem(409, view) : jsonResponse(view);
      },
    }),
  ];
}

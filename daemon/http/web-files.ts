import { IoError } from "../base/errors.ts";
import type { HttpRequest, HttpResponse } from "./message.ts";

/** One file of the page, in every encoding it is served in. */
export interface WebFile {
  readonly name: string;
  /** True: the name holds a hash of the content, so it may be kept for ever. */
  readonly hashed: boolean;
  /** Opaque, without quotes; the same for the same content. */
  readonly etag: string;
  readonly identity: Uint8Array;
  readonly gzip: Uint8Array;
  readonly brotli: Uint8Array;
}

/** The files of the page by name. */
export type WebFiles = ReadonlyMap<string, WebFile>;

/**
 * All files that manifest.json names (image/build.ts writes it), kept in memory: some tens of
 * kilobytes. `read` gives the content of a file beside it. Throws what `read` throws, or
 * IoError when the manifest is not one.
 */
export function loadWebFiles(read: (name: string) => Uint8Array): WebFiles {
  const files = new Map<string, WebFile>();
  for (const { name, hashed, etag } of parseManifest(read("manifest.json"))) {
    files.set(name, {
      name,
      hashed,
      etag,
      identity: read(name),
      gzip: read(`${name}.gz`),
      brotli: read(`${name}.br`),
    });
  }
  return files;
}

/** The answer for a file, as small as the client accepts it, or 304 when the client has it. */
export function serveWebFile(file: WebFile, request: HttpRequest): HttpResponse {
  const encoding = chooseEncoding(request.header("accept-encoding") ?? "");
  const etag = `"${file.etag}${SUFFIX[encoding]}"`;
  const headers: Record<string, string> = {
    "content-type": TYPES[file.name.slice(file.name.lastIndexOf(".") + 1)] ?? OCTETS,
    // index.html names the others, so it is asked for each time and the others never again.
    "cache-control": file.hashed ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    etag,
  };
  if (holds(request.header("if-none-match"), etag)) return { status: 304, headers };
  if (encoding !== "identity") headers["content-encoding"] = ENCODING_NAME[encoding];
  headers["content-length"] = String(file[encoding].length);
  return { status: 200, headers, body: file[encoding] };
}

function parseManifest(bytes: Uint8Array): Pick<WebFile, "name" | "hashed" | "etag">[] {
  try {
    const { files } = JSON.parse(new TextDecoder().decode(bytes)) as { files: WebFile[] };
    return files.map(({ name, hashed, etag }) => ({ name, hashed, etag }));
  } catch (error) {
    throw new IoError(`manifest.json of the page cannot be read: ${error}`);
  }
}

type Encoding = "identity" | "gzip" | "brotli";

/** RFC 9110 §12.5.3, of the encodings there are: the smallest one not refused. */
function chooseEncoding(accepted: string): Encoding {
  const weights = new Map<string, number>();
  for (const part of accepted.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    if (name !== "") weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const isAccepted = (name: string) => (weights.get(name) ?? weights.get("*") ?? 0) > 0;
  if (isAccepted("br")) return "brotli";
  return isAccepted("gzip") ? "gzip" : "identity";
}

/** RFC 9110 §13.1.2: weak comparison, any of a list, or "*". */
function holds(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}

const SUFFIX = { identity: "", gzip: "-gz", brotli: "-br" } as const;
const ENCODING_NAME = { gzip: "gzip", brotli: "br" } as const;
const OCTETS = "application/octet-stream";
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

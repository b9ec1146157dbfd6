import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { loadWebFiles } from "../../daemon/http/web-files.ts";
import { FakeBox } from "../support/fake-box.ts";
import { ask } from "./ask.ts";

const INDEX = "<!doctype html><title>Tandem</title>";
const SCRIPT = "export const answer = 42;".repeat(20);

function folder(files: Record<string, string>) {
  const manifest = {
    files: Object.keys(files).map((name) => ({
      name,
      hashed: name !== "index.html",
      etag: `tag-${name}`,
    })),
  };
  return (name: string): Uint8Array => {
    if (name === "manifest.json") return new TextEncoder().encode(JSON.stringify(manifest));
    const content = files[name.replace(/\.(gz|br)$/, "")];
    if (content === undefined) throw new IoError(`${name}: ENOENT`);
    if (name.endsWith(".gz")) return new Uint8Array(gzipSync(content));
    if (name.endsWith(".br")) return new Uint8Array(brotliCompressSync(content));
    return new TextEncoder().encode(content);
  };
}

function setUp() {
  const web = loadWebFiles(folder({ "index.html": INDEX, "page-AB12.js": SCRIPT }));
  const { answer } = createWebApp(new FakeBox(), { web });
  return (path: string, headers: Record<string, string> = {}) => ask(answer, path, { headers });
}

describe("the page's files", () => {
  test("/ is index.html and is asked for each time", () => {
    const get = setUp();
    const response = get("/");
    expect(response.header("content-type")).toBe("text/html; charset=utf-8");
    expect(response.header("cache-control")).toBe("no-cache");
    expect(response.text()).toBe(INDEX);
    expect(get("/index.html").text()).toBe(INDEX);
  });

  test("hashed names are kept for ever", () => {
    const response = setUp()("/page-AB12.js");
    expect(response.header("cache-control")).toContain("immutable");
    expect(response.header("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test.each([
    ["br, gzip, deflate", "br"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip", "gzip"],
    ["br;q=0, gzip;q=0.5", "gzip"],
    ["*", "br"],
    ["*;q=0", undefined],
    ["identity", undefined],
    ["", undefined],
    ["BR", "br"],
    ["br;q=nonsense", undefined],
  ])("Accept-Encoding %j is answered with %j", (accepted, encoding) => {
    const response = setUp()("/page-AB12.js", { "accept-encoding": accepted });
    expect(response.header("content-encoding")).toBe(encoding);
    expect(response.header("vary")).toBe("accept-encoding");
    const bytes = response.bytes();
    expect(response.header("content-length")).toBe(String(bytes.length));
    const plain =
      encoding === "br" ? brotliDecompressSync(bytes) : encoding ? gunzipSync(bytes) : bytes;
    expect(new TextDecoder().decode(plain)).toBe(SCRIPT);
  });

  test("ETag: one per encoding, and 304 for the one the client has", () => {
    const get = setUp();
    const plain = get("/").header("etag") ?? "";
    const small = get("/", { "accept-encoding": "br" }).header("etag") ?? "";
    expect(plain).not.toBe(small);
    for (const tag of [plain, `"x", W/${plain}`, "*"]) {
      const response = get("/", { "if-none-match": tag });
      expect(response.status).toBe(304);
      expect(response.text()).toBe("");
      expect(response.header("etag")).toBe(plain);
    }
    expect(get("/", { "if-none-match": small }).status).toBe(200);
  });

  test.each([
    "/../package.json",
    "/%2e%2e/package.json",
    "/manifest.json",
    "/page-AB12.js.br",
    "//",
  ])("%s is not a file of the page", (path) => {
    expect(setUp()(path).status).toBe(404);
  });
});

test("a manifest that is damaged is an IoError", () => {
  const read = () => new TextEncoder().encode("{}");
  expect(() => loadWebFiles(read)).toThrow(IoError);
});

// `npm run build`: bundles daemon, command line and web page into dist/.
//
//   dist/tandemd.js   the daemon, one file       dist/web/      the page, named by content,
//   dist/tandem.js    the command line                          each file also as .br and .gz
//   dist/package.json says that both are modules dist/web/manifest.json  what the daemon serves

import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { type BuildOptions, build, type OutputFile } from "esbuild";

/** The whole page, gzip, in bytes: loads in an instant over any LAN, and fits small flash. */
const PAGE_BYTES_MAX = 60_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

export interface BuiltFile {
  readonly name: string;
  readonly bytes: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** One served file, as written to manifest.json. `hashed` names never change their content. */
export interface ManifestEntry extends BuiltFile {
  readonly hashed: boolean;
  readonly etag: string;
}

export interface BuildReport {
  readonly programs: readonly BuiltFile[];
  readonly page: readonly ManifestEntry[];
}

/** Builds everything. Throws when a bundle fails. */
export async function buildAll(): Promise<BuildReport> {
  mkdirSync(dist, { recursive: true });
  write(join(dist, "package.json"), '{ "type": "module" }\n');
  const [daemon, cli, page] = await Promise.all([
    bundleProgram("tandemd", "daemon/main.ts"),
    bundleProgram("tandem", "daemon/cli/main.ts", "#!/usr/bin/env node"),
    buildPage(),
  ]);
  return { programs: [daemon, cli], page };
}

/** A table of what was built, sizes in bytes. */
export function formatReport(report: BuildReport): string {
  const row = (name: string, cells: readonly (number | string)[]) =>
    name.padEnd(28) + cells.map((cell) => String(cell).padStart(10)).join("");
  const cells = (file: BuiltFile) => [file.bytes, file.gzip, file.brotli];
  const sum = (key: "bytes" | "gzip" | "brotli") =>
    report.page.reduce((total, file) => total + file[key], 0);
  return [
    row("file", ["bytes", "gzip", "brotli"]),
    ...report.programs.map((file) => row(file.name, cells(file))),
    ...report.page.map((file) => row(`web/${file.name}`, cells(file))),
    row("page in all", [sum("bytes"), sum("gzip"), sum("brotli")]),
  ].join("\n");
}

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  sourcemap: "linked",
  logLevel: "warning",
  legalComments: "none",
  define: { TANDEM_VERSION: JSON.stringify(version()) },
};

/**
 * Names are kept by not touching them: stack traces and profiles from a box stay readable, and
 * the hot path has none of the calls that esbuild's `keepNames` would add.
 */
async function bundleProgram(name: string, entry: string, shebang?: string): Promise<BuiltFile> {
  // Libraries written for CommonJS call require() for node: modules, which ES modules lack.
  const require =
    'import { createRequire as $createRequire } from "node:module";' +
    "const require = $createRequire(import.meta.url);";
  const result = await build({
    ...common,
    entryPoints: { [name]: entry },
    outdir: dist,
    platform: "node",
    format: "esm",
    target: "node20",
    mainFields: ["module", "main"],
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: [shebang, require].filter(Boolean).join("\n") },
  });
  let built: BuiltFile = { name: `${name}.js`, bytes: 0, gzip: 0, brotli: 0 };
  for (const file of result.outputFiles ?? []) {
    const path = join(dist, basename(file.path));
    write(path, file.contents);
    if (!path.endsWith(".map")) built = sizes(basename(path), file.contents).built;
  }
  if (shebang !== undefined) chmodSync(join(dist, `${name}.js`), 0o755);
  return built;
}

/** Builds dist/web/ alone. Throws when it is larger than it may be. */
export async function buildPage(): Promise<ManifestEntry[]> {
  mkdirSync(join(dist, "web"), { recursive: true });
  const result = await build({
    ...common,
    entryPoints: { page: "webui/main.tsx", style: "webui/style/main.css", icon: "webui/icon.svg" },
    outdir: join(dist, "web"),
    entryNames: "[name]-[hash]",
    loader: { ".svg": "copy" },
    platform: "browser",
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    sourcemap: false,
  });
  const files = (result.outputFiles ?? []).map((file) => ({ ...named(file), hashed: true }));
  files.push({ name: "index.html", contents: indexHtml(files.map((f) => f.name)), hashed: false });
  const entries = files.map((file) => writePageFile(file.name, file.contents, file.hashed));
  const total = entries.reduce((sum, file) => sum + file.gzip, 0);
  if (total > PAGE_BYTES_MAX) {
    throw new Error(`the page is ${total} bytes compressed; ${PAGE_BYTES_MAX} are allowed`);
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  write(join(dist, "web", "manifest.json"), `${JSON.stringify({ files: entries }, null, 2)}\n`);
  removeStale(new Set(entries.flatMap(({ name }) => [name, `${name}.gz`, `${name}.br`])));
  return entries;
}

function named(file: OutputFile): { name: string; contents: Uint8Array } {
  return { name: basename(file.path), contents: file.contents };
}

/** Puts the hashed names into webui/index.html, where it says `{page.js}` and the like. */
function indexHtml(names: readonly string[]): Uint8Array {
  const html = readFileSync(join(root, "webui/index.html"), "utf8");
  const filled = html.replace(/\{(\w+)\.(\w+)\}/g, (_, stem: string, extension: string) => {
    const found = names.find((n) => n.startsWith(`${stem}-`) && n.endsWith(`.${extension}`));
    if (found === undefined) throw new Error(`index.html asks for ${stem}.${extension}`);
    return found;
  });
  return new TextEncoder().encode(filled);
}

function writePageFile(name: string, contents: Uint8Array, hashed: boolean): ManifestEntry {
  const { built, gzip, brotli } = sizes(name, contents);
  const path = join(dist, "web", name);
  write(path, contents);
  write(`${path}.gz`, gzip);
  write(`${path}.br`, brotli);
  const etag = createHash("sha256").update(contents).digest("base64url").slice(0, 16);
  return { ...built, hashed, etag };
}

function sizes(name: string, contents: Uint8Array) {
  const gzip = gzipSync(contents, { level: 9 });
  const isPage = contents.length < 500_000 && !name.startsWith("tandem");
  const brotli = brotliCompressSync(contents, {
    // The best level takes seconds on the programs, whose size is only printed.
    params: { [constants.BROTLI_PARAM_QUALITY]: isPage ? 11 : 5 },
  });
  const built = { name, bytes: contents.length, gzip: gzip.length, brotli: brotli.length };
  return { built, gzip, brotli };
}

/** By rename, so that a daemon or another build at the same time never sees half a file. */
function write(path: string, contents: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

function removeStale(keep: ReadonlySet<string>): void {
  for (const name of readdirSync(join(dist, "web"))) {
    if (name === "manifest.json" || name.endsWith(".tmp") || keep.has(name)) continue;
    rmSync(join(dist, "web", name), { force: true });
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const value = (manifest as { version?: unknown }).version;
  if (typeof value !== "string") throw new Error("package.json has no version");
  return value;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const start = performance.now();
  try {
    const report = await buildAll();
    console.log(formatReport(report));
    console.log(`built in ${Math.round(performance.now() - start)} ms`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

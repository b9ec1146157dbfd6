import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { open, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { IoError } from "../../daemon/base/errors.ts";
import { FolderDisk, readWhole } from "../../daemon/io/disk.ts";
import { LIMITS } from "../../daemon/limits.ts";

let folder = "";
let open_: FolderDisk[] = [];

async function disk(where = folder): Promise<FolderDisk> {
  const opened = await FolderDisk.open(where);
  open_.push(opened);
  return opened;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "",
    (error: IoError) => `${error.name} ${error.code}`,
  );
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), "tandem-disk-")), "state", "journal");
});

afterEach(async () => {
  await Promise.all(open_.map((each) => each.close()));
  open_ = [];
  await rm(path.dirname(path.dirname(folder)), { recursive: true });
});

describe("folder", () => {
  test("is created for its owner only", async () => {
    await disk();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test("lists plain files, not folders, links and sockets", async () => {
    const here = await disk();
    await writeFile(path.join(folder, "a"), "");
    mkdirSync(path.join(folder, "b"));
    await symlink("a", path.join(folder, "c"));
    expect(await here.list()).toEqual(["a"]);
  });

  test("rename replaces, remove removes, and what is missing is said by its errno", async () => {
    const here = await disk();
    await writeFile(path.join(folder, "a"), "1");
    await writeFile(path.join(folder, "b"), "2");
    await here.rename("a", "b");
    await here.syncFolder();
    expect(await here.list()).toEqual(["b"]);
    expect(await here.read("b")).toEqual(text("1"));
    await here.remove("b");
    expect(await codeOf(here.read("b"))).toBe("IoError ENOENT");
    expect(await codeOf(here.remove("b"))).toBe("IoError ENOENT");
    expect(await codeOf(here.rename("b", "c"))).toBe("IoError ENOENT");
    expect(await codeOf(here.cut("b", 0))).toBe("IoError ENOENT");
  });

  test("an error says what was tried, on what, and why", async () => {
    const here = await disk();
    await expect(here.read("b")).rejects.toThrow("read b: no such file or directory (ENOENT)");
  });

  test("a folder that cannot be made is an IoError", async () => {
    await writeFile(path.join(path.dirname(path.dirname(folder)), "file"), "");
    const below = path.join(path.dirname(path.dirname(folder)), "file", "journal");
    expect(await codeOf(FolderDisk.open(below))).toBe("IoError ENOTDIR");
  });
});

describe("files", () => {
  test.each(["create", "createLog"] as const)(
    "%s: appends behind the end, new files only",
    async (kind) => {
      const here = await disk();
      const file = await here[kind]("a");
      await file.append(text("one "));
      await file.write(text("two "));
      await file.sync();
      await file.append(text("three"));
      expect((await here.read("a")).subarray(0, 13)).toEqual(text("one two three"));
      expect(statSync(path.join(folder, "a")).mode & 0o777).toBe(0o600);
      expect(await codeOf(here[kind]("a"))).toBe("IoError EEXIST");
      await file.close();
      expect(await here.read("a")).toEqual(text("one two three"));
    },
  );

  test("a log writes zeros ahead, so that its size changes seldom", async () => {
    const here = await disk();
    const file = await here.createLog("a");
    const sizes = new Set<number>();
    const record = new Uint8Array(1000).fill(7);
    for (let count = 0; count < 600; count++) {
      await file.append(record);
      sizes.add(statSync(path.join(folder, "a")).size);
    }
    expect(sizes.size).toBe(Math.ceil(600_000 / (LIMITS.journalZerosAhead + 1000)));
    const bytes = await here.read("a");
    expect(bytes.subarray(0, 600_000).every((byte) => byte === 7)).toBe(true);
    expect(bytes.subarray(600_000).every((byte) => byte === 0)).toBe(true);
    await file.close();
    expect((await here.read("a")).length).toBe(600_000);
  });

  test("a batch larger than what was written ahead", async () => {
    const here = await disk();
    const file = await here.createLog("a");
    const big = new Uint8Array(3 * LIMITS.journalZerosAhead).map((_, index) => index % 251);
    await file.append(text("x"));
    await file.append(big);
    await file.close();
    const bytes = await here.read("a");
    expect(bytes.length).toBe(big.length + 1);
    expect(Buffer.compare(bytes.subarray(1), big)).toBe(0);
  });

  test("cut", async () => {
    const here = await disk();
    await writeFile(path.join(folder, "a"), "0123456789");
    await here.cut("a", 4);
    expect(readFileSync(path.join(folder, "a"), "utf8")).toBe("0123");
    await here.cut("a", 4);
    expect(readFileSync(path.join(folder, "a"), "utf8")).toBe("0123");
  });

  test("what the medium cannot give back is read as zeros", async () => {
    // The first pages of a process are never mapped, and reading them there is an I/O error.
    const handle = await open("/proc/self/mem", "r");
    try {
      expect(await readWhole(handle, 10_000)).toEqual(new Uint8Array(10_000));
    } finally {
      await handle.close();
    }
  });
});

describe("lock", () => {
  test("a folder in use cannot be opened again, until it is closed", async () => {
    const first = await disk();
    expect(await codeOf(FolderDisk.open(folder))).toBe("IoError EBUSY");
    await expect(FolderDisk.open(folder)).rejects.toThrow(
      `${folder} is in use by another process (${process.pid})`,
    );
    await first.close();
    open_ = [];
    await disk();
    expect(readdirSync(folder).filter((name) => name.startsWith("lock-"))).toHaveLength(1);
  });

  test("of many that start at once at most one gets in", async () => {
    for (let round = 0; round < 10; round++) {
      const tries = await Promise.allSettled(
        Array.from({ length: 6 }, () => FolderDisk.open(folder)),
      );
      const winners = tries.filter((each) => each.status === "fulfilled");
      expect(winners.length).toBeLessThanOrEqual(1);
      for (const winner of winners) await winner.value.close();
      await (await FolderDisk.open(folder)).close();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test("a folder with a long path", async () => {
    const long = path.join(folder, "x".repeat(120), "y".repeat(120));
    await disk(long);
    expect(await codeOf(FolderDisk.open(long))).toBe("IoError EBUSY");
  });

  test("a process that was killed leaves no lock behind", async () => {
    const module = new URL("../../daemon/io/disk.ts", import.meta.url).pathname;
    const script = `import { FolderDisk } from ${JSON.stringify(module)};
      await FolderDisk.open(${JSON.stringify(folder)});
      console.log("locked");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await expect(FolderDisk.open(folder)).rejects.toThrow(`another process (${child.pid})`);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    await disk();
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

describe("a disk that is really full", () => {
  test("is said, and heals by itself", { timeout: 30_000 }, (context) => {
    if (!canMount) context.skip("no user namespace can mount a file system here");
    const script = new URL("full-disk.ts", import.meta.url).pathname;
    mkdirSync(folder, { recursive: true });
    const command = `mount -t tmpfs -o size=1500k none "$1" && exec "$2" "$3" "$1"`;
    const run = spawnSync(
      "unshare",
      ["-rm", "sh", "-c", command, "sh", folder, process.execPath, script],
      {
        encoding: "utf8",
      },
    );
    expect(run.stderr).toBe("");
    const [first, ...rest] = run.stdout.trim().split("\n");
    expect(first).toMatch(/^failing full .*no space left on device \(ENOSPC\)$/);
    expect(rest).toEqual(["ok", "durable 1 to the last", "recovered all"]);
    expect(existsSync(path.join(folder, "ballast"))).toBe(false);
  });
});

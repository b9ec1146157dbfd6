// The file of a backup: what is in it in clear, what only with the passphrase, and files that no box has made.

import { describe, expect, test } from "vitest";
import {
  isEncrypted,
  passphraseProblem,
  readBackup,
  writeBackup,
} from "../../daemon/backup/backup-file.ts";
import { ConfigError, DecodeError } from "../../daemon/base/errors.ts";
import { deriveKey } from "../../daemon/io/backup-cipher.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { below, seeded } from "../support/random.ts";
import { backupDocument, PASSPHRASE, quickKey, SHARED } from "./backups.ts";

const DOCUMENT = backupDocument();
const SECRETS = ["hash-of-anna", "secret-of-authority", "5e5e5e5e", "user:anna"];
const MAGIC = "Tandem backup, encrypted, version 1\n";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const plain = () => writeBackup(DOCUMENT, undefined);
const encrypted = () => writeBackup(DOCUMENT, PASSPHRASE, quickKey);

/** The sentence of its error; any other than the three kinds is no answer. */
async function refusal(bytes: Uint8Array, passphrase?: string): Promise<string> {
  try {
    await readBackup(bytes, passphrase, quickKey);
    return "";
  } catch (error) {
    if (error instanceof ConfigError || error instanceof DecodeError) return error.message;
    throw error;
  }
}

describe("not encrypted", () => {
  test("a person can read it, and reads first that others can too", async () => {
    const text = textOf(await plain());
    const [, second] = text.split("\n");
    expect(second).toMatch(/^ {2}"about": "Backup of a Tandem box\. It is not encrypted: /);
    expect(text).toContain('"name": "lan"');
    expect(text).toContain('"hostname":"printer"');
    expect(isEncrypted(bytesOf(text))).toBe(false);
  });

  test("it holds no secret", async () => {
    const text = textOf(await plain());
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  });

  test("comes back without its secrets", async () => {
    expect(await readBackup(await plain(), undefined)).toEqual({ ...DOCUMENT, secrets: null });
    const bare = {
      ...DOCUMENT,
      leases: null,
      origin: null,
      secrets: null,
      shared: null,
      boxFile: null,
    };
    expect(await readBackup(await writeBackup(bare, undefined), undefined)).toEqual(bare);
    const none = { ...bare, leases: [], records: [] };
    expect(await readBackup(await writeBackup(none, undefined), undefined)).toEqual(none);
  });

  test("one with secrets was made by nobody who should", async () => {
    const text = textOf(await plain()).replace(
      '"secrets": null',
      '"secrets": {"key":null,"records":[]}',
    );
    expect(await refusal(bytesOf(text))).toContain("secrets are in a file that is not encrypted");
  });
});

describe("encrypted", () => {
  test("begins with a line that says what it is, and nothing else of it can be read", async () => {
    const bytes = await encrypted();
    expect(textOf(bytes.subarray(0, MAGIC.length))).toBe(MAGIC);
    const rest = Buffer.from(bytes.subarray(MAGIC.length)).toString("latin1");
    for (const word of [...SECRETS, "lan", "192.168", "version"]) expect(rest).not.toContain(word);
  });

  test("comes back whole with the passphrase, by scrypt, from whichever keyboard", async () => {
    const composed = await writeBackup(DOCUMENT, "gr\u00fcne H\u00fcgel");
    expect(await readBackup(composed, "gru\u0308ne Hu\u0308gel")).toEqual(DOCUMENT);
  });

  test("two of the same have nothing in common", async () => {
    const [one, other] = [await encrypted(), await encrypted()];
    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(false);
  });

  test("the key is that of scrypt with these numbers", async () => {
    const key = await deriveKey(PASSPHRASE, bytesOf("sixteen bytes ok"));
    const { scryptSync } = process.getBuiltinModule("node:crypto");
    const cost = { cost: 131_072, blockSize: 8, parallelization: 1, maxmem: 2 ** 28 };
    const expected = scryptSync(PASSPHRASE, "sixteen bytes ok", 32, cost);
    expect(Buffer.from(key).toString("hex")).toBe(expected.toString("hex"));
  });

  test("without its passphrase, or with another one", async () => {
    const bytes = await encrypted();
    expect(await refusal(bytes)).toBe(
      "passphrase: the backup is encrypted, so its passphrase is needed",
    );
    for (const other of ["", "correct horse batterz", "x".repeat(100_000), "\ud800".repeat(12)]) {
      expect(await refusal(bytes, other)).toBe(
        "passphrase: the passphrase is wrong, or the file was changed",
      );
    }
  });

  test("a passphrase for nothing is no harm", async () => {
    expect(await readBackup(await plain(), PASSPHRASE)).toEqual({ ...DOCUMENT, secrets: null });
  });

  test.each([
    ["a short one", "short", "must have 10 characters at least"],
    ["a long one", "x".repeat(257), "may have 256 characters at most"],
    ["half characters", "\ud800".repeat(12), "is no text"],
  ])("nothing is encrypted with %s", async (_, passphrase, reason) => {
    expect(passphraseProblem(passphrase)).toContain(reason);
    await expect(writeBackup(DOCUMENT, passphrase, quickKey)).rejects.toThrow(reason);
  });
});

describe("files that were changed", () => {
  test("every byte of an encrypted one, each bit in turn", async () => {
    const bytes = await encrypted();
    const said = new Map<string, number>();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const sentence = await refusal(changed, PASSPHRASE);
      expect(sentence, `byte ${at}`).not.toBe("");
      said.set(sentence, (said.get(sentence) ?? 0) + 1);
    }
    const sealed = said.get("passphrase: the passphrase is wrong, or the file was changed");
    expect(sealed).toBeGreaterThanOrEqual(bytes.length - MAGIC.length);
    expect(said.get("(the whole file) is no backup of Tandem: it is no JSON") ?? 0).toBeLessThan(
      MAGIC.length,
    );
  });

  test("cut off anywhere", async () => {
    const bytes = await encrypted();
    for (let length = 0; length < bytes.length; length += length < 100 ? 1 : 37) {
      expect(await refusal(bytes.subarray(0, length), PASSPHRASE), `${length} bytes`).not.toBe("");
    }
    expect(await refusal(bytes.subarray(0, 70), PASSPHRASE)).toBe(
      "sealed content at byte 70: the file is cut off",
    );
  });

  test("every byte of one that is not encrypted is a sentence, or another backup", async () => {
    const bytes = await plain();
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
      if ((await refusal(changed)) !== "") refused++;
    }
    expect(refused).toBeGreaterThan(bytes.length / 4);
  });

  test("values that nobody wrote, anywhere", async () => {
    const random = seeded(7);
    const text = textOf(await plain());
    const strange = [
      "null",
      "-1",
      "1e999",
      '"\\u0000"',
      "[]",
      "{}",
      "true",
      '"x"',
      `${"[".repeat(5000)}${"]".repeat(5000)}`,
    ];
    let refused = 0;
    for (let run = 0; run < 2000; run++) {
      const values = [...text.matchAll(/: ("[^"]*"|[0-9]+|null)/g)];
      const one = values[below(random, values.length)];
      const other = strange[below(random, strange.length)];
      const at = (one?.index ?? 0) + 2;
      const changed = `${text.slice(0, at)}${other}${text.slice(at + (one?.[1]?.length ?? 0))}`;
      if ((await refusal(bytesOf(changed))) !== "") refused++;
    }
    // The rest are values within the documents, which are looked at when they are put back.
    expect(refused).toBeGreaterThan(800);
  });
});

describe("files of other kinds", () => {
  const changed = async (change: object) =>
    bytesOf(JSON.stringify({ ...JSON.parse(textOf(await plain())), ...change }));

  test("a newer version says by whom it was made", async () => {
    const newer = await changed({ version: 2, software: "3.0.0", future: true });
    expect(await refusal(newer)).toBe(
      "version: the backup was made by Tandem 3.0.0 in version 2 of its format, and this software knows 1: update it first",
    );
    const sealed = bytesOf(MAGIC.replace("version 1", "version 12"));
    expect(await refusal(sealed, PASSPHRASE)).toContain(
      "is of version 12, and this software knows 1",
    );
  });

  test("what is wrong is said with its place, several at once", async () => {
    const wrong = await changed({ madeAt: "yesterday", more: 1, box: { name: "A" } });
    const sentence = await refusal(wrong);
    for (const part of [
      "madeAt must be a time",
      "more is not a known setting",
      "box.serial is missing",
    ]) {
      expect(sentence).toContain(part);
    }
    const { shared: _, ...without } = JSON.parse(textOf(await plain()));
    expect(await refusal(bytesOf(JSON.stringify(without)))).toBe("shared is missing");
  });

  test("documents that nest deeper than any configuration", async () => {
    const deep = JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`);
    for (const part of ["shared", "boxFile", "board"]) {
      expect(await refusal(await changed({ [part]: deep }))).toBe(
        `${part} nests deeper than 32 levels`,
      );
    }
  });

  test.each(["", "{", "[]", "null", "\u0000", "config.json", "\ufeff{}", '{"version":"1"}'])(
    "%j",
    async (text) => {
      expect(await refusal(bytesOf(text))).not.toBe("");
    },
  );

  test("bytes that are no text, and too many of them", async () => {
    expect(await refusal(Uint8Array.of(0x7b, 0xff, 0xfe))).toContain("it is no text");
    const long = new Uint8Array(LIMITS.backupBytesMax + 2000).fill(0x20);
    expect(await refusal(long)).toContain("more than a backup can have");
  });

  test("what could not be read again is not made", async () => {
    const box = { ...DOCUMENT.box, name: "x".repeat(65) };
    await expect(writeBackup({ ...DOCUMENT, box }, PASSPHRASE, quickKey)).rejects.toThrow(
      "box.name may have 64 characters at most",
    );
  });

  test("what would be too long to be read again is not made", async () => {
    const [lease] = DOCUMENT.leases ?? [];
    const leases = Array.from({ length: 60_000 }, () => ({ ...lease, hostname: "x".repeat(60) }));
    const long = { ...DOCUMENT, leases: leases as NonNullable<typeof DOCUMENT.leases> };
    await expect(writeBackup(long, undefined)).rejects.toThrow(
      "without the leases it would be shorter",
    );
    const config = {
      ...DOCUMENT,
      leases: null,
      shared: { ...SHARED, x: "y".repeat(LIMITS.backupBytesMax) },
    };
    await expect(writeBackup(config, undefined)).rejects.toThrow(
      /bytes, and 8388608 are the most$/,
    );
  });
});

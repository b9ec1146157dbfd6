// One file that a person downloads: JSON, or that JSON encrypted. What is wrong with one is an error with a path and a
// reason, whatever it holds.

import { concat } from "../base/bytes.ts";
import { ConfigError } from "../base/errors.ts";
import { type BackupDocument, backupText, parseBackup } from "../config/backup-document.ts";
import { type DeriveKey, deriveKey, seal, unseal } from "../io/backup-cipher.ts";
import { randomBytes } from "../io/random.ts";
import { LIMITS } from "../limits.ts";
import { headerOf, isEncrypted, NONCE_BYTES, readEnvelope, SALT_BYTES } from "./envelope.ts";

export { isEncrypted } from "./envelope.ts";

/** Why nobody should use it, as a part of a sentence. */
export function passphraseProblem(passphrase: string): string | undefined {
  const { passphraseCharactersMin: least, passphraseCharactersMax: most } = LIMITS;
  const { length } = [...passphrase];
  if (length < least) return `the passphrase must have ${least} characters at least`;
  if (length > most) return `the passphrase may have ${most} characters at most`;
  return passphrase.isWellFormed() ? undefined : "the passphrase is no text";
}

/** Without a passphrase the secrets are left out. Rejects with ConfigError, and IoError when there is too little memory. */
export async function writeBackup(
  document: BackupDocument,
  passphrase: string | undefined,
  derive: DeriveKey = deriveKey,
): Promise<Uint8Array> {
  if (passphrase === undefined) return UTF8.encode(readableText({ ...document, secrets: null }));
  const problem = passphraseProblem(passphrase);
  if (problem) throw new ConfigError(`passphrase: ${problem}`);
  const content = UTF8.encode(readableText(document));
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const header = headerOf(salt, nonce);
  const { sealed, tag } = seal(await derive(passphrase, salt), nonce, header, content);
  return concat(header, sealed, tag);
}

/** What could not be read again would be no backup: that is to be known now. */
function readableText(document: BackupDocument): string {
  const text = backupText(document);
  parseBackup(text);
  return text;
}

/**
 * Any bytes may be given. Rejects with ConfigError for what is wrong with the file or the passphrase, DecodeError for
 * one that is cut off, and IoError when there is too little memory.
 */
export async function readBackup(
  bytes: Uint8Array,
  passphrase: string | undefined,
  derive: DeriveKey = deriveKey,
): Promise<BackupDocument> {
  if (bytes.length > LIMITS.backupBytesMax + SEALING_BYTES_MAX) {
    throw new ConfigError(
      `(the whole file) has ${bytes.length} bytes, more than a backup can have`,
    );
  }
  if (!isEncrypted(bytes)) return openDocument(bytes);
  if (passphrase === undefined) {
    throw new ConfigError("passphrase: the backup is encrypted, so its passphrase is needed");
  }
  const { header, salt, nonce, ...content } = readEnvelope(bytes);
  const key = await derive(passphrase.slice(0, LIMITS.passphraseCharactersMax * 2), salt);
  const opened = unseal(key, nonce, header, content);
  if (opened) return parseBackup(textOf(opened));
  throw new ConfigError("passphrase: the passphrase is wrong, or the file was changed");
}

/** More than the line, salt, nonce and tag have. */
const SEALING_BYTES_MAX = 1024;

/** What is not encrypted holds no secrets, so what claims to was not made by a box. */
function openDocument(bytes: Uint8Array): BackupDocument {
  const document = parseBackup(textOf(bytes));
  if (document.secrets === null) return document;
  throw new ConfigError("secrets are in a file that is not encrypted, so no box has made it");
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError("(the whole file) is no backup of Tandem: it is no text");
  }
}

const UTF8 = new TextEncoder();

// Where the certificates for browsers are kept: in the state folder, for the daemon alone.

import { readFileSync } from "node:fs";
import path from "node:path";
import { IoError } from "../base/errors.ts";
import { writeDurably } from "./config-file.ts";
import { SYSTEM_FILES } from "./small-files.ts";
import { isKeyOf, type KeyAndCertificate } from "./web-keys.ts";

const FOR_THE_DAEMON = 0o600;

export class CertificateFiles {
  readonly #own: { readonly key: string; readonly certificate: string };
  /** Both in one file: a power cut may cost people nothing that they have put here. */
  readonly #uploaded: string;

  constructor(stateDir: string) {
    this.#own = {
      key: path.join(stateDir, "web-key.pem"),
      certificate: path.join(stateDir, "web-certificate.pem"),
    };
    this.#uploaded = path.join(stateDir, "web-uploaded.pem");
  }

  /** What the box has made itself; undefined when there is nothing of use, for it can be made again. */
  readOwn(): KeyAndCertificate | undefined {
    try {
      const found = { certificate: read(this.#own.certificate), privateKey: read(this.#own.key) };
      // Between the two the power may have failed.
      return isKeyOf(found) ? found : undefined;
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      return undefined;
    }
  }

  /** Rejects with IoError. Not while an earlier one is under way. */
  async writeOwn({ certificate, privateKey }: KeyAndCertificate): Promise<void> {
    await writeDurably(this.#own.key, privateKey, FOR_THE_DAEMON);
    await writeDurably(this.#own.certificate, certificate, FOR_THE_DAEMON);
  }

  /** Undefined: people have put nothing here. Throws IoError when it is there and cannot be used. */
  readUploaded(): KeyAndCertificate | undefined {
    let text: string;
    try {
      text = read(this.#uploaded);
    } catch (error) {
      if (error instanceof IoError && error.code === "ENOENT") return undefined;
      throw error;
    }
    const start = text.indexOf("-----BEGIN CERTIFICATE-----");
    const found = { certificate: text.slice(start), privateKey: text.slice(0, start) };
    if (start > 0 && isKeyOf(found)) return found;
    throw new IoError(`${this.#uploaded} is damaged`);
  }

  /** Rejects with IoError. Not while an earlier one is under way. */
  async writeUploaded({ certificate, privateKey }: KeyAndCertificate): Promise<void> {
    await writeDurably(this.#uploaded, privateKey + certificate, FOR_THE_DAEMON);
  }

  /** Rejects with IoError. */
  removeUploaded(): Promise<void> {
    return SYSTEM_FILES.remove(this.#uploaded);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw ioError(file, "read", error);
  }
}

function ioError(file: string, what: string, error: unknown): IoError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return new IoError(`${file} cannot be ${what}: ${message}`, code);
}

// Certificates as people bring them, made by OpenSSL's command: what is taken was not written by this program.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { KeyAndCertificate } from "../../daemon/io/web-keys.ts";

export interface Brought extends KeyAndCertificate {
  readonly keyFile: string;
  readonly certificateFile: string;
}

export interface Wish {
  /** As `openssl genpkey` takes it. */
  readonly key?: readonly string[];
  readonly names?: string;
  readonly days?: number;
  readonly issuer?: Brought;
  readonly extensions?: readonly string[];
  readonly digest?: string;
}

export const P256: readonly string[] = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

/** A folder in which certificates are made; to be closed in the end. */
export class Workshop {
  readonly folder = mkdtempSync(path.join(tmpdir(), "tandem-workshop-"));
  #made = 0;

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  openssl(...argv: readonly string[]): string {
    const done = spawnSync("openssl", argv, { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`openssl ${argv.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  key(kind: readonly string[] = P256): string {
    const file = path.join(this.folder, `${++this.#made}-key.pem`);
    this.openssl("genpkey", "-algorithm", ...kind, "-out", file);
    return file;
  }

  certificate(wish: Wish = {}): Brought {
    const { key = P256, names = "DNS:box.example", days = 90, issuer, digest = "sha256" } = wish;
    const { extensions = ["extendedKeyUsage=serverAuth"] } = wish;
    const keyFile = this.key(key);
    const certificateFile = path.join(this.folder, `${++this.#made}.pem`);
    const all = names === "" ? extensions : [...extensions, `subjectAltName=${names}`];
    const argv = ["req", "-x509", "-key", keyFile, "-days", String(days), `-${digest}`];
    argv.push("-subj", `/CN=brought ${this.#made}`, "-out", certificateFile);
    if (issuer) argv.push("-CA", issuer.certificateFile, "-CAkey", issuer.keyFile);
    this.openssl(...argv, ...all.flatMap((each) => ["-addext", each]));
    return {
      ...{ keyFile, certificateFile },
      certificate: readFileSync(certificateFile, "utf8"),
      privateKey: readFileSync(keyFile, "utf8"),
    };
  }

  authority(issuer?: Brought): Brought {
    const extensions = ["keyUsage=critical,keyCertSign"];
    return this.certificate({ names: "", days: 3650, extensions, ...(issuer ? { issuer } : {}) });
  }
}

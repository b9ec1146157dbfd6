// A box with its certificates: a state folder, clocks that are moved by hand, and what it says.

import { X509Certificate } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { IoError } from "../../daemon/base/errors.ts";
import type { LogValues } from "../../daemon/catalogue.ts";
import type { KeyAndCertificate } from "../../daemon/io/web-keys.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { type AuthorityStore, WebCertificate } from "../../daemon/web-certificate.ts";

export const NAMES = ["box-a", "localhost", "10.77.0.2", "10.77.0.1"];
export const START = Date.parse("2027-03-01T12:00:00Z");

/** A box whose state folder stays when it is started anew. */
export class WebBench {
  readonly folder = mkdtempSync(path.join(tmpdir(), "tandem-web-certificate-"));
  readonly conditions = new Map<string, LogValues>();
  readonly said: string[] = [];
  readonly shown: KeyAndCertificate[] = [];
  /** Certificates that OpenSSL does not take. */
  readonly unfit: string[] = [];
  mayMake = true;
  authority: KeyAndCertificate | undefined;
  /** Monotonic milliseconds: the box has long been on. */
  monotonic = 10 * LIMITS.clockProbationMilliseconds;
  wall = START;
  names = NAMES;
  onSet: (made: KeyAndCertificate) => void = (made) => {
    this.authority = made;
  };
  certificate = this.#started();

  start(): void {
    this.certificate = this.#started();
  }

  /** Both clocks go on, and the box looks. */
  after(milliseconds: number): void {
    this.monotonic += milliseconds;
    this.wall += milliseconds;
    this.look();
  }

  look(): void {
    this.certificate.look("box-a", this.names);
  }

  /** Only the wall clock moves. */
  step(wall: number): void {
    this.monotonic += 2000;
    this.wall = wall;
    this.look();
  }

  get current(): X509Certificate {
    return new X509Certificate(this.certificate.shown?.certificate ?? "");
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  #store(): AuthorityStore {
    const mayMake = () => this.mayMake;
    return {
      get mayMake() {
        return mayMake();
      },
      get: () => this.authority,
      set: (made) => this.onSet(made),
    };
  }

  #started(): WebCertificate {
    return new WebCertificate(this.folder, {
      authority: this.#store(),
      now: () => ({ monotonic: this.monotonic, wall: this.wall }),
      say: (id, { why = "" }) => this.said.push(`${id} ${why}`.trim()),
      setCondition: (id, subject, values) => {
        if (values) this.conditions.set(`${id} ${subject}`.trim(), values);
        else this.conditions.delete(`${id} ${subject}`.trim());
      },
      show: (shown) => {
        if (this.unfit.includes(shown.certificate)) throw new IoError("it is too weak");
        this.shown.push(shown);
      },
    });
  }
}

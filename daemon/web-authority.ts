// The authority of the pair as one of the records that both boxes keep alike.

import type { KeyAndCertificate } from "./io/web-keys.ts";
import type { AuthorityStore } from "./web-certificate.ts";

export const AUTHORITY_KEY = "authority";

/** As much of the records as is needed here. */
export interface AuthorityRecords {
  get(key: string): string | undefined;
  set(key: string, value: string): unknown;
}

export class AuthorityRecord implements AuthorityStore {
  readonly #records: AuthorityRecords;
  readonly #mayMake: () => boolean;

  /** `mayMake`: see AuthorityStore. */
  constructor(records: AuthorityRecords, mayMake: () => boolean) {
    this.#records = records;
    this.#mayMake = mayMake;
  }

  get mayMake(): boolean {
    return this.#mayMake();
  }

  get(): KeyAndCertificate | undefined {
    const text = this.#records.get(AUTHORITY_KEY);
    return text === undefined ? undefined : parsed(text);
  }

  set({ certificate, privateKey }: KeyAndCertificate): void {
    this.#records.set(AUTHORITY_KEY, JSON.stringify({ certificate, privateKey }));
  }
}

/** What cannot be read is an authority that cannot be used: it is replaced. */
function parsed(text: string): KeyAndCertificate {
  try {
    const { certificate, privateKey } = JSON.parse(text) ?? {};
    if (typeof certificate === "string" && typeof privateKey === "string") {
      return { certificate, privateKey };
    }
  } catch {
    // Said below.
  }
  return { certificate: "", privateKey: "" };
}

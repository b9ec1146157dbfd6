// The certificate that browsers are shown: made by the box and renewed by itself, or put here by people. When, is
// decided in core/web/certificate.ts; here it is done, kept and said.

import { IoError } from "./base/errors.ts";
import { formatDay, type Now } from "./base/time.ts";
import { wholeSentence } from "./base/whole-sentence.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import {
  authorityValidity,
  ClockWatch,
  isAuthorityOver,
  isBelievable,
  type LeafReason,
  leafValidity,
  uploadedState,
  whyNewLeaf,
} from "./core/web/certificate.ts";
import type {
  CertificateSummary,
  CertificateUpload,
  CertificateView,
} from "./http/api-certificate.ts";
import type { CertificateAnswer } from "./http/certificate-routes.ts";
import { CertificateFiles } from "./io/certificate-files.ts";
import { checkUpload } from "./io/uploaded-certificate.ts";
import {
  type CertificateFacts,
  isAuthority,
  isIssuedBy,
  isKeyOf,
  type KeyAndCertificate,
  makeAuthority,
  makeLeaf,
  readFacts,
} from "./io/web-keys.ts";
import { LIMITS } from "./limits.ts";
import { servedName } from "./wire/x509.ts";

/** Where the authority of the pair is kept: both boxes have the same, as soon as they have met (web-authority.ts). */
export interface AuthorityStore {
  /**
   * False while there may be one that is not heard of yet: the disk has not been read, or a partner not met. Two that
   * were made at once are one too many, and the one that people trust might have to go.
   */
  readonly mayMake: boolean;
  get(): KeyAndCertificate | undefined;
  /** What `get` gives afterwards may be another one, which the partner had made before. Throws IoError. */
  set(authority: KeyAndCertificate): void;
}

export interface WebCertificateHost {
  readonly authority: AuthorityStore;
  now(): Now;
  say(id: LogId, values: LogValues): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  /** Whoever connects from now on is to be shown this. Throws IoError when OpenSSL does not take it. */
  show(shown: KeyAndCertificate): void;
}

interface Known {
  readonly pair: KeyAndCertificate;
  readonly facts: CertificateFacts;
}

const REASONS: Readonly<Record<LeafReason, string>> = {
  none: "there was none",
  authority: "the authority of the two boxes is another one",
  names: "the names or addresses of this box have changed",
  clock: "the one before was made while the clock of this box was wrong",
  age: "the one before comes to its end",
};

export class WebCertificate {
  readonly #host: WebCertificateHost;
  readonly #files: CertificateFiles;
  readonly #clock = new ClockWatch();
  #authority: Known | undefined;
  #own: Known | undefined;
  #written: Known | undefined;
  #isWriting = false;
  #uploaded: Known | undefined;
  #shown: Known | undefined;
  /** Monotonic milliseconds: nothing that failed is tried again before. */
  #authorityRetryAt = 0;
  #change: Promise<unknown> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();
  #writeRetryAt = 0;

  /** Reads what the state folder has; nothing is made before `look`. */
  constructor(stateDir: string, host: WebCertificateHost) {
    this.#host = host;
    this.#files = new CertificateFiles(stateDir);
    this.#own = known(this.#files.readOwn());
    this.#written = this.#own;
    try {
      this.#uploaded = known(this.#files.readUploaded());
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      host.setCondition("web-certificate-damaged", "", { why: error.message });
    }
  }

  /** What browsers are shown; undefined until there is something. */
  get shown(): KeyAndCertificate | undefined {
    return this.#shown?.pair;
  }

  /**
   * Makes what is missing or does not fit any more. To be called every few seconds, and when the authority or the
   * names have changed. `names`: host names and addresses at which the box is reached; those that no certificate can
   * name are left out.
   */
  look(box: string, names: readonly string[]): void {
    const now = this.#host.now();
    const authority = this.#authorityNow(now, this.#clock.isSettled(now));
    if (authority) this.#lookAtOwn(authority, box, names, now);
    this.#showBest(now.wall);
  }

  view(): CertificateView {
    const shown = this.#shown;
    const madeBy = shown === this.#uploaded ? "people" : "box";
    return {
      shown: shown ? { madeBy, ...summary(shown) } : null,
      uploaded: this.#uploaded ? summary(this.#uploaded) : null,
      authority: this.#authority ? summary(this.#authority) : null,
    };
  }

  /** PEM of the authority, for computers that are to trust it. */
  get authorityPem(): string | undefined {
    return this.#authority?.pair.certificate;
  }

  /** People put a certificate here, which is shown from now on. Rejects with IoError when it cannot be kept. */
  upload(sent: CertificateUpload): Promise<CertificateAnswer> {
    return this.#inTurn(async () => {
      const { wall } = this.#host.now();
      const checked = checkUpload(sent, isBelievable(wall) ? wall : undefined);
      if (!checked.isGood) return checked;
      await this.#files.writeUploaded(checked.taken);
      this.#uploaded = known(checked.taken);
      return this.#changedByPeople(`the box shows theirs until ${dayOf(this.#uploaded)}`);
    });
  }

  /** The box shows its own again. Rejects with IoError when the other one cannot be removed. */
  withdraw(): Promise<CertificateAnswer> {
    return this.#inTurn(async () => {
      await this.#files.removeUploaded();
      this.#uploaded = undefined;
      return this.#changedByPeople("the box shows one of its own again");
    });
  }

  /** Resolves when nothing is being written any more. */
  async written(): Promise<void> {
    await Promise.all([this.#change, this.#writing]);
  }

  /** One change of people after the other: the file and what is shown stay the same. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#change.then(change);
    this.#change = done.catch(() => {});
    return done;
  }

  #changedByPeople(what: string): CertificateAnswer {
    this.#host.setCondition("web-certificate-damaged", "", undefined);
    this.#host.say("web-certificate-uploaded", { what });
    this.#showBest(this.#host.now().wall);
    return { isGood: true, sentence: wholeSentence(what) };
  }

  #authorityNow(now: Now, isSettled: boolean): Known | undefined {
    const stored = this.#host.authority.get();
    if (stored?.certificate !== this.#authority?.pair.certificate) {
      const isUsable = stored && isAuthority(stored.certificate) && isKeyOf(stored);
      this.#authority = isUsable ? known(stored) : undefined;
    }
    const one = this.#authority;
    if (one && !isAuthorityOver(one.facts, now.wall, isSettled)) return one;
    const isTime = now.monotonic >= this.#authorityRetryAt;
    if (isTime && this.#host.authority.mayMake) this.#makeAuthority(now);
    return this.#authority;
  }

  #makeAuthority(now: Now): void {
    this.#authorityRetryAt = now.monotonic + LIMITS.certificateRetryMilliseconds;
    const made = makeAuthority(authorityValidity(now.wall));
    try {
      this.#host.authority.set(made);
    } catch (error) {
      // The journal's disk is the same: that it does not take anything is said already.
      if (!(error instanceof IoError)) throw error;
      return;
    }
    // The partner may have made one before.
    this.#authority = known(this.#host.authority.get() ?? made);
    this.#host.say("web-authority-made", { fingerprint: this.#authority?.facts.fingerprint ?? "" });
  }

  #lookAtOwn(authority: Known, box: string, wanted: readonly string[], now: Now): void {
    const served = wanted.flatMap((text) => servedName(text) ?? []);
    const names = wanted.filter((text) => servedName(text) !== undefined);
    const own = this.#own;
    const isOfAuthority = own !== undefined && isOf(own, authority);
    const why = whyNewLeaf(
      own && { ...own.facts, isOfAuthority },
      names,
      authority.facts,
      now.wall,
    );
    if (why) {
      this.#own = known(
        makeLeaf(authority.pair, box, served, leafValidity(authority.facts, now.wall)),
      );
      this.#writeRetryAt = 0;
      this.#host.say("web-certificate-made", { day: dayOf(this.#own), why: REASONS[why] });
    }
    const isDue = !this.#isWriting && now.monotonic >= this.#writeRetryAt;
    if (this.#own !== this.#written && isDue) this.#writing = this.#writeOwn(now);
  }

  /** Beside everything else: a disk may take seconds, and devices do not wait for that. */
  async #writeOwn(now: Now): Promise<void> {
    const own = this.#own;
    if (!own) return;
    this.#isWriting = true;
    try {
      await this.#files.writeOwn(own.pair);
      this.#written = own;
      this.#host.setCondition("web-certificate-unwritten", "", undefined);
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      this.#writeRetryAt = now.monotonic + LIMITS.certificateRetryMilliseconds;
      this.#host.setCondition("web-certificate-unwritten", "", { why: error.message });
    } finally {
      this.#isWriting = false;
    }
  }

  #showBest(wall: number): void {
    const uploaded = this.#uploaded;
    const state = uploaded && uploadedState(uploaded.facts, wall);
    const values = { day: dayOf(uploaded) };
    const { setCondition } = this.#host;
    setCondition("web-certificate-ends", "", state === "ending" ? values : undefined);
    setCondition("web-certificate-ended", "", state === "ended" ? values : undefined);
    // One that has ended is better than none.
    const best = state === "ended" ? (this.#own ?? uploaded) : (uploaded ?? this.#own);
    if (best && best !== this.#shown) this.#show(best, wall);
  }

  #show(best: Known, wall: number): void {
    try {
      this.#host.show(best.pair);
      this.#shown = best;
    } catch (error) {
      if (!(error instanceof IoError) || best !== this.#uploaded) throw error;
      this.#uploaded = undefined;
      this.#host.setCondition("web-certificate-damaged", "", { why: error.message });
      this.#showBest(wall);
    }
  }
}

/** What was signed by whom does not change, and is not reckoned every few seconds. */
const signers = new WeakMap<Known, { readonly authority: Known; readonly isIssued: boolean }>();

function isOf(own: Known, authority: Known): boolean {
  const before = signers.get(own);
  if (before?.authority === authority) return before.isIssued;
  const isIssued = isIssuedBy(own.pair.certificate, authority.pair.certificate);
  signers.set(own, { authority, isIssued });
  return isIssued;
}

function known(pair: KeyAndCertificate | undefined): Known | undefined {
  const facts = pair && readFacts(pair.certificate);
  return pair && facts && { pair, facts };
}

function summary({ facts }: Known): CertificateSummary {
  const { notBefore, notAfter, fingerprint, subject, issuer, names } = facts;
  return {
    from: new Date(notBefore).toISOString(),
    until: new Date(notAfter).toISOString(),
    fingerprint,
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names,
  };
}

function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}

function dayOf(one: Known | undefined): string {
  return one ? formatDay(one.facts.notAfter / 1000) : "";
}

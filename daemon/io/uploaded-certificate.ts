// A certificate and key that people put on the box: everything is looked at before it is taken, and what is wrong is
// said all at once. Only what a browser would take is taken.

import type { KeyObject, X509Certificate } from "node:crypto";
import { LIMITS } from "../limits.ts";
import { isSignedBy, type KeyAndCertificate, readCertificate } from "./web-keys.ts";

export interface UploadIssue {
  readonly path: "certificate" | "privateKey";
  /** Goes on where "certificate" or "privateKey" begins a sentence. */
  readonly reason: string;
}

export type Upload =
  | { readonly isGood: true; readonly taken: KeyAndCertificate }
  | { readonly isGood: false; readonly issues: readonly UploadIssue[] };

/** `wall` in milliseconds since 1970; undefined: the clock is not believed, and nothing is judged by it. */
export function checkUpload(sent: KeyAndCertificate, wall: number | undefined): Upload {
  const issues: UploadIssue[] = [];
  const say: Say = (path, reason) => issues.push({ path, reason });
  const chain = chainOf(sent.certificate, say);
  const key = keyOf(sent.privateKey, say);
  const [own] = chain;
  if (!own || !key) return { isGood: false, issues };
  checkKey(own, say);
  checkBelonging(chain, key, say);
  checkOrder(chain, say);
  checkUse(own, say);
  for (const [index, one] of chain.entries()) {
    checkDigest(one, say);
    if (wall !== undefined) checkTimes(one, index, wall, say);
  }
  const taken = {
    certificate: chain.map(String).join(""),
    privateKey: String(key.export({ format: "pem", type: "pkcs8" })),
  };
  if (issues.length === 0) checkServing(taken, say);
  return issues.length === 0 ? { isGood: true, taken } : { isGood: false, issues };
}

type Say = (path: UploadIssue["path"], reason: string) => void;

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** In either form that OpenSSL writes. */
const LOCKED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const RSA_BITS_MIN = 2048;
/** The clock of the box may be behind that of who made a certificate just now. */
const SLOW_MILLISECONDS = 86_400_000;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const ANY_USE = "2.5.29.37.0";

function chainOf(text: string, say: Say): X509Certificate[] {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) {
    say(
      "certificate",
      "holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----",
    );
  }
  if (blocks.length > LIMITS.certificateChainMax) {
    say(
      "certificate",
      `holds ${blocks.length} certificates; ${LIMITS.certificateChainMax} are the most`,
    );
    return [];
  }
  const read = blocks.map(readCertificate);
  const broken = read.indexOf(undefined);
  if (broken < 0) return read.filter((one) => one !== undefined);
  say("certificate", `cannot be read: certificate ${broken + 1} in it is damaged`);
  return [];
}

function keyOf(text: string, say: Say): KeyObject | undefined {
  if (LOCKED.test(text)) {
    say("privateKey", "is protected by a password; it has to be taken off first");
    return undefined;
  }
  try {
    return openssl().createPrivateKey(text);
  } catch {
    say("privateKey", "is no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----");
    return undefined;
  }
}

function checkKey(own: X509Certificate, say: Say): void {
  const { asymmetricKeyType = "unknown", asymmetricKeyDetails } = publicKeyOf(own) ?? {};
  const { namedCurve = "", modulusLength = 0 } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === "ec") {
    if (!CURVES.includes(namedCurve)) {
      say(
        "certificate",
        `has a key of the curve ${namedCurve}; browsers take P-256, P-384 and P-521`,
      );
    }
  } else if (asymmetricKeyType !== "rsa") {
    say("certificate", `has a key of the kind ${asymmetricKeyType}; browsers take EC and RSA`);
  } else if (modulusLength < RSA_BITS_MIN || modulusLength > LIMITS.rsaBitsMax) {
    const range = `${RSA_BITS_MIN} to ${LIMITS.rsaBitsMax} bits can be used`;
    say("certificate", `has an RSA key of ${modulusLength} bits; ${range}`);
  }
}

/** Undefined: it is of a kind that OpenSSL does not know. */
function publicKeyOf(own: X509Certificate): KeyObject | undefined {
  try {
    return own.publicKey;
  } catch {
    return undefined;
  }
}

/** The one of the key has to be the first: that is the one that browsers look at. */
function checkBelonging(chain: readonly X509Certificate[], key: KeyObject, say: Say): void {
  const index = chain.findIndex((one) => one.checkPrivateKey(key));
  if (index < 0) say("privateKey", "does not belong to the certificate");
  if (index > 0) {
    say("certificate", `has the one of the key at place ${index + 1}; it has to be the first`);
  }
}

function checkOrder(chain: readonly X509Certificate[], say: Say): void {
  chain.slice(1).forEach((issuer, index) => {
    const one = chain[index];
    if (!one || isSignedBy(one, issuer)) return;
    say(
      "certificate",
      `is out of order: number ${index + 1} was not signed by number ${index + 2}`,
    );
  });
}

function checkUse(own: X509Certificate, say: Say): void {
  if (!own.subjectAltName) {
    say("certificate", "names no host in subjectAltName, where browsers look for it");
  }
  const uses = own.keyUsage;
  if (uses && !uses.includes(SERVER_AUTH) && !uses.includes(ANY_USE)) {
    say("certificate", "is not meant for a web server: its extended key usage lacks serverAuth");
  }
}

function checkTimes(one: X509Certificate, index: number, wall: number, say: Say): void {
  const what = index === 0 ? "" : `: number ${index + 1} in it`;
  if (wall > Date.parse(one.validTo)) say("certificate", `has ended${what} on ${one.validTo}`);
  if (wall + SLOW_MILLISECONDS < Date.parse(one.validFrom)) {
    say("certificate", `is not valid yet${what}, but from ${one.validFrom} on`);
  }
}

/** Browsers refuse them. What signs itself is not looked at: who has it trusts it, whatever it is signed with. */
function checkDigest(one: X509Certificate, say: Say): void {
  const { signatureAlgorithm = "" } = one;
  if (!/sha-?1(?![0-9])|md[0-9]/i.test(signatureAlgorithm) || isSignedBy(one, one)) return;
  say("certificate", `is signed in a way that browsers refuse: ${signatureAlgorithm}`);
}

/** What OpenSSL itself finds too weak, such as a short key of an authority in the chain. */
function checkServing({ certificate, privateKey }: KeyAndCertificate, say: Say): void {
  const { createSecureContext } = process.getBuiltinModule("node:tls");
  try {
    createSecureContext({ cert: certificate, key: privateKey });
  } catch (error) {
    const { message } = error as Error;
    say("certificate", `cannot be shown by this box: ${message.split("::").at(-1)}`);
  }
}

function openssl(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

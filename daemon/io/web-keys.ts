// Keys and certificates for browsers, made and looked at with Node's OpenSSL. What they say is written in wire/x509.ts;
// when they are made is decided in core/web/certificate.ts.

import type { X509Certificate } from "node:crypto";
import { hex } from "../base/bytes.ts";
import {
  authorityToBeSigned,
  distinguishedName,
  leafToBeSigned,
  type ServedName,
  signedCertificate,
  subjectOf,
} from "../wire/x509.ts";
import { pem } from "./identity.ts";

/** A key and what is shown of it, both in PEM; of several certificates the first one is the key's. */
export interface KeyAndCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Milliseconds since 1970. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What a certificate says of itself. */
export interface CertificateFacts extends Validity {
  /** Names and addresses that it is for, as people write them. */
  readonly names: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the whole certificate, as browsers show it: "3A:9F:…". */
  readonly fingerprint: string;
}

/** An authority that nobody knows yet. Its name has a part of its key: no browser takes it for another one. */
export function makeAuthority(validity: Validity): KeyAndCertificate {
  const pair = newPair();
  const keyId = keyIdOf(pair.publicKey);
  const name = distinguishedName("Tandem", `Tandem authority ${hex(keyId.subarray(0, 4))}`);
  const statement = { ...pair, ...validity, keyId, serial: newSerial() };
  return sign(pair, pair.privateKey, authorityToBeSigned(statement, name));
}

/** A certificate for a web server. Throws when the authority is none. */
export function makeLeaf(
  authority: KeyAndCertificate,
  box: string,
  served: readonly ServedName[],
  validity: Validity,
): KeyAndCertificate {
  const { X509Certificate: Certificate } = openssl();
  const { raw, publicKey } = new Certificate(authority.certificate);
  const issuer = {
    name: subjectOf(raw),
    keyId: keyIdOf(publicKey.export({ format: "der", type: "spki" })),
  };
  const pair = newPair();
  const keyId = keyIdOf(pair.publicKey);
  const statement = { ...pair, ...validity, keyId, serial: newSerial() };
  const name = distinguishedName("Tandem", box);
  return sign(pair, authority.privateKey, leafToBeSigned(statement, name, issuer, served));
}

/** What the first certificate of a PEM text says; undefined: it has none. */
export function readFacts(pem: string): CertificateFacts | undefined {
  const certificate = readCertificate(pem);
  if (!certificate) return undefined;
  return {
    names: namesIn(certificate.subjectAltName ?? ""),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    subject: certificate.subject,
    issuer: certificate.issuer,
    fingerprint: certificate.fingerprint256,
  };
}

/** Whether it may sign for others, as it says. Any text may be given. */
export function isAuthority(certificate: string): boolean {
  return readCertificate(certificate)?.ca ?? false;
}

/** Whether the key belongs to the first certificate. Any texts may be given. */
export function isKeyOf({ certificate, privateKey }: KeyAndCertificate): boolean {
  const { createPrivateKey } = openssl();
  try {
    return readCertificate(certificate)?.checkPrivateKey(createPrivateKey(privateKey)) ?? false;
  } catch {
    return false;
  }
}

/** Whether the one certificate was signed with the key of the other. Any texts may be given. */
export function isIssuedBy(certificate: string, issuer: string): boolean {
  const [one, other] = [readCertificate(certificate), readCertificate(issuer)];
  return one !== undefined && other !== undefined && isSignedBy(one, other);
}

export function isSignedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return one.checkIssued(issuer) && one.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/** The first one of a PEM text. */
export function readCertificate(pem: string): X509Certificate | undefined {
  const { X509Certificate: Certificate } = openssl();
  try {
    return new Certificate(pem);
  } catch {
    return undefined;
  }
}

interface Pair {
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** PEM. */
  readonly privateKey: string;
}

function newPair(): Pair {
  return openssl().generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { format: "der", type: "spki" },
    privateKeyEncoding: { format: "pem", type: "pkcs8" },
  });
}

function sign(pair: Pair, signer: string, signed: Uint8Array): KeyAndCertificate {
  const signature = openssl().sign("sha256", signed, signer);
  const der = signedCertificate(signed, signature);
  return { certificate: pem("CERTIFICATE", der), privateKey: pair.privateKey };
}

/** RFC 7093 §2, method 4 with as many bytes as method 1: anything will do that the same key always gives. */
function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return openssl().createHash("sha256").update(publicKey).digest().subarray(0, 20);
}

/** 127 random bits at least, where 64 are asked for. */
function newSerial(): Uint8Array {
  return openssl().randomBytes(16);
}

function namesIn(subjectAltName: string): string[] {
  const found = subjectAltName.matchAll(/(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g);
  return Array.from(found, (match) => match[1] ?? "");
}

function openssl(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

// Certificates for browsers, judged by OpenSSL's command and by Node, which had no part in writing them.

import { spawnSync } from "node:child_process";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  X509Certificate,
} from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "../../daemon/base/bytes.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import { pem } from "../../daemon/io/identity.ts";
import {
  isIssuedBy,
  isKeyOf,
  type KeyAndCertificate,
  makeAuthority,
  makeLeaf,
  readFacts,
} from "../../daemon/io/web-keys.ts";
import {
  authorityToBeSigned,
  distinguishedName,
  type ServedName,
  servedName,
  signedCertificate,
  subjectOf,
} from "../../daemon/wire/x509.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-30T12:00:00Z");
const YEARS = { notBefore: NOW - DAY, notAfter: NOW + 3650 * DAY };
const YEAR = { notBefore: NOW - DAY, notAfter: NOW + 396 * DAY };

const authority = makeAuthority(YEARS);
const leaf = leafFor(["box-a", "box-a.lan", "localhost", "10.77.0.2", "192.168.200.255"]);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tandem-web-keys-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function leafFor(names: readonly string[], from: KeyAndCertificate = authority): KeyAndCertificate {
  return makeLeaf(from, "box-a", names.map(served), YEAR);
}

function served(text: string): ServedName {
  const name = servedName(text);
  if (!name) throw new Error(`${text} is no name`);
  return name;
}

function openssl(...argv: readonly string[]): { code: number | null; text: string } {
  const done = spawnSync("openssl", argv, { encoding: "utf8" });
  return { code: done.status, text: done.stdout + done.stderr };
}

function file(name: string, text: string): string {
  const place = path.join(folder, name);
  writeFileSync(place, text);
  return place;
}

function described(certificate: string): string {
  return openssl("x509", "-text", "-noout", "-in", file("one.pem", certificate)).text;
}

/** As a browser that trusts the authority would, at a moment. */
function verified(certificate: string, at: number, ...more: readonly string[]): string {
  const trusted = file("authority.pem", authority.certificate);
  const time = ["-attime", String(Math.floor(at / 1000))];
  const strict = ["-x509_strict", "-purpose", "sslserver", "-no-CApath"];
  return openssl(
    "verify",
    "-CAfile",
    trusted,
    ...strict,
    ...time,
    ...more,
    file("leaf.pem", certificate),
  ).text;
}

describe("an authority", () => {
  test("says what an authority has to say, as OpenSSL reads it", () => {
    const text = described(authority.certificate);
    expect(text).toContain("Version: 3 (0x2)");
    expect(text).toContain("Signature Algorithm: ecdsa-with-SHA256");
    expect(text).toContain("NIST CURVE: P-256");
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(text).toMatch(/Subject: O = Tandem, CN = Tandem authority [0-9a-f]{8}\n/);
    expect(text).toMatch(
      /Not Before: Nov 29 12:00:00 2026 GMT\s+Not After : Nov 27 12:00:00 2036 GMT/,
    );
  });

  test("signs itself, and is never taken for another one", () => {
    expect(verified(authority.certificate, NOW, "-purpose", "any", "-check_ss_sig")).toContain(
      ": OK",
    );
    const other = makeAuthority(YEARS);
    const [one, two] = [authority, other].map((each) => new X509Certificate(each.certificate));
    expect(one?.ca).toBe(true);
    expect(one?.subject).not.toBe(two?.subject);
    expect(one?.serialNumber).not.toBe(two?.serialNumber);
    expect(isIssuedBy(other.certificate, authority.certificate)).toBe(false);
  });

  test("may not make further authorities", () => {
    const below = new X509Certificate(authority.certificate);
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const statement = {
      ...YEAR,
      ...{ serial: Uint8Array.of(1), keyId: new Uint8Array(20).fill(3) },
      publicKey: pair.publicKey.export({ format: "der", type: "spki" }),
    };
    const rogue = authorityToBeSigned(statement, subjectOf(below.raw));
    const intermediate = pem(
      "CERTIFICATE",
      signedCertificate(rogue, sign("sha256", rogue, authority.privateKey)),
    );
    const key = String(pair.privateKey.export({ format: "pem", type: "pkcs8" }));
    const end = leafFor(["bank.example"], { certificate: intermediate, privateKey: key });
    const chain = file("chain.pem", intermediate);
    expect(verified(end.certificate, NOW, "-untrusted", chain)).not.toContain(": OK");
  });
});

describe("a certificate of a box", () => {
  test("says what a web server's has to say, as OpenSSL reads it", () => {
    const text = described(leaf.certificate);
    const keyId = /Subject Key Identifier: \n\s+([0-9A-F:]{59})\n/;
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE\n/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage: \s+TLS Web Server Authentication\n/);
    expect(text).toMatch(
      /Alternative Name: \s+DNS:box-a, DNS:box-a.lan, DNS:localhost, IP Address:10.77.0.2, IP Address:192.168.200.255\n/,
    );
    expect(text).toContain("Subject: O = Tandem, CN = box-a\n");
    const authorityKey = /Authority Key Identifier: \n\s+([0-9A-F:]{59})\n/.exec(text)?.[1];
    expect(authorityKey).toBe(keyId.exec(described(authority.certificate))?.[1]);
    expect(keyId.exec(text)?.[1]).not.toBe(authorityKey);
  });

  test("is taken by who trusts the authority, for its names, in its time, and by nobody else", () => {
    const { certificate } = leaf;
    expect(verified(certificate, NOW, "-verify_hostname", "box-a")).toContain(": OK");
    expect(verified(certificate, NOW, "-verify_ip", "10.77.0.2")).toContain(": OK");
    expect(verified(certificate, NOW, "-verify_hostname", "box-b")).toContain("hostname mismatch");
    expect(verified(certificate, NOW, "-verify_ip", "10.77.0.3")).toContain("IP address mismatch");
    expect(verified(certificate, YEAR.notBefore)).toContain(": OK");
    expect(verified(certificate, YEAR.notBefore - 1000)).toContain("not yet valid");
    expect(verified(certificate, YEAR.notAfter + 1000)).toContain("has expired");
    const other = leafFor(["box-a"], makeAuthority(YEARS));
    expect(verified(other.certificate, NOW)).toContain("unable to get local issuer certificate");
  });

  test("has a key of its own each time, which belongs to it and to no other", () => {
    const again = leafFor(["box-a"]);
    expect(isKeyOf(leaf)).toBe(true);
    expect(isKeyOf({ ...leaf, privateKey: again.privateKey })).toBe(false);
    expect(isKeyOf({ ...leaf, privateKey: "" })).toBe(false);
    expect(isKeyOf({ ...leaf, certificate: "" })).toBe(false);
    expect(isIssuedBy(leaf.certificate, authority.certificate)).toBe(true);
    expect(isIssuedBy(leaf.certificate, leaf.certificate)).toBe(false);
    expect(isIssuedBy("", authority.certificate)).toBe(false);
  });

  test("its facts are those that it was made of", () => {
    expect(readFacts(leaf.certificate)).toMatchObject({
      ...YEAR,
      names: ["box-a", "box-a.lan", "localhost", "10.77.0.2", "192.168.200.255"],
      subject: "O=Tandem\nCN=box-a",
      fingerprint: new X509Certificate(leaf.certificate).fingerprint256,
    });
    expect(readFacts("nothing")).toBeUndefined();
  });

  test("beyond 2050 it ends when it was to end", () => {
    const late = {
      notBefore: Date.parse("2049-12-31T23:59:58Z"),
      notAfter: Date.parse("2051-01-31T00:00:00Z"),
    };
    const { certificate } = makeLeaf(authority, "box-a", [served("box-a")], late);
    expect(readFacts(certificate)).toMatchObject(late);
    expect(described(certificate)).toMatch(
      /Not Before: Dec 31 23:59:58 2049 GMT\s+Not After : Jan 31 00:00:00 2051 GMT/,
    );
  });
});

describe("with anything put in", () => {
  const names = fc.array(
    fc.oneof(
      fc.ipV4(),
      fc.domain().filter((name) => name.length <= 253),
      fc.constant(`${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`),
    ),
    { minLength: 1, maxLength: 40 },
  );
  const start = Date.parse("1951-01-01T00:00:00Z");
  const moments = fc.tuple(
    fc.integer({ min: start / 1000, max: 250_000_000_000 }),
    fc.integer({ min: 1, max: 1_000_000_000 }),
  );

  test("Node reads the names, times and owner back, and the signature is right", () => {
    fc.assert(
      fc.property(names, moments, fc.string({ unit: "grapheme" }), (list, [from, length], box) => {
        const validity = { notBefore: from * 1000, notAfter: (from + length) * 1000 };
        const { certificate } = makeLeaf(authority, box, list.map(served), validity);
        expect(readFacts(certificate)).toMatchObject({ ...validity, names: list });
        expect(isIssuedBy(certificate, authority.certificate)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("a serial number is never negative, never zero, and of 20 bytes at most", () => {
    const key = createPrivateKey(authority.privateKey);
    const publicKey = createPublicKey(key).export({ format: "der", type: "spki" });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (serial) => {
        const statement = { ...YEAR, serial, publicKey, keyId: new Uint8Array(20) };
        const signed = authorityToBeSigned(statement, distinguishedName("Tandem", "x"));
        const signature = sign("sha256", signed, key);
        const read = new X509Certificate(signedCertificate(signed, signature));
        expect(read.serialNumber).toMatch(/^(?!0+$)[0-9A-F]{1,40}$/);
        expect(verify("sha256", signed, read.publicKey, signature)).toBe(true);
      }),
      {
        numRuns: 60,
        examples: [[new Uint8Array()], [new Uint8Array(20).fill(255)], [Uint8Array.of(128)]],
      },
    );
    expect(described(makeAuthority(YEARS).certificate)).not.toContain("(Negative)");
  });

  test("the subject of any bytes is read or refused", () => {
    const { raw } = new X509Certificate(authority.certificate);
    expect(hex(subjectOf(raw))).toBe(hex(distinguishedName("Tandem", cnOf(authority.certificate))));
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const broken = Uint8Array.from(raw);
        broken[at] = value;
        try {
          expect(subjectOf(broken).length).toBeGreaterThan(1);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});

test.each([
  "",
  "box_a",
  "-a",
  "a-",
  "a..b",
  "10.0.0.256",
  "1.2.3",
  "a b",
  "ä",
  `${"a".repeat(64)}.lan`,
  `${"a.".repeat(127)}aa`,
])("no certificate is for %j", (text) => {
  expect(servedName(text)).toBeUndefined();
});

function cnOf(certificate: string): string {
  return /CN=(.*)/.exec(new X509Certificate(certificate).subject)?.[1] ?? "";
}

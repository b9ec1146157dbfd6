// What people put on the box is looked at; everything was made by OpenSSL's command.

import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { checkUpload } from "../../daemon/io/uploaded-certificate.ts";
import { isKeyOf, type KeyAndCertificate } from "../../daemon/io/web-keys.ts";
import { P256, type Wish, Workshop } from "../support/web-certificates.ts";

const shop = new Workshop();
afterAll(() => shop.close());

const NOW = Date.now();
const DAY = 86_400_000;
const root = shop.authority();
const middle = shop.authority(root);
const good = shop.certificate({ issuer: middle });
const chain = good.certificate + middle.certificate + root.certificate;

function reasons(sent: KeyAndCertificate, wall: number | undefined = NOW): string[] {
  const checked = checkUpload(sent, wall);
  return checked.isGood
    ? []
    : checked.issues.map(({ path: where, reason }) => `${where} ${reason}`);
}

describe("taken is", () => {
  test.each<readonly [string, Wish]>([
    ["P-256", {}],
    ["P-384", { key: ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"] }],
    ["P-521", { key: ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"] }],
    ["RSA of 2048 bits", { key: ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] }],
    ["one for any use", { extensions: ["extendedKeyUsage=anyExtendedKeyUsage"] }],
    ["one that says nothing of its use", { extensions: [] }],
    ["one for an address", { names: "IP:10.77.0.2" }],
  ])("%s", (_name, wish) => {
    expect(reasons(shop.certificate(wish))).toEqual([]);
  });

  test("a chain, with or without the authority that people have, and text around it", () => {
    expect(reasons({ ...good, certificate: chain })).toEqual([]);
    expect(reasons({ ...good, certificate: good.certificate + middle.certificate })).toEqual([]);
    const noisy = `Bag Attributes\r\n  x: y\n${chain.replaceAll("\n", "\r\n")}\n\nthe end`;
    const checked = checkUpload({ ...good, certificate: noisy }, NOW);
    expect(checked.isGood && checked.taken.certificate).toBe(chain);
    expect(checked.isGood && isKeyOf(checked.taken)).toBe(true);
  });

  test("a key in the form of before PKCS #8", () => {
    const file = path.join(shop.folder, "sec1.pem");
    shop.openssl("ec", "-in", good.keyFile, "-out", file);
    expect(readFileSync(file, "utf8")).toContain("BEGIN EC PRIVATE KEY");
    expect(reasons({ ...good, privateKey: readFileSync(file, "utf8") })).toEqual([]);
  });
});

describe("not taken is", () => {
  test("what is no PEM; both are said at once", () => {
    expect(reasons({ certificate: "hello", privateKey: "there" })).toEqual([
      "certificate holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----",
      "privateKey is no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----",
    ]);
    const [body = ""] = good.certificate.split("\n").slice(3);
    expect(reasons({ ...good, certificate: good.certificate.replace(body, "") })).toEqual([
      "certificate cannot be read: certificate 1 in it is damaged",
    ]);
    expect(reasons({ ...good, certificate: good.certificate.repeat(9) })).toEqual([
      "certificate holds 9 certificates; 8 are the most",
    ]);
  });

  test("a key with a password", () => {
    const file = path.join(shop.folder, "locked.pem");
    for (const form of [
      ["pkcs8", "-topk8"],
      ["ec", "-aes128"],
    ]) {
      shop.openssl(...form, "-in", good.keyFile, "-passout", "pass:x", "-out", file);
      expect(reasons({ ...good, privateKey: readFileSync(file, "utf8") })).toEqual([
        "privateKey is protected by a password; it has to be taken off first",
      ]);
    }
  });

  test("a key that belongs to another certificate, or to one further down", () => {
    expect(reasons({ ...good, privateKey: middle.privateKey })).toEqual([
      "privateKey does not belong to the certificate",
    ]);
    expect(reasons({ ...good, certificate: middle.certificate + good.certificate })).toContain(
      "certificate has the one of the key at place 2; it has to be the first",
    );
  });

  test("a chain that is out of order, or has a foreign one in it", () => {
    const wrong = good.certificate + root.certificate + middle.certificate;
    expect(reasons({ ...good, certificate: wrong })).toEqual([
      "certificate is out of order: number 1 was not signed by number 2",
      "certificate is out of order: number 2 was not signed by number 3",
    ]);
    const foreign = good.certificate + shop.authority().certificate;
    expect(reasons({ ...good, certificate: foreign })).toHaveLength(1);
  });

  test.each<readonly [string, Wish, string]>([
    [
      "a short RSA key",
      { key: ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"] },
      "has an RSA key of 1024 bits; 2048 to 4096 bits can be used",
    ],
    [
      "an Ed25519 key",
      { key: ["ED25519"] },
      "has a key of the kind ed25519; browsers take EC and RSA",
    ],
    [
      "another curve",
      { key: ["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"] },
      "has a key of the curve secp256k1; browsers take P-256, P-384 and P-521",
    ],
    [
      "one without names",
      { names: "" },
      "names no host in subjectAltName, where browsers look for it",
    ],
    [
      "one for clients",
      { extensions: ["extendedKeyUsage=clientAuth"] },
      "is not meant for a web server: its extended key usage lacks serverAuth",
    ],
  ])("%s", (_name, wish, reason) => {
    expect(reasons(shop.certificate(wish))).toContain(`certificate ${reason}`);
  });

  test("a weak signature, unless it is that of an authority that people have", () => {
    const refused = "certificate is signed in a way that browsers refuse: ";
    const old = shop.certificate({ digest: "sha1", issuer: root });
    expect(reasons(old)).toEqual([`${refused}ecdsa-with-SHA1`]);
    const rsa = shop.certificate({ digest: "sha1", issuer: shop.certificate({ key: ["RSA"] }) });
    expect(reasons(rsa)).toEqual([`${refused}sha1WithRSAEncryption`]);
    expect(reasons(shop.certificate({ digest: "sha1" }))).toEqual([]);
    expect(reasons(shop.certificate({ digest: "sha512", issuer: root }))).toEqual([]);
  });

  test("a chain with an authority that is too weak to be shown", () => {
    const weak = shop.certificate({ key: ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"] });
    const under = shop.certificate({ issuer: weak });
    expect(reasons({ ...under, certificate: under.certificate + weak.certificate })).toEqual([
      "certificate cannot be shown by this box: ca key too small",
    ]);
  });

  test("one that has ended or not begun, unless the clock is not believed", () => {
    const [one] = [shop.certificate({ days: 10, key: P256 })];
    expect(reasons(one, NOW + 9 * DAY)).toEqual([]);
    expect(reasons(one, NOW + 11 * DAY)).toEqual([
      expect.stringContaining("certificate has ended on "),
    ]);
    expect(reasons(one, NOW - 2 * DAY)).toEqual([
      expect.stringContaining("certificate is not valid yet, but from "),
    ]);
    expect(checkUpload(one, undefined).isGood).toBe(true);
    const under = good.certificate + middle.certificate;
    expect(reasons({ ...good, certificate: under }, NOW + 4000 * DAY)).toEqual([
      expect.stringContaining("has ended on"),
      expect.stringContaining("has ended: number 2 in it on"),
    ]);
  });
});

test("any bytes are refused with a reason, and nothing is thrown", () => {
  const damaged = fc
    .tuple(fc.nat(chain.length), fc.nat(40), fc.string())
    .map(([at, length, text]) => {
      return chain.slice(0, at) + text + chain.slice(at + length);
    });
  const any = fc.oneof(fc.string(), damaged, fc.constantFrom(chain, good.privateKey));
  fc.assert(
    fc.property(any, any, (certificate, privateKey) => {
      const checked = checkUpload({ certificate, privateKey }, NOW);
      if (!checked.isGood) expect(checked.issues.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

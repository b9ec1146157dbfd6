// The key of a box, and TLS between two that know each other by nothing but their keys.

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { describe, expect, test } from "vitest";
import { identityOf, idOf, isSignedBy, sha256 } from "../../daemon/io/identity.ts";
import { PUBLIC_KEY_PREFIX } from "../../daemon/wire/certificate.ts";

const box = identityOf(new Uint8Array(32).fill(1));
const other = identityOf(new Uint8Array(32).fill(2));

test("the same secret is the same box, another one is another", () => {
  expect(identityOf(new Uint8Array(32).fill(1))).toMatchObject({ id: box.id, key: box.key });
  expect(other.id).not.toEqual(box.id);
  expect(box.id).toEqual(sha256(box.key));
  expect([box.id.length, box.key.length]).toEqual([32, 32]);
});

test("the key is that of RFC 8032 §7.1, test 1, for its secret", () => {
  const secret = Buffer.from(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "hex",
  );
  const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const signature =
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
  const known = identityOf(secret);
  expect(Buffer.from(known.key).toString("hex")).toBe(key);
  expect(Buffer.from(known.sign(new Uint8Array(0))).toString("hex")).toBe(signature);
});

describe("a signature", () => {
  const text = Uint8Array.of(1, 2, 3);
  const signature = box.sign(text);

  test("is the box's, for just these bytes", () => {
    expect(isSignedBy(box.key, text, signature)).toBe(true);
    expect(isSignedBy(other.key, text, signature)).toBe(false);
    expect(isSignedBy(box.key, Uint8Array.of(1, 2), signature)).toBe(false);
    const broken = signature.slice();
    broken[10] = (broken[10] ?? 0) ^ 1;
    expect(isSignedBy(box.key, text, broken)).toBe(false);
  });

  test("of rubbish is none, and nothing is thrown", () => {
    for (const length of [0, 1, 31, 33, 64]) {
      expect(isSignedBy(new Uint8Array(length), text, signature)).toBe(false);
      expect(isSignedBy(box.key, text, new Uint8Array(length))).toBe(false);
    }
    expect(isSignedBy(new Uint8Array(32).fill(255), text, signature)).toBe(false);
  });
});

test("the certificate says the key, is signed with it, and never ends", () => {
  const certificate = new X509Certificate(box.certificate);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
  expect(keyOf(certificate)).toEqual(box.key);
  expect(certificate.subject).toBe("CN=tandem");
  expect(new Date(certificate.validTo).getUTCFullYear()).toBe(9999);
});

test("TLS 1.3 between two boxes: each learns the key that the other has proved to have", async () => {
  const options = { rejectUnauthorized: false, minVersion: "TLSv1.3" } as const;
  const server = createServer({
    ...options,
    ...{ key: box.privateKey, cert: box.certificate, requestCert: true },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "secureConnection") as Promise<[TLSSocket]>;
  const { port } = server.address() as AddressInfo;
  const client = connect({
    ...options,
    ...{ host: "127.0.0.1", port, key: other.privateKey, cert: other.certificate },
  });
  await once(client, "secureConnect");
  const [socket] = await accepted;
  expect(client.getProtocol()).toBe("TLSv1.3");
  expect(idOf(keyOf(client.getPeerX509Certificate()))).toEqual(box.id);
  expect(idOf(keyOf(socket.getPeerX509Certificate()))).toEqual(other.id);
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, "close");
});

function keyOf(certificate: X509Certificate | undefined): Uint8Array {
  const info = certificate?.publicKey.export({ format: "der", type: "spki" });
  return Uint8Array.from(info?.subarray(PUBLIC_KEY_PREFIX.length) ?? []);
}

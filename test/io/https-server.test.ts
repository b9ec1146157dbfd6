// The page over TLS, with OpenSSL's client: which versions, which certificate, and what becomes of the slow, the many
// and those who speak something else.

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { get } from "node:https";
import path from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { type HttpRequest, streamResponse, textResponse } from "../../daemon/http/message.ts";
import { type Door, HttpsServer, TLS_OPTIONS } from "../../daemon/io/https-server.ts";
import { type KeyAndCertificate, makeAuthority, makeLeaf } from "../../daemon/io/web-keys.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { servedName } from "../../daemon/wire/x509.ts";
import { sClient, untilClosed } from "../support/tls-client.ts";
import { Workshop } from "../support/web-certificates.ts";

const HOST = "127.0.0.1";
const DAY = 86_400_000;
const shop = new Workshop();
afterAll(() => shop.close());

const validity = { notBefore: Date.now() - DAY, notAfter: Date.now() + 90 * DAY };
const authority = makeAuthority(validity);
const trusted = path.join(shop.folder, "authority.pem");
writeFileSync(trusted, authority.certificate);

function leaf(): KeyAndCertificate {
  const names = ["box-a", HOST].flatMap((name) => servedName(name) ?? []);
  return makeLeaf(authority, "box-a", names, validity);
}

let server: HttpsServer;
let door: Door;
let requests: HttpRequest[];
let refused: string;
let now: number;

beforeEach(async () => {
  requests = [];
  refused = "";
  now = 0;
  server = new HttpsServer({
    side: {
      answer: (request) => {
        requests.push(request);
        if (request.path === "/stream")
          return streamResponse("text/plain", (sink) => void sink.write(new Uint8Array(1)));
        return textResponse(200, "text/plain", "hello");
      },
    },
    isAllowed: (address) => address !== refused,
    now: () => now,
  });
  server.show(leaf());
  door = await server.open(HOST, 0);
});

afterEach(() => {
  door.close();
  server.close();
});

function fetched(target = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: HOST,
      port: door.port,
      path: target,
      ca: authority.certificate,
      agent: false,
    };
    get(options, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => {
        text += part.toString();
      });
      response.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

async function connected(): Promise<TLSSocket> {
  const socket = connect({ host: HOST, port: door.port, ca: authority.certificate });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

describe("a handshake", () => {
  test.each([
    ["-tls1_3", "TLSv1.3"],
    ["-tls1_2", "TLSv1.2"],
  ])("with %s is taken, and whoever trusts the authority trusts the box", async (flag, version) => {
    const verify = ["-CAfile", trusted, "-verify_return_error", "-verify_ip", HOST];
    const { code, text } = await sClient(HOST, door.port, [flag, ...verify]);
    expect(code).toBe(0);
    expect(text).toContain(`${version}, Cipher is `);
    expect(text).toContain("Verify return code: 0 (ok)");
  });

  test.each(["-tls1_1", "-tls1"])("with %s is refused", async (flag) => {
    const { code, text } = await sClient(HOST, door.port, [flag, "-cipher", "ALL:@SECLEVEL=0"]);
    expect(code).not.toBe(0);
    expect(text).toContain("alert protocol version");
  });

  test.each(["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "NULL"])(
    "with 1.2 and %s alone is refused",
    async (cipher) => {
      const { code, text } = await sClient(HOST, door.port, [
        "-tls1_2",
        "-cipher",
        `${cipher}:@SECLEVEL=0`,
      ]);
      expect(code).not.toBe(0);
      expect(text).toContain("handshake failure");
    },
  );

  test("for another authority fails at the client, and is counted", async () => {
    await expect(
      once(
        connect({ host: HOST, port: door.port, ca: makeAuthority(validity).certificate }),
        "secureConnect",
      ),
    ).rejects.toThrow();
    await expect.poll(() => server.counters["no-handshake"]).toBe(1);
  });

  test("is not begun anew on a connection of 1.2", async () => {
    const argv = ["-tls1_2", "-CAfile", trusted];
    const { code, text } = await sClient(HOST, door.port, argv, "R\n");
    expect(text).toContain("RENEGOTIATING");
    expect(code).not.toBe(0);
    // The authority and the box, once.
    expect(text.match(/verify return:1/g)).toHaveLength(2);
  });
});

test("requests come as over TCP, and say that they are secure and from where", async () => {
  expect(await fetched("/x?y=1")).toBe("hello");
  expect(requests).toMatchObject([
    { method: "GET", path: "/x", transport: "tcp", isSecure: true, remote: HOST },
  ]);
});

describe("a new certificate", () => {
  test("is shown to who connects from now on; connections that stand go on", async () => {
    const before = await connected();
    const first = before.getPeerX509Certificate()?.serialNumber;
    server.show(leaf());
    const after = await connected();
    expect(after.getPeerX509Certificate()?.serialNumber).not.toBe(first);
    before.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    const [answer] = (await once(before, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200/);
    before.destroy();
    after.destroy();
  });

  test("that cannot be shown is an error, and the one before stays", async () => {
    expect(() => server.show({ certificate: "", privateKey: "rubbish" })).toThrow(IoError);
    expect(await fetched()).toBe("hello");
  });

  test("with an RSA key does for both versions", async () => {
    const names = `IP:${HOST}`;
    server.show(shop.certificate({ key: ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], names }));
    for (const flag of ["-tls1_2", "-tls1_3"]) {
      expect((await sClient(HOST, door.port, [flag])).code).toBe(0);
    }
  });
});

describe("closed is", () => {
  test("plain HTTP, without an answer", async () => {
    const { bytes } = await untilClosed(HOST, door.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(bytes.toString("latin1")).not.toContain("HTTP");
    expect(server.counters["no-handshake"]).toBe(1);
    expect(requests).toEqual([]);
  });

  test("a handshake, or a request, that does not come to its end", async () => {
    const silent = untilClosed(HOST, door.port);
    const half = untilClosed(HOST, door.port, "\x16\x03\x01");
    const socket = await connected();
    socket.write("GET / HT");
    let text = "";
    socket.on("data", (part: Buffer) => {
      text += part.toString();
    });
    const cut = once(socket, "close");
    for (const { milliseconds } of await Promise.all([silent, half])) {
      expect(milliseconds).toBeGreaterThan(LIMITS.httpsHandshakeMilliseconds - 100);
      expect(milliseconds).toBeLessThan(LIMITS.httpsHandshakeMilliseconds + 5000);
    }
    expect(server.counters["no-handshake"]).toBe(2);
    await cut;
    expect(text).toContain("408 Request Timeout");
  });

  test("who is not on a LAN, before a byte is said", async () => {
    refused = HOST;
    const { bytes, milliseconds } = await untilClosed(HOST, door.port);
    expect(bytes.length).toBe(0);
    expect(milliseconds).toBeLessThan(LIMITS.httpsHandshakeMilliseconds);
    expect(server.counters).toMatchObject({ strangers: 1, "no-handshake": 0 });
  });

  test("everybody while there is nothing to show", async () => {
    const bare = new HttpsServer({
      side: { answer: () => textResponse(200, "text/plain", "") },
      isAllowed: () => true,
      now: () => 0,
    });
    const its = await bare.open(HOST, 0);
    await untilClosed(HOST, its.port);
    expect(bare.counters["not-ready"]).toBe(1);
    its.close();
    bare.close();
  });

  test("who came in at an address that is gone; the others stay", async () => {
    const other = await server.open("127.0.0.2", 0);
    const stays = await connected();
    const goes = connect({ host: "127.0.0.2", port: other.port, rejectUnauthorized: false });
    await once(goes, "secureConnect");
    const gone = once(goes, "close");
    goes.on("error", () => {});
    other.close();
    await gone;
    stays.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(stays, "data");
    stays.destroy();
    expect((await untilClosed("127.0.0.2", other.port)).bytes.length).toBe(0);
  });
});

describe("a flood", () => {
  test("of handshakes from one device is bounded, and others get theirs", async () => {
    const flood = Array.from({ length: 60 }, () =>
      untilClosed(HOST, door.port, "GET / HTTP/1.1\r\n\r\n", HOST),
    );
    await Promise.all(flood);
    const { "no-handshake": tried, "device-too-often": unheard } = server.counters;
    expect(tried).toBe(LIMITS.httpsHandshakesPerDevice);
    expect(unheard).toBe(60 - LIMITS.httpsHandshakesPerDevice);
    const from = { host: HOST, port: door.port, localAddress: "127.0.0.7" };
    const person = connect({ ...from, ca: authority.certificate });
    await once(person, "secureConnect");
    person.destroy();
    now += 1000;
    expect(await fetched()).toBe("hello");
  });

  test("of silent connections lets the oldest go, and everybody else in", async () => {
    const silent: Promise<unknown>[] = [];
    for (let i = 0; i < LIMITS.httpsGreetedMax + 4; i++) {
      now += 1000;
      silent.push(untilClosed(HOST, door.port, "", `127.0.1.${i + 1}`));
    }
    await expect.poll(() => server.counters.surplus).toBe(4);
    now += 1000;
    expect(await fetched()).toBe("hello");
    expect(server.counters["no-handshake"]).toBeLessThanOrEqual(LIMITS.httpsGreetedMax);
    door.close();
    await Promise.all(silent);
  });

  test("of open pages from one device is bounded", async () => {
    const open: TLSSocket[] = [];
    for (let i = 0; i < LIMITS.httpsConnectionsPerDevice; i++) {
      now += 1000;
      const socket = await connected();
      socket.write("GET /stream HTTP/1.1\r\nhost: x\r\n\r\n");
      open.push(socket);
    }
    now += 1000;
    await untilClosed(HOST, door.port);
    expect(server.counters["device-surplus"]).toBe(1);
    for (const socket of open) socket.destroy();
    await expect.poll(() => fetched().catch(() => "")).toBe("hello");
  });
});

test("a port that is taken, and an address that the box does not have, are errors with their codes", async () => {
  await expect(server.open(HOST, door.port)).rejects.toMatchObject({
    ...{ name: "IoError", code: "EADDRINUSE", message: "another program uses it already" },
  });
  await expect(server.open("192.0.2.1", 0)).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
});

test("every cipher that is offered has forward secrecy and authenticates what it encrypts", () => {
  for (const cipher of TLS_OPTIONS.ciphers.split(":")) {
    expect(cipher).toMatch(/^(TLS_(AES|CHACHA20)|ECDHE-(ECDSA|RSA)-.*(GCM|CHACHA20-POLY1305))/);
  }
});

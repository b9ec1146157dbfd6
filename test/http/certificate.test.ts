// The rows of the certificate: who may, what is answered, and what is said of what is of no use.

import { beforeEach, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import type { CertificateUpload } from "../../daemon/http/api-certificate.ts";
import type { Problem } from "../../daemon/http/api-types.ts";
import {
  type CertificateAnswer,
  type CertificateControl,
  certificateRoutes,
} from "../../daemon/http/certificate-routes.ts";
import { createWebApp } from "../../daemon/http/routes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { FakeBox } from "../support/fake-box.ts";
import { type Answer, type Asked, askLater } from "./ask.ts";

const PATH = "/api/v1/certificate";
const SENT: CertificateUpload = { certificate: "a certificate", privateKey: "a key" };
const LOCAL = { transport: "unix" } as const;

class FakeControl implements CertificateControl {
  authorityPem: string | undefined;
  readonly asked: unknown[] = [];
  answer: CertificateAnswer = { isGood: true, sentence: "Done." };
  failure: Error | undefined;

  view() {
    return { shown: null, uploaded: null, authority: null };
  }

  upload(sent: CertificateUpload): Promise<CertificateAnswer> {
    return this.#do(sent);
  }

  withdraw(): Promise<CertificateAnswer> {
    return this.#do("withdraw");
  }

  async #do(what: unknown): Promise<CertificateAnswer> {
    this.asked.push(what);
    if (this.failure) throw this.failure;
    return this.answer;
  }
}

let control: FakeControl;
let faults: unknown[];
let send: (target: string, asked?: Asked) => Promise<Answer>;

beforeEach(() => {
  control = new FakeControl();
  faults = [];
  const routes = certificateRoutes(control);
  const onFault = (error: unknown) => faults.push(error);
  const { answer } = createWebApp(new FakeBox(), { routes, onFault });
  send = (target, asked) => askLater(answer, target, asked);
});

test("GET shows what is in force", async () => {
  const answer = await send(PATH, LOCAL);
  expect([answer.status, answer.json()]).toEqual([200, control.view()]);
});

test("the authority is for everybody, as a file that computers know", async () => {
  expect((await send(`${PATH}/authority.pem`)).status).toBe(404);
  control.authorityPem = "-----BEGIN CERTIFICATE-----\n";
  const answer = await send(`${PATH}/authority.pem`);
  expect([answer.status, answer.text()]).toEqual([200, control.authorityPem]);
  expect(answer.header("content-type")).toBe("application/x-x509-ca-cert");
  expect(answer.header("content-disposition")).toBe('inline; filename="tandem-authority.pem"');
});

test("PUT and DELETE are done over the Unix socket, and not by anybody over TCP", async () => {
  const put = {
    method: "PUT",
    body: JSON.stringify(SENT),
    headers: { "content-type": "application/json" },
  };
  expect((await send(PATH, { ...put, ...LOCAL })).json()).toEqual({ sentence: "Done." });
  expect((await send(PATH, { method: "DELETE", ...LOCAL })).json()).toEqual({ sentence: "Done." });
  expect(control.asked).toEqual([SENT, "withdraw"]);
  const headers = { ...put.headers, origin: "http://127.0.0.1:8080" };
  expect((await send(PATH, { ...put, headers })).status).toBe(401);
  expect((await send(PATH, { method: "DELETE", headers })).status).toBe(401);
  expect(control.asked).toHaveLength(2);
});

test("what is wrong is said, all of it", async () => {
  control.answer = {
    isGood: false,
    issues: [
      { path: "certificate", reason: "has ended" },
      { path: "privateKey", reason: "does not belong to the certificate" },
    ],
  };
  const refused = await send(PATH, { method: "PUT", body: JSON.stringify(SENT), ...LOCAL });
  expect(refused.status).toBe(400);
  expect(refused.json()).toMatchObject({
    detail: '"certificate" has ended, and 1 more.',
    errors: control.answer.issues,
  });
});

test.each([
  "{}",
  '{"certificate":"x"}',
  '{"certificate":"x","privateKey":""}',
  '{"certificate":1,"privateKey":"x"}',
  "[]",
  "x",
])("%s never gets to the box", async (body) => {
  expect((await send(PATH, { method: "PUT", body, ...LOCAL })).status).toBe(400);
  expect(control.asked).toEqual([]);
});

test("a disk that does not take it is a reason, an error of our own is none", async () => {
  control.failure = new IoError("web-uploaded.pem cannot be written: no space left");
  const full = await send(PATH, { method: "PUT", body: JSON.stringify(SENT), ...LOCAL });
  expect([full.status, (full.json() as Problem).detail]).toEqual([
    503,
    "It could not be kept: web-uploaded.pem cannot be written: no space left.",
  ]);
  expect(faults).toEqual([]);
  control.failure = new Error("ours");
  expect((await send(PATH, { method: "DELETE", ...LOCAL })).status).toBe(500);
  expect(faults).toEqual([control.failure]);
});

test("a chain of the longest keys fits into a request", async () => {
  // 4096 bits in PEM are less than 3 kB each, key included.
  expect(LIMITS.certificateUploadBytesMax).toBeGreaterThan(3000 * (LIMITS.certificateChainMax + 1));
});

// The certificate of the page over HTTP: what it is, the authority for people's computers, and one of people's own.

import * as v from "valibot";
import { IoError } from "../base/errors.ts";
import { LIMITS } from "../limits.ts";
import type { CertificateUpload, CertificateView } from "./api-certificate.ts";
import type { Done } from "./api-types.ts";
import { type HttpResponse, jsonResponse, textResponse } from "./message.ts";
import { invalid, problem, type RequestIssue } from "./problem.ts";
import { type Route, row } from "./route.ts";

/** What came of a change. */
export type CertificateAnswer =
  | { readonly isGood: true; readonly sentence: string }
  /** Nothing was changed. */
  | { readonly isGood: false; readonly issues: readonly RequestIssue[] };

export interface CertificateControl {
  view(): CertificateView;
  /** PEM; undefined: there is none yet. */
  readonly authorityPem: string | undefined;
  /** Rejects with IoError when it cannot be kept. */
  upload(sent: CertificateUpload): Promise<CertificateAnswer>;
  /** Rejects with IoError when it cannot be removed. */
  withdraw(): Promise<CertificateAnswer>;
}

const PATH = "/api/v1/certificate";
const AUTHORITY_TYPE = "application/x-x509-ca-cert";

const pemText = v.pipe(
  v.string("must be PEM, as a text in quotes"),
  v.nonEmpty("must be PEM, as a text in quotes"),
);
const upload = v.strictObject({ certificate: pemText, privateKey: pemText });

const CHANGED = {
  200: "done: one sentence",
  503: "it cannot be kept, because the disk does not take it",
} as const;

export function certificateRoutes(control: CertificateControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: PATH, role: "viewer" },
      summary: "The certificate that browsers are shown: whose it is, until when, for which names.",
      answers: { 200: "the one that is shown, the one that people have put here, the authority" },
      handle: () => jsonResponse(control.view()),
    }),
    row({
      ...{ method: "GET", path: `${PATH}/authority.pem`, role: "nobody" },
      summary:
        "The authority of the boxes, for computers that are to show the page without a warning.",
      media: [AUTHORITY_TYPE],
      answers: { 200: "a certificate in PEM", 404: "there is none yet" },
      handle: () => authority(control.authorityPem),
    }),
    row({
      ...{ method: "PUT", path: PATH, role: "admin" },
      summary: "Puts a certificate and its key on the box; both are PEM.",
      body: upload,
      bodyBytesMax: LIMITS.certificateUploadBytesMax,
      answers: CHANGED,
      handle: ({ body }) => changed(() => control.upload(body)),
    }),
    row({
      ...{ method: "DELETE", path: PATH, role: "admin" },
      summary:
        "Takes the certificate away that people have put on the box: it shows one of its own again.",
      answers: CHANGED,
      handle: () => changed(() => control.withdraw()),
    }),
  ];
}

function authority(pem: string | undefined): HttpResponse {
  if (pem === undefined) return problem(404, "This box has no authority yet.");
  // Firefox and iOS ask at once whether it is to be trusted.
  const file = textResponse(200, AUTHORITY_TYPE, pem);
  const name = 'inline; filename="tandem-authority.pem"';
  return { ...file, headers: { ...file.headers, "content-disposition": name } };
}

async function changed(change: () => Promise<CertificateAnswer>): Promise<HttpResponse> {
  try {
    const answer = await change();
    if (!answer.isGood) throw invalid(answer.issues);
    const done: Done = { sentence: answer.sentence };
    return jsonResponse(done);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return problem(503, `It could not be kept: ${error.message}.`);
  }
}

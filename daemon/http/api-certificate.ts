// The certificate of the page, as API and page show it. Types, nothing else.

export interface CertificateView {
  /** What browsers are shown now; null: nothing yet. */
  readonly shown: ShownCertificate | null;
  /** One that people have put on the box; null: none. One that has ended is here, and not shown. */
  readonly uploaded: CertificateSummary | null;
  /** Of this pair; null: there is none yet. Who trusts it trusts what the boxes make for themselves. */
  readonly authority: CertificateSummary | null;
}

export interface CertificateSummary {
  /** Both ISO 8601. */
  readonly from: string;
  readonly until: string;
  /** SHA-256, as browsers show it: "3A:9F:…". */
  readonly fingerprint: string;
  /** Whom it is for, and who has signed it. */
  readonly subject: string;
  readonly issuer: string;
  /** Host names and addresses; empty for an authority. */
  readonly names: readonly string[];
}

export interface ShownCertificate extends CertificateSummary {
  readonly madeBy: "box" | "people";
}

/** What PUT takes, both in PEM; behind the certificate those that lead to its authority. */
export interface CertificateUpload {
  readonly certificate: string;
  readonly privateKey: string;
}

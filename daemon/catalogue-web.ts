// The part of the catalogue that is about the page over HTTPS.

export const WEB_LOG = {
  "web-authority-made": {
    level: "info",
    text: "This box has made the authority that signs the certificates of its page ({fingerprint}).",
    advice: "Computers that trust this authority show the page without a warning.",
  },
  "web-certificate-made": {
    level: "info",
    text: "The page has a new certificate, good until {day}: {why}.",
    advice: "",
  },
  "web-certificate-uploaded": {
    level: "info",
    text: "The certificate of the page was replaced by a person: {what}.",
    advice: "",
  },
} as const;

export const WEB_CONDITIONS = {
  "web-certificate-ends": {
    severity: "warning",
    text: "The certificate that people have put on this box for its page ends on {day}.",
    advice: "Put the next one on the box; without it the box shows one of its own from then on.",
    impact: "none",
  },
  "web-certificate-ended": {
    severity: "warning",
    text: "The certificate that people have put on this box for its page has ended on {day}, so the box shows one of its own.",
    advice: "Put a new one on the box, or take the old one away.",
    impact: "none",
  },
  "web-certificate-damaged": {
    severity: "warning",
    text: "The certificate that people have put on this box for its page cannot be used, so the box shows one of its own: {why}.",
    advice: "Put it on the box again, or take it away.",
    impact: "none",
  },
  "web-certificate-unwritten": {
    severity: "warning",
    text: "The certificate of the page could not be written, so there will be another one after the next start: {why}.",
    advice: "Free some space on the disk of this box.",
    impact: "none",
  },
  "web-port-busy": {
    severity: "warning",
    text: "The page cannot be reached over HTTPS at {subject}, port {port}: {why}.",
    advice: "Set http.httpsPort in box.json to a free port, or end the other program.",
    impact: "none",
  },
} as const;

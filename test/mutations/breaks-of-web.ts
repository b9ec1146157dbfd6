// Rules of the page over HTTPS: who reaches it, what it shows, and what it may cost.

import type { Break, Watcher } from "./break.ts";

function tests(...names: readonly string[]): Watcher {
  return { tests: names.map((name) => `test/${name}.test.ts`) };
}

export const BREAKS_OF_WEB: readonly Break[] = [
  {
    what: "the page is open at an address that is also towards the provider",
    file: "daemon/core/web/places.ts",
    find: "inside.has(one) && !outside.has(one) &&",
    put: "inside.has(one) &&",
    noticedBy: tests("core/web/places"),
  },
  {
    what: "the page is open at an address of a LAN that is on another interface",
    file: "daemon/core/web/places.ts",
    find: "at(interfaceName).includes(address)",
    put: "interfaceName && inside.has(address)",
    noticedBy: tests("core/web/places"),
  },
  {
    what: "anybody is heard over HTTPS, on whatever side",
    file: "daemon/web-listeners.ts",
    find: "this.#plan !== undefined && isOnLans(this.#plan, address)",
    put: "this.#plan !== undefined && address !== undefined",
    noticedBy: tests("web-listeners"),
  },
  {
    what: "who is connected at an address that went stays connected",
    file: "daemon/io/https-server.ts",
    find: "for (const socket of sockets) socket.destroy();",
    put: "",
    noticedBy: tests("io/https-server", "web-listeners"),
  },
  {
    what: "what was said over TLS can be read when the key is known one day",
    file: "daemon/io/https-server.ts",
    find: '"ECDHE-RSA-AES128-GCM-SHA256",',
    put: '"ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256",',
    noticedBy: tests("io/https-server"),
  },
  {
    what: "handshakes may be begun anew on a connection",
    file: "daemon/io/https-server.ts",
    find: "socket.disableRenegotiation();",
    put: "",
    noticedBy: tests("io/https-server"),
  },
  {
    what: "one device may have all handshakes",
    file: "daemon/io/connection-gate.ts",
    find: 'if (!device.allowance.take(now)) return "device-too-often";',
    put: "",
    noticedBy: tests("io/connection-gate", "io/https-server"),
  },
  {
    what: "an authority is replaced on the word of a clock that was just moved",
    file: "daemon/core/web/certificate.ts",
    find: "return isSettled && isBelievable(wall) && wall >",
    put: "return isBelievable(wall) && wall >",
    noticedBy: tests("core/web/certificate", "web-certificate"),
  },
  {
    what: "a certificate is judged by a clock that was never set",
    file: "daemon/core/web/certificate.ts",
    find: "if (!isBelievable(wall) || !isWithin(authority, wall)) return undefined;",
    put: "",
    noticedBy: tests("core/web/certificate", "web-certificate"),
  },
  {
    what: "an authority is made while the partner's may not be heard of yet",
    file: "daemon/web-certificate.ts",
    find: "if (isTime && this.#host.authority.mayMake) this.#makeAuthority(now);",
    put: "if (isTime) this.#makeAuthority(now);",
    noticedBy: tests("web-certificate"),
  },
  {
    what: "the authority may make further ones",
    file: "daemon/wire/x509.ts",
    find: "sequence(boolean(true), integer(bytes(0)))",
    put: "sequence(boolean(true))",
    noticedBy: tests("io/web-keys"),
  },
  {
    what: "a key that does not belong to the certificate is taken",
    file: "daemon/io/uploaded-certificate.ts",
    find: 'if (index < 0) say("privateKey", "does not belong to the certificate");',
    put: "",
    noticedBy: tests("io/uploaded-certificate", "web-certificate"),
  },
];

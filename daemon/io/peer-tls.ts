// TLS 1.3 on a connection with the partner: each box shows the key that it has, and takes nobody but the partner,
// who is known by the hash of its key. There are no names, no authorities and no dates that could be wrong.

import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import { equalBytes } from "../base/bytes.ts";
import { LIMITS } from "../limits.ts";
import { PUBLIC_KEY_PREFIX } from "../wire/certificate.ts";
import { type Identity, idOf } from "./identity.ts";

export interface PeerSecurity {
  readonly identity: Identity;
  /** The identity of the only partner that there is. */
  readonly partnerId: Uint8Array;
}

export interface Handshake {
  /** Both have shown their keys, and they are the right ones. */
  secured(socket: TLSSocket): void;
  /** The connection is of no use, and closed; `reason` is a part of a sentence. */
  failed(reason: string): void;
}

/** Why nothing came of a connection. */
export type GreetingFault =
  /** It did not show its key in time. */
  | "silent"
  /** It speaks something else, or shows a key of another kind. */
  | "no-tls"
  /** It shows none. */
  | "no-key"
  | "broke-off";

/** What is at the partner's address is not the partner, or not set up as it: a matter for a person. */
export const WRONG_KEY = "it has another key than the partner of this box";
export const NO_TLS = "it does not speak TLS as this box does";

const contexts = new WeakMap<Identity, SecureContext>();

export interface Greeting {
  /** The other end has the key of this identity, whoever that is. */
  secured(socket: TLSSocket, id: Uint8Array): void;
  /** The connection is of no use, and closed; `reason` is a part of a sentence. */
  failed(reason: string, fault: GreetingFault): void;
}

/** Begins on a TCP connection that stands, with nobody but the partner. Exactly one of the two is called, later. */
export function secure(
  socket: Socket,
  isServer: boolean,
  { identity, partnerId }: PeerSecurity,
  handshake: Handshake,
): void {
  greet(socket, isServer, identity, {
    secured: (one, id) => {
      if (equalBytes(id, partnerId)) {
        handshake.secured(one);
        return;
      }
      one.destroy();
      socket.destroy();
      handshake.failed(WRONG_KEY);
    },
    failed: (reason) => handshake.failed(reason),
  });
}

/** The same with anybody. */
export function greet(
  socket: Socket,
  isServer: boolean,
  identity: Identity,
  greeting: Greeting,
): void {
  const tls = process.getBuiltinModule("node:tls");
  const secureContext = contextOf(identity, tls);
  // Who the other is shows its key, and is looked at below.
  const options = { secureContext, rejectUnauthorized: false, requestCert: true };
  const one = isServer
    ? new tls.TLSSocket(socket, { ...options, isServer })
    : tls.connect({ ...options, socket });
  let isDecided = false;
  const decide = (failure: Failure, id?: Uint8Array): void => {
    if (isDecided) return;
    isDecided = true;
    clearTimeout(timer);
    one.off("close", onClose).off("end", onClose);
    if (id) {
      greeting.secured(one, id);
      return;
    }
    one.destroy();
    socket.destroy();
    greeting.failed(...failure);
  };
  const onClose = () => decide(CLOSED);
  const timer = setTimeout(() => decide(LATE), LIMITS.peerHandshakeMilliseconds);
  one.on("error", (error: NodeJS.ErrnoException) => decide(explain(error)));
  // Who has nothing more to say does not have to be waited for.
  one.once("close", onClose).once("end", onClose);
  one.once(isServer ? "secure" : "secureConnect", () => {
    if (!isDecided) decide(KEYLESS, shownBy(one));
  });
}

type Failure = readonly [reason: string, fault: GreetingFault];

const CLOSED: Failure = ["it closed the connection before both had shown their keys", "broke-off"];
const LATE: Failure = ["it did not show its key in time", "silent"];
const KEYLESS: Failure = [WRONG_KEY, "no-key"];

function contextOf(identity: Identity, tls: typeof import("node:tls")): SecureContext {
  const known = contexts.get(identity);
  if (known) return known;
  const made = tls.createSecureContext({
    key: identity.privateKey,
    cert: identity.certificate,
    minVersion: "TLSv1.3",
    // Other kinds of keys are refused before anything is reckoned with them: a long one costs much time.
    sigalgs: "ed25519",
  });
  contexts.set(identity, made);
  return made;
}

/** The identity of the key that the other end has shown; undefined: it is of another kind. */
function shownBy(socket: TLSSocket): Uint8Array | undefined {
  const key = socket.getPeerX509Certificate()?.publicKey;
  if (key?.asymmetricKeyType !== "ed25519") return undefined;
  const info = key.export({ format: "der", type: "spki" });
  return idOf(info.subarray(PUBLIC_KEY_PREFIX.length));
}

function explain(error: NodeJS.ErrnoException): Failure {
  if (error.code === "ECONNRESET")
    return ["it broke the connection before both had shown their keys", "broke-off"];
  if (error.code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") return KEYLESS;
  if (error.code?.startsWith("ERR_SSL")) return [NO_TLS, "no-tls"];
  return [error.message, "broke-off"];
}

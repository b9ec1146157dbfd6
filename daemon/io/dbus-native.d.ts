// Types of the two modules of dbus-native that are used; the package types only its main entry.

declare module "dbus-native/lib/handshake.js" {
  import type { Duplex } from "node:stream";

  /** SASL of the D-Bus specification, from the first NUL to BEGIN. The callback may never come. */
  export default function handshake(
    stream: Duplex,
    options: { readonly authMethods: readonly string[] },
    callback: (error: Error | null) => void,
  ): void;
}

declare module "dbus-native/lib/message.js" {
  import type { Duplex } from "node:stream";

  export interface BusMessage {
    /** 1 call, 2 return, 3 error, 4 signal. */
    type: number;
    flags?: number;
    serial: number;
    path?: string;
    interface?: string;
    member?: string;
    errorName?: string;
    replySerial?: number;
    destination?: string;
    sender?: string;
    signature?: string;
    body?: unknown[];
  }

  interface Codec {
    /** Throws an Error when the body does not fit its signature. */
    marshall(message: BusMessage): Buffer;
    /** Reads messages until the stream is destroyed or one cannot be read. */
    unmarshalMessages(
      stream: Duplex,
      onMessage: (message: BusMessage) => void,
      options: { readonly maxMessageSize: number },
      onError: (error: Error) => void,
      onHandlerError: (error: Error) => void,
    ): void;
  }

  const codec: Codec;
  export default codec;
}

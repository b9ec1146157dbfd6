// Whose fault it is decides what happens: see daemon/README.md, "Three kinds of fault".

/** Bytes that do not follow their format. Drop the packet, count it. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  /** Offset in bytes from the start of the decoded message, and the field being read there. */
  readonly offset: number;
  readonly field: string;
  constructor(field: string, offset: number, reason: string) {
    // It is the sender's fault, and no place in the code is to be looked for. To note one takes most of the time
    // that a bad packet costs, and whoever floods a box sends many.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${field} at byte ${offset}: ${reason}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.field = field;
    this.offset = offset;
  }
}

/** A configuration a person wrote that cannot be used. Keep the last good one, say why. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A disk, socket or helper did not do what it was asked. Retry, say why. */
export class IoError extends Error {
  override readonly name = "IoError";
  /** Name of the errno, such as "ENOSPC", or "" when the operating system gave none. */
  readonly code: string;
  constructor(message: string, code = "") {
    super(message);
    this.code = code;
  }
}

// What the partner said, or that it cannot be the partner's word.

import { DecodeError } from "../../base/errors.ts";
import { type ConfigMessage, decodeConfigMessage } from "../../wire/config-message.ts";
import { NoDocument, parseDocument, type SharedDocument } from "./shared-document.ts";

/** The partner does not keep to the rules; the message is a part of a sentence. Close the channel. */
export class RuleBroken extends Error {
  override readonly name = "RuleBroken";
}

export function hear(bytes: Uint8Array): ConfigMessage {
  try {
    return decodeConfigMessage(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new RuleBroken(`it says what cannot be read (${error.message})`);
  }
}

export function hearDocument(text: string): SharedDocument {
  try {
    const { hash, text: own } = parseDocument(text);
    return { hash, text: own };
  } catch (error) {
    if (!(error instanceof NoDocument)) throw error;
    throw new RuleBroken(`its configuration ${error.message}`);
  }
}

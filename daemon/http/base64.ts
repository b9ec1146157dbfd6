import { RequestError } from "./problem.ts";

/** One simple loop: an expression with groups would not come to the end of a text of megabytes. */
export const BASE64_TEXT = /^[A-Za-z0-9+/]*={0,2}$/;

/** Throws RequestError: not every text of these letters is the base64 of something. */
export function base64Bytes(base64: string, name: string): Uint8Array {
  let text: string;
  try {
    text = atob(base64);
  } catch {
    throw new RequestError(`"${name}" is no base64.`);
  }
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

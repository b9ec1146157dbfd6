/** A part of a sentence, as it fits behind a colon, as a sentence of its own. */
export function wholeSentence(part: string): string {
  return `${part.charAt(0).toUpperCase()}${part.slice(1)}.`;
}

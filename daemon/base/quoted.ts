const LENGTH_MAX = 60;

/** A value as JSON has it, for a sentence: shortened, so that the sentence can be read. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX - 3)}...` : text;
}

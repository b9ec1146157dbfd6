// Hardware addresses that get no answer, by their first one to six bytes.

/** One set per length of prefix, so that thousands of entries cost six lookups at most. */
export class DenyList {
  readonly #byLength: readonly (Set<number> | undefined)[];

  constructor(prefixes: readonly Uint8Array[]) {
    const byLength: (Set<number> | undefined)[] = [];
    for (const prefix of prefixes) {
      const set = byLength[prefix.length] ?? new Set<number>();
      byLength[prefix.length] = set;
      set.add(prefix.reduce((number, byte) => number * 256 + byte, 0));
    }
    this.#byLength = byLength;
  }

  has(chaddr: Uint8Array, hlen: number): boolean {
    let number = 0;
    for (let length = 1; length < this.#byLength.length && length <= hlen; length++) {
      number = number * 256 + (chaddr[length - 1] as number);
      if (this.#byLength[length]?.has(number)) return true;
    }
    return false;
  }
}

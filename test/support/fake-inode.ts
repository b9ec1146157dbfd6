const SECTOR = 512;

/** Content of a file, as written and as it is on the medium for sure. */
export class Inode {
  /** End of the zeros written ahead. */
  reserved = 0;
  #written: Uint8Array = new Uint8Array(SECTOR);
  #length = 0;
  #durable: Uint8Array = new Uint8Array(SECTOR);
  #durableLength = 0;
  #unsynced = new Set<number>();
  /** Sectors that a failed sync gave up: later syncs leave them out, and reading still shows them. */
  #lost = new Set<number>();

  get data(): Uint8Array {
    return this.#written.subarray(0, this.#length);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#reach(at + bytes.length);
    this.#written.set(bytes, at);
    this.#length = Math.max(this.#length, at + bytes.length);
    this.#mark(at, at + bytes.length);
  }

  cut(length: number): void {
    this.#reach(length);
    this.#written.fill(0, length, this.#length);
    this.#mark(length, this.#length);
    this.#length = length;
    this.reserved = Math.min(this.reserved, length);
  }

  sync(): void {
    for (const sector of this.#unsynced) this.#persist(sector);
    this.#unsynced.clear();
    this.#durableLength = this.#length;
  }

  loseUnsynced(): void {
    for (const sector of this.#unsynced) this.#lost.add(sector);
    this.#unsynced.clear();
  }

  crash(random: () => number): void {
    const least = Math.min(this.#length, this.#durableLength);
    const most = Math.max(this.#length, this.#durableLength);
    const choice = random();
    const size =
      choice < 0.3 ? least : choice < 0.6 ? most : least + Math.floor(random() * (most - least));
    const mode = random();
    for (const sector of this.#unsynced) {
      if (mode < 0.2 || (mode < 0.8 && random() < 0.5)) this.#persist(sector);
    }
    this.#durable.fill(0, size);
    this.#written = this.#durable.slice();
    this.#length = size;
    this.#durableLength = size;
    this.#unsynced.clear();
    this.#lost.clear();
    this.reserved = Math.min(this.reserved, size);
  }

  #persist(sector: number): void {
    const at = sector * SECTOR;
    this.#durable.set(this.#written.subarray(at, at + SECTOR), at);
  }

  #mark(from: number, to: number): void {
    for (let sector = Math.floor(from / SECTOR); sector * SECTOR < to; sector++) {
      this.#unsynced.add(sector);
      this.#lost.delete(sector);
    }
  }

  /** Makes room for `size` bytes, in whole sectors. */
  #reach(size: number): void {
    if (size <= this.#written.length) return;
    const room = Math.max(Math.ceil(size / SECTOR) * SECTOR, this.#written.length * 2);
    this.#written = grown(this.#written, room);
    this.#durable = grown(this.#durable, room);
  }
}

function grown(bytes: Uint8Array, size: number): Uint8Array {
  const bigger = new Uint8Array(size);
  bigger.set(bytes);
  return bigger;
}

// When leases end. A binary heap that renewals do not touch: an entry whose end has moved on is put
// back when its old time comes up, so a lease costs the heap one step per lease time, not per packet.

export interface Expiring {
  /** Wall-clock second at which the thing really ends now. */
  readonly expiresAt: number;
  /** Key under which it stands in the queue, 0 when it does not. Only the queue writes it. */
  queuedFor: number;
}

const LEFT_BEHIND_MAX = 64;

export class ExpiryQueue<T extends Expiring> {
  readonly #keys: number[] = [];
  readonly #items: T[] = [];
  /** Things in the queue; the heap holds more while places left behind wait to be dropped. */
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Places in the heap, those left behind included. */
  get heapSize(): number {
    return this.#items.length;
  }

  /** Second at which something may end, not later than the first real end; undefined when empty. */
  get nextAt(): number | undefined {
    return this.#keys[0];
  }

  /** Call after `expiresAt` was set. Does nothing unless the end is new or came nearer. */
  watch(item: T): void {
    if (item.queuedFor !== 0 && item.queuedFor <= item.expiresAt) return;
    // An entry under the older, later key stays behind; it is recognised by its key and skipped.
    if (item.queuedFor === 0) this.#size++;
    if (this.#items.length > 2 * this.#size + LEFT_BEHIND_MAX) this.#compact();
    this.#push(item, item.expiresAt);
  }

  /** The item no longer ends. Its place in the heap is dropped when it comes up. */
  forget(item: T): void {
    if (item.queuedFor !== 0) this.#size--;
    item.queuedFor = 0;
  }

  /** Takes out one item whose end is at or before `second`; undefined when there is none. */
  pop(second: number): T | undefined {
    for (;;) {
      const key = this.#keys[0];
      if (key === undefined || key > second) return undefined;
      const item = this.#removeFirst();
      if (item === undefined || item.queuedFor !== key) continue;
      if (item.expiresAt <= second) {
        this.forget(item);
        return item;
      }
      this.#push(item, item.expiresAt);
    }
  }

  clear(): void {
    for (const item of this.#items) item.queuedFor = 0;
    this.#items.length = 0;
    this.#keys.length = 0;
    this.#size = 0;
  }

  /** Drops the places left behind, so that a client that changes its mind often costs nothing. */
  #compact(): void {
    const items = this.#items.filter((item, at) => item.queuedFor === this.#keys[at]);
    this.#items.length = 0;
    this.#keys.length = 0;
    for (const item of new Set(items)) this.#push(item, item.queuedFor);
  }

  #push(item: T, key: number): void {
    item.queuedFor = key;
    const keys = this.#keys;
    const items = this.#items;
    let at = keys.length;
    keys.push(key);
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const parentKey = keys[parent] as number;
      if (parentKey <= key) break;
      keys[at] = parentKey;
      items[at] = items[parent] as T;
      at = parent;
    }
    keys[at] = key;
    items[at] = item;
  }

  #removeFirst(): T | undefined {
    const keys = this.#keys;
    const items = this.#items;
    const first = items[0];
    const lastKey = keys.pop();
    const last = items.pop();
    const length = keys.length;
    if (length === 0 || lastKey === undefined || last === undefined) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && (keys[child + 1] as number) < (keys[child] as number)) child++;
      if ((keys[child] as number) >= lastKey) break;
      keys[at] = keys[child] as number;
      items[at] = items[child] as T;
      at = child;
    }
    keys[at] = lastKey;
    items[at] = last;
    return first;
  }
}

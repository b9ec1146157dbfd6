// Who a client is (RFC 2131 §2, §4.2): option 61 when it sends one, else hardware type and address.

import { hashBytes } from "../base/bytes.ts";

/** First byte of `Lease.client`: what the bytes behind it are. */
export const HARDWARE_IDENTITY = 0;
export const CLIENT_ID_IDENTITY = 1;
/** One option holds at most this; a client identifier split over several is not a client's. */
export const CLIENT_ID_BYTES_MAX = 255;
/** RFC 2132 §9.14: the type byte and at least one more. */
export const CLIENT_ID_BYTES_MIN = 2;

/**
 * A reusable place for the identity of the packet in hand, so that looking a client up allocates
 * nothing. The bytes behind `length` are left over from earlier packets.
 */
export class ClientIdentity {
  readonly bytes = new Uint8Array(1 + CLIENT_ID_BYTES_MAX);
  length = 0;
  hash = 0;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From `length` bytes of option 61 at `start`; at most CLIENT_ID_BYTES_MAX. */
  setClientId(source: Uint8Array, start: number, length: number): void {
    this.setKey(CLIENT_ID_IDENTITY, source, start, length);
  }

  /** Bytes of another kind, told apart by the first one. */
  setKey(kind: number, source: Uint8Array, start: number, length: number): void {
    const { bytes } = this;
    bytes[0] = kind;
    for (let i = 0; i < length; i++) bytes[1 + i] = source[start + i] as number;
    this.#end(1 + length);
  }

  setHardware(htype: number, chaddr: Uint8Array, hlen: number): void {
    const { bytes } = this;
    bytes[0] = HARDWARE_IDENTITY;
    bytes[1] = htype;
    for (let i = 0; i < hlen; i++) bytes[2 + i] = chaddr[i] as number;
    this.#end(2 + hlen);
  }

  /** From the identity of a lease or a reservation. */
  set(client: Uint8Array): void {
    this.bytes.set(client);
    this.#end(client.length);
  }

  equals(client: Uint8Array): boolean {
    const { bytes, length } = this;
    if (client.length !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[i] !== client[i]) return false;
    return true;
  }

  /** The same for an identity as a lease keeps it, without unpacking it. */
  equalsPacked(client: string): boolean {
    const { bytes, length } = this;
    if (client.length !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[i] !== client.charCodeAt(i)) return false;
    return true;
  }

  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  #end(length: number): void {
    this.length = length;
    this.hash = hashBytes(this.bytes, this.#seed, length);
  }
}

/** Where in the pools the search for a never-used address begins: the same after every restart. */
export function preferredPlace(client: ClientIdentity): number {
  // The hash of the index is seeded anew at each start; this one must not be. FNV's low bits are
  // weak for MACs that differ in one bit, so they are mixed once more.
  const hash = Math.imul(hashBytes(client.bytes, 0, client.length), 0x9e3779b1);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** What the hash index needs of the things it holds. */
export interface IndexedByClient<T> {
  clientHash: number;
  nextByClient: T | undefined;
}

/** Hash index from client identity to things; several may belong to one client. */
export class ClientIndex<T extends IndexedByClient<T>> {
  #buckets: (T | undefined)[] = new Array<T | undefined>(64).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** First thing in the chain of this hash; follow `nextByClient` and compare identities. */
  first(hash: number): T | undefined {
    return this.#buckets[hash & (this.#buckets.length - 1)];
  }

  add(item: T): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    this.#link(item);
    this.#size++;
  }

  remove(item: T): void {
    const bucket = item.clientHash & (this.#buckets.length - 1);
    let before: T | undefined;
    for (let at = this.#buckets[bucket]; at !== undefined; at = at.nextByClient) {
      if (at === item) {
        if (before) before.nextByClient = item.nextByClient;
        else this.#buckets[bucket] = item.nextByClient;
        item.nextByClient = undefined;
        this.#size--;
        return;
      }
      before = at;
    }
  }

  #link(item: T): void {
    const bucket = item.clientHash & (this.#buckets.length - 1);
    item.nextByClient = this.#buckets[bucket];
    this.#buckets[bucket] = item;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<T | undefined>(old.length * 2).fill(undefined);
    for (const head of old) {
      let item = head;
      while (item) {
        const next: T | undefined = item.nextByClient;
        this.#link(item);
        item = next;
      }
    }
  }
}

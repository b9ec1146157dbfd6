// A stand-in for core and driver: keeps a book of leases, writes each change to the journal, and
// remembers what it was told to be durable.

import type { PairState } from "../../daemon/core/failover/pair-state.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { Journal, type OpenedJournal } from "../../daemon/journal/journal.ts";
import type { JournalState } from "../../daemon/ports.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { FakeDisk } from "../support/fake-disk.ts";
import { makeLease, makePair } from "../support/leases.ts";
import { seeded } from "../support/random.ts";
import { type Entry, isPair, SALT } from "./files.ts";

/** Everything that was ever appended, by sequence; shared by all lives of a box. */
export type Written = Map<number, Entry[]>;

/** What was durable: the newest lease of each address, and the state of the pair under PAIR. */
export type Durable = Map<number, Entry>;
const PAIR = -1;

export class Office {
  readonly clock = new FakeClock();
  readonly book = new Map<number, Lease>();
  readonly states: JournalState[] = [];
  readonly logged: string[] = [];
  readonly durableCalls: number[] = [];
  /** Newest contents that were reported durable. */
  readonly durable: Durable = new Map();
  pair: PairState | undefined;
  opened!: OpenedJournal;
  sequence = 0;
  onDurable: () => void = () => {};
  readonly #written: Written;
  #waiting: Entry[] = [];

  private constructor(written: Written) {
    this.#written = written;
  }

  static async open(disk: FakeDisk, written: Written = new Map()): Promise<Office> {
    const office = new Office(written);
    const opened = await Journal.open(disk, {
      clock: office.clock,
      salt: SALT,
      book: () => office.book.values(),
      pair: () => office.pair,
      events: {
        durable: (through) => office.#setDurable(through),
        state: (state) => office.#setState(state),
        log: (id) => office.logged.push(id),
      },
    });
    office.opened = opened;
    office.sequence = opened.lastSequence;
    const { pair } = opened;
    office.pair = pair;
    if (pair && opened.journal.state.kind === "ok") office.#keep(stored(pair));
    for (const lease of opened.leases) {
      office.book.set(lease.address, lease);
      if (opened.journal.state.kind === "ok") office.durable.set(lease.address, { ...lease });
    }
    return office;
  }

  get journal(): Journal {
    return this.opened.journal;
  }

  get state(): string {
    return this.states.at(-1)?.kind ?? "ok";
  }

  /** Changes the lease of an address in place, as the core does, and appends it. */
  change(address: number): void {
    const made = makeLease(++this.sequence, address, { hostname: `h${this.sequence}` });
    const known = this.book.get(made.address);
    if (known) Object.assign(known, made);
    else this.book.set(made.address, made);
    this.#wrote({ ...made });
    this.journal.append(this.book.get(made.address) as Lease);
  }

  /** The same for the state of the pair. */
  changePair(): void {
    const made = makePair(++this.sequence);
    if (this.pair) Object.assign(this.pair, made);
    else this.pair = made;
    this.#wrote(stored({ ...made }));
    this.journal.appendPair(this.pair, this.sequence);
  }

  kick(): void {
    this.journal.kick(this.clock.now());
  }

  #setDurable(through: number): void {
    this.durableCalls.push(through);
    for (const entry of this.#waiting) if (entry.sequence <= through) this.#keep(entry);
    this.#waiting = this.#waiting.filter((entry) => entry.sequence > through);
    this.onDurable();
  }

  #keep(entry: Entry): void {
    this.durable.set(isPair(entry) ? PAIR : entry.address, entry);
  }

  #wrote(entry: Entry): void {
    const all = this.#written.get(entry.sequence);
    if (all) all.push(entry);
    else this.#written.set(entry.sequence, [entry]);
    this.#waiting.push(entry);
  }

  #setState(state: JournalState): void {
    this.states.push(state);
  }
}

/** What is wrong with what a new life found, as a sentence; "" when it is right. */
export function complaint(durable: Durable, found: Office, written: Written): string {
  const all = new Map<number, Entry>(found.book);
  if (found.opened.pair) all.set(PAIR, stored(found.opened.pair));
  for (const [address, lease] of durable) {
    const got = all.get(address);
    if (!got) return `${address} is lost: it was durable in ${lease.sequence}`;
    if (got.sequence < lease.sequence) {
      return `${address} went back to ${got.sequence}: it was durable in ${lease.sequence}`;
    }
  }
  for (const lease of all.values()) {
    const texts = (written.get(lease.sequence) ?? []).map((each) => JSON.stringify(each));
    if (!texts.includes(JSON.stringify(lease))) return `invented: ${JSON.stringify(lease)}`;
    if (lease.sequence > found.sequence) return `${lease.sequence} is above the last sequence`;
  }
  return "";
}

/** With the sequence that it was made for. */
function stored(state: PairState): Entry {
  return { state, sequence: state.agreedThrough + 1 };
}

export function newDisk(): FakeDisk {
  return new FakeDisk({ random: seeded(1) });
}

/** A journal opened, and everything done that follows by itself. */
export async function opened(disk: FakeDisk): Promise<Office> {
  const office = await Office.open(disk);
  await settle();
  await office.clock.advance(100);
  return office;
}

export function namesOf(disk: FakeDisk): string[] {
  return [...disk.contents().keys()].sort();
}

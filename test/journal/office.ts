// A stand-in for core and driver: keeps a book of leases, writes each change to the journal, and
// remembers what it was told to be durable.

import type { Lease } from "../../daemon/core/lease.ts";
import { Journal, type OpenedJournal } from "../../daemon/journal/journal.ts";
import type { JournalState } from "../../daemon/ports.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { FakeDisk } from "../support/fake-disk.ts";
import { makeLease } from "../support/leases.ts";
import { seeded } from "../support/random.ts";
import { SALT } from "./files.ts";

/** Every lease content that was ever appended, by sequence; shared by all lives of a box. */
export type Written = Map<number, Lease[]>;

export class Office {
  readonly clock = new FakeClock();
  readonly book = new Map<number, Lease>();
  readonly states: JournalState[] = [];
  readonly logged: string[] = [];
  readonly durableCalls: number[] = [];
  /** Newest content of each address that was reported durable. */
  readonly durable = new Map<number, Lease>();
  opened!: OpenedJournal;
  sequence = 0;
  onDurable: () => void = () => {};
  readonly #written: Written;
  #waiting: Lease[] = [];

  private constructor(written: Written) {
    this.#written = written;
  }

  static async open(disk: FakeDisk, written: Written = new Map()): Promise<Office> {
    const office = new Office(written);
    const opened = await Journal.open(disk, {
      clock: office.clock,
      salt: SALT,
      book: () => office.book.values(),
      events: {
        durable: (through) => office.#setDurable(through),
        state: (state) => office.#setState(state),
        log: (id) => office.logged.push(id),
      },
    });
    office.opened = opened;
    office.sequence = opened.lastSequence;
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
    const copy = { ...made };
    const all = this.#written.get(copy.sequence);
    if (all) all.push(copy);
    else this.#written.set(copy.sequence, [copy]);
    this.#waiting.push(copy);
    this.journal.append(this.book.get(made.address) as Lease);
  }

  kick(): void {
    this.journal.kick(this.clock.now());
  }

  #setDurable(through: number): void {
    this.durableCalls.push(through);
    for (const lease of this.#waiting) {
      if (lease.sequence <= through) this.durable.set(lease.address, lease);
    }
    this.#waiting = this.#waiting.filter((lease) => lease.sequence > through);
    this.onDurable();
  }

  #setState(state: JournalState): void {
    this.states.push(state);
  }
}

/** What is wrong with what a new life found, as a sentence; "" when it is right. */
export function complaint(durable: Map<number, Lease>, found: Office, written: Written): string {
  for (const [address, lease] of durable) {
    const got = found.book.get(address);
    if (!got) return `${address} is lost: it was durable in ${lease.sequence}`;
    if (got.sequence < lease.sequence) {
      return `${address} went back to ${got.sequence}: it was durable in ${lease.sequence}`;
    }
  }
  for (const lease of found.book.values()) {
    const texts = (written.get(lease.sequence) ?? []).map((each) => JSON.stringify(each));
    if (!texts.includes(JSON.stringify(lease))) return `invented: ${JSON.stringify(lease)}`;
    if (lease.sequence > found.sequence) return `${lease.sequence} is above the last sequence`;
  }
  return "";
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

// What the driver lets leave because of the partner, and when: nothing before the record that it tells of.

import { expect, test } from "vitest";
import type { Core } from "../daemon/core/core.ts";
import type { Effect } from "../daemon/core/effect.ts";
import type { CoreEvent } from "../daemon/core/event.ts";
import { Driver } from "../daemon/driver.ts";
import { Journal } from "../daemon/journal/journal.ts";
import type { JournalState, Link, PeerLink } from "../daemon/ports.ts";
import { FakeClock, settle } from "./support/fake-clock.ts";
import { FakeDisk } from "./support/fake-disk.ts";
import { makePair } from "./support/leases.ts";
import { seeded } from "./support/random.ts";

class FakePeer implements PeerLink {
  readonly did: string[] = [];

  send(connection: number, bytes: Uint8Array): void {
    this.did.push(`${connection}: ${bytes[0]}`);
  }

  flush(): void {}

  dial(): void {
    this.did.push("dial");
  }

  close(connection: number): void {
    this.did.push(`close ${connection}`);
  }
}

/** Asks for whatever it is given, and ends its connection when the disk fails. */
class Script {
  readonly conditions = { revision: 0, active: () => [] };
  effects: Effect[] = [];

  step(event: CoreEvent, _: unknown, out: Effect[]): void {
    const isFailing = event.kind === "journal" && event.state.kind === "failing";
    if (isFailing) out.push({ kind: "peer-close", connection: 1 });
    if (event.kind === "alarm") out.push(...this.effects.splice(0));
  }

  endBatch(): void {}
}

async function makeBox() {
  const disk = new FakeDisk({ random: seeded(1) });
  const clock = new FakeClock();
  const script = new Script();
  const driver = new Driver(script as unknown as Core, new FakeClock(), {
    leaseChanged: () => {},
    log: () => {},
  });
  const { journal } = await Journal.open(disk, {
    clock,
    salt: 1,
    book: () => [],
    events: {
      durable: (through) => driver.durable(through),
      state: (state: JournalState) => driver.journalState(state),
      log: () => {},
    },
  });
  const peer = new FakePeer();
  const link: Link = { send: (frame) => peer.did.push(`client: ${frame[0]}`), flush: () => {} };
  driver.attach(journal, [link], peer);
  await settle();
  const perform = async (...effects: Effect[]) => {
    script.effects = effects;
    driver.event({ kind: "alarm" });
    await clock.advance(10);
  };
  return { disk, clock, driver, peer, perform };
}

function record(sequence: number): Effect {
  return { kind: "persist-pair", state: makePair(sequence), sequence };
}

function message(number: number): Effect {
  return { kind: "peer-send", connection: 1, bytes: Uint8Array.of(number) };
}

test("an answer leaves when the record before it is on disk, and what comes before the record at once", async () => {
  const { disk, peer, perform } = await makeBox();
  disk.fault = () => "hang";
  await perform(message(1), record(1), message(2));
  expect(peer.did).toEqual(["1: 1"]);
  disk.fault = undefined;
  disk.wake();
  await settle();
  expect(peer.did).toEqual(["1: 1", "1: 2"]);
});

test("an ACK that was kept back for the partner waits for its record too", async () => {
  const { disk, peer, perform } = await makeBox();
  disk.fault = () => "hang";
  await perform(record(1));
  await perform({ kind: "send", lan: 0, frame: Uint8Array.of(9), after: 1 });
  expect(peer.did).toEqual([]);
  disk.fault = undefined;
  disk.wake();
  await settle();
  expect(peer.did).toEqual(["client: 9"]);
});

test("a connection is closed behind its last words", async () => {
  const { disk, peer, perform } = await makeBox();
  disk.fault = () => "hang";
  await perform(record(1), message(1), { kind: "peer-close", connection: 1 });
  expect(peer.did).toEqual([]);
  disk.fault = undefined;
  disk.wake();
  await settle();
  expect(peer.did).toEqual(["1: 1", "close 1"]);
});

test("what tells of a record that was lost is never sent, and its connection ends at once", async () => {
  const { disk, clock, peer, perform } = await makeBox();
  disk.fault = () => ({ error: "EIO" });
  await perform(record(1), message(1));
  expect(peer.did).toEqual(["close 1"]);
  disk.fault = undefined;
  await clock.advance(5000);
  await perform(message(2));
  expect(peer.did).toEqual(["close 1", "1: 2"]);
});

// A lease that has ended, and what its end means before the partner's answer to it has come: the partner may
// have made use of the address by then.

import { describe, expect, test } from "vitest";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { address } from "../../support/client-frame.ts";
import { DISCOVER, RELEASE, REQUEST } from "../../support/core-bench.ts";
import { isUpdate, messagesIn } from "../../support/peer-bytes.ts";
import { diskOf, startAgain } from "../../support/started-again.ts";
import { only, type PairedBox, TwoCores } from "../../support/two-cores.ts";

const SECOND = 1000;
const MCLT_SECONDS = 600;
const STRANGER = "02:00:00:00:99:99";

interface Holder {
  readonly mac: string;
  readonly held: string;
}

/** A client whose box is this one, and what it was given. */
function holderOf(cores: TwoCores, role: FailoverRole): Holder {
  for (let i = 1; ; i++) {
    const mac = `02:00:00:00:01:${i.toString(16).padStart(2, "0")}`;
    const offer = only(cores.broadcast({ type: DISCOVER, mac }));
    if (offer.role !== role) continue;
    const held = offer.reply.yiaddr;
    const options = { 50: address(held), 54: address(cores.box(role).ownAddress) };
    cores.broadcast({ type: REQUEST, mac, options });
    return { mac, held };
  }
}

function release(box: PairedBox, { mac, held }: Holder): void {
  const options = { 54: address(box.ownAddress) };
  box.receive({ type: RELEASE, mac, ciaddr: held, options });
}

/** What this box alone offers to a client that would like to have the address. */
function offered(cores: TwoCores, box: PairedBox, mac: string, wanted: string) {
  cores.settle();
  cores.answers();
  box.receive({ type: DISCOVER, mac, options: { 50: address(wanted) } });
  cores.settle();
  const [offer] = box.replies();
  return offer && { wanted: offer.yiaddr === wanted, seconds: offer.message.u32(51) };
}

/** The client gives its address back at `role`; the partner makes use of that, and its answer gets lost. */
function answerLost(cores: TwoCores, role: FailoverRole, holder: Holder): void {
  const box = cores.box(role);
  release(box, holder);
  box.durable();
  cores.carry(box);
  const partner = cores.otherThan(box);
  partner.durable();
  partner.toPeer.splice(0);
  cores.cut();
}

describe("the partner knows that a lease has ended, but this box not that it does", () => {
  test("the secondary leaves the address to the primary, which may have given it away", () => {
    const cores = TwoCores.inStep();
    const holder = holderOf(cores, "primary");
    answerLost(cores, "secondary", holder);
    const { primary, secondary } = cores;
    expect(offered(cores, primary, STRANGER, holder.held)).toMatchObject({ wanted: true });
    expect(offered(cores, secondary, holder.mac, holder.held)).toMatchObject({ wanted: false });
  });

  test("so it does after a restart", () => {
    const cores = TwoCores.inStep();
    const holder = holderOf(cores, "primary");
    answerLost(cores, "secondary", holder);
    startAgain(cores, "secondary", diskOf(cores.secondary));
    cores.pass(20 * SECOND);
    const { secondary } = cores;
    expect(offered(cores, secondary, holder.mac, holder.held)).toMatchObject({ wanted: false });
  });

  test("the primary gives it to the same client, but for no longer than MCLT", () => {
    const cores = TwoCores.inStep();
    const holder = holderOf(cores, "primary");
    const { primary } = cores;
    const ahead = (primary.at(holder.held)?.agreedUntil ?? 0) - primary.now.wall / SECOND;
    expect(ahead).toBeGreaterThan(MCLT_SECONDS);
    answerLost(cores, "primary", holder);
    const offer = { wanted: true, seconds: MCLT_SECONDS };
    expect(offered(cores, primary, holder.mac, holder.held)).toEqual(offer);
    startAgain(cores, "primary", diskOf(primary));
    cores.pass(20 * SECOND);
    expect(offered(cores, cores.primary, holder.mac, holder.held)).toEqual(offer);
  });

  test("and counts no end as agreed on when it has been given again", () => {
    const cores = TwoCores.inStep();
    const holder = holderOf(cores, "primary");
    answerLost(cores, "primary", holder);
    const { primary } = cores;
    const options = { 50: address(holder.held) };
    expect(offered(cores, primary, holder.mac, holder.held)).toBeDefined();
    const serverId = address(primary.ownAddress);
    primary.receive({ type: REQUEST, mac: holder.mac, options: { ...options, 54: serverId } });
    const { agreedUntil = 0, state } = primary.at(holder.held) ?? {};
    expect(state).toBe("active");
    expect(agreedUntil).toBeLessThanOrEqual(primary.now.wall / SECOND);
  });
});

describe("the partner cannot know that a lease has ended", () => {
  test("the secondary gives the address to the same client again", () => {
    const cores = TwoCores.inStep();
    const holder = holderOf(cores, "primary");
    cores.cut();
    release(cores.secondary, holder);
    const again = offered(cores, cores.secondary, holder.mac, holder.held);
    expect(again).toMatchObject({ wanted: true });
  });

  test("a lease that ran out while it was alone too, after a snapshot and a restart", () => {
    const cores = TwoCores.inStep();
    const holder = holderOf(cores, "primary");
    cores.cut();
    cores.pass(4000 * SECOND);
    const { secondary } = cores;
    expect(secondary.at(holder.held)?.state).toBe("expired");
    const disk = diskOf(secondary);
    expect(Array.from(disk.leases, ({ state }) => state)).toContain("active");
    startAgain(cores, "secondary", disk);
    cores.pass(20 * SECOND);
    const again = offered(cores, cores.secondary, holder.mac, holder.held);
    expect(again).toMatchObject({ wanted: true });
  });
});

test("the partner hears of an end that follows from the journal when the journal has it as well", () => {
  const cores = TwoCores.inStep();
  const { held } = holderOf(cores, "primary");
  const { primary } = cores;
  cores.pass(3595 * SECOND);
  cores.isSilent = true;
  primary.toPeer.splice(0);
  while (primary.at(held)?.state === "active") {
    primary.monotonic += SECOND;
    primary.step({ kind: "alarm" });
  }
  primary.endBatch();
  expect(primary.at(held)?.state).toBe("expired");
  expect(primary.needsDisk).toBe(true);
  expect(updatesTo(primary)).toBe(0);
  primary.durable();
  expect(updatesTo(primary)).toBe(1);
});

/** BNDUPDs among what has left this box for its partner. */
function updatesTo({ toPeer }: PairedBox): number {
  const sent = toPeer.flatMap((effect) =>
    effect.kind === "peer-send" ? messagesIn(effect.bytes) : [],
  );
  return sent.filter(isUpdate).length;
}

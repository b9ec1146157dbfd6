// What happens to a pair in its life, told once for all pairings of servers. Behind each chapter the two
// agree on every address.

import { expect } from "vitest";
import type { ServerState } from "../../daemon/wire/failover/numbers.ts";
import { counts, untilState } from "./isc-agree.ts";
import { CONFLICT, CUT, GOODBYE, RESTARTED } from "./isc-complaints.ts";
import { type Device, device } from "./isc-devices.ts";
import { Dhcpd } from "./isc-dhcpd.ts";
import { TYPE } from "./isc-judge.ts";
import type { IscPair, Story } from "./isc-pair.ts";
import { pause, SIDES, type Side } from "./isc-room.ts";

export const lifeOfLeases: Story = { title: "the life of leases", tell: tellLifeOfLeases };

export const clocksDiffer: Story = {
  ...lifeOfLeases,
  title: "the life of leases by another clock",
};

/** `hungry` gives away more than its half; `asks`: it has to ask for more, the partner gives none unasked. */
export function balance(hungry: Side, asks: boolean): Story {
  const title = `${hungry} needs more than its half`;
  const needs = asks ? [TYPE.poolReq, TYPE.poolResp] : [];
  return { title, tell: (pair) => tellBalance(pair, hungry), needs };
}

export const cutAndHealed: Story = {
  title: "the link is cut and heals",
  tell: tellCutAndHealed,
  besides: CUT,
};

/** `dying` dies, the other one is told so. */
export function partnerDown(dying: Side): Story {
  const title = `${dying} dies, the other is told so, and it recovers`;
  return { title, tell: (pair) => tellPartnerDown(pair, dying), besides: RESTARTED };
}

/** `ending` is asked to end and starts again after a while. */
export function startedAgain(ending: Side): Story {
  const title = `${ending} ends and is started again`;
  const besides = [...GOODBYE, ...RESTARTED];
  return { title, tell: (pair) => tellStartedAgain(pair, ending), besides };
}

/** An operator has the dhcpd on side b pause, and then tells it that it will be off for long. */
export const sentAway: Story = {
  title: "b is sent away by an operator and comes back",
  tell: tellSentAway,
  besides: GOODBYE,
};

/** `first` has served alone before there was a pair. */
export function servedAlone(first: Side): Story {
  const title = `${first} has served alone before there was a pair`;
  return { title, tell: (pair) => tellServedAlone(pair, first), isFirstTold: true };
}

/** `losing` comes back with an empty disk. */
export function lostLeases(losing: Side): Story {
  const title = `${losing} comes back without its leases`;
  return { title, tell: (pair) => tellLostLeases(pair, losing) };
}

export const conflict: Story = {
  title: "conflict after both served",
  tell: tellConflict,
  besides: CONFLICT,
};

/** From an empty disk to leases of both servers, and to the end of each of them. */
async function tellLifeOfLeases(pair: IscPair): Promise<void> {
  const { devices } = pair;
  await startedFresh(pair);
  const held: Held[] = [];
  for (const number of [1, 2, 3, 4, 5, 6]) held.push(await joined(pair, device(number)));
  expect(new Set(held.map((each) => each.side)), "who answered").toEqual(new Set(SIDES));
  await pair.agreed();
  for (const each of held) {
    const ack = await devices.renew(each.device, each.address, otherSide(each.side));
    expect(ack, `renewed by ${otherSide(each.side)}`).toMatchObject({ address: each.address });
    // Long enough for dhcpd to see a new second.
    expect(ack?.seconds).toBe(pair.terms.leaseSeconds);
  }
  await pair.agreed();
  const [first, second, third, fourth] = held as [Held, Held, Held, Held];
  const rebound = await devices.rebind(fourth.device, fourth.address);
  expect(rebound.map((one) => one.type).sort()).toEqual(["ack", "ack"]);
  await pair.agreed();
  devices.release(first.device, first.address, first.side);
  devices.release(second.device, second.address, otherSide(second.side));
  await untilNoLease(pair, [first, second]);
  await pair.agreed();
  devices.decline(third.device, third.address, third.side);
  await untilKnown(pair, third.address, ["abandoned"]);
  await pair.agreed();
  await expectClients(pair, held.slice(3));
  await untilNoLease(pair, held.slice(3), (pair.terms.leaseSeconds + 20) * 1000);
  await pair.agreed();
}

/** One server gives more addresses than it has: the partner hands over of its own. */
async function tellBalance(pair: IscPair, hungry: Side): Promise<void> {
  await startedFresh(pair);
  const size = pair.addresses.length;
  const held: Held[] = [];
  for (let number = 1; number <= size * 0.6; number++) {
    const side = number <= size * 0.55 ? hungry : otherSide(hungry);
    held.push(await joined(pair, device(number), side, PATIENT_TRIES));
  }
  await pair.agreed();
  await expectClients(pair, held);
}

/** The link goes, both serve alone, and meet again. */
async function tellCutAndHealed(pair: IscPair): Promise<void> {
  const { devices } = pair;
  await startedFresh(pair);
  const held: Held[] = [];
  for (const number of [1, 2, 3, 4]) held.push(await joined(pair, device(number)));
  const [first, second, third, fourth] = held as [Held, Held, Held, Held];
  await pair.agreed();
  await pair.room.cutPair();
  await pair.both("communications-interrupted");
  const offers = await devices.discover(device(30), { forMilliseconds: 1000 });
  expect(offers.map((one) => one.side).sort(), "who answers alone").toEqual(["a", "b"]);
  const alone = [await joined(pair, device(5), "a"), await joined(pair, device(6), "b")];
  for (const each of [first, second]) {
    const ack = await devices.renew(each.device, each.address, otherSide(each.side));
    expect(ack, "renewed by the other alone").toMatchObject({ address: each.address });
  }
  // A device that hears both, and one that leaves.
  for (const side of SIDES) await devices.renew(third.device, third.address, side);
  devices.release(fourth.device, fourth.address, fourth.side);
  await pair.room.healPair();
  await pair.normal();
  await pair.agreed();
  await expectClients(pair, [first, second, third, ...alone]);
}

/** One ends for a while, the other serves everybody. */
async function tellStartedAgain(pair: IscPair, ending: Side): Promise<void> {
  const { devices } = pair;
  const [away, there] = [pair.server(ending), pair.server(otherSide(ending))];
  await startedFresh(pair);
  const held = [await joined(pair, device(1), "a"), await joined(pair, device(2), "b")];
  const leaving = await joined(pair, device(3), ending);
  await pair.agreed();
  // dhcpd takes its time to acknowledge, and what is not acknowledged is told again after a start.
  await pause(3000);
  await away.stop();
  await untilState([there], "communications-interrupted");
  for (const each of held) {
    const ack = await devices.renew(each.device, each.address, there.side);
    expect(ack, "renewed by the one that is there").toMatchObject({ address: each.address });
  }
  held.push(await joined(pair, device(4), there.side));
  devices.release(leaving.device, leaving.address, there.side);
  await away.start();
  await pair.normal();
  await pair.agreed();
  await expectClients(pair, held);
  await untilNoLease(pair, [leaving]);
}

async function tellSentAway(pair: IscPair): Promise<void> {
  const { a, b } = pair;
  if (!(b instanceof Dhcpd)) throw new Error("only a dhcpd can be sent away");
  await startedFresh(pair);
  const held = [await joined(pair, device(1), "a"), await joined(pair, device(2), "b")];
  await pair.agreed();
  const whileAway = async (state: ServerState, number: number) => {
    await untilState([a], state);
    for (const each of held) {
      const ack = await pair.devices.renew(each.device, each.address, "a");
      expect(ack, `renewed in ${state}`).toMatchObject({ address: each.address });
    }
    held.push(await joined(pair, device(number), "a"));
  };
  await b.setState("paused");
  await whileAway("communications-interrupted", 3);
  await b.setState("communications-interrupted");
  await pair.normal();
  await pair.agreed();
  await b.setState("shutdown");
  await whileAway("partner-down", 4);
  await b.setState("recover");
  await pair.normal();
  await pair.agreed();
  await expectClients(pair, held);
}

async function tellServedAlone(pair: IscPair, first: Side): Promise<void> {
  const alone = pair.server(first);
  await alone.startAlone();
  const held: Held[] = [];
  for (const number of [1, 2, 3, 4]) held.push(await joined(pair, device(number), first));
  const left = await joined(pair, device(5), first);
  pair.devices.release(left.device, left.address, first);
  await alone.stop();
  await Promise.all([pair.a.start(), pair.b.start()]);
  // A dhcpd that is new beside a box that serves waits for the MCLT.
  await startedFresh(pair, (pair.terms.mclt + 40) * 1000);
  for (const each of held) {
    const ack = await pair.devices.renew(each.device, each.address, otherSide(first));
    expect(ack, "renewed by the new one").toMatchObject({ address: each.address });
  }
  await pair.agreed();
  await expectClients(pair, held);
}

/** One dies, an operator says so to the other, which serves everybody; the dead one comes back. */
async function tellPartnerDown(pair: IscPair, dying: Side): Promise<void> {
  const [dead, alive] = [pair.server(dying), pair.server(otherSide(dying))];
  await startedFresh(pair);
  const held = [await joined(pair, device(1), "a"), await joined(pair, device(2), "b")];
  await pair.agreed();
  await dead.kill();
  await untilState([alive], "communications-interrupted");
  await alive.partnerDown();
  await untilState([alive], "partner-down");
  const renewing = keepRenewing(pair, held, alive.side);
  try {
    // First its own that are left, and then those of the partner, when the MCLT has passed.
    const tries = PATIENT_TRIES + pair.terms.mclt;
    for (let number = 3; number <= pair.addresses.length; number++) {
      held.push(await joined(pair, device(number), alive.side, tries));
    }
    await dead.start();
    await pair.normal((pair.terms.mclt + 60) * 1000);
  } finally {
    await renewing.stop();
  }
  await pair.agreed(30_000);
  await expectClients(pair, held);
}

/** One comes back with an empty disk. */
async function tellLostLeases(pair: IscPair, losing: Side): Promise<void> {
  const [loser, keeper] = [pair.server(losing), pair.server(otherSide(losing))];
  await startedFresh(pair);
  const held: Held[] = [];
  for (const number of [1, 2]) held.push(await joined(pair, device(number), "a"));
  for (const number of [3, 4]) held.push(await joined(pair, device(number), "b"));
  await pair.agreed();
  await loser.kill();
  await untilState([keeper], "communications-interrupted");
  loser.loseLeases();
  await loser.start();
  // Whoever serves, the devices do not lose what they have.
  const renewing = keepRenewing(pair, held, keeper.side);
  try {
    await pair.normal((pair.terms.mclt + 60) * 1000);
  } finally {
    await renewing.stop();
  }
  await pair.agreed(30_000);
  await expectClients(pair, held);
}

/** Both are told that the other is down while both live, and give the same addresses to others. */
async function tellConflict(pair: IscPair): Promise<void> {
  await startedFresh(pair);
  const held = [await joined(pair, device(1), "a"), await joined(pair, device(2), "b")];
  await pair.agreed();
  await pair.room.cutPair();
  await pair.both("communications-interrupted");
  for (const server of [pair.a, pair.b]) await server.partnerDown();
  await pair.both("partner-down");
  const tries = PATIENT_TRIES + pair.terms.mclt;
  const more = pair.addresses.length - held.length;
  const own = { a: [...held], b: [...held] };
  const renewing = SIDES.map((side) => keepRenewing(pair, own[side], side));
  const fill = async (side: Side, from: number) => {
    for (let number = from; number < from + more; number++) {
      own[side].push(await joined(pair, device(number), side, tries));
    }
  };
  try {
    await Promise.all([fill("a", 100), fill("b", 150)]);
  } finally {
    // Whoever was first still has all of its leases when the other one has.
    await Promise.all(renewing.map((one) => one.stop()));
  }
  const [ofA = [], ofB = []] = SIDES.map((side) => own[side].slice(held.length));
  const taken = new Set(ofA.map((each) => each.address));
  expect(ofB.filter((each) => taken.has(each.address)).length, "in conflict").toBeGreaterThan(0);
  await pair.room.healPair();
  await pair.normal(60_000);
  await pair.agreed(30_000);
  await expectClients(pair, held);
}

interface Held {
  readonly device: Device;
  readonly address: string;
  /** Who gave it. */
  readonly side: Side;
}

/** Balancing runs on a timer of dhcpd; a device tries again every second. */
const PATIENT_TRIES = 30;

function otherSide(side: Side): Side {
  return side === "a" ? "b" : "a";
}

async function startedFresh(pair: IscPair, milliseconds?: number): Promise<void> {
  await pair.normal(milliseconds);
  const balanced = async () => {
    const { free = 0, backup = 0 } = await counts(pair.b, pair.addresses);
    return free > 0 && backup > 0;
  };
  await pair.waitFor("addresses on both sides", balanced, 20_000);
  await pair.agreed();
}

async function joined(pair: IscPair, one: Device, from?: Side, tries?: number): Promise<Held> {
  try {
    const { address, side } = await pair.devices.join(one, from, tries);
    return { device: one, address, side };
  } catch (error) {
    throw new Error([(error as Error).message, pair.a.tail(), pair.b.tail()].join("\n"));
  }
}

/** Renews all of the list every few seconds until it is stopped; then each must still get its ACK. */
function keepRenewing(pair: IscPair, held: readonly Held[], side: Side): { stop(): Promise<void> } {
  let isOver = false;
  const renew = (each: Held) => pair.devices.renew(each.device, each.address, side, 1);
  const run = async () => {
    while (!isOver) {
      for (const each of held) await renew(each);
      await pause(2000);
    }
    for (const each of held) {
      // A device asks again, too: a server in transition is silent.
      const isRenewed = async () => (await renew(each))?.address === each.address;
      await pair.waitFor(`${each.address} renewed by ${side}`, isRenewed, 5000);
    }
  };
  const running = run();
  running.catch(() => {});
  return {
    stop: async () => {
      isOver = true;
      await running;
    },
  };
}

/** Each of them has its address in both databases. */
async function expectClients(pair: IscPair, held: readonly Held[]): Promise<void> {
  for (const server of [pair.a, pair.b]) {
    const known = await server.known();
    for (const { device: one, address } of held) {
      const expected = { state: "active", mac: one.mac };
      expect(known.get(address), `${address} at ${server.side}`).toMatchObject(expected);
    }
  }
}

async function untilNoLease(
  pair: IscPair,
  held: readonly Held[],
  milliseconds?: number,
): Promise<void> {
  for (const { address } of held) {
    await untilKnown(pair, address, ["free", "backup"], milliseconds);
  }
}

async function untilKnown(
  pair: IscPair,
  address: string,
  states: readonly string[],
  milliseconds = 15_000,
): Promise<void> {
  for (const server of [pair.a, pair.b]) {
    const is = async () => states.includes((await server.known()).get(address)?.state ?? "free");
    await pair.waitFor(`${address} ${states.join(" or ")} at ${server.side}`, is, milliseconds);
  }
}

// What a box does beside a dhcpd that it does not do beside another box: the partner is a script.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../../daemon/base/address.ts";
import { judgeLease } from "../../../daemon/core/failover/binding-rules.ts";
import type { PairStateName } from "../../../daemon/core/failover/pair-state.ts";
import type { Lease } from "../../../daemon/core/lease.ts";
import { decodeMessage } from "../../../daemon/wire/failover/decode.ts";
import { MessageStream } from "../../../daemon/wire/failover/message-stream.ts";
import type {
  BindingUpdate,
  FailoverRole,
  ReceivedMessage,
} from "../../../daemon/wire/failover/messages.ts";
import { bytes, macBytes } from "../../support/client-frame.ts";
import { START_SECONDS } from "../../support/core-bench.ts";
import { makeLease, makePair } from "../../support/leases.ts";
import { PairedBox } from "../../support/two-cores.ts";
import { binding, NOW } from "./binding-cases.ts";

const OURS = "02:00:5e:00:00:64";
const OTHERS = "02:00:5e:00:00:65";
const ADDRESS = "10.77.0.100";

describe("of a lease that runs here", () => {
  const mine = binding("active");

  test.each(["free", "backup", "expired"] as const)("that it is %s is not believed", (status) => {
    for (const isAgreed of [true, false]) {
      const verdict = judgeLease(mine, binding(status), isAgreed, NOW, 10);
      expect(verdict).toMatchObject({ accept: false, reason: "outdated-binding-information" });
    }
  });

  test("the end is believed when it has come, a little early when both know of it", () => {
    const ending = { ...mine, endsAt: NOW + 5 };
    expect(judgeLease(ending, binding("expired"), true, NOW, 10)).toBeUndefined();
    expect(judgeLease(ending, binding("expired"), false, NOW, 10)).toMatchObject({ accept: false });
    expect(
      judgeLease({ ...mine, endsAt: NOW }, binding("expired"), false, NOW, 10),
    ).toBeUndefined();
  });

  test("a box that recovers believes that it is over, if it had told of it", () => {
    const forever = Number.POSITIVE_INFINITY;
    expect(judgeLease(mine, binding("free"), true, NOW, forever)).toEqual({ accept: true });
    expect(judgeLease(mine, binding("free"), false, NOW, forever)).toMatchObject({ accept: false });
  });

  test("a release from before the client was heard last does not count", () => {
    const released = (seconds: number) =>
      binding("released", { lastTransactionAt: mine.lastTransactionAt + seconds });
    expect(judgeLease(mine, released(-60), false, NOW, 10)).toMatchObject({ accept: false });
    expect(judgeLease(mine, released(60), false, NOW, 10)).toBeUndefined();
    expect(judgeLease(mine, released(-60), true, NOW, 10)).toBeUndefined();
  });

  test.each(["abandoned", "reset", "active"] as const)("%s is for dhcpd's rules", (status) => {
    expect(judgeLease(mine, binding(status), false, NOW, 10)).toBeUndefined();
  });
});

test("an address that no client has is for dhcpd's rules", () => {
  expect(judgeLease(undefined, binding("free"), true, NOW, 10)).toBeUndefined();
  expect(judgeLease(binding("expired"), binding("free"), true, NOW, 10)).toBeUndefined();
});

describe.each(["primary", "secondary"] as const)("the %s in NORMAL again", (role) => {
  const gift = makeLease(1, 100, { state: "backup", expiresAt: 0, seenAt: 0 });

  test("hears the dhcpd out before it says anything of its own book", () => {
    const box = new Beside(role, "communications-interrupted", [gift]);
    box.says("normal");
    expect(box.said()).toEqual(["STATE", "UPDREQ"]);
    box.tells({ bindingStatus: "active", ...leaseOf(OTHERS) });
    expect(box.said()).toEqual(["BNDACK"]);
    box.isDone();
    // Now it knows better than to say that the address is nobody's.
    box.said();
    expect(box.updates.map((one) => one.assignedIpAddress)).not.toContain(ipv4(ADDRESS));
    expect(box.at(ADDRESS)).toMatchObject({ state: "active" });
  });

  test("says what it has to say behind the UPDDONE", () => {
    const box = new Beside(role, "communications-interrupted", [gift]);
    box.says("normal");
    expect(box.said()).toEqual(["STATE", "UPDREQ"]);
    box.isDone();
    expect(box.said()).toEqual(["BNDUPD"]);
  });

  test("does not wait for it for ever", () => {
    const box = new Beside(role, "communications-interrupted", [gift]);
    box.says("normal");
    expect(box.said()).toEqual(["STATE", "UPDREQ"]);
    box.pass(31_000);
    expect(box.said().filter((type) => type !== "CONTACT")).toEqual(["BNDUPD"]);
  });
});

test("times are those of the dhcpd's clock, which takes them for such", () => {
  const box = new Beside("secondary", "communications-interrupted", [ourLease()], 40);
  // Messages tell whole seconds, rounded down.
  const ahead = 41;
  box.says("normal");
  box.said();
  box.isDone();
  expect(box.said()).toEqual(["BNDUPD"]);
  expect(box.updates).toMatchObject([
    { leaseExpirationTime: START_SECONDS + 600 + ahead, startTimeOfState: START_SECONDS + ahead },
  ]);
  const times = {
    clientLastTransactionTime: START_SECONDS + 60,
    leaseExpirationTime: START_SECONDS + 1200,
  };
  box.tells({ bindingStatus: "active", ...leaseOf(OTHERS), ...times });
  expect(box.at(ADDRESS)).toMatchObject({ expiresAt: START_SECONDS + 1200 - ahead });
});

test("a lease that is lost to one of the dhcpd's is a conflict that people hear of", () => {
  const box = new Beside("primary", "partner-down", [ourLease()]);
  box.says("partner-down");
  box.tells({ bindingStatus: "active", ...leaseOf(OTHERS) });
  expect(box.at(ADDRESS)).toMatchObject({ client: clientOf(OTHERS) });
  expect(box.conflicts).toBe(1);
});

test("a primary takes another connection than it has: a dhcpd that had the old one would not offer it", () => {
  const box = new Beside("primary", "normal");
  box.says("normal");
  box.said();
  box.connect(2);
  expect(box.said()).toEqual(["CONNECT"]);
  box.greet(2);
  box.said();
  expect(box.closed).toEqual([1]);
  box.says("normal");
  expect(box.said()).toEqual(["STATE", "UPDREQ"]);
});

describe("a box that knows nothing beside a dhcpd that recovers as well", () => {
  const alone = { potentialExpirationTime: START_SECONDS + 600 };

  test("does not wait when that has had no partner before", () => {
    const box = new Beside("secondary", undefined);
    box.says("recover");
    box.tells({ bindingStatus: "free", leaseExpirationTime: 0, potentialExpirationTime: 0 });
    box.tells({ bindingStatus: "active", ...leaseOf(OTHERS), ...alone });
    box.says("recover-done");
    box.said();
    box.isDone();
    expect(box.state).toBe("normal");
    expect(box.at(ADDRESS)).toMatchObject({ expiresAt: START_SECONDS + 600 });
  });

  test("waits when it has agreed with somebody on a lease", () => {
    const box = new Beside("secondary", undefined);
    box.says("recover");
    box.tells({ bindingStatus: "active", ...leaseOf(OTHERS) });
    box.says("recover-done");
    box.said();
    box.isDone();
    expect(box.state).toBe("recover-wait");
  });

  test("waits beside one that serves", () => {
    const box = new Beside("secondary", undefined);
    box.says("partner-down");
    box.said();
    box.isDone();
    expect(box.state).toBe("recover-wait");
  });
});

class Beside {
  readonly #box: PairedBox;
  readonly #role: FailoverRole;
  /** Seconds by which the clock of the dhcpd is ahead. */
  readonly #ahead: number;
  #link = 1;
  #xid = 100;
  #asked = 0;
  readonly closed: number[] = [];
  /** All updates that were heard. */
  readonly updates: BindingUpdate[] = [];

  constructor(
    role: FailoverRole,
    saved: PairStateName | undefined,
    leases: readonly Lease[] = [],
    ahead = 0,
  ) {
    const times = { since: START_SECONDS, partnerSince: START_SECONDS };
    const pair = saved && makePair(1, { state: saved, partnerState: "normal", ...times });
    const known = { pair, leases, lastSequence: leases.length, wallFloor: START_SECONDS };
    this.#box = new PairedBox(role, { dialect: "isc" }, known);
    this.#role = role;
    this.#ahead = ahead;
    this.connect(1);
    this.greet(1);
    // Of a box that starts a STATE of the partner is heard first.
    this.said();
  }

  get state(): PairStateName | undefined {
    return this.#box.core.pair?.state;
  }

  get conflicts(): number | undefined {
    return this.#box.core.pair?.conflicts;
  }

  at(address: string) {
    return this.#box.core.book.at(ipv4(address));
  }

  connect(connection: number): void {
    this.#box.step({ kind: "peer-open", connection });
    this.#box.durable();
  }

  greet(connection: number): void {
    this.#link = connection;
    const own = { relationshipName: "office", maxUnackedBndupd: 100, receiveTimer: 600 };
    const greeting = { ...own, vendorClassIdentifier: "isc-4.4.3-P1", protocolVersion: 1 };
    if (this.#role === "primary") this.#hear({ type: "CONNECTACK", ...greeting, tlsReply: 0 }, 0);
    else {
      const told = { tlsRequest: 0, mclt: 600, hashBucketAssignment: new Uint8Array(32) };
      this.#hear({ type: "CONNECT", ...greeting, ...told }, 0);
    }
  }

  says(serverState: PairStateName): void {
    const startTimeOfState = START_SECONDS;
    this.#hear({ type: "STATE", serverState, serverFlags: 0, startTimeOfState });
  }

  /** A BNDUPD about the one address. */
  tells(update: Omit<BindingUpdate, "assignedIpAddress">): void {
    const bindings = [{ assignedIpAddress: ipv4(ADDRESS), startTimeOfState: 0, ...update }];
    this.#hear({ type: "BNDUPD", bindings });
  }

  /** UPDDONE for what the box was heard to ask for. */
  isDone(): void {
    this.#hear({ type: "UPDDONE" }, this.#asked);
  }

  pass(milliseconds: number): void {
    this.#box.monotonic += milliseconds;
    this.#box.step({ kind: "alarm" });
    this.#box.durable();
  }

  /** Types of what the box has said since the last call, each once. */
  said(): string[] {
    const types: string[] = [];
    for (const effect of this.#box.toPeer.splice(0)) {
      if (effect.kind === "peer-close") this.closed.push(effect.connection);
      else for (const message of messagesIn(effect.bytes)) types.push(this.#note(message));
    }
    return [...new Set(types)];
  }

  #note(message: ReceivedMessage): string {
    const { type, xid } = message;
    if (type === "BNDUPD") this.updates.push(...message.bindings);
    if (type === "UPDREQ" || type === "UPDREQALL") this.#asked = xid;
    return type;
  }

  #hear(message: object, xid = this.#xid++): void {
    const whole = { time: START_SECONDS + this.#ahead, xid, ...message } as Parameters<
      PairedBox["hear"]
    >[0];
    this.#box.hear(whole, this.#link);
    this.#box.durable();
  }
}

function messagesIn(sent: Uint8Array): ReceivedMessage[] {
  const stream = new MessageStream();
  stream.push(sent);
  const messages: ReceivedMessage[] = [];
  for (let one = stream.next(); one; one = stream.next()) {
    messages.push(decodeMessage(one, 0, one.length, "isc"));
  }
  return messages;
}

function clientOf(mac: string): Uint8Array {
  return bytes(0, 1, ...macBytes(mac));
}

/** A lease that two have agreed on, as a dhcpd tells of it. */
function leaseOf(mac: string) {
  return {
    clientHardwareAddress: { htype: 1, chaddr: macBytes(mac) },
    leaseExpirationTime: START_SECONDS + 600,
    potentialExpirationTime: START_SECONDS + 900,
  };
}

/** One that the dhcpd has not heard of. */
function ourLease() {
  const times = { startsAt: START_SECONDS, seenAt: START_SECONDS };
  return makeLease(1, 100, {
    ...times,
    client: clientOf(OURS),
    expiresAt: START_SECONDS + 600,
  });
}

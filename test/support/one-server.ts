// Two boxes that clients know as one server, by an address that moves between them.

import { ipv4 } from "../../daemon/base/address.ts";
import type { NetworkConfig } from "../../daemon/core/config-view.ts";
import type { Conclusion } from "../../daemon/core/witness/paths.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import type { ClientMessage } from "./client-frame.ts";
import { ACK, address, DISCOVER, REQUEST, type Reply } from "./core-bench.ts";
import { only, type PairedBox, TwoCores } from "./two-cores.ts";

export const VIRTUAL = "10.77.0.1";
/** Of the network of both. */
export const ONE_SERVER = { serverId: ipv4(VIRTUAL) } as const;

/** Two boxes in NORMAL; `changes` are to the network of both. */
export function cores(changes: Partial<NetworkConfig> = {}): TwoCores {
  return TwoCores.inStep({}, { ...ONE_SERVER, ...changes });
}

/** Client number `n` of those that this box answers while both are in step. */
export function clientOf(role: FailoverRole, n = 0): string {
  const two = cores();
  for (let i = 0, left = n; ; i++) {
    const mac = `02:00:00:00:02:${i.toString(16).padStart(2, "0")}`;
    if (only(two.broadcast({ type: DISCOVER, mac })).role === role && left-- === 0) return mac;
  }
}

/** The REQUEST of a client that takes an offer. */
export function select(
  mac: string,
  wanted: string,
  more: Partial<ClientMessage> = {},
): ClientMessage {
  const options = { 50: address(wanted), 54: address(VIRTUAL), ...more.options };
  return { type: REQUEST, mac, ...more, options };
}

/** What a box says to a message that the other one does not hear; an ACK may wait a little for the other one. */
export function answer(two: TwoCores, box: PairedBox, message: ClientMessage): Reply | undefined {
  box.receive(message);
  two.pass(100);
  const { primary, secondary } = two.answers();
  return box === two.primary ? primary : secondary;
}

/** The whole way to a lease; the address. */
export function lease(two: TwoCores, mac: string): string {
  const { reply } = only(two.broadcast({ type: DISCOVER, mac }));
  const ack = only(two.broadcast(select(mac, reply.yiaddr)));
  if (ack.reply.type !== ACK) throw new Error(`${mac} got no lease`);
  return ack.reply.yiaddr;
}

/** What the heartbeats say of the partner. */
export function see(
  box: PairedBox,
  conclusion: Conclusion,
  lansDown: readonly string[] = [],
): void {
  box.step({ kind: "sight", sight: { conclusion, lansDown } });
  box.endBatch();
}

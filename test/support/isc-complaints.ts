// What dhcpd has to say against its partner: every line of its log that is not known to be harmless.

/** The lines of a log that are complaints, each once. `besides` are harmless in this case. */
export function complaints(log: readonly string[], besides: readonly RegExp[] = []): string[] {
  const harmless = [...HARMLESS, ...besides];
  return [...new Set(log.filter((line) => !harmless.some((one) => one.test(line))))];
}

const ADDRESS = "10\\.77\\.0\\.\\d+";
const PEER = "failover peer pair:";
const STATE =
  "(recover|startup|normal|recover-done|recover-wait|communications-interrupted|partner-down)";

/** What a link that is cut brings with it. */
export const CUT: readonly RegExp[] = [/^timeout waiting for failover peer pair$/];

/** What two bring with them that both served alone. */
export const CONFLICT: readonly RegExp[] = [
  ...CUT,
  new RegExp(`^Lease conflict at ${ADDRESS}$`),
  new RegExp(`^${PEER} (I move|peer moves) from \\S+ to (potential-conflict|conflict-done)$`),
  new RegExp(`^${PEER} (I move|peer moves) from (potential-conflict|conflict-done) to normal$`),
];

/**
 * A primary that starts again lets leases expire that its partner has renewed meanwhile, even when it was
 * told so and has acknowledged it. The partner refuses that.
 */
export const RESTARTED: readonly RegExp[] = [
  new RegExp(`^bind update on ${ADDRESS} from pair rejected: .*active.* to .*expired$`),
  new RegExp(`^bind update on ${ADDRESS} from pair rejected: it is active here, and not expired$`),
];

/** A partner that says goodbye before it ends, and that an operator sends away. */
export const GOODBYE: readonly RegExp[] = [
  new RegExp(`^${PEER} (I move|peer moves) from \\S+ to (paused|shutdown)$`),
  new RegExp(`^${PEER} (I move|peer moves) from (paused|shutdown) to ${STATE}$`),
];

/** Of the program itself, of clients, and of a pair that goes its way. */
const HARMLESS: readonly RegExp[] = [
  "|Internet Systems Consortium DHCP Server .*|Copyright .*|All rights reserved\\.|For info, .*",
  "(Config|Database|PID) file: .*|Wrote \\d+ (leases|.* decls) to leases file\\.",
  "(Listening|Sending) on .*|Server starting service\\.|Received signal 15, .*",
  `DHCP(DISCOVER|OFFER|REQUEST|ACK|NAK|RELEASE|DECLINE) .*`,
  `${PEER} (I move|peer moves) from (unknown-state|${STATE}) to ${STATE}`,
  `${PEER} (requesting full update from peer|peer update completed\\.|Both servers normal)`,
  "Both servers have entered recover-done!",
  "Sent update (request( all)?|done) message to pair|Sending updates to pair\\.",
  "Update request( all)? from pair: (sending update|nothing pending)",
  "Received update request while old update still flying!  Silently discarding old request\\.",
  `balanc(ing|ed) pool \\w+ \\S+  total .*`,
  // Duelling updates, which the primary wins: PROTOCOL says both sides have to live with them.
  `bind update on ${ADDRESS} from pair rejected: incoming update is less critical than outgoing update`,
  "peer pair: disconnected",
  // Both have dialled, and the primary said CONNECT on both connections.
  "Failover CONNECT to pair rejected: Connection rejected, duplicate connection\\.",
  "pool response: \\d+ leases",
  `Abandoning IP address ${ADDRESS}: declined\\.`,
  // One device by two identities, or with an address of either server.
  `uid lease ${ADDRESS} for client \\S+ is duplicate on \\S+`,
  `bind update on ${ADDRESS} got ack from pair: xid mismatch\\.`,
].map((pattern) => new RegExp(`^(${pattern})$`));

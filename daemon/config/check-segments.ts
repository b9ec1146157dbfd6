// Which networks share a wire, and which relays stand for which network.

import { contains, ipv4, parseSubnet } from "../base/address.ts";
import { type SharedConfig, segmentOf } from "./schema.ts";
import type { Say } from "./validate.ts";

export function checkSegments(shared: SharedConfig, say: Say): void {
  checkSharing(shared, say);
  checkRelays(shared, say);
}

function checkSharing(shared: SharedConfig, say: Say): void {
  shared.networks.forEach((network, index) => {
    const { sharedWith } = network;
    if (sharedWith === undefined) return;
    const path = `networks[${index}].sharedWith`;
    const other = shared.networks.findIndex((candidate) => candidate.name === sharedWith);
    const primary = shared.networks[other];
    if (!primary) say(path, `there is no network "${sharedWith}"`);
    else if (other === index) say(path, "names the network itself");
    else if (primary.sharedWith !== undefined) {
      say(path, `"${sharedWith}" is itself shared with "${primary.sharedWith}"; name that one`);
    } else if (primary.relayed !== network.relayed) {
      const wanted = primary.relayed ? "is relayed, so this network must be too" : "is not relayed";
      say(`networks[${index}].relayed`, `"${sharedWith}", which shares its wire, ${wanted}`);
    }
  });
}

function checkRelays(shared: SharedConfig, say: Say): void {
  const seen = new Map<string, string>();
  shared.networks.forEach((network, index) => {
    network.relays.forEach((text, at) => {
      const place = `networks[${index}].relays[${at}]`;
      const earlier = seen.get(text);
      if (earlier === undefined) seen.set(text, place);
      else say(place, `${text} is already used by ${earlier}`);
      shared.networks.forEach((other, otherIndex) => {
        const subnet = parseSubnet(other.subnet);
        if (segmentOf(other) === segmentOf(network) || !subnet) return;
        if (contains(subnet, ipv4(text))) {
          say(place, `${text} is inside ${other.subnet} of networks[${otherIndex}]`);
        }
      });
    });
  });
}

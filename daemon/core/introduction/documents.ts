// What each box writes to become one of a pair, or to be alone again. Documents in, documents out.

import { hex } from "../../base/bytes.ts";
import type { Offer, PairRole } from "../../wire/introduction-message.ts";
import { addressOf, networkOf, objectOf, ownAddress, withPrefix } from "./free-address.ts";

/** config.json and box.json; a shared one of undefined stays as it is. */
export interface Documents {
  readonly shared: unknown;
  readonly box: unknown;
}

type Document = Readonly<Record<string, unknown>>;

export type DocumentsOrProblem =
  | { readonly documents: Documents }
  /** There is no address for this box on that network. */
  | { readonly noAddressOn: string };

/** What both call their relationship, unless it has a name already. */
const PAIR_NAME = "tandem";
const NAME_LENGTH_MAX = 32;

export function otherRole(role: PairRole): PairRole {
  return role === "primary" ? "secondary" : "primary";
}

/** The configuration as the pair has it. */
export function sharedOfPair(shared: unknown): Document {
  const { pair, ...rest } = objectOf(shared);
  return { ...rest, pair: pair ?? { name: PAIR_NAME } };
}

/** Of the box whose configuration both have from now on: it gets a partner, and nothing else changes. */
export function giversDocuments(own: Documents, role: PairRole, partner: Uint8Array): Documents {
  const hasName = objectOf(own.shared).pair !== undefined;
  return {
    shared: hasName ? undefined : sharedOfPair(own.shared),
    box: { ...objectOf(own.box), role: "serving", pair: pairOf(role, partner) },
  };
}

/** Of the other box: its name and its addresses stay where they can. */
export function takersDocuments(
  own: Documents,
  offer: Offer,
  partner: Uint8Array,
  keepsName: boolean,
): DocumentsOrProblem {
  const box = objectOf(own.box);
  const ports = portsOf(offer.networks);
  const partners = ports.flatMap(({ address }) => address ?? []);
  const wished = portsOf(box.networks).flatMap(({ address }) => address ?? []);
  const networks = new Map<string, unknown>();
  for (const { name, interface: port, address } of ports) {
    const network = networkOf(offer.shared, name);
    const chosen = address && ownAddress(network, address, partners, wished);
    if (chosen === undefined) return { noAddressOn: name };
    networks.set(name, { interface: port, address: withPrefix(network, chosen) });
  }
  const name =
    keepsName && typeof box.name === "string" && box.name !== offer.name
      ? box.name
      : otherName(offer.name, offer.role);
  const written = {
    ...{ ...box, version: 1, name, role: "serving" },
    networks: Object.fromEntries(networks),
    pair: pairOf(offer.role, partner),
  };
  return { documents: { shared: offer.shared, box: written } };
}

/** Of a box that is in a pair no more: `role` "serving" for the one that goes on. */
export function documentsAlone(own: Documents, role: "serving" | "standby"): Documents {
  const { pair: _partner, ...box } = objectOf(own.box);
  const { pair, ...shared } = objectOf(own.shared);
  // A file that says nothing of a pair, or cannot be read, stays as it is.
  return { shared: pair === undefined ? undefined : shared, box: { ...box, role } };
}

/** "A" and "B", "box-a" and "box-b"; else a 2 is put behind it. */
export function otherName(name: string, ownRole: PairRole): string {
  const letter = /(?:^|[-_])([A-Za-z])$/.exec(name)?.[1];
  const isFirst = letter === "a" || letter === "A";
  const isLast = letter === "z" || letter === "Z";
  if (letter && !isLast) {
    const step = ownRole === "primary" && !isFirst ? -1 : 1;
    return name.slice(0, -1) + String.fromCharCode(letter.charCodeAt(0) + step);
  }
  if (ownRole === "primary" && /.-2$/.test(name)) return name.slice(0, -2);
  return `${name.slice(0, NAME_LENGTH_MAX - 2)}-2`;
}

function pairOf(role: PairRole, partner: Uint8Array): Document {
  return { role, partnerIdentity: hex(partner) };
}

function portsOf(networks: unknown) {
  return Object.entries(objectOf(networks)).map(([name, value]) => {
    const port = objectOf(value);
    return { name, interface: port.interface, address: addressOf(port.address) };
  });
}

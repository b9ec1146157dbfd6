// dnsmasq's tags as classes. A tag is set by what a client sends, by a host's entry, or by the range that an address
// is of; settings that ask for tags go to the class, the pools or the network that these stand for.

import type { DeviceDraft } from "./device-draft.ts";
import type { DraftClass, DraftLevel, DraftNetwork, Said } from "./device-parts.ts";
import type { MadeRange } from "./dnsmasq-networks.ts";
import type { DnsmasqTagged } from "./dnsmasq-statements.ts";

type Match = Readonly<Record<string, unknown>>;

/** Where settings for clients with some tags belong. */
export type Target =
  | { readonly kind: "everybody" }
  | { readonly kind: "networks"; readonly networks: readonly DraftNetwork[] }
  | { readonly kind: "levels"; readonly levels: readonly DraftLevel[] };

/** Of one tag: more would make a match that no packet should have to go through. */
const MATCHES_MAX = 4096;

export class TagBook {
  readonly #draft: DeviceDraft;
  readonly #made: readonly MadeRange[];
  readonly #tagged = new Map<string, DnsmasqTagged[]>();
  readonly #used = new Set<string>();
  readonly #classes = new Map<string, DraftClass | undefined>();

  constructor(draft: DeviceDraft, made: readonly MadeRange[], tagged: readonly DnsmasqTagged[]) {
    this.#draft = draft;
    this.#made = made;
    for (const one of tagged) {
      const of = this.#tagged.get(one.tag) ?? [];
      if (of.length < MATCHES_MAX) of.push(one);
      else draft.leftOut(one.said, `A tag may be set in ${MATCHES_MAX} ways at most.`);
      this.#tagged.set(one.tag, of);
    }
  }

  /** Undefined, with a note, when there is no place for it. */
  target(tags: readonly string[], said: Said): Target | undefined {
    if (tags.length === 0) return { kind: "everybody" };
    const [tag = ""] = tags;
    if (tags.length === 1 && !tag.startsWith("!") && !this.#tagged.has(tag)) {
      const ranges = this.#rangesOf(tag);
      if (ranges.length > 0) {
        const networks = this.#wholeNetworks(tag);
        if (networks.length > 0) return { kind: "networks", networks };
        return { kind: "levels", levels: ranges.map(({ pool, network }) => pool ?? network) };
      }
    }
    const made = this.classFor(tags, said);
    return made && { kind: "levels", levels: [made] };
  }

  /** The class of clients that have all of these tags; undefined, with a note, when none can be made. */
  classFor(tags: readonly string[], said: Said, more?: { name: string; match: Match }) {
    const parts: Match[] = more ? [more.match] : [];
    for (const tag of tags) {
      const match = this.#matchOf(tag);
      if (typeof match === "string") {
        this.#draft.leftOut(said, match);
        return undefined;
      }
      parts.push(match);
    }
    const key = JSON.stringify([tags, more?.name]);
    if (!this.#classes.has(key)) {
      const name = [...(more ? [more.name] : []), ...tags].join("-").replaceAll("!", "not-");
      const [only] = parts;
      const match = parts.length === 1 ? only : { all: parts };
      this.#classes.set(key, this.#draft.addClass(name, match, parts.length, said));
    }
    return this.#classes.get(key);
  }

  /** Says which tags nothing asked for. */
  done(): void {
    for (const [tag, all] of this.#tagged) {
      if (this.#used.has(tag)) continue;
      for (const { said } of all) {
        this.#draft.leftOut(said, `Nothing that was taken over asks for the tag "${tag}".`);
      }
    }
  }

  /** A sentence when there is no match like it. */
  #matchOf(tag: string): Match | string {
    if (tag.startsWith("!")) {
      const inner = this.#matchOf(tag.slice(1));
      return typeof inner === "string" ? inner : { not: inner };
    }
    if (tag === "known") return { known: true };
    const tagged = this.#tagged.get(tag) ?? [];
    const networks = this.#wholeNetworks(tag);
    if (networks.length === 0 && this.#rangesOf(tag).length > 0) {
      return `The tag "${tag}" is that of a range, which cannot be asked for together with others.`;
    }
    this.#used.add(tag);
    const any: Match[] = tagged.map(({ match }) => match);
    if (networks.length > 0) any.push({ network: networks.map(({ name }) => name) });
    const [only] = any;
    if (!only) return `No statement that was taken over sets the tag "${tag}".`;
    return any.length === 1 ? only : joined(any);
  }

  #rangesOf(tag: string): MadeRange[] {
    return this.#made.filter(({ range }) => range.set === tag);
  }

  /** Networks all of whose ranges set the tag. */
  #wholeNetworks(tag: string): DraftNetwork[] {
    const networks = new Set(this.#rangesOf(tag).map(({ network }) => network));
    for (const { range, network } of this.#made) if (range.set !== tag) networks.delete(network);
    return Array.from(networks);
  }
}

/** Any of these; where all ask for the same thing, as one list. */
function joined(any: readonly Match[]): Match {
  const [first = {}] = any;
  const [key = "", ...more] = Object.keys(first);
  const isAlike = any.every((one) => Object.keys(one).join() === key);
  if (more.length > 0 || key === "option" || key === "not" || !isAlike) return { any };
  return { [key]: any.flatMap((one) => one[key]) };
}

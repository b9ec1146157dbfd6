// The configuration of kea-dhcp4, put into a draft of ours. Classes come before what refers to them, and what devices
// are in them comes before the classes, in whatever order the file has them.

import type { Plain } from "../wire/option-codecs.ts";
import type { Draft } from "./isc-draft.ts";
import { matchOf } from "./isc-hosts.ts";
import { anyOf, Inexpressible } from "./isc-match.ts";
import { codeIn } from "./isc-options.ts";
import { KNOWN, UNKNOWN } from "./isc-plans.ts";
import { noSettings } from "./isc-settings.ts";
import { readTest } from "./kea-expressions.ts";
import { type HostRead, readHost } from "./kea-hosts.ts";
import type { JsonEntry, JsonValue } from "./kea-json.ts";
import { entriesByKey, readKeys, textOf, textsOf } from "./kea-keys.ts";
import { type LevelTools, levelReaders, readDefs } from "./kea-levels.ts";
import { KeaNetworks } from "./kea-networks.ts";

const PAIR =
  "The pair of boxes takes the place of this: the two boxes agree by themselves on who answers.";
const LIBRARY = "Nothing is added to the program of the box.";

export class KeaConf {
  readonly #draft: Draft;
  readonly #tools: LevelTools;
  /** By their names in the file; undefined: it could not be taken over. */
  readonly #classNames = new Map<string, string | undefined>();
  /** Who has a reservation, also one without an address, which is none here. */
  #known: Plain = { known: true };

  constructor(draft: Draft, tools: LevelTools) {
    this.#draft = draft;
    this.#tools = tools;
  }

  read(dhcp4: JsonValue): void {
    const { notes } = this.#tools;
    const keys = entriesByKey(dhcp4);
    const classes = keys.get("client-classes")?.items ?? [];
    readDefs(keys.get("option-def"), this.#tools);
    for (const one of classes) readDefs(entriesByKey(one).get("option-def"), this.#tools);
    const networks = new KeaNetworks(this.#draft, this.#tools, (names) => this.#named(names));
    networks.setInterfaces(textsOf(entriesByKey(keys.get("interfaces-config")).get("interfaces")));
    const hosts = [
      ...networks.hostsIn(keys),
      ...(keys.get("reservations")?.items ?? []).map((one) => readHost(one, this.#tools)),
    ].filter((host) => host !== undefined);
    this.#readClasses(classes, hosts);
    for (const { plan } of hosts) this.#draft.hosts.add(plan);
    readKeys(
      dhcp4,
      {
        ...levelReaders(this.#draft.settings, this.#tools),
        "client-classes": () => undefined,
        reservations: () => undefined,
        "shared-networks": (list) => networks.readShared(list.items ?? []),
        subnet4: (list) => networks.readSubnets(list.items ?? []),
        "interfaces-config": (entry) => this.#readInterfaces(entry),
        "hooks-libraries": (list) => this.#readLibraries(list),
      },
      notes,
    );
    networks.finish();
    this.#noteWhoWins();
  }

  #readClasses(classes: readonly JsonValue[], hosts: readonly HostRead[]): void {
    const homeless = hosts.filter(({ plan }) => plan.addresses.length === 0);
    if (homeless.length > 0) {
      this.#known = {
        any: [{ known: true }, anyOf(homeless.map(({ plan }) => matchOf(plan.key)))],
      };
    }
    const membersOf = new Map<string, Plain[]>();
    for (const { plan, classes: names } of hosts) {
      for (const name of names) {
        const members = membersOf.get(name) ?? [];
        members.push(matchOf(plan.key));
        membersOf.set(name, members);
      }
    }
    for (const one of classes) this.#readClass(one, membersOf);
    for (const [name] of membersOf) {
      if (this.#classNames.has(name)) continue;
      const host = hosts.find(({ classes: names }) => names.includes(name));
      const reason = `There is no class "${name}".`;
      if (host) this.#tools.notes.leftOut(host.plan.place, host.plan.text, reason);
    }
  }

  #readClass(one: JsonValue, membersOf: ReadonlyMap<string, Plain[]>): void {
    const { notes } = this.#tools;
    const { place } = one;
    const name = textOf(entriesByKey(one).get("name"));
    if (name === undefined) {
      notes.unreadable(place, one.text, "A class has a name.");
      return;
    }
    const text = `class ${name}`;
    const settings = noSettings();
    let test: JsonEntry | undefined;
    let isAdditional = false;
    const additional = (entry: JsonEntry) => {
      isAdditional = entry.plain === true;
    };
    const found = {
      ...levelReaders(settings, this.#tools),
      "only-if-required": additional,
      "only-in-additional-list": additional,
      name: () => undefined,
      test: (entry: JsonEntry) => {
        test = entry;
      },
    };
    readKeys(one, found, notes);
    if (isAdditional) {
      this.#classNames.set(name, undefined);
      const reason =
        "It is only for places that ask for it by themselves; a class is for every client here, so it was left out.";
      notes.leftOut(place, text, reason);
      return;
    }
    const matches = [...this.#testOf(name, test), ...(membersOf.get(name) ?? [])];
    if (matches.length === 0) {
      this.#classNames.set(name, undefined);
      const reason = "Who is a member of this class cannot be said here, so it was left out.";
      notes.leftOut(place, text, reason);
      return;
    }
    const ours = this.#draft.nameFor(name);
    this.#classNames.set(name, ours);
    if (ours !== name) notes.changed(place, text, `The class is called "${ours}" here.`);
    const isDenied = name === "DROP";
    this.#draft.addClass({ name: ours, match: anyOf(matches), isDenied, settings, place, text });
  }

  /** One match, or none. */
  #testOf(name: string, test: JsonEntry | undefined): Plain[] {
    const { notes, book } = this.#tools;
    const written = textOf(test);
    if (!test || written === undefined || written === "") {
      const builtIn = /^VENDOR_CLASS_(.+)$/.exec(name)?.[1];
      if (builtIn !== undefined) return [{ vendorClass: builtIn }];
      if (name === KNOWN) return [this.#known];
      return name === UNKNOWN ? [{ not: this.#known }] : [];
    }
    try {
      const match = readTest(written, {
        codeOf: (option) => codeIn(book, option),
        memberOf: (other) => {
          if (other === "ALL") return { any: [{ known: true }, { known: false }] };
          if (other === KNOWN) return this.#known;
          if (other === UNKNOWN) return { not: this.#known };
          const ours = this.#classNames.get(other);
          return ours === undefined ? undefined : { class: ours };
        },
      });
      return [match];
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error;
      notes.leftOut(test.place, test.text, error.message);
      return [];
    }
  }

  /** Undefined: one of them could not be taken over. */
  #named(names: readonly string[]): string[] | undefined {
    const ours = names.map((name) =>
      name === KNOWN || name === UNKNOWN ? name : this.#classNames.get(name),
    );
    return ours.every((name) => name !== undefined) ? ours : undefined;
  }

  #readInterfaces(entry: JsonEntry): void {
    const { notes } = this.#tools;
    for (const inner of entriesByKey(entry).values()) {
      if (inner.key === "interfaces") continue;
      notes.leftOut(inner.place, inner.text, "How the box listens on its ports is fixed here.");
    }
  }

  #readLibraries(list: JsonEntry): void {
    for (const item of list.items ?? []) {
      const library = textOf(entriesByKey(item).get("library")) ?? "";
      const isPair = /libdhcp_ha\b/.test(library);
      this.#tools.notes.leftOut(item.place, `library ${library}`, isPair ? PAIR : LIBRARY);
    }
  }

  /** Kea takes a value of a subnet or a pool before that of a class, while here the class wins. */
  #noteWhoWins(): void {
    const inNetworks = new Set(
      this.#draft.networks.flatMap(({ settings, pools }) => [
        ...settings.options.keys(),
        ...pools.flatMap((pool) => [...pool.settings.options.keys()]),
      ]),
    );
    for (const { settings } of this.#draft.classes) {
      for (const { code, place, text } of settings.options.values()) {
        if (!inNetworks.has(code)) continue;
        const reason =
          "Kea takes the value of a subnet or pool before that of a class; here the class wins.";
        this.#tools.notes.changed(place, text, reason);
      }
    }
  }
}

// What this box says on every path, and what it makes of what it hears there: the partner's beacons, and those of
// boxes that it does not know yet. Signatures are checked outside; everything else about a beacon is decided here.

import { Allowance } from "../../base/allowance.ts";
import { equalBytes } from "../../base/bytes.ts";
import { LIMITS } from "../../limits.ts";
import type { Beacon, Echo } from "../../wire/beacon.ts";
import { Freshness, type Staleness } from "./freshness.ts";
import type { Conclusion, PathVerdict } from "./paths.ts";
import { Witness, type WitnessTimes } from "./witness.ts";

export interface LookoutPath {
  readonly interfaceName: string;
  /** Of the LAN there; undefined: it is a port for the pair cable. */
  readonly lan: string | undefined;
}

/** Where the partner is on one path, as far as it was heard there. */
export interface PathSight extends LookoutPath {
  readonly verdict: PathVerdict;
  /** Link-local, of the last beacon that was believed. */
  readonly address: string | undefined;
  /** Monotonic milliseconds of that beacon. */
  readonly heardAt: number | undefined;
}

export interface Sight {
  readonly conclusion: Conclusion;
  readonly paths: readonly PathSight[];
  /** The last beacon that was believed. */
  readonly partner: Beacon | undefined;
  /** The partner says that it has another one, or none: it is to be paired with again. */
  readonly isDisowned: boolean;
}

/** A box on a pair port that is not the partner, or does not know that it is. */
export interface FoundBox {
  readonly id: Uint8Array;
  readonly interfaceName: string;
  readonly address: string;
  readonly beacon: Beacon;
}

/** A beacon that is due. */
export interface DueBeacon {
  readonly interfaceName: string;
  readonly sequence: number;
  readonly lateMilliseconds: number;
  readonly echo: Echo | undefined;
}

/** Why a beacon counts for nothing. */
export type Disregard =
  | Staleness
  /** It is this box's own: two of its ports are on one wire, or its disk was copied. */
  | "own"
  /** Of a box that is not the partner, on a LAN, where nobody is looked for. */
  | "stranger"
  /** So many came that not all of their signatures could be checked. */
  | "too-many"
  | "unknown-path";

interface Heard {
  readonly boot: Uint8Array;
  readonly sequence: number;
  readonly at: number;
  readonly isBelieved: boolean;
}

interface Path extends LookoutPath {
  readonly interval: number;
  dueAt: number;
  address: string | undefined;
  heardAt: number | undefined;
  heard: Heard | undefined;
  /** Signatures that may be checked: of what the partner may say now, and of everything else. */
  readonly checks: Allowance;
  readonly otherChecks: Allowance;
}

interface Stranger extends FoundBox {
  readonly heardAt: number;
}

export class Lookout {
  readonly #boot: Uint8Array;
  readonly #times: WitnessTimes;
  readonly #freshness: Freshness;
  readonly #witness: Witness;
  #own: Uint8Array | undefined;
  #partnerId: Uint8Array | undefined;
  #paths: Path[] = [];
  #partner: Beacon | undefined;
  #strangers: Stranger[] = [];

  /** `boot`: 8 bytes that no other process of any box has chosen. */
  constructor(boot: Uint8Array, times: WitnessTimes, now: number) {
    this.#boot = boot;
    this.#times = times;
    this.#freshness = new Freshness(boot);
    this.#witness = new Witness(times, now);
  }

  /** `own` and `partner` are identities. */
  configure(
    own: Uint8Array,
    partner: Uint8Array | undefined,
    paths: readonly LookoutPath[],
    now: number,
  ): void {
    this.#own = own;
    const before = this.#partnerId;
    if (
      (before === undefined) !== (partner === undefined) ||
      (before && partner && !equalBytes(before, partner))
    ) {
      this.#partnerId = partner;
      this.#partner = undefined;
      this.#witness.forget(now);
      for (const path of this.#paths) forgetPartner(path);
    }
    // On a LAN there is nobody to be found before there is a partner.
    const wanted = partner ? paths : paths.filter(({ lan }) => lan === undefined);
    this.#paths = wanted.map(
      (one) => this.#paths.find((path) => isSame(path, one)) ?? this.#newPath(one, now),
    );
    this.#witness.setPaths(
      this.#paths.map(({ interfaceName, lan }) => ({
        name: interfaceName,
        isPairLink: lan === undefined,
      })),
    );
  }

  setCarrier(interfaceName: string, hasCarrier: boolean): void {
    this.#witness.setCarrier(interfaceName, hasCarrier);
  }

  /** This box did not get to listen for so long. */
  excuse(milliseconds: number): void {
    this.#witness.excuse(milliseconds);
  }

  /** Something is worth saying at once. */
  hurry(now: number): void {
    for (const path of this.#paths) path.dueAt = now;
  }

  /** What is to be said now; each only once. */
  due(now: number): DueBeacon[] {
    return this.#paths
      .filter(({ dueAt }) => dueAt <= now)
      .map((path) => {
        const lateMilliseconds = Math.round(now - path.dueAt);
        path.dueAt = now + path.interval;
        const { interfaceName, heard } = path;
        const echo = heard && {
          ...{ boot: heard.boot, sequence: heard.sequence },
          heldMilliseconds: Math.min(Math.round(now - heard.at), 0xffffffff),
        };
        return { interfaceName, sequence: this.#freshness.next(now), lateMilliseconds, echo };
      });
  }

  /** Whether the signature is worth checking. `id` is the hash of the key that the beacon names. */
  admits(
    interfaceName: string,
    id: Uint8Array,
    beacon: Beacon,
    now: number,
  ): Disregard | undefined {
    const path = this.#path(interfaceName);
    if (!path) return "unknown-path";
    if (path.lan !== undefined && this.#isOwn(id)) return "own";
    if (path.lan !== undefined && !this.#isPartner(id)) return "stranger";
    const foreseen = this.#isPartner(id) ? this.#freshness.foresee(beacon, now) : "unproven";
    // Of a process that is not believed yet only the echo is of use, and a recording is not of any.
    if (foreseen && foreseen !== "unproven") return foreseen;
    const checks = foreseen ? path.otherChecks : path.checks;
    return checks.take(now) ? undefined : "too-many";
  }

  /** A beacon whose signature is right, from an address on that path. */
  heard(
    interfaceName: string,
    address: string,
    id: Uint8Array,
    beacon: Beacon,
    now: number,
  ): Disregard | undefined {
    const path = this.#path(interfaceName);
    if (!path) return "unknown-path";
    const isPartner = this.#isPartner(id);
    if (path.lan === undefined && !(isPartner && this.#isNamedBy(beacon))) {
      this.#meet({ id, interfaceName, address, beacon, heardAt: now });
    }
    if (this.#isOwn(id)) return "own";
    if (!isPartner) {
      // Whoever knows this box as its partner needs the echo to believe what it says.
      if (!this.#partnerId) this.#remember(path, beacon, false, now);
      return undefined;
    }
    const staleness = this.#freshness.judge(beacon, now);
    this.#remember(path, beacon, staleness === undefined, now);
    if (staleness) return staleness;
    path.address = address;
    path.heardAt = now;
    this.#partner = beacon;
    const isEchoOurs = beacon.echo !== undefined && equalBytes(beacon.echo.boot, this.#boot);
    this.#witness.heard(interfaceName, beacon, isEchoOurs, now);
    return undefined;
  }

  sight(now: number): Sight {
    return {
      conclusion: this.#witness.conclusion(now),
      paths: this.#paths.map(({ interfaceName, lan, address, heardAt }) => {
        const verdict = this.#witness.verdict(interfaceName, now);
        return { interfaceName, lan, verdict, address, heardAt };
      }),
      partner: this.#partner,
      isDisowned: this.#partner !== undefined && !this.#isNamedBy(this.#partner),
    };
  }

  /** Boxes on pair ports that were heard just now and are not the partner. */
  found(now: number): readonly FoundBox[] {
    const partner = this.#partner;
    const isKnown = partner !== undefined && this.#isNamedBy(partner);
    this.#strangers = this.#strangers.filter(({ id, heardAt, interfaceName }) => {
      const isGone = now - heardAt > LIMITS.strangerMilliseconds || !this.#path(interfaceName);
      return !isGone && !(isKnown && this.#isPartner(id));
    });
    return this.#strangers;
  }

  /** When something is due, or may be seen otherwise without anything being heard; monotonic milliseconds. */
  nextAt(now: number): number {
    return Math.min(this.#witness.nextAt(now), ...this.#paths.map(({ dueAt }) => dueAt));
  }

  #newPath(path: LookoutPath, now: number): Path {
    const { pairInterval, lanInterval } = this.#times;
    const { interfaceName, lan } = path;
    return {
      ...{
        interfaceName,
        lan,
        interval: lan === undefined ? pairInterval : lanInterval,
        dueAt: now,
      },
      ...{ address: undefined, heardAt: undefined, heard: undefined },
      checks: new Allowance(LIMITS.beaconChecksPerSecond, now),
      otherChecks: new Allowance(LIMITS.otherBeaconChecksPerSecond, now),
    };
  }

  #path(interfaceName: string): Path | undefined {
    return this.#paths.find((path) => path.interfaceName === interfaceName);
  }

  /** The partner that this box knows may not know of it: one of them lost its power while they became a pair. */
  #isNamedBy({ partner }: Beacon): boolean {
    return partner !== undefined && this.#own !== undefined && equalBytes(partner, this.#own);
  }

  #isOwn(id: Uint8Array): boolean {
    return this.#own !== undefined && equalBytes(id, this.#own);
  }

  #isPartner(id: Uint8Array): boolean {
    return this.#partnerId !== undefined && equalBytes(id, this.#partnerId);
  }

  /**
   * What is echoed there from now on. A new process of the partner needs the echo before it is believed; a
   * recording must not take the place of the process that is alive.
   */
  #remember(path: Path, { boot, sequence }: Beacon, isBelieved: boolean, now: number): void {
    const { heard } = path;
    const isAlive = heard?.isBelieved && now - heard.at <= LIMITS.beaconEchoMilliseconds;
    if (!isBelieved && isAlive) return;
    path.heard = { boot, sequence, at: now, isBelieved };
  }

  #meet(stranger: Stranger): void {
    const others = this.#strangers.filter(({ id }) => !equalBytes(id, stranger.id));
    this.#strangers = [stranger, ...others].slice(0, LIMITS.strangersMax);
  }
}

/**
 * Where the partner can be asked something on a LAN, as a link-local address with its interface; undefined: the boxes
 * do not hear each other there, and silence says nothing about what was asked.
 */
export function addressOn({ paths, isDisowned }: Sight, interfaceName: string): string | undefined {
  const path = paths.find((one) => one.lan !== undefined && one.interfaceName === interfaceName);
  const { verdict, address } = path ?? {};
  if (isDisowned || verdict !== "up" || address === undefined) return undefined;
  return `${address}%${interfaceName}`;
}

function forgetPartner(path: Path): void {
  path.address = undefined;
  path.heardAt = undefined;
  path.heard = undefined;
}

function isSame(a: LookoutPath, b: LookoutPath): boolean {
  return a.interfaceName === b.interfaceName && a.lan === b.lan;
}

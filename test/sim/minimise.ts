// Makes the story of a failing pair as short as it still fails in the same way: fewer minutes, fewer clients,
// fewer kinds of trouble, and then single troubles left out, half of them at a time and less (delta debugging).

import { MINUTES, type PairOptions, type PairOutcome, runPairSeed } from "./pair-run.ts";
import { TROUBLE_KINDS, type TroubleKind } from "./pair-story.ts";

const RUNS_MAX = 250;

export interface Smallest {
  readonly outcome: PairOutcome;
  readonly command: string;
}

/** Undefined when the seed does not fail. */
export async function minimise(seed: number, options: PairOptions): Promise<Smallest | undefined> {
  const search = new Search(seed, options);
  if (!(await search.begin())) return undefined;
  await search.shorten();
  await search.dropClients();
  await search.dropKinds();
  await search.dropTroubles();
  await search.dropClients();
  return search.result();
}

class Search {
  readonly #seed: number;
  #best: PairOptions;
  #outcome: PairOutcome | undefined;
  #wanted = "";
  #runs = 0;

  constructor(seed: number, options: PairOptions) {
    this.#seed = seed;
    this.#best = { minutes: MINUTES, ...options, isTraced: false };
  }

  async begin(): Promise<boolean> {
    const outcome = await runPairSeed(this.#seed, this.#best);
    this.#wanted = kindOf(outcome);
    this.#outcome = outcome;
    return this.#wanted !== "";
  }

  /** Nothing after the complaint matters; if it came in the calm, perhaps half the troubles will do. */
  async shorten(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      const minutes = this.#best.minutes ?? MINUTES;
      const at = Number(/^at ([\d.]+) s/.exec(this.#outcome?.complaints[0] ?? "")?.[1] ?? 0) / 60;
      const wanted = at < minutes ? Math.ceil(at * 10) / 10 : Math.floor(minutes / 2);
      if (wanted >= minutes || !(await this.#holds({ minutes: wanted }))) return;
    }
  }

  async dropClients(): Promise<void> {
    const now = this.#best.clients ?? this.#outcome?.clients ?? 1;
    for (const clients of [1, 2, 3, 5]) {
      if (clients < now && (await this.#holds({ clients }))) return;
    }
  }

  async dropKinds(): Promise<void> {
    const { story = [], kept = [] } = this.#outcome ?? {};
    const there = new Set(kept.map((place) => story[place]?.kind));
    for (const kind of TROUBLE_KINDS) {
      if (!there.has(kind)) continue;
      const kinds = (this.#best.kinds ?? TROUBLE_KINDS).filter((one) => one !== kind);
      await this.#holds({ kinds });
    }
  }

  async dropTroubles(): Promise<void> {
    let keep = [...(this.#outcome?.kept ?? [])];
    for (let size = Math.ceil(keep.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < keep.length; ) {
        const fewer = keep.filter((_, index) => index < from || index >= from + size);
        if (await this.#holds({ keep: fewer })) keep = fewer;
        else from += size;
      }
    }
  }

  async result(): Promise<Smallest> {
    const options = { ...this.#best, isTraced: true };
    const outcome = await runPairSeed(this.#seed, options);
    return { outcome, command: commandOf(this.#seed, this.#best) };
  }

  async #holds(change: PairOptions): Promise<boolean> {
    if (this.#runs >= RUNS_MAX) return false;
    this.#runs++;
    const options = { ...this.#best, ...change };
    const outcome = await runPairSeed(this.#seed, options);
    if (kindOf(outcome) !== this.#wanted) return false;
    this.#best = options;
    this.#outcome = outcome;
    return true;
  }
}

/** What the first complaint is about, without its names and numbers. */
function kindOf({ complaints: [first = ""] }: PairOutcome): string {
  return first
    .split("\n")[0]
    ?.replace(/^at [\d.]+ s: /, "")
    .replace(/client\d+|\b[ab]\b|[\d.]+|[0-9a-f]{8,}/g, "#") as string;
}

export function commandOf(seed: number, options: PairOptions): string {
  const { minutes, clients, kinds, keep, dialect } = options;
  const named: readonly (readonly [string, unknown])[] = [
    ["SEED", seed],
    ["MINUTES", minutes === MINUTES ? undefined : minutes],
    ["DIALECT", dialect],
    ["CLIENTS", clients],
    ["KINDS", keep ? undefined : kinds?.join(",")],
    ["KEEP", keep?.join(",")],
  ];
  const words = named.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return `WORLD=pair ${words.join(" ")} npm run sim`;
}

/** Kinds of trouble from a list of names; throws for one that there is not. */
export function kindsIn(text: string): TroubleKind[] {
  return text.split(",").map((name) => {
    const kind = TROUBLE_KINDS.find((one) => one === name);
    if (!kind) throw new Error(`no kind of trouble: ${name}; there are ${TROUBLE_KINDS.join(" ")}`);
    return kind;
  });
}

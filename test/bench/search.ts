/**
 * Search for the highest rate a server sustains: double until it fails, then bisect. A failed
 * run near the limit is repeated once, because on a shared machine one hiccup loses packets
 * that the server would have answered.
 */

/** What one run at one rate gave. */
export interface Trial {
  /** Exchanges per second asked for. */
  readonly asked: number;
  /** Exchanges per second that perfdhcp really started. */
  readonly started: number;
  /** Complete exchanges per second. */
  readonly completed: number;
  /** Share of started exchanges without ACK, 0..1. */
  readonly loss: number;
}

export interface SearchOptions {
  /** First rate to try, exchanges per second. */
  readonly start: number;
  /** Give up below this rate. */
  readonly floor: number;
  /** Loss below this share passes, 0..1. */
  readonly maxLoss: number;
  /** Stop when the failing rate is at most this much above the passing one (0.05 = 5 %). */
  readonly resolution: number;
}

export interface SearchResult {
  /** The passing run with most complete exchanges, null when none passed. */
  readonly best: Trial | null;
  /** True when perfdhcp could not start as many exchanges as asked: the limit is its own. */
  readonly driverLimited: boolean;
  readonly trials: readonly Trial[];
}

/** A run is the driver's limit when it started less than this share of what was asked. */
export const STARTED_ENOUGH = 0.97;

/** Above this loss a repetition is pointless. */
const HOPELESS_LOSS = 0.1;

export async function findHighest(
  run: (rate: number) => Promise<Trial>,
  options: SearchOptions,
): Promise<SearchResult> {
  const trials: Trial[] = [];
  const attempt = async (rate: number): Promise<Trial> => {
    const first = await run(rate);
    trials.push(first);
    if (first.loss < options.maxLoss || first.loss > HOPELESS_LOSS) return first;
    const second = await run(rate);
    trials.push(second);
    return second.loss < first.loss ? second : first;
  };

  let best: Trial | null = null;
  let passing: number | null = null;
  let failing = Number.POSITIVE_INFINITY;
  let rate: number | null = Math.round(options.start);
  while (rate !== null) {
    const trial: Trial = await attempt(rate);
    if (trial.loss >= options.maxLoss) {
      failing = rate;
    } else {
      passing = rate;
      if (best === null || trial.completed > best.completed) best = trial;
      if (trial.started < trial.asked * STARTED_ENOUGH) {
        return { best, driverLimited: true, trials };
      }
    }
    rate = nextRate(passing, failing, options);
  }
  return { best, driverLimited: false, trials };
}

/** The next rate worth trying, or null when the answer is known well enough. */
export function nextRate(
  passing: number | null,
  failing: number,
  options: Pick<SearchOptions, "floor" | "resolution">,
): number | null {
  if (passing === null) {
    const lower = Math.max(options.floor, Math.floor(failing / 2));
    return lower < failing ? lower : null;
  }
  if (!Number.isFinite(failing)) return passing * 2;
  if (failing <= passing * (1 + options.resolution)) return null;
  const middle = Math.round((passing + failing) / 2);
  return middle > passing && middle < failing ? middle : null;
}

/** A longer run at one rate was made; which rate next? Up by 5 % while nothing failed, down (far
 * when much was lost) until something holds, then between the two. Null ends it. */
export function nextConfirmation(
  passing: number | null,
  failing: number,
  lastLoss: number,
): number | null {
  if (passing === null) return Math.floor(failing * (lastLoss > 0.05 ? 0.8 : 0.95));
  if (!Number.isFinite(failing)) return Math.ceil(passing * 1.05);
  if (failing <= passing * 1.06) return null;
  return Math.round((passing + failing) / 2);
}

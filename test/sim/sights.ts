// How each box sees the other one: heartbeats on the cable and the LANs, without their bytes. They go where
// anything else would, and the production witness says what follows from those that arrive.

import { Witness, type WitnessTimes } from "../../daemon/core/witness/witness.ts";
import type { Scene } from "./pair-disk-troubles.ts";
import type { Life, SimBox } from "./sim-box.ts";

/** Slower than real ones, of which there would be millions. */
const LOOK_EVERY = 1000;
const TIMES: WitnessTimes = { pairInterval: 1000, lanInterval: 1500, slowMax: 5000 };
const CABLE = "cable";
/** Nothing that is said arrives: what else comes on the connection does not either. */
const LOST: ReadonlySet<string> = new Set(["gone", "isolated"]);

/** What one process of a box has seen. */
interface Watching {
  readonly life: Life;
  readonly witness: Witness;
  told: string;
}

export class Sights {
  readonly #scene: Scene;
  readonly #watching = new Map<SimBox, Watching>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  begin(): void {
    const look = () => {
      const [a, b] = this.#scene.boxes;
      this.#look(a, b);
      this.#look(b, a);
      this.#scene.world.after(LOOK_EVERY, look);
    };
    look();
  }

  #look(box: SimBox, other: SimBox): void {
    const { life } = box;
    if (!life) return;
    const now = this.#scene.world.now;
    const known = this.#watching.get(box);
    const watching = known?.life === life ? known : this.#newly(life, box, now);
    this.#watching.set(box, watching);
    this.#hear(watching.witness, box, other, now);
    const conclusion = watching.witness.conclusion(now);
    const isHeard = !LOST.has(conclusion) && conclusion !== "slow";
    const lans = isHeard && other.life ? other.life.core.lans : [];
    const lansDown = lans.filter(({ gate }) => !gate.ok).map(({ name }) => name);
    const told = JSON.stringify([conclusion, lansDown]);
    if (told === watching.told) return;
    watching.told = told;
    this.#scene.world.tell(box.name, `sees its partner: ${told}`);
    life.driver.event({ kind: "sight", sight: { conclusion, lansDown } });
    if (LOST.has(conclusion)) this.#scene.cable.give(box, "nothing is heard on any path");
  }

  #newly(life: Life, box: SimBox, now: number): Watching {
    const witness = new Witness(TIMES, now);
    const lans = box.ports.map(({ name }) => ({ name, isPairLink: false }));
    witness.setPaths([{ name: CABLE, isPairLink: true }, ...lans]);
    return { life, witness, told: "" };
  }

  #hear(witness: Witness, box: SimBox, other: SimBox, now: number): void {
    const { cable, lans } = this.#scene;
    const [own, others] = [cable.ends, cable.ends].map((ends, index) =>
      ends.find((end) => end.box === [box, other][index]),
    );
    const speaks = other.life !== undefined;
    witness.setCarrier(CABLE, other.isPowered);
    const hear = (name: string, isHeard: boolean) => {
      const echo = { boot: new Uint8Array(8), sequence: 1, heldMilliseconds: 0 };
      witness.heard(name, { echo }, isHeard, now);
    };
    if (speaks && others && own && cable.passes(others)) hear(CABLE, cable.passes(own));
    box.ports.forEach((port, index) => {
      const there = other.ports[index];
      const { partOf } = lans[index] ?? {};
      const isWhole = there !== undefined && (!partOf || partOf(port) === partOf(there));
      witness.setCarrier(port.name, port.isUp);
      if (speaks && isWhole && port.isUp && there.isUp) hear(port.name, true);
    });
  }
}

// Who has the virtual addresses of a pair. VRRP is not simulated: the world says which box has them, and they move at
// any time, when a box falls, and now and then with a moment in which both have them or none. In some worlds people
// change their mind about having any.

import { ipv4 } from "../../daemon/base/address.ts";
import { ARP_REQUEST, buildArp } from "../../daemon/wire/arp.ts";
import { macBytes } from "../support/client-frame.ts";
import { type PairPlan, VIRTUAL_ADDRESSES } from "./pair-configs.ts";
import type { Scene } from "./pair-disk-troubles.ts";
import type { PairTroubles } from "./pair-troubles.ts";
import type { SimBox, SimPort } from "./sim-box.ts";
import type { Fate } from "./world.ts";

const MINUTE = 60_000;
const MOVE_EVERY = 3 * MINUTE;
/** What VRRP takes to notice that a box has lost its power; after its daemon it looks for much longer. */
const TAKEOVER_MILLISECONDS = 300;
const RELEASE_MILLISECONDS = 15_000;
/** How long both have them, or none has. */
const DOUBT_MILLISECONDS = 2000;
/** Between two changes of mind, and from one box to the other. */
const SWITCH_EVERY = 8 * MINUTE;
const TELL_MILLISECONDS = 3000;
const VIRTUAL: ReadonlySet<string> = new Set(Object.values(VIRTUAL_ADDRESSES));
const EVERYBODY = "ff:ff:ff:ff:ff:ff";

export class VirtualAddress {
  readonly #scene: Scene;
  readonly #fate: Fate;
  #holders = new Set<SimBox>();
  /** Raised by every change, so that what was about to come of the one before does not. */
  #turn = 0;
  #isOver = false;
  readonly #troubles: PairTroubles;
  /** The boxes are configured to have any. */
  #isOn: boolean;

  constructor(scene: Scene, plan: PairPlan, troubles: PairTroubles) {
    this.#scene = scene;
    this.#troubles = troubles;
    this.#isOn = plan.hasVirtual;
    this.#fate = scene.world.fate("virtual address");
    for (const lan of scene.lans) {
      lan.hardwareOf = (address) => (VIRTUAL.has(address) ? this.#macsOn(lan.name) : undefined);
    }
  }

  begin(): void {
    const { checks, boxes } = this.#scene;
    this.#give([this.#fate.pick(boxes)]);
    checks.fell = (box) => this.#fell(box);
    checks.rose = () => {
      if (this.#holders.size === 0) this.#later(TAKEOVER_MILLISECONDS, () => this.#giveTo());
    };
    this.#moveLater();
    if (this.#fate.chance(0.3)) this.#switchLater();
  }

  /** From now on they move only with a box that falls. */
  end(): void {
    this.#isOver = true;
    this.#giveTo();
  }

  #moveLater(): void {
    this.#scene.world.after(this.#fate.around(MOVE_EVERY), () => {
      if (this.#isOver) return;
      this.#move();
      this.#moveLater();
    });
  }

  #switchLater(): void {
    const { world, boxes } = this.#scene;
    world.after(this.#fate.around(SWITCH_EVERY), () => {
      if (this.#isOver) return;
      this.#isOn = !this.#isOn;
      world.tell("", `virtual addresses: ${this.#isOn}`);
      const wait = this.#fate.between(0, TELL_MILLISECONDS);
      this.#troubles.replan({ hasVirtual: this.#isOn }, this.#fate.pick(boxes), wait);
      this.#switchLater();
    });
  }

  /** Make before break, break before make, or both at once. */
  #move(): void {
    const { boxes } = this.#scene;
    const to = this.#fate.pick(boxes);
    const how = this.#fate.random();
    const doubt = this.#fate.between(0, DOUBT_MILLISECONDS);
    if (how < 0.15) this.#give(boxes);
    else if (how < 0.3) this.#give([]);
    else {
      this.#give([to]);
      return;
    }
    this.#later(doubt, () => this.#give([to]));
  }

  #fell(box: SimBox): void {
    if (!this.#holders.has(box)) return;
    const wait = box.isPowered ? RELEASE_MILLISECONDS : TAKEOVER_MILLISECONDS;
    this.#later(wait, () => {
      if (!box.isOn) this.#giveTo();
    });
  }

  /** To whoever is there. */
  #giveTo(): void {
    const there = this.#scene.boxes.filter(({ isOn }) => isOn);
    this.#give(there.length === 0 ? [] : [this.#fate.pick(there)]);
  }

  #give(boxes: readonly SimBox[]): void {
    this.#turn++;
    const before = this.#holders;
    this.#holders = new Set(boxes);
    const names = boxes.map(({ name }) => name).join(" and ");
    this.#scene.world.tell("", `the virtual addresses are at ${names || "no box"}`);
    for (const box of boxes) if (!before.has(box)) box.ports.forEach(announce);
  }

  #later(milliseconds: number, what: () => void): void {
    const turn = this.#turn;
    this.#scene.world.after(milliseconds, () => {
      if (turn === this.#turn) what();
    });
  }

  #macsOn(lan: string): string[] {
    if (!this.#isOn) return [];
    return Array.from(this.#holders).flatMap(({ ports }) =>
      ports.filter((port) => port.lan.name === lan).map(({ mac }) => mac),
    );
  }
}

/** Gratuitous ARP: whoever has the address cached sends to this box from now on. */
function announce(port: SimPort): void {
  const senderMac = macBytes(port.mac);
  const senderIp = ipv4(VIRTUAL_ADDRESSES[port.lan.name] ?? "0.0.0.0");
  const target = { targetMac: new Uint8Array(6), targetIp: senderIp };
  const arp = { operation: ARP_REQUEST, senderMac, senderIp, ...target };
  port.lan.send(port, buildArp(macBytes(EVERYBODY), arp));
}

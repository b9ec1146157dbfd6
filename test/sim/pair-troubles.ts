// Puts the troubles of a story into effect.

import { QUICK_CABLE } from "./cable.ts";
import { FAIR } from "./lan.ts";
import { isEnding } from "./pair-checks.ts";
import { configFor, LEASE_SECONDS, MODES, type PairPlan } from "./pair-configs.ts";
import {
  failDisk,
  hangDisk,
  heal,
  isWell,
  type Means,
  putBackLater,
  type Scene,
  slowDisk,
  tear,
} from "./pair-disk-troubles.ts";
import { type MomentWatch, watchMoments } from "./pair-moments.ts";
import { describeTrouble, type Trouble, type TroubleKind } from "./pair-story.ts";
import type { SimBox } from "./sim-box.ts";

/** Boxes are within 30 s of each other; the protocol asks for 60. */
export const SKEW_MAX = 30_000;
/** No other trouble for a box so long after its clock was set or its disk put back. */
const CALM_AFTER = 60_000;
/** What a well disk is asked for is written. */
const WRITTEN_AFTER = 3000;

export class PairTroubles implements Means {
  readonly scene: Scene;
  #plan: PairPlan;
  readonly #story: readonly Trouble[];
  #isOver = false;
  /** Raised for each thing that a trouble changes, so that only the last one ends it. */
  readonly #turns = new Map<string, number>();
  readonly #calmUntil = [0, 0];
  /** The clock of the box was set just now, and its leases are being written anew. */
  readonly #settlesUntil = [0, 0];
  /** Told when a box comes to another state. */
  readonly #watchers = new Set<MomentWatch>();

  constructor(scene: Scene, plan: PairPlan, story: readonly Trouble[]) {
    this.scene = scene;
    this.#plan = plan;
    this.#story = story;
  }

  begin(): void {
    const { world, checks } = this.scene;
    checks.entered = (box, state) => {
      if (state === "recover-wait") this.#knowsWhatItLost(box);
      for (const watch of this.#watchers) watch(box, state);
    };
    for (const trouble of this.#story) {
      world.after(trouble.at, () => {
        world.tell("", describeTrouble(trouble));
        this.#happen[trouble.kind](trouble, this.#boxOf(trouble));
      });
    }
  }

  /** Everything is repaired; nothing new goes wrong. */
  end(): void {
    const { world, lans, boxes, cable, checks } = this.scene;
    this.#isOver = true;
    world.tell("", "all troubles are over");
    for (const lan of lans) {
      lan.weather = FAIR;
      lan.partOf = undefined;
    }
    for (const squatter of checks.squatters) squatter.since = undefined;
    cable.mend();
    cable.dialTrouble = undefined;
    cable.latency = QUICK_CABLE;
    for (const [index, box] of boxes.entries()) {
      box.fuse = undefined;
      heal(box);
      for (const port of box.ports) {
        port.isUp = true;
        box.tellLink(port);
      }
      box.configure(configFor(index === 0 ? "primary" : "secondary", this.#plan));
      if (!box.isOn) box.start(box.isPowered ? "process" : "power");
    }
  }

  readonly #happen: Readonly<Record<TroubleKind, (trouble: Trouble, box: SimBox) => void>> = {
    client: (trouble) => this.#live(trouble),
    squatter: (trouble) => this.#comeOrGo(trouble),
    weather: (trouble) => this.#weather(trouble),
    split: (trouble) => this.#split(trouble),
    unplug: (trouble, box) => this.#unplug(trouble, box),
    cable: ({ how, lasts }) => this.cut(how, lasts),
    flicker: ({ how, lasts }) => this.cut(how, lasts),
    reset: () => this.scene.cable.reset(),
    storm: (trouble) => this.#storm(trouble),
    dial: ({ how, lasts }) => {
      const { cable } = this.scene;
      cable.dialTrouble = how === "refused" ? "refused" : "silence";
      this.ends("dial", lasts, () => {
        cable.dialTrouble = undefined;
      });
    },
    slow: ({ how, lasts }) => {
      const { cable } = this.scene;
      cable.latency = Number(how);
      this.ends("latency", lasts, () => {
        cable.latency = QUICK_CABLE;
      });
    },
    crash: (trouble, box) => {
      if (this.mayHurt(box)) this.crash(box, trouble);
    },
    together: (trouble) => {
      const { boxes } = this.scene;
      if (!boxes.every((box) => this.mayHurt(box))) return;
      for (const box of boxes) {
        const lasts = trouble.lasts * (box === boxes[trouble.box] ? 1 : trouble.x);
        this.crash(box, { ...trouble, lasts });
      }
    },
    fuse: (trouble, box) => {
      const left = 1 + Math.floor(trouble.x * 60);
      box.fuse = { left, blow: () => this.mayHurt(box) && this.crash(box, trouble) };
    },
    restore: (trouble, box) => putBackLater(this, trouble, box),
    amnesia: (trouble, box) => {
      this.cut("cut", trouble.lasts);
      putBackLater(this, trouble, box);
    },
    torn: (trouble, box) => tear(this, trouble, box),
    full: (trouble, box) => failDisk(this, trouble, box),
    hang: (trouble, box) => hangDisk(this, trouble, box),
    sluggish: (trouble, box) => slowDisk(this, trouble, box),
    clock: (trouble, box) => this.#setClock(trouble, box),
    declare: (_, box) => this.declare(box),
    divorce: (trouble, box) => this.#divorce(trouble, box),
    bury: (trouble, box) => {
      // The other box is off for certain, and somebody says so.
      const partner = this.otherOf(box);
      if (!this.mayHurt(partner)) return;
      this.crash(partner, { ...trouble, lasts: trouble.lasts + 90_000 });
      this.later(1000 + trouble.x * 60_000, () => {
        if (!partner.isOn) this.declare(box);
      });
    },
    pause: (trouble, box) => this.#leaveIfCalm(trouble, box, "pause"),
    shutdown: (trouble, box) => this.#leaveIfCalm(trouble, box, "shutdown"),
    mode: (trouble, box) => this.#configure(trouble, box),
    moment: (trouble) => this.#watchers.add(watchMoments(this, trouble)),
  };

  #boxOf(trouble: Trouble): SimBox {
    return this.scene.boxes[trouble.box];
  }

  otherOf(box: SimBox): SimBox {
    const [first, second] = this.scene.boxes;
    return box === first ? second : first;
  }

  mayHurt(box: SimBox): boolean {
    const index = this.scene.boxes.indexOf(box);
    const calmUntil = Math.max(this.#calmUntil[index] ?? 0, this.#settlesUntil[index] ?? 0);
    return !this.#isOver && this.scene.world.now >= calmUntil;
  }

  calm(box: SimBox): void {
    this.#calmUntil[this.scene.boxes.indexOf(box)] = this.scene.world.now + CALM_AFTER;
  }

  /** A box whose disk was put back has learnt, and can bear more as soon as that is on its disk. */
  #knowsWhatItLost(box: SimBox): void {
    const { life } = box;
    this.later(WRITTEN_AFTER, () => {
      if (box.life === life && isWell(box.journalState)) this.#calmUntil.fill(0);
    });
  }

  later(milliseconds: number, what: () => void): void {
    this.scene.world.after(milliseconds, () => {
      if (!this.#isOver) what();
    });
  }

  /** Ends a trouble after a while, unless the same thing was changed again meanwhile. */
  ends(what: string, milliseconds: number, how: () => void): void {
    const turn = (this.#turns.get(what) ?? 0) + 1;
    this.#turns.set(what, turn);
    this.later(milliseconds, () => {
      if (this.#turns.get(what) !== turn) return;
      this.scene.world.tell("", `${what}: over`);
      how();
    });
  }

  #live({ how, x, lasts }: Trouble): void {
    const { clients, lans } = this.scene;
    const client = clients[Math.floor(x * clients.length)];
    if (!client) return;
    const lan = lans[Math.floor(((x * 1000) % 1) * lans.length)];
    if (client.state === "off") {
      if (how === "vanish") client.forget();
      client.start();
    } else if (how === "leave") client.stop(true);
    else if (how === "vanish") client.stop(false);
    else if (how === "sleep") client.sleep(lasts);
    else if (how === "move" && lan) client.move(lan);
  }

  #comeOrGo({ x }: Trouble): void {
    const { squatters } = this.scene.checks;
    const squatter = squatters[Math.floor(x * squatters.length)];
    if (squatter) squatter.since = squatter.isReachable ? undefined : this.scene.world.now;
  }

  #weather({ x, y, lasts }: Trouble): void {
    const { lans } = this.scene;
    const lan = lans[Math.floor(x * lans.length)];
    if (!lan) return;
    const delay = [2, 50, 400][Math.floor(((x * 100) % 1) * 3)] ?? 2;
    lan.weather = { loss: y * 0.4, duplicates: ((y * 100) % 1) * 0.2, delay };
    this.ends(`weather ${lan.name}`, lasts, () => {
      lan.weather = FAIR;
    });
  }

  /** Every switch falls apart: box a with some devices here, box b with the others there. */
  #split({ x, lasts }: Trouble): void {
    const { lans, boxes } = this.scene;
    const [first, second] = boxes;
    for (const lan of lans) {
      lan.partOf = (host) => {
        if (first.ports.some((port) => port === host)) return 0;
        if (second.ports.some((port) => port === host)) return 1;
        const last = Number.parseInt(host.mac.slice(-2), 16);
        return (Math.floor(x * 0x10000) >>> (last % 16)) & 1;
      };
    }
    this.ends("split", lasts, () => {
      for (const lan of lans) lan.partOf = undefined;
    });
  }

  #unplug({ x, lasts }: Trouble, box: SimBox): void {
    const port = box.ports[Math.floor(x * box.ports.length)];
    if (!port) return;
    port.isUp = false;
    box.tellLink(port);
    this.ends(`plug ${port.name}`, lasts, () => {
      port.isUp = true;
      box.tellLink(port);
    });
  }

  cut(how: string, lasts: number): void {
    const { cable, boxes } = this.scene;
    const mute = how === "cut" ? boxes : boxes.filter(({ name }) => how.startsWith(name));
    cable.cut(mute);
    this.ends("cable", lasts, () => cable.mend());
  }

  /** Connections are reset at any moment of what the boxes do with them, and people give commands meanwhile. */
  #storm({ how, at, lasts }: Trouble): void {
    const { world, cable, boxes } = this.scene;
    const fate = world.fate(`storm ${at}`);
    for (let after = 0; after < lasts; after += fate.pick([0.1, 1, 10]) * fate.between(5, 1000)) {
      const box = fate.pick(boxes);
      const lastsOff = fate.between(100, 8000);
      const what = how === "commands" ? fate.between(0, 1) : 1;
      this.later(after, () => {
        if (what < 0.1) this.declare(box);
        else if (what < 0.15) this.#leaveIfCalm({ x: 0.02, lasts: lastsOff }, box, "pause");
        else if (what < 0.2) this.#leaveIfCalm({ x: 0.02, lasts: lastsOff }, box, "shutdown");
        else if (what < 0.25 && this.mayHurt(box)) {
          this.crash(box, { how: "process", lasts: lastsOff });
        } else cable.reset();
      });
    }
  }

  declare(box: SimBox): void {
    const pair = box.life?.core.pair;
    // A step of its clock is noticed now, and ends the connection: then it does not talk any more.
    box.life?.driver.event({ kind: "alarm" });
    const isTalking = pair?.isUpdating === true && pair.state !== "partner-down";
    box.command("partner-down");
    if (!isTalking || box.life?.core.pairState?.state !== "partner-down") return;
    this.scene.checks.wrong(`${box.name} takes a partner for off that talks to it`);
  }

  /** The cable is cut, and somebody declares the other box off though it is not. */
  #divorce({ how, x, y, lasts }: Trouble, box: SimBox): void {
    this.cut(how.endsWith("half cut") ? `${y < 0.5 ? "a" : "b"} is mute` : "cut", 60_000 + lasts);
    this.later(y * 60_000, () => this.declare(box));
    if (how === "both") this.later(x * 90_000, () => this.declare(this.otherOf(box)));
  }

  crash(box: SimBox, { how, lasts }: Pick<Trouble, "how" | "lasts">): void {
    if (!box.isOn) return;
    const kind = how === "power" ? "power" : "process";
    box.crash(kind);
    this.restartLater(box, lasts);
  }

  restartLater(box: SimBox, milliseconds: number): void {
    this.later(milliseconds, () => {
      if (!box.isOn) box.start(box.isPowered ? "process" : "power");
    });
  }

  /**
   * Somebody sets the clock. After a step forward a box has to write its leases anew; if it is switched off
   * before, no box could know. It gets the time that this takes.
   */
  #setClock({ x }: Trouble, box: SimBox): void {
    const { life, disk, journalState } = box;
    const isWrong = life?.core.conditions.has("clock-wrong", "") ?? true;
    if (isWrong || isEnding(box) || disk.fault || !isWell(journalState) || !this.mayHurt(box))
      return;
    const other = this.otherOf(box);
    const skew = (x - 0.5) * 2 * SKEW_MAX;
    const by = other.wallOffset + skew - box.wallOffset;
    box.wallOffset += by;
    this.scene.world.tell(box.name, `clock set by ${Math.round(by / 1000)} s`);
    this.#settlesUntil[this.scene.boxes.indexOf(box)] = this.scene.world.now + CALM_AFTER;
  }

  /** An orderly end: it is told first, and ends a little later. */
  leave(
    { x, lasts }: Pick<Trouble, "x" | "lasts">,
    box: SimBox,
    command: "pause" | "shutdown",
  ): void {
    const { now } = this.scene.world;
    if (now < (this.#settlesUntil[this.scene.boxes.indexOf(box)] ?? 0)) return;
    box.command(command);
    const { life } = box;
    // It ends also when all troubles are over meanwhile, and is started again then.
    this.scene.world.after(100 + x * 3000, () => {
      if (box.life !== life) return;
      box.crash("process");
      if (this.#isOver) box.start("process");
      else this.restartLater(box, lasts);
    });
  }

  #leaveIfCalm(
    trouble: Pick<Trouble, "x" | "lasts">,
    box: SimBox,
    command: "pause" | "shutdown",
  ): void {
    if (this.mayHurt(box)) this.leave(trouble, box, command);
  }

  /** A person changes something; the other box gets it some time later. */
  #configure({ how, x, lasts }: Trouble, box: SimBox): void {
    const mode = MODES[Math.floor(x * MODES.length)] ?? this.#plan.mode;
    const leaseSeconds = LEASE_SECONDS[Math.floor(x * LEASE_SECONDS.length)] ?? 600;
    this.replan(how === "another mode" ? { mode } : { leaseSeconds }, box, lasts);
  }

  /** A change that this box gets at once, and the other one some milliseconds later. */
  replan(change: Partial<PairPlan>, box: SimBox, lasts: number): void {
    const { boxes } = this.scene;
    this.#plan = { ...this.#plan, ...change };
    const tell = (one: SimBox) =>
      one.configure(configFor(one === boxes[0] ? "primary" : "secondary", this.#plan));
    tell(box);
    this.later(lasts, () => tell(this.otherOf(box)));
  }
}

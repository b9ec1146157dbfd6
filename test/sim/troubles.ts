// What goes wrong, and when. Each seed has its own mixture: most have some kinds of trouble only, so
// that one kind does not hide what another would show.

import type { CoreConfig } from "../../daemon/core/config-view.ts";
import type { Checks } from "./checks.ts";
import { CONFIGS, withNameServer } from "./configs.ts";
import type { Lan } from "./lan.ts";
import { FAIR } from "./lan.ts";
import { flood, OtherServer, type Squatter } from "./neighbours.ts";
import type { SimBox } from "./sim-box.ts";
import type { SimClient } from "./sim-client.ts";
import type { World } from "./world.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

export class Troubles {
  readonly #world: World;
  readonly #checks: Checks;
  readonly #box: SimBox;
  readonly #lans: readonly Lan[];
  readonly #clients: readonly SimClient[];
  readonly #others: readonly OtherServer[];
  readonly #hasRtc: boolean;
  /** What the clock of the box shows, when it is right, is true time plus this. */
  #rightOffset: number;
  #isOver = false;
  /** No crash and no trouble with the disk before this: see `#stepForward`. */
  #calmUntil = 0;
  #diskTroubles = 0;

  constructor(
    world: World,
    checks: Checks,
    box: SimBox,
    lans: readonly Lan[],
    clients: readonly SimClient[],
    rightOffset: number,
  ) {
    this.#world = world;
    this.#checks = checks;
    this.#box = box;
    this.#lans = lans;
    this.#clients = clients;
    this.#rightOffset = rightOffset;
    this.#hasRtc = world.chance(0.5);
    const prefixes = ["10.77.0", "10.78.0"];
    this.#others = box.ports.map(
      ({ lan }, index) => new OtherServer(world, lan, prefixes[index] ?? ""),
    );
  }

  begin(): void {
    const world = this.#world;
    const some = (probability: number, meanMinutes: number, what: () => void) => {
      if (world.chance(probability)) this.#every(meanMinutes * MINUTE, what);
    };
    this.#every(2 * MINUTE, () => this.#live(world.pick(this.#clients)));
    some(0.6, 5, () => this.#weather());
    some(0.7, 8, () => this.#crash());
    some(0.4, 8, () => this.#crashInDisk());
    some(0.4, 10, () => this.#diskFails());
    some(0.4, 10, () => this.#diskHangs());
    some(0.4, 5, () => this.#diskSlow());
    some(0.4, 8, () => this.#unplug());
    some(0.4, 10, () => this.#stepClock());
    some(0.4, 10, () => this.#configure());
    some(0.3, 12, () => this.#otherServer());
    some(0.3, 15, () => this.#flood());
    for (const squatter of this.#checks.squatters) {
      if (world.chance(0.5)) this.#every(10 * MINUTE, () => this.#comeOrGo(squatter));
    }
    if (!this.#hasRtc && world.chance(0.5)) this.#bootClock();
  }

  /** Everything is repaired; nothing new goes wrong. */
  end(): void {
    this.#isOver = true;
    this.#world.tell("", "all troubles are over");
    for (const lan of this.#lans) lan.weather = FAIR;
    this.#checks.disturbedUntil = this.#world.now;
    for (const port of this.#box.ports) {
      port.isUp = true;
      this.#box.tellLink(port);
    }
    for (const other of this.#others) other.isReachable = false;
    this.#diskWell();
    if (!this.#box.isOn) this.#restart("power");
    this.#setClock();
  }

  #every(mean: number, what: () => void): void {
    this.#world.after(this.#world.around(mean), () => {
      if (this.#isOver) return;
      what();
      this.#every(mean, what);
    });
  }

  /** Ends a trouble after a while, unless all troubles are over already. */
  #later(milliseconds: number, what: () => void): void {
    this.#world.after(milliseconds, () => {
      if (!this.#isOver) what();
    });
  }

  /** People and their devices. */
  #live(client: SimClient): void {
    const world = this.#world;
    if (client.state === "off") {
      if (world.chance(0.2)) client.forget();
      client.start();
      return;
    }
    const what = world.random();
    if (what < 0.3) client.stop(world.chance(0.5));
    else if (what < 0.5) client.sleep(world.around(10 * MINUTE));
    else if (what < 0.7) client.move(world.pick(this.#lans));
  }

  #weather(): void {
    const world = this.#world;
    const lan = world.pick(this.#lans);
    lan.weather = {
      loss: world.between(0, 0.4),
      duplicates: world.between(0, 0.2),
      delay: world.pick([2, 50, 400]),
    };
    this.#checks.disturbedUntil = Number.POSITIVE_INFINITY;
    world.tell(lan.name, `weather: ${JSON.stringify(lan.weather)}`);
    this.#later(world.around(3 * MINUTE), () => {
      lan.weather = FAIR;
      this.#checks.disturbedUntil = world.now;
    });
  }

  /** Somebody plugs in a router of their own, until somebody else finds it. */
  #otherServer(): void {
    const other = this.#world.pick(this.#others);
    other.isReachable = true;
    this.#world.tell(other.name, `serves as ${other.address}`);
    this.#later(this.#world.around(4 * MINUTE), () => {
      other.isReachable = false;
    });
  }

  #flood(): void {
    const port = this.#world.pick(this.#box.ports);
    flood(this.#world, port.lan, port.mac, port.index === 0 ? "10.77.0" : "10.78.0");
    this.#checks.disturbedUntil = this.#world.now + 6000;
  }

  #comeOrGo(squatter: Squatter): void {
    squatter.since = squatter.isReachable ? undefined : this.#world.now;
    const what = squatter.isReachable ? `takes ${squatter.address}` : "is gone";
    this.#world.tell(squatter.name, what);
  }

  get #mayHurt(): boolean {
    return this.#world.now >= this.#calmUntil;
  }

  #crash(): void {
    if (!this.#box.isOn || !this.#mayHurt) return;
    const kind = this.#world.chance(0.5) ? "power" : "process";
    this.#box.crash(kind);
    this.#restartLater(kind);
  }

  /** At any operation of the disk, before, during or after it. */
  #crashInDisk(): void {
    const { disk } = this.#box;
    if (disk.fault || !this.#mayHurt) return;
    const at = disk.operations + Math.floor(this.#world.between(0, 30));
    disk.fault = (operation) => {
      if (operation.index < at) return undefined;
      disk.fault = undefined;
      // The disk goes down within the operation; the process notices nothing any more.
      this.#world.after(0, () => {
        this.#box.noticePowerCut();
        this.#restartLater("power");
      });
      return { crash: this.#world.pick(["before", "during", "after"] as const) };
    };
  }

  #restartLater(kind: "process" | "power"): void {
    const world = this.#world;
    const wait = world.chance(0.7) ? world.between(100, 5000) : world.around(8 * MINUTE);
    // Even when the troubles are over meanwhile: a box that is off would stay so.
    world.after(wait, () => this.#restart(kind));
  }

  #restart(kind: "process" | "power"): void {
    if (this.#box.isOn) return;
    if (kind === "power" && !this.#hasRtc) this.#bootClock();
    this.#box.start(kind);
  }

  /** Without a battery the clock starts anew, or from a file; a time server is reached some time later. */
  #bootClock(): void {
    const world = this.#world;
    const shown = world.now + this.#box.wallOffset;
    const behind = world.between(0, 20 * MINUTE);
    this.#box.wallOffset = world.chance(0.5) ? 60_000 - world.now : shown - world.now - behind;
    this.#later(world.between(1000, 8 * MINUTE), () => this.#setClock());
  }

  #setClock(): void {
    if (this.#box.wallOffset === this.#rightOffset) return;
    this.#box.wallOffset = this.#rightOffset;
    this.#world.tell(this.#box.name, "has the right time from a server");
  }

  /** Somebody sets the clock, and it stays so. */
  #stepClock(): void {
    const world = this.#world;
    const by = world.pick([3000, 60_000, 10 * MINUTE, DAY, 400 * DAY]) * world.between(0.8, 1.2);
    if (this.#box.wallOffset !== this.#rightOffset) return;
    if (world.chance(0.5)) this.#step(-by);
    else this.#stepForward(by);
  }

  /**
   * A clock that was believed for long and is set forward: if the box is switched off before its
   * leases were written anew, no box could know. It gets the second that this takes.
   */
  #stepForward(by: number): void {
    const { life, disk, journalState } = this.#box;
    const isWrong = life?.core.conditions.has("clock-wrong", "") ?? true;
    if (!life || isWrong || disk.fault || this.#diskTroubles > 0 || journalState.kind !== "ok")
      return;
    this.#calmUntil = this.#world.now + 60_000;
    this.#step(by);
  }

  #step(by: number): void {
    this.#rightOffset += by;
    this.#box.wallOffset += by;
    this.#world.tell(this.#box.name, `clock set by ${Math.round(by / 1000)} s`);
  }

  #diskFails(): void {
    const { disk } = this.#box;
    if (disk.fault || !this.#mayHurt) return;
    const world = this.#world;
    const error = world.pick(["ENOSPC", "EROFS", "EIO"]);
    const probability = world.pick([1, 1, 0.3]);
    world.tell(this.#box.name, `disk fails: ${error}`);
    disk.fault = ({ kind }) => {
      if (kind === "list" || kind === "read" || kind === "close") return undefined;
      return world.chance(probability) ? { error } : undefined;
    };
    this.#later(world.around(2 * MINUTE), () => this.#diskWell());
  }

  #diskHangs(): void {
    const { disk } = this.#box;
    if (disk.fault || !this.#mayHurt) return;
    this.#world.tell(this.#box.name, "disk hangs");
    disk.fault = () => "hang";
    this.#later(this.#world.around(20_000), () => this.#diskWell());
  }

  #diskSlow(): void {
    if (!this.#mayHurt) return;
    const world = this.#world;
    const most = world.pick([20, 300, 3000, 9000]);
    this.#diskTroubles++;
    world.tell(this.#box.name, `disk is slow: up to ${most} ms`);
    this.#box.diskDelay = () => world.between(1, most);
    this.#later(world.around(2 * MINUTE), () => {
      this.#diskTroubles--;
      this.#box.diskDelay = () => 1;
    });
  }

  #diskWell(): void {
    this.#box.disk.fault = undefined;
    this.#box.diskDelay = () => 1;
    this.#box.disk.wake();
    this.#world.tell(this.#box.name, "disk is well");
  }

  #unplug(): void {
    const world = this.#world;
    const port = world.pick(this.#box.ports);
    if (!port.isUp) return;
    world.tell(port.name, "is unplugged");
    port.isUp = false;
    this.#box.tellLink(port);
    this.#later(world.around(MINUTE), () => {
      port.isUp = true;
      this.#checks.disturbedUntil = Math.max(this.#checks.disturbedUntil, world.now);
      world.tell(port.name, "is plugged in");
      this.#box.tellLink(port);
    });
  }

  #configure(): void {
    const world = this.#world;
    const other = `10.77.0.${Math.floor(world.between(3, 9))}`;
    const config: CoreConfig = world.chance(0.5)
      ? world.pick(CONFIGS)
      : withNameServer(this.#box.config, other);
    this.#world.tell(this.#box.name, "gets another configuration");
    this.#checks.disturbedUntil = Math.max(this.#checks.disturbedUntil, this.#world.now);
    this.#box.configure(config);
  }
}

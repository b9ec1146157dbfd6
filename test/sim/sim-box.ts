// One box: the production driver, core and journal around a clock, a disk and links that are not real.

import type { Now } from "../../daemon/base/time.ts";
import type { CoreConfig } from "../../daemon/core/config-view.ts";
import { Core } from "../../daemon/core/core.ts";
import type { PairCommand } from "../../daemon/core/event.ts";
import { ForceRenewAuth } from "../../daemon/core/forced-renew.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { Driver } from "../../daemon/driver.ts";
import { hmacMd5 } from "../../daemon/io/keyed-hash.ts";
import { Journal } from "../../daemon/journal/journal.ts";
import type { Clock, JournalState, Link } from "../../daemon/ports.ts";
import { macBytes } from "../support/client-frame.ts";
import { countComplaints, totalCounts } from "../support/core-invariants.ts";
import { FakeDisk } from "../support/fake-disk.ts";
import type { CableEnd, PeerEvent, Plugged } from "./cable.ts";
import type { Host, Lan } from "./lan.ts";
import type { Watch } from "./watch.ts";
import type { Fate, World } from "./world.ts";

/** One process, from its start to its end. */
export interface Life {
  readonly core: Core;
  readonly driver: Driver;
  readonly journal: Journal;
}

/** A disk with which all is well. */
export const QUICK_DISK = (): number => 1;

export class SimBox implements Plugged {
  readonly name: string;
  readonly disk: FakeDisk;
  readonly ports: readonly SimPort[];
  config: CoreConfig;
  /** What the clock of the box shows is true time plus this, in milliseconds. */
  wallOffset: number;
  /** How long an operation of the disk takes, in milliseconds. */
  diskDelay: () => number = QUICK_DISK;
  life: Life | undefined;
  isOn = false;
  /** The machine runs, whether or not the process does. */
  isPowered = false;
  /** Of a box in a pair. */
  peer: CableEnd | undefined;
  /** Set: the box fails when it has been touched so many times more, in the middle of whatever it does. */
  fuse: { left: number; readonly blow: () => void } | undefined;
  journalState: JournalState = { kind: "ok" };
  readonly #alarms = new AlarmWatch();
  readonly #world: World;
  readonly #fate: Fate;
  readonly #checks: Watch;
  #number = 0;
  #poweredAt = 0;

  constructor(
    world: World,
    checks: Watch,
    name: string,
    lans: readonly Lan[],
    config: CoreConfig,
    wallOffset: number,
    fate: Fate = world,
  ) {
    this.#world = world;
    this.#fate = fate;
    this.#checks = checks;
    this.name = name;
    this.config = config;
    this.wallOffset = wallOffset;
    this.disk = new FakeDisk({
      random: fate.random,
      later: (_, done) => world.after(this.diskDelay(), done),
    });
    this.ports = lans.map((lan, index) => new SimPort(this, lan, index, checks));
  }

  /** Starts the process; it serves when it has read its journal. */
  start(kind: "process" | "power"): void {
    if (this.isOn) return;
    if (kind === "power") this.#poweredAt = this.#world.now;
    this.isOn = true;
    this.isPowered = true;
    this.#number++;
    this.journalState = { kind: "ok" };
    this.disk.start();
    this.#world.tell(this.name, `starts; its clock shows ${new Date(this.#wall).toISOString()}`);
    void this.#run(this.#number);
  }

  /** Ends the process in the middle of whatever it does; `power` takes the unsynced data with it. */
  crash(kind: "process" | "power"): void {
    if (!this.isOn) return;
    this.#world.tell(this.name, kind === "power" ? "loses its power" : "is killed");
    if (kind === "power") this.disk.powerCut();
    else this.disk.kill();
    this.#down(kind);
  }

  /** What the disk did on its own: the power was cut inside one of its operations. */
  noticePowerCut(): void {
    if (!this.isOn) return;
    this.#world.tell(this.name, "lost its power in the middle of writing");
    this.#down("power");
  }

  #down(kind: "process" | "power"): void {
    this.isOn = false;
    if (kind === "power") this.isPowered = false;
    this.#number++;
    this.fuse = undefined;
    this.#checks.crashed(this);
    this.life = undefined;
    this.peer?.down(kind === "power");
  }

  /** One effect is performed. */
  touched(): void {
    const { fuse } = this;
    if (!fuse || --fuse.left > 0) return;
    this.fuse = undefined;
    fuse.blow();
  }

  /** What became of a connection with the partner. */
  tellPeer(event: PeerEvent): void {
    this.life?.driver.event(event);
  }

  /** Somebody, or the process that ends, wants something of the pair. */
  command(command: PairCommand): void {
    this.#world.tell(this.name, `is told: ${command}`);
    this.life?.driver.event({ kind: "pair-command", command });
  }

  configure(config: CoreConfig): void {
    this.config = config;
    this.#checks.configured();
    this.life?.driver.event({ kind: "config", config });
  }

  /** Tells the driver what became of a port. */
  tellLink(port: SimPort): void {
    const { isUp, mac } = port;
    this.life?.driver.event({
      kind: "link",
      lan: port.index,
      helper: true,
      present: true,
      carrier: isUp,
      mac: macBytes(mac),
      mtu: 1500,
    });
  }

  async #run(number: number): Promise<void> {
    let driver: Driver | undefined;
    let core: Core | undefined;
    const isGone = () => number !== this.#number;
    try {
      const opened = await Journal.open(this.disk, {
        clock: this.#makeClock(number),
        salt: 1 + Math.floor(this.#fate.random() * 0xfffffffe),
        book: () => core?.book.records() ?? [],
        pair: () => core?.pairState,
        events: {
          durable: (through) => driver?.durable(through),
          state: (state) => {
            this.journalState = state;
            this.#world.tell(this.name, `journal: ${JSON.stringify(state)}`);
            driver?.journalState(state);
          },
          log: (id, values) => this.#world.tell(this.name, `${id} ${JSON.stringify(values)}`),
        },
      });
      if (isGone()) return;
      const clock = this.#makeClock(number);
      core = new Core({
        config: this.config,
        hashSeed: Math.floor(this.#fate.random() * 0x7fffffff),
        leases: opened.leases,
        pair: opened.pair,
        lastSequence: opened.lastSequence,
        wallFloor: opened.lastWall,
        auth: new ForceRenewAuth(hmacMd5, new Uint8Array(32).fill(7)),
        now: clock.now(),
      });
      driver = new Driver(core, clock, {
        leaseChanged: (lease: Lease) => {
          this.touched();
          if (!isGone()) this.#checks.persisted(this, lease);
        },
        log: (id, values) => this.#world.tell(this.name, `${id} ${JSON.stringify(values)}`),
      });
      driver.attach(opened.journal, this.ports, this.peer);
      this.life = { core, driver, journal: opened.journal };
      this.#world.tell(this.name, `serves; ${opened.leases.length} leases read`);
      this.#checks.recovered(this, this.life, opened.leases);
      driver.event({ kind: "alarm" });
      for (const port of this.ports) this.tellLink(port);
    } catch (error) {
      if (isGone()) return;
      this.#world.tell(this.name, `cannot start: ${(error as Error).message}`);
      if ((error as Error).name !== "IoError") {
        this.#world.complain((error as Error).stack ?? String(error));
      }
      this.#world.after(1000, () => {
        if (!isGone()) void this.#run(number);
      });
    }
  }

  get #wall(): number {
    return Math.round(this.#world.now + this.wallOffset);
  }

  /** Each has one alarm, as the real one. A clock of a process that is gone calls nobody back. */
  #makeClock(number: number): Clock {
    let turn = 0;
    const isGone = () => number !== this.#number;
    const now = (): Now => ({ monotonic: this.#world.now - this.#poweredAt, wall: this.#wall });
    return {
      now,
      setAlarm: (at, callback) => {
        const mine = ++turn;
        const wrong = this.#alarms.asked(now().monotonic, at);
        if (wrong) this.#world.complain(wrong);
        this.touched();
        this.#world.after(at - now().monotonic, () => {
          if (mine === turn && !isGone()) callback();
        });
      },
      soon: (callback) => this.#world.after(0, () => !isGone() && callback()),
    };
  }
}

/** One LAN interface of a box, with the packet helper behind it. */
export class SimPort implements Host, Link {
  readonly name: string;
  readonly mac: string;
  readonly lan: Lan;
  readonly index: number;
  readonly box: SimBox;
  isUp = true;
  readonly #checks: Watch;
  #filling: Uint8Array[] = [];

  constructor(box: SimBox, lan: Lan, index: number, checks: Watch) {
    this.box = box;
    this.lan = lan;
    this.index = index;
    this.name = `${box.name}.${lan.name}`;
    this.mac = `02:00:00:00:${box.name.charCodeAt(0).toString(16)}:0${index}`;
    this.#checks = checks;
    lan.hosts.add(this);
  }

  get isReachable(): boolean {
    return this.isUp && this.box.isOn;
  }

  receive(frame: Uint8Array): void {
    const { life, config } = this.box;
    if (!life) return;
    const before = totalCounts(life.core, config.networks.length);
    const state = life.core.pairState?.state;
    life.driver.frame(this.index, frame, 0, frame.length, true);
    life.driver.batchEnd();
    const after = totalCounts(life.core, config.networks.length);
    // What was left to a partner that is lost now is answered with it.
    const refusedMax = life.core.pairState?.state === state ? 1 : Number.POSITIVE_INFINITY;
    for (const complaint of countComplaints(frame, before, after, refusedMax)) {
      this.#checks.wrong(complaint);
    }
  }

  send(frame: Uint8Array): void {
    this.box.touched();
    if (!this.box.isOn) return;
    this.#checks.sends(this, frame);
    this.#filling.push(frame);
  }

  /** What the process had not handed over yet is gone with it. */
  discard(): void {
    this.#filling = [];
  }

  flush(): void {
    const frames = this.#filling;
    this.#filling = [];
    for (const frame of frames) this.lan.send(this, frame);
  }
}

/** Alarms are for a time to come, and not more of them than there is reason for. */
class AlarmWatch {
  #second = 0;
  #count = 0;

  /** What is wrong with one that is asked for; undefined when nothing is. */
  asked(now: number, at: number): string | undefined {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    if (at <= now) return `an alarm is asked for ${now - at} ms ago`;
    return ++this.#count > ALARMS_PER_SECOND_MAX ? "alarm after alarm is asked for" : undefined;
  }
}

const ALARMS_PER_SECOND_MAX = 200;

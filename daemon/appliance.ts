// One running box: configuration, journal, core, driver and links put together, and taken apart.

import path from "node:path";
import { hex } from "./base/bytes.ts";
import type { Now } from "./base/time.ts";
import { Box } from "./box.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import type { Board } from "./config/board.ts";
import { ConfigPartner } from "./config-partner.ts";
import { filesProblem } from "./config-sync-view.ts";
import { Configuration, type ConfigurationResult } from "./configuration.ts";
import { ControlParts } from "./control-parts.ts";
import type { CoreConfig } from "./core/config-view.ts";
import { Core } from "./core/core.ts";
import { lanHealthOf } from "./core/core-views.ts";
import { ForceRenewAuth } from "./core/forced-renew.ts";
import { Driver } from "./driver.ts";
import type { Gateway } from "./gateway.ts";
import { BoxGateway } from "./gateway-host.ts";
import type { ActionResult } from "./http/box-view.ts";
import { Introductions } from "./introductions.ts";
import { SystemClock } from "./io/clock.ts";
import type { FolderDisk } from "./io/disk.ts";
import { type Identity, identityOf } from "./io/identity.ts";
import { hmacMd5 } from "./io/keyed-hash.ts";
import { randomSeed } from "./io/random.ts";
import { loadSecret, secretForNow } from "./io/secret.ts";
import { every, pause } from "./io/ticker.ts";
import type { Journal, JournalOptions, OpenedJournal } from "./journal/journal.ts";
import { LanLinks } from "./lan-links.ts";
import { LIMITS } from "./limits.ts";
import { openJournal } from "./open-journal.ts";
import type { BoxFacts } from "./pairing-desk.ts";
import { declarePartnerDown, Partner } from "./partner.ts";
import type { LogSink } from "./ports.ts";
import { isConfigMessage } from "./wire/config-message.ts";
import { SERVER_STATE } from "./wire/failover/numbers.ts";
import { isGatewayMessage } from "./wire/gateway-message.ts";
import { isIntroduction } from "./wire/introduction-message.ts";

export interface ApplianceOptions {
  readonly configDir: string;
  readonly stateDir: string;
  readonly rawlinkSocket: string;
  /** Of the process that runs keepalived. */
  readonly gatekeeperSocket: string;
  readonly board: Board;
  readonly version: string;
  readonly log: LogSink;
}

const NOTHING: CoreConfig = { serving: false, networks: [], classes: [], leasequeryFrom: [] };

export class Appliance {
  readonly box: Box;
  readonly #options: ApplianceOptions;
  readonly #clock = new SystemClock();
  /** A clock has one alarm, and the journal needs one of its own. */
  readonly #journalClock = new SystemClock();
  readonly configuration: ConfigPartner;
  readonly pairing: Introductions;
  readonly boxGateway: BoxGateway;
  /** What the boxes say to each other besides the failover protocol. */
  readonly control: ControlParts;
  #core: Core | undefined;
  #driver: Driver | undefined;
  #journal: Journal | undefined;
  #disk: FolderDisk | undefined;
  links: LanLinks | undefined;
  #partner: Partner | undefined;
  #ownIdentity: Identity | undefined;
  #stopTickers: (() => void)[] = [];
  /** Conditions set before the core was there to keep them. */
  readonly #early = new Map<string, [ConditionId, string, LogValues | undefined]>();
  #overloadSeen = 0;
  #reloading = false;
  #stopped = false;
  #onChange: () => void = () => {};
  #revision = -1;

  constructor(options: ApplianceOptions) {
    this.#options = options;
    this.configuration = new ConfigPartner(new Configuration(options.configDir, options.stateDir), {
      now: () => this.#clock.now(),
      send: (bytes) => this.sendControl(bytes),
      close: (reason) => this.#partner?.restart(reason),
      changed: () => void this.reload(),
      say: (id, values) => this.say(id, values),
      condition: (id, values) => this.setCondition(id, "", values),
    });
    const { configDir, stateDir, rawlinkSocket, gatekeeperSocket } = options;
    this.pairing = new Introductions({
      ...{ configDir, stateDir },
      host: {
        facts: () => this.#pairingFacts(),
        found: () => this.#partner?.found ?? [],
        tellPartner: (message) => this.sendControl(message),
        apply: () => this.reload(),
        say: (id, values) => this.say(id, values),
        now: () => this.#clock.now(),
      },
    });
    this.boxGateway = new BoxGateway({
      ...{ stateDir, rawlinkSocket, gatekeeperSocket },
      ...{ box: () => this.box.name, now: () => this.#clock.now(), core: () => this.#core },
      say: (id, values) => this.say(id, values),
      setCondition: (id, subject, values) => this.setCondition(id, subject, values),
      journal: () => this.box.journalState,
      setMaintenance: (isOn) => this.#driver?.event({ kind: "maintenance", isOn }),
      mute: (isMuted) => this.#partner?.mute(isMuted),
      ownAddress: (name) => this.box.ownAddress(name),
      partnerOn: (name) => this.#partner?.on(name),
      hurry: () => this.#partner?.hurry(),
      changed: () => this.#onChange(),
      sendControl: (message) => this.sendControl(message),
    });
    this.control = new ControlParts([
      {
        owns: isConfigMessage,
        opened: (isPrimary) => this.configuration.opened(isPrimary),
        received: (message) => this.configuration.received(message),
        closed: () => this.configuration.closed(),
      },
      { owns: isGatewayMessage, received: (message) => this.boxGateway.received(message) },
      { owns: isIntroduction, received: (message) => this.pairing.partnerSaid(message) },
    ]);
    this.box = new Box({
      version: options.version,
      clock: this.#clock,
      log: options.log,
      memoryBytes: () => process.memoryUsage.rss(),
    });
  }

  /** Reads configuration and journal and begins to serve. A disk that cannot be read is tried again. */
  async start(): Promise<void> {
    const startedAt = this.#clock.now().monotonic;
    const result = await this.configuration.load();
    this.box.setConfiguration(result);
    await this.boxGateway.load();
    const onDisk = await openJournal(
      this.#options.stateDir,
      () => this.#journalOptions(),
      () => this.#stopped,
      (why) => this.box.setStartProblem(why),
    );
    if (!onDisk) return;
    const { opened } = onDisk;
    this.#disk = onDisk.disk;
    const core = new Core({
      config: result.config?.core ?? NOTHING,
      hashSeed: randomSeed() >>> 1,
      leases: opened.leases,
      pair: opened.pair,
      lastSequence: opened.lastSequence,
      wallFloor: opened.lastWall,
      now: this.#clock.now(),
      auth: new ForceRenewAuth(hmacMd5, secretForNow(path.join(this.#options.stateDir, "secret"))),
    });
    const driver = new Driver(core, this.#clock, this.box);
    this.#core = core;
    this.#driver = driver;
    this.#journal = opened.journal;
    const partner = this.#makePartner(core, driver);
    this.#partner = partner;
    driver.attach(opened.journal, [], partner);
    const { gateway } = this.boxGateway;
    this.box.attach({ core, driver, journal: opened.journal, partner, gateway });
    driver.event({ kind: "maintenance", isOn: gateway.isInMaintenance });
    for (const one of this.#early.values()) this.setCondition(...one);
    this.#sayStarted(opened, startedAt);
    this.#report(result);
    this.links = new LanLinks(this.#options.rawlinkSocket, driver, {
      setCondition: (id, subject, values) => this.setCondition(id, subject, values),
      setDrops: (lan, totals) => this.box.setLinkDrops(lan, totals),
      changed: () => {
        partner.hurry();
        gateway.look();
      },
      now: () => this.#clock.now().monotonic,
    });
    partner.configure(result.config);
    this.links.configure(result.config?.core);
    this.boxGateway.configure(this.box.gatewayPlan(this.#options.board));
    this.#openPairing();
    driver.event({ kind: "alarm" });
    this.#stopTickers = [
      every(LIMITS.newsMilliseconds, () => this.#news()),
      every(LIMITS.housekeepingMilliseconds, () => this.#housekeeping()),
    ];
  }

  /** Reads the configuration files again and puts them into force when they are good. */
  async reload(): Promise<void> {
    if (this.#reloading || !this.#driver) return;
    this.#reloading = true;
    try {
      const result = await this.configuration.load();
      const before = JSON.stringify(this.box.status().configuration);
      this.box.setConfiguration(result);
      if (result.config && this.#driver && !this.#stopped) {
        // Whether the partner is there is known before anything follows from having one.
        this.#partner?.configure(result.config);
        this.#driver.event({ kind: "config", config: result.config.core });
        this.links?.configure(result.config.core);
        this.boxGateway.configure(this.box.gatewayPlan(this.#options.board));
        this.#openPairing();
        void this.pairing.refresh();
        if (result.isNew) this.say("config-applied", {});
      }
      if (JSON.stringify(this.box.status().configuration) !== before) this.#report(result);
    } finally {
      this.#reloading = false;
    }
  }

  /**
   * Tells the partner, which takes over at once; stops serving; makes everything durable. What the
   * partner is told may wait for the disk, so its connection is the last to be closed.
   */
  async stop(reason: string): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.say("daemon-stopping", { reason });
    for (const stop of this.#stopTickers) stop();
    this.#driver?.event({ kind: "pair-command", command: "pause" });
    this.links?.close();
    await this.boxGateway.stop();
    this.pairing.stop();
    this.#clock.stop();
    // Nobody was told of what a disk that hangs has not taken.
    const closed = this.#journal?.close().then(() => true) ?? true;
    const isClosed = await Promise.race([closed, pause(LIMITS.journalCloseMilliseconds)]);
    await this.#partner?.stop();
    this.#journalClock.stop();
    if (isClosed) await this.#disk?.close();
  }

  /** A person says that the partner is off for certain. */
  partnerDown(): ActionResult {
    const core = this.#core;
    const result = core
      ? declarePartnerDown(
          () => core.pairView(),
          (event) => this.#driver?.event(event),
        )
      : { isDone: false, text: "this box is just starting" };
    this.say("pair-command", { command: "partner-down", result: result.text });
    return result;
  }

  /** Sets or ends a condition that the core cannot see by itself; also before there is a core. */
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void {
    if (this.#stopped) return;
    const core = this.#core;
    if (!core) this.#early.set(`${id} ${subject}`, [id, subject, values]);
    else if (values) core.conditions.set(id, subject, values, this.#clock.now());
    else core.conditions.clear(id, subject);
    this.#driver?.batchEnd();
  }

  /** Calls back soon after role, state, sentence or conditions changed, and every few seconds. */
  onChange(callback: () => void): void {
    this.#onChange = callback;
  }

  /** To the partner; false: it is not reached. */
  sendControl(message: Uint8Array): boolean {
    return this.#partner?.sendControl(message) ?? false;
  }

  readonly now = (): Now => this.#clock.now();

  /** A line for the log that belongs to no packet. */
  say(id: LogId, values: LogValues): void {
    this.box.log(id, values, this.#clock.now());
  }

  /** There after recovery from the journal. */
  get core(): Core | undefined {
    return this.#core;
  }

  /** On any path. */
  get isPartnerHeard(): boolean {
    return this.#partner?.isHeard ?? false;
  }

  get gateway(): Gateway {
    return this.boxGateway.gateway;
  }

  #journalOptions(): JournalOptions {
    return {
      clock: this.#journalClock,
      salt: randomSeed(),
      book: () => this.#core?.book.records() ?? [],
      pair: () => this.#core?.pairState,
      events: {
        durable: (through) => this.#driver?.durable(through),
        state: (state) => {
          this.box.setJournalState(state);
          this.#driver?.journalState(state);
        },
        log: (id, values) => this.say(id, values),
      },
    };
  }

  #makePartner(core: Core, driver: Driver): Partner {
    const { board, version } = this.#options;
    return new Partner({
      ...{ board, version },
      event: (event) => driver.event(event),
      setCondition: (id, subject, values) => this.setCondition(id, subject, values),
      identity: () => this.#identity(),
      now: () => this.#clock.now(),
      words: () => {
        const state = core.pair?.state;
        const lans = lanHealthOf(core.lans, this.#clock.now());
        const generation = this.configuration.view()?.generation ?? 0;
        const gateway = this.gateway.word;
        return { state: state ? SERVER_STATE[state] : 0, generation, gateway, lans };
      },
      gateway: (word) => this.boxGateway.partnerSays(word),
      control: this.control,
      pairPorts: {
        carrier: (name, isUp) => this.pairing.carrier(name, isUp),
        found: () => this.pairing.look(),
        visited: (visitor) => this.pairing.visited(visitor),
      },
    });
  }

  /** The key of this box, made when there is none. Throws IoError when it can neither be read nor made. */
  #identity(): Identity {
    this.#ownIdentity ??= identityOf(loadSecret(path.join(this.#options.stateDir, "key")));
    return this.#ownIdentity;
  }

  /** Who this box is, in hex: what its partner is told. Throws IoError. */
  identity(): string {
    return hex(this.#identity().id);
  }

  #sayStarted(opened: OpenedJournal, startedAt: number): void {
    this.say("daemon-started", {
      version: this.#options.version,
      box: this.box.status().box.name,
      leases: opened.leases.length,
      files: opened.report.files,
      milliseconds: Math.round(this.#clock.now().monotonic - startedAt),
    });
  }

  #report(result: ConfigurationResult): void {
    for (const issue of result.issues) {
      this.say("config-issue", { ...issue });
    }
    this.setCondition("config-invalid", "", filesProblem(result));
  }

  /** Beside the serving: whatever a pair comes to, clients do not wait for it. */
  #openPairing(): void {
    void this.pairing.open(this.#ownIdentity, this.#partner?.door);
  }

  #pairingFacts(): BoxFacts {
    const { model, serial } = this.#options.board;
    return {
      ...{ model, serial, software: this.#options.version },
      generation: this.configuration.view()?.generation ?? 0,
      isServing: this.box.role === "serving",
      isPartnerHeard: this.isPartnerHeard,
    };
  }

  #news(): void {
    const isConfigured = this.configuration.view()?.inStep ?? false;
    this.pairing.inStep(isConfigured, this.#core?.pairView()?.isInStep ?? false);
    const changed = this.box.refresh();
    this.box.tick();
    const revision = this.#core?.conditions.revision ?? 0;
    if (revision === this.#revision && !changed) return;
    this.#revision = revision;
    this.#onChange();
  }

  #housekeeping(): void {
    this.#partner?.retry();
    this.#openPairing();
    this.links?.forgetErrors();
    const drops = this.#driver?.overloadDrops ?? 0;
    this.setCondition("overloaded", "", drops > this.#overloadSeen ? { subject: "" } : undefined);
    this.#overloadSeen = drops;
    this.#onChange();
    this.configuration.tick();
    void this.configuration.changed().then((changed) => (changed ? this.reload() : undefined));
  }
}

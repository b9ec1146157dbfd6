// The gateway within the box: what it is told of the core and of the partner, what it has done there, and drills.

import { formatIpv4, type Ipv4, ipv4 } from "./base/address.ts";
import { DecodeError, IoError } from "./base/errors.ts";
import type { Now } from "./base/time.ts";
import { BoxResolvers } from "./box-resolvers.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import type { Core } from "./core/core.ts";
import { isAloneOn } from "./core/failover/sight.ts";
import type { GatewayPlan } from "./core/gateway/plan.ts";
import { decodeWord } from "./core/gateway/word.ts";
import { Drill, type DrillProbes } from "./drill.ts";
import { DrillReports } from "./drill-reports.ts";
import { Gateway } from "./gateway.ts";
import type { BoxLooks } from "./gateway-looks.ts";
import { GatewayPinger } from "./gateway-pinger.ts";
import type { DrillsView } from "./http/api-types.ts";
import { randomSeed } from "./io/random.ts";
import { OperatorFile } from "./operator-file.ts";
import type { JournalState } from "./ports.ts";
import { ResolverProbe } from "./resolver-probe.ts";
import {
  decodeGatewayMessage,
  encodeGatewayMessage,
  type GatewayMessage,
} from "./wire/gateway-message.ts";

export interface BoxGatewayHost {
  readonly stateDir: string;
  /** Sockets of the process that runs keepalived, and of the packet helper. */
  readonly gatekeeperSocket: string;
  readonly rawlinkSocket: string;
  now(): Now;
  /** Its name. */
  box(): string;
  say(id: LogId, values: LogValues): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  core(): Core | undefined;
  journal(): JournalState;
  /** Devices are left to the partner, or not any more. */
  setMaintenance(isOn: boolean): void;
  /** Nothing of this box is heard by its partner, or again. */
  mute(isMuted: boolean): void;
  hurry(): void;
  changed(): void;
  sendControl(message: Uint8Array): boolean;
  /** Of this box on a LAN, by its interface; undefined: it has none. */
  ownAddress(interfaceName: string): Ipv4 | undefined;
  /** Where the partner can be asked something on a LAN, link-local with the interface; undefined: nowhere. */
  partnerOn(interfaceName: string): string | undefined;
}

/** Between two questions for a name in a drill, and how long each may take. */
const NAMES = { everyMilliseconds: 100, patienceMilliseconds: 200 } as const;

export class BoxGateway {
  readonly gateway: Gateway;
  readonly #host: BoxGatewayHost;
  readonly #file: OperatorFile;
  readonly #drill: Drill;
  readonly #reports: DrillReports;
  readonly #resolvers: BoxResolvers;

  constructor(host: BoxGatewayHost) {
    this.#host = host;
    this.#file = new OperatorFile(host.stateDir);
    this.#reports = new DrillReports(host.stateDir);
    this.#resolvers = new BoxResolvers({
      partnerOn: (name) => host.partnerOn(name),
      changed: () => this.gateway.look(),
    });
    const { gatekeeperSocket: gatekeeper, rawlinkSocket: rawlink } = host;
    const shared = {
      now: () => host.now(),
      box: () => host.box(),
      say: (id: LogId, values: LogValues) => host.say(id, values),
      setCondition: (id: ConditionId, subject: string, values: LogValues | undefined) =>
        host.setCondition(id, subject, values),
    };
    this.#drill = new Drill({
      ...shared,
      facts: () => this.gateway.facts,
      isHere: () => this.gateway.isFirstLanHere,
      answersAll: () => this.#answersAll(),
      leases: () => leasesOf(host.core()),
      release: () => this.gateway.release(),
      unplug: (milliseconds) => this.#unplug(milliseconds),
      probe: (events) => this.#probe(events),
      send: (message) => this.#send(message),
      remember: (drillUntil) => this.#remember(drillUntil),
      keep: (report) => this.#reports.keep(report),
      random: () => randomSeed(),
    });
    this.gateway = new Gateway(
      {
        ...shared,
        looks: () => this.#looks(),
        isPaired: () => host.core()?.pair !== undefined,
        isInStep: () => host.core()?.pairView()?.isInStep ?? false,
        hurry: () => host.hurry(),
        changed: () => host.changed(),
        setMaintenance: (isOn) => host.setMaintenance(isOn),
        askForHandover: () => this.#send({ kind: "handover" }),
        drill: (kind, text) => this.#drill.begin(kind, text),
        isDrillUnderWay: () => this.#drill.isUnderWay,
        looked: () => this.#drill.look(),
      },
      { gatekeeper, rawlink },
      this.#file,
    );
  }

  /** What was so before the box was off. */
  async load(): Promise<void> {
    await this.#reports.load();
    const { drillUntil } = await this.gateway.load();
    if (drillUntil !== undefined) this.#drill.resume();
  }

  /** What is to move, as the configuration in force has it. */
  configure(plan: GatewayPlan | undefined): void {
    const lan = plan?.lans.find(({ isResolver }) => isResolver);
    const own = lan && this.#host.ownAddress(lan.interfaceName);
    this.#resolvers.configure(
      lan && own !== undefined
        ? { interfaceName: lan.interfaceName, address: formatIpv4(own) }
        : undefined,
    );
    this.gateway.configure(plan);
  }

  get drills(): DrillsView {
    return { underWay: this.#drill.isUnderWay, drills: this.#reports.all };
  }

  /** As the partner's heartbeats have it; undefined: it is not heard. */
  partnerSays(word: number | undefined): void {
    this.gateway.partnerSays(word === undefined ? undefined : decodeWord(word));
  }

  /** Of the partner, about the gateway. */
  received(bytes: Uint8Array): void {
    let message: GatewayMessage;
    try {
      message = decodeGatewayMessage(bytes);
    } catch (error) {
      // One of a later version says what this one cannot do.
      if (error instanceof DecodeError) return;
      throw error;
    }
    if (message.kind === "handover") this.#handOver();
    else if (message.kind === "drill-report") this.#reports.received(message.json);
    else {
      if (message.kind === "refused") {
        this.#host.say("gateway-command", { command: "partner", result: message.text });
      }
      this.#drill.received(message, this.#whyNoDrill(message));
    }
  }

  async stop(): Promise<void> {
    this.#drill.stop();
    this.#resolvers.stop();
    await this.gateway.stop();
  }

  #handOver(): void {
    // Asked for here it would only be asked for there again.
    if (this.gateway.facts.role !== "active") {
      this.#send({ kind: "refused", text: "the gateway is not at the partner" });
      return;
    }
    const { isDone, text } = this.gateway.act("handover");
    if (!isDone) this.#send({ kind: "refused", text });
  }

  /** The box that is to let go has the gateway, and the one that is to measure has it not. */
  #whyNoDrill({ kind }: GatewayMessage): string | undefined {
    const { role } = this.gateway.facts;
    if (kind === "drill-begin" && role !== "active") return "the gateway is not at the partner";
    const { isPossible, text } = this.gateway.preflight("drill");
    return isPossible ? undefined : text;
  }

  #unplug(milliseconds: number): void {
    const isOut = milliseconds > 0;
    if (isOut) this.gateway.unplug(milliseconds);
    this.#host.setMaintenance(isOut || this.gateway.isInMaintenance);
    this.#host.mute(isOut);
  }

  #remember(drillUntil: string | undefined): void {
    try {
      this.#file.write({ drillUntil });
    } catch (error) {
      // Without it the gateway stays at this box if the process ends in the middle: it is as good there.
      if (!(error instanceof IoError)) throw error;
    }
  }

  #probe(events: DrillProbes): { stop(): void } {
    const lan = this.gateway.plan?.lans[0];
    const gateway = lan?.addresses[0]?.split("/")[0];
    const own = lan && this.#host.ownAddress(lan.interfaceName);
    if (!lan || !gateway || own === undefined) return { stop: () => {} };
    const { interfaceName } = lan;
    const socket = this.#host.rawlinkSocket;
    const pinger = new GatewayPinger(
      { socket, interfaceName, own, gateway: ipv4(gateway) },
      events,
    );
    const resolver = new ResolverProbe({
      ...{ family: "udp4", where: () => gateway, ...NAMES },
      told: (isAnswered, millisecondsAgo) => events.named(isAnswered, millisecondsAgo),
    });
    return {
      stop: () => {
        pinger.stop();
        resolver.stop();
      },
    };
  }

  #send(message: GatewayMessage): boolean {
    return this.#host.sendControl(encodeGatewayMessage(message));
  }

  #answersAll(): boolean {
    const core = this.#host.core();
    const pair = core?.pair;
    if (!core || !pair) return false;
    if (pair.terms.service === "all") return true;
    return core.lans.every(({ name }) => isAloneOn(pair.endpoint.sight, name));
  }

  #looks(): BoxLooks {
    const core = this.#host.core();
    const lans = (core?.lans ?? []).filter(({ link }) => link.known && link.helper);
    const hasFailed = (lan: string): boolean =>
      core?.conditions.has("self-probe-failed", lan) ?? false;
    return {
      lans: lans.map(({ name, link }) => ({ name, hasCarrier: link.carrier })),
      journal: this.#host.journal(),
      failedProbes: lans.map(({ name }) => name).filter(hasFailed),
      resolvers: this.#resolvers.seen,
    };
  }
}

function leasesOf(core: Core | undefined): number {
  let count = 0;
  for (const lease of core?.book.leases() ?? []) if (lease.state === "active") count++;
  return count;
}

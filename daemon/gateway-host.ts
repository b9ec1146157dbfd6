// The gateway within the box: what it is told of the core and of the partner, and what it has done there.

import path from "node:path";
import { DecodeError } from "./base/errors.ts";
import type { Now } from "./base/time.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import type { Core } from "./core/core.ts";
import { decodeWord } from "./core/gateway/word.ts";
import { Gateway } from "./gateway.ts";
import type { BoxLooks } from "./gateway-looks.ts";
import { OperatorFile } from "./operator-file.ts";
import type { JournalState } from "./ports.ts";
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
  say(id: LogId, values: LogValues): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  core(): Core | undefined;
  journal(): JournalState;
  setMaintenance(isOn: boolean): void;
  hurry(): void;
  changed(): void;
  sendControl(message: Uint8Array): boolean;
}

export class BoxGateway {
  readonly gateway: Gateway;
  readonly #host: BoxGatewayHost;

  constructor(host: BoxGatewayHost) {
    this.#host = host;
    const { gatekeeperSocket: gatekeeper, rawlinkSocket: rawlink } = host;
    this.gateway = new Gateway(
      {
        now: () => host.now(),
        say: (id, values) => host.say(id, values),
        setCondition: (id, subject, values) => host.setCondition(id, subject, values),
        looks: () => this.#looks(),
        isPaired: () => host.core()?.pair !== undefined,
        isInStep: () => host.core()?.pairView()?.isInStep ?? false,
        hurry: () => host.hurry(),
        changed: () => host.changed(),
        setMaintenance: (isOn) => host.setMaintenance(isOn),
        askForHandover: () => this.#send({ kind: "handover" }),
      },
      { gatekeeper, rawlink },
      new OperatorFile(path.join(host.stateDir)),
    );
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
    if (message.kind === "refused") {
      this.#host.say("gateway-command", { command: "handover", result: message.text });
      return;
    }
    // Asked for here it would only be asked for there again.
    if (this.gateway.status?.role !== "active") {
      this.#send({ kind: "refused", text: "the gateway is not at the partner" });
      return;
    }
    const { isDone, text } = this.gateway.act("handover");
    if (!isDone) this.#send({ kind: "refused", text });
  }

  #send(message: GatewayMessage): boolean {
    return this.#host.sendControl(encodeGatewayMessage(message));
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
      resolver: undefined,
    };
  }
}

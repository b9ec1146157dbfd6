// Rules of the gateway: it moves when it is better for devices, never back and forth, and nobody is left without it.

import type { Break, Watcher } from "./break.ts";

const GATEWAY = "daemon/core/gateway";

/** Tests of what is decided, in test/core/gateway. */
function decided(...names: readonly string[]): Watcher {
  return { tests: names.map((name) => `test/core/gateway/${name}.test.ts`) };
}

/** Tests of what is done, in test/gateway. */
function done(...names: readonly string[]): Watcher {
  return { tests: names.map((name) => `test/gateway/${name}.test.ts`) };
}

export const BREAKS_OF_GATEWAY: readonly Break[] = [
  {
    what: "the gateway moves for a little",
    file: `${GATEWAY}/coordinator.ts`,
    find: 'if (partner.score >= score + MARGIN) return "health";',
    put: 'if (partner.score > score) return "health";',
    noticedBy: decided("coordinator"),
  },
  {
    what: "both boxes give way when both have the gateway",
    file: `${GATEWAY}/coordinator.ts`,
    find: "return !this.#rules.isPrimary;\n  }",
    put: "return true;\n  }",
    noticedBy: decided("coordinator"),
  },
  {
    what: "a box that is worked on leaves a LAN without any gateway",
    file: `${GATEWAY}/coordinator.ts`,
    find: "if (this.#facts.isInMaintenance && !this.#isAloneFor(now)) return true;",
    put: "if (this.#facts.isInMaintenance) return true;",
    noticedBy: decided("two-coordinators"),
  },
  {
    what: "nobody looks when the partner has not taken the gateway",
    file: `${GATEWAY}/coordinator.ts`,
    find: "this.#release && this.#release.since + RELEASE_MILLISECONDS,",
    put: "",
    noticedBy: decided("next-at"),
  },
  {
    what: "anybody's ARP reply is the provider's router",
    file: `${GATEWAY}/wan-prober.ts`,
    find: "if (arp.operation !== ARP_REPLY || arp.senderIp !== this.#rules.router) return;",
    put: "if (arp.operation !== ARP_REPLY) return;",
    noticedBy: decided("wan-prober"),
  },
  {
    what: "a move whose process dies leaves the gateway nowhere",
    file: "daemon/keepalived.ts",
    find: "this.#keeper.health(value, RELEASE_TTL_MILLISECONDS, READY);",
    put: "this.#keeper.health(value, RELEASE_TTL_MILLISECONDS, AWAY);",
    noticedBy: done("keepalived"),
  },
  {
    what: "a box that has the gateway is told of another LAN in passing",
    file: "daemon/keepalived.ts",
    find: "if (this.#inForce === undefined || !plan) this.#expect();",
    put: "this.#expect();",
    noticedBy: done("keepalived"),
  },
  {
    what: "keepalived is asked without end when it is in doubt",
    file: "daemon/keepalived.ts",
    find: "if (this.#view.isInDoubt(now) && now - this.#askedAt >= ASK_MILLISECONDS) {",
    put: "if (this.#view.isInDoubt(now)) {",
    noticedBy: done("two-observers"),
  },
  {
    what: "a box is called safe to switch off that nobody has taken the gateway from",
    file: "daemon/gateway.ts",
    find: 'const isAway = holding !== "master" && partner?.holding === "master";',
    put: 'const isAway = holding !== "master" && partner !== undefined;',
    noticedBy: done("maintenance"),
  },
  {
    what: "a drill that died in the middle is not undone",
    file: "daemon/gateway-host.ts",
    find: "if (drillUntil !== undefined) this.#drill.resume();",
    put: "",
    noticedBy: done("gateway-host"),
  },
  {
    what: "a box that is worked on answers devices",
    file: "daemon/core/core.ts",
    find: 'return this.#isInMaintenance ? "maintenance" : "serving";',
    put: 'return "serving";',
    noticedBy: { tests: ["test/core/maintenance.test.ts"] },
  },
  {
    what: "an answer of the gatekeeper goes to whoever asked last",
    file: "daemon/io/gatekeeper-link.ts",
    find: "const waiting = this.#waiting.shift();",
    put: "const waiting = this.#waiting.pop();",
    noticedBy: { tests: ["test/io/gatekeeper-link.test.ts"] },
  },
  {
    what: "streams that change nothing any more run out at the box without the gateway",
    file: "daemon/tracking.ts",
    find: "(side === this.#side && !isDue)",
    put: "side === this.#side",
    noticedBy: done("tracking"),
  },
  {
    what: "a gatekeeper that was started again does not hear which box has the gateway",
    file: "daemon/tracking.ts",
    find: "this.#isOpen = true;\n    this.#side = undefined;",
    put: "this.#isOpen = true;",
    noticedBy: done("tracking"),
  },
  {
    what: "connections are called known to both boxes when one of them does not listen",
    file: `${GATEWAY}/tracking.ts`,
    find: 'return partner.tracks ? undefined : "the partner does not keep them in step";',
    put: "return undefined;",
    noticedBy: decided("tracking"),
  },
];

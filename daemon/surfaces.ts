// What the box shows of itself: the API and page over HTTP, and its object on the system bus.

import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Administration } from "./administration.ts";
import type { Appliance } from "./appliance.ts";
import { busView } from "./bus-view.ts";
import type { ActionResult, GatewayControl } from "./http/box-view.ts";
import { createWebApp, type WebApp } from "./http/routes.ts";
import { schemaRoutes } from "./http/schema-routes.ts";
import { loadWebFiles, type WebFiles } from "./http/web-files.ts";
import { ApplianceBus, type ApplianceControl, type ApplianceView } from "./io/dbus.ts";
import {
  folderReader,
  type HttpServer,
  listenLoopback,
  listenUnix,
  startKeepAlive,
} from "./io/http-server.ts";
import { LeaseFollower } from "./lease-follower.ts";
import { LIMITS } from "./limits.ts";
import { schemaSource } from "./schema-source.ts";

/** Over TLS. */
const SESSION_COOKIE = "__Host-tandem-session";

export interface SurfaceOptions {
  readonly administration: Administration;
  /** Path of the Unix socket of the API. */
  readonly socketPath: string;
  /** Of one for the page, on which people log in as over the network; undefined: there is none. */
  readonly pageSocketPath: string | undefined;
  /** Folder of the built page; the API works without it. */
  readonly webDir: string;
  /** Something that cannot be shown now, as a sentence. */
  readonly onProblem: (text: string) => void;
}

export class Surfaces {
  readonly #appliance: Appliance;
  readonly #options: SurfaceOptions;
  readonly #web: WebApp;
  readonly #bus: ApplianceBus;
  readonly #follower: LeaseFollower;
  readonly #servers: HttpServer[] = [];
  #stopKeepAlive: () => void = () => {};
  #loopbackPort = 0;
  /** When the bus was told last how the box is; monotonic milliseconds. */
  #shownAt = 0;

  constructor(appliance: Appliance, options: SurfaceOptions) {
    this.#appliance = appliance;
    this.#options = options;
    const gateway: GatewayControl = {
      preflight: (verb) => appliance.gateway.preflight(verb),
      act: (verb) => appliance.gateway.act(verb),
      drills: () => appliance.boxGateway.drills,
    };
    const { web } = options.administration;
    this.#web = createWebApp(appliance.box, {
      web: this.#loadPage(),
      actions: appliance,
      pairing: appliance.pairing,
      gateway,
      ...web,
      routes: [
        ...(web.routes ?? []),
        ...schemaRoutes(schemaSource(() => this.#web.routes, SESSION_COOKIE)),
      ],
      onFault: (error) => options.onProblem(`an answer over HTTP failed: ${String(error)}`),
    });
    const control: ApplianceControl = {
      ...gateway,
      act: (verb) => this.#shown(gateway.act(verb)),
      partnerDown: () => this.#shown(appliance.partnerDown()),
    };
    const bus: ApplianceBus = new ApplianceBus(undefined, control, {
      connected: () => {
        this.#follower.begin();
        appliance.say("bus-connected", {});
        appliance.setCondition("bus-absent", "", undefined);
      },
      lost: (why) => appliance.setCondition("bus-absent", "", { why }),
      asked: () => {
        if (performance.now() - this.#shownAt >= LIMITS.newsMilliseconds) this.#show();
      },
    });
    this.#bus = bus;
    this.#follower = new LeaseFollower(bus);
    appliance.box.setFollower(this.#follower);
  }

  /** The Unix socket comes first and must work: without it nobody could ask what is wrong. */
  async start(): Promise<void> {
    const { socketPath, pageSocketPath } = this.#options;
    this.#servers.push(await listenUnix(socketPath, this.#web));
    if (pageSocketPath) this.#servers.push(await listenUnix(pageSocketPath, this.#web, "tcp"));
    this.#stopKeepAlive = startKeepAlive(() => this.#web.streams.keepAlive());
    this.#bus.start(this.#busView());
    this.#options.administration.page.serve(this.#web);
  }

  /** Called when something may have changed: the bus hears of it, the page's port is opened. */
  update(): void {
    this.#show();
    this.#options.administration.update();
    const port = this.#appliance.box.httpPort;
    if (port !== 0 && port !== this.#loopbackPort) void this.#listen(port);
  }

  async stop(): Promise<void> {
    this.#stopKeepAlive();
    this.#web.streams.closeAll();
    await Promise.all([this.#bus.stop(), ...this.#servers.map((server) => server.close())]);
  }

  async #listen(port: number): Promise<void> {
    this.#loopbackPort = port;
    try {
      this.#servers.push(await listenLoopback(port, this.#web));
      this.#appliance.setCondition("page-port-busy", "", undefined);
    } catch (error) {
      // The next update tries again: the other program may be gone by then.
      this.#loopbackPort = 0;
      this.#appliance.setCondition("page-port-busy", "", { port, why: (error as Error).message });
    }
  }

  #loadPage(): WebFiles | undefined {
    try {
      return loadWebFiles(folderReader(pathToFileURL(`${path.resolve(this.#options.webDir)}/`)));
    } catch (error) {
      this.#options.onProblem(`the page cannot be shown: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Who has had something done sees it at once. */
  #shown(result: ActionResult): ActionResult {
    this.#show();
    return result;
  }

  #show(): void {
    this.#shownAt = performance.now();
    this.#bus.update(this.#busView());
  }

  #busView(): ApplianceView {
    const { box, gateway, boxGateway } = this.#appliance;
    const { maintenance } = gateway;
    return busView({ status: box.status(), maintenance, drills: boxGateway.drills });
  }
}

// A fake box behind the real HTTP side and real sockets, with the built page.

import { existsSync } from "node:fs";
import type { AccessControl } from "../../daemon/http/access-control.ts";
import { accessRoutes } from "../../daemon/http/access-routes.ts";
import { configRoutes } from "../../daemon/http/config-routes.ts";
import type { Route } from "../../daemon/http/route.ts";
import { createWebApp, type WebApp } from "../../daemon/http/routes.ts";
import { loadWebFiles } from "../../daemon/http/web-files.ts";
import {
  folderReader,
  type HttpServer,
  listenLoopback,
  listenUnix,
  startKeepAlive,
} from "../../daemon/io/http-server.ts";
import { FakeAccess } from "./fake-access.ts";
import { FakeBox } from "./fake-box.ts";
import { FakeConfigControl } from "./fake-config-control.ts";
import { FakeGatewayControl } from "./fake-gateway.ts";
import { FakePairing } from "./fake-pairing.ts";

const WEB_FOLDER = new URL("../../dist/web/", import.meta.url);

export class FakeServer {
  readonly box: FakeBox;
  readonly pairing = new FakePairing();
  readonly gateway = new FakeGatewayControl();
  readonly access = new FakeAccess();
  readonly config = new FakeConfigControl();
  readonly #web: WebApp;
  #server: HttpServer | undefined;
  #stopKeepAlive: (() => void) | undefined;
  #port = 0;

  /** `routes` are further rows; `real` is asked who may what, instead of `access`. */
  constructor(
    box = new FakeBox(() => Date.now()),
    routes: readonly Route[] = [],
    real?: AccessControl,
  ) {
    this.box = box;
    const hasPage = existsSync(new URL("manifest.json", WEB_FOLDER));
    const web = hasPage ? loadWebFiles(folderReader(WEB_FOLDER)) : undefined;
    const { pairing, gateway } = this;
    const access = real ?? this.access;
    this.#web = createWebApp(box, {
      ...{ web, actions: box, pairing, gateway, callerOf: (head) => access.callerOf(head) },
      routes: [...accessRoutes(access), ...configRoutes(this.config), ...routes],
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** For a browser of somebody who has logged in before. */
  cookieOf(name: string): { readonly name: string; readonly value: string; readonly url: string } {
    const value = this.access.begin(name);
    return { name: `tandem-session-${this.#port}`, value, url: this.origin };
  }

  /** Listens on loopback; on the same port as before when it was started already. */
  async start(port = this.#port): Promise<void> {
    this.#server = await listenLoopback(port, this.#web);
    this.#port = this.#server.port;
    this.#stopKeepAlive = startKeepAlive(() => this.#web.streams.keepAlive());
  }

  async startUnix(path: string): Promise<void> {
    this.#server = await listenUnix(path, this.#web);
  }

  async stop(): Promise<void> {
    this.#stopKeepAlive?.();
    this.#web.streams.closeAll();
    await this.#server?.close();
    this.#server = undefined;
  }
}

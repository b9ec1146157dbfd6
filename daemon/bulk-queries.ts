// Bulk lease query (RFC 6926) put together: listens while the configuration names a port, and only then.

import type { Appliance } from "./appliance.ts";
import { ANY } from "./base/address.ts";
import { BulkLeaseQuery } from "./core/bulk-leasequery.ts";
import type { Core } from "./core/core.ts";
import { BulkLeaseQueryServer } from "./io/bulk-leasequery-server.ts";

export class BulkQueries {
  readonly #appliance: Appliance;
  #server: BulkLeaseQueryServer | undefined;
  #port = 0;

  constructor(appliance: Appliance) {
    this.#appliance = appliance;
  }

  /** Called when something may have changed. A port that is taken is tried again at the next call. */
  async update(): Promise<void> {
    const { core, box } = this.#appliance;
    const port = core ? box.bulkQueryPort : 0;
    if (port === this.#port) return;
    this.#port = port;
    await this.#server?.close();
    this.#server = undefined;
    if (core && port !== 0) await this.#listen(core, port);
    else this.#appliance.setCondition("query-port-busy", "", undefined);
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }

  async #listen(core: Core, port: number): Promise<void> {
    const appliance = this.#appliance;
    const { box } = appliance;
    try {
      this.#server = await BulkLeaseQueryServer.open({
        address: ANY,
        port,
        isAllowed: (peer) => box.queriers.includes(peer),
        session: () => new BulkLeaseQuery(core.bulkSource(box.serverId)),
        nowSeconds: () => core.seconds,
      });
      appliance.setCondition("query-port-busy", "", undefined);
    } catch (error) {
      this.#port = 0;
      appliance.setCondition("query-port-busy", "", { port, why: (error as Error).message });
    }
  }
}

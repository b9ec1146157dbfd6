// What people do with the box over the API besides looking: who may, what both boxes know of users and devices, and
// all rows of the API that come of it.

import { Access } from "./access/access.ts";
import type { Appliance } from "./appliance.ts";
import { hex } from "./base/bytes.ts";
import { IoError } from "./base/errors.ts";
import type { Board } from "./config/board.ts";
import { accessRoutes } from "./http/access-routes.ts";
import type { Route } from "./http/route.ts";
import type { WebAppOptions } from "./http/routes.ts";
import { AuditFile } from "./io/audit-file.ts";
import { sha256 } from "./io/identity.ts";
import { Passwords } from "./io/password.ts";
import { randomBytes } from "./io/random.ts";
import { every } from "./io/ticker.ts";
import { LIMITS } from "./limits.ts";
import { Records } from "./records.ts";

export interface AdministrationOptions {
  readonly stateDir: string;
  readonly board: Board;
}

export class Administration {
  readonly records: Records;
  readonly #access: Access;
  readonly #audit: AuditFile;
  readonly #routes: readonly Route[];
  #stopTicking: () => void = () => {};

  constructor(appliance: Appliance, { stateDir, board }: AdministrationOptions) {
    this.records = new Records(stateDir, {
      wall: () => appliance.now().wall,
      by: () => identityOr(appliance),
      send: (bytes) => appliance.sendControl(bytes),
      say: (id, values) => appliance.say(id, values),
      condition: (id, values) => appliance.setCondition(id, "", values),
    });
    appliance.control.join(this.records);
    appliance.pairing.onJoin(() => this.records.forget());
    this.#audit = new AuditFile(stateDir, (why) =>
      appliance.setCondition("audit-unsaved", "", why === undefined ? undefined : { why }),
    );
    this.#access = new Access({
      ...{ records: this.records, passwords: new Passwords(), audit: this.#audit },
      ...{ random: randomBytes, digest: (text) => hex(sha256(new TextEncoder().encode(text))) },
      now: () => appliance.now(),
      presenceProvenAt: () => appliance.pairing.presenceProvenAt,
      // A box of a pair says its number in its beacons: whoever is on the LAN can read it.
      serial: () => (appliance.pairing.pairing().paired ? "" : board.serial),
    });
    this.#routes = accessRoutes(this.#access);
  }

  /** What the HTTP side of the box needs of it. */
  get web(): Pick<WebAppOptions, "routes" | "callerOf" | "audit"> {
    return {
      routes: this.#routes,
      callerOf: (head) => this.#access.callerOf(head),
      audit: (caller, request, status) => this.#access.asked(caller, request, status),
    };
  }

  /** Never rejects: what cannot be read is said, and tried again. */
  async start(): Promise<void> {
    await this.records.load();
    this.#stopTicking = every(LIMITS.housekeepingMilliseconds, () => {
      this.records.tick();
      void this.#audit.flush();
    });
  }

  async stop(): Promise<void> {
    this.#stopTicking();
    await this.#audit.flush();
  }
}

/** What tells the changes of one box from those of the other. A box without a key has no partner. */
function identityOr(appliance: Appliance): string {
  try {
    return appliance.identity();
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return appliance.box.name;
  }
}

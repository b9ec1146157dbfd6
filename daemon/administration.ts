// What people do with the box over the API besides looking: who may, what both boxes know of users and devices, and
// all rows of the API that come of it.

import { Access } from "./access/access.ts";
import type { Appliance } from "./appliance.ts";
import { BackupDesk } from "./backup/backup-desk.ts";
import { configPort } from "./backup/config-port.ts";
import { leavePair } from "./backup/leave-pair.ts";
import { Resetting } from "./backup/resetting.ts";
import { Restoring } from "./backup/restoring.ts";
import { hex } from "./base/bytes.ts";
import { IoError } from "./base/errors.ts";
import { VERSION } from "./base/version.ts";
import type { BackupRecord } from "./config/backup-document.ts";
import type { Board } from "./config/board.ts";
import { consequencesOfInputs, type LeaseFacts } from "./config/consequences.ts";
import { buildWeb } from "./config/web.ts";
import { ConfigDesk, type ConfigMachine } from "./config-desk.ts";
import { AuthorityTurn } from "./core/web/authority-turn.ts";
import { Devices } from "./devices.ts";
import { diagnosticRoutes } from "./diagnostics.ts";
import { DocumentFiles } from "./document-files.ts";
import { accessRoutes } from "./http/access-routes.ts";
import { backupRoutes } from "./http/backup-routes.ts";
import { configRoutes } from "./http/config-routes.ts";
import { deviceRoutes } from "./http/device-routes.ts";
import { importRoutes } from "./http/import-routes.ts";
import type { Route } from "./http/route.ts";
import type { WebAppOptions } from "./http/routes.ts";
import { AuditFile } from "./io/audit-file.ts";
import { sha256 } from "./io/identity.ts";
import { ImportProcess } from "./io/import-process.ts";
import { interfaceNames } from "./io/interface-names.ts";
import { Passwords } from "./io/password.ts";
import { randomBytes } from "./io/random.ts";
import { SYSTEM_FILES } from "./io/small-files.ts";
import { every, pause } from "./io/ticker.ts";
import { LIMITS } from "./limits.ts";
import { Records } from "./records.ts";
import { SecurePage } from "./secure-page.ts";
import { AuthorityRecord } from "./web-authority.ts";

export interface AdministrationOptions {
  readonly configDir: string;
  readonly stateDir: string;
  readonly board: Board;
  /** The program of the command line, which reads the files of other servers. */
  readonly commandLine: string;
  /** Ends the process, which is started again. */
  readonly restart: (reason: string) => void;
}

/** keepalived is told that there is nothing to be kept any more before the process ends. */
const LET_GO_MILLISECONDS = 300;

export class Administration {
  readonly records: Records;
  /** Over HTTPS, on the LANs. */
  readonly page: SecurePage;
  readonly #access: Access;
  readonly #audit: AuditFile;
  readonly #routes: readonly Route[];
  #stopTicking: () => void = () => {};

  readonly #appliance: Appliance;
  readonly #options: AdministrationOptions;

  constructor(appliance: Appliance, options: AdministrationOptions) {
    const { stateDir, board } = options;
    this.#appliance = appliance;
    this.#options = options;
    const turn = authorityTurn(appliance);
    this.records = new Records(stateDir, {
      wall: () => appliance.now().wall,
      by: () => identityOr(appliance),
      send: (bytes) => appliance.sendControl(bytes),
      say: (id, values) => appliance.say(id, values),
      condition: (id, values) => appliance.setCondition(id, "", values),
    });
    appliance.control.join(this.records);
    appliance.pairing.onJoin(() => {
      turn.joined(appliance.now().monotonic);
      return this.records.forget();
    });
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
    const mayMake = () =>
      this.records.isKnown &&
      turn.mayMake(appliance.pairing.pairing().paired, appliance.now().monotonic);
    this.page = new SecurePage({
      ...{ stateDir, authority: new AuthorityRecord(this.records, mayMake) },
      now: () => appliance.now(),
      say: (id, values) => appliance.say(id, values),
      setCondition: (id, subject, values) => appliance.setCondition(id, subject, values),
    });
    const machine = machineOf(appliance, board);
    const desk = new ConfigDesk(machine);
    this.#routes = [
      ...accessRoutes(this.#access),
      ...configRoutes(desk),
      ...deviceRoutes(new Devices(this.records, desk)),
      ...backupRoutes(this.#backups(machine)),
      ...importRoutes(new ImportProcess({ program: options.commandLine, folder: stateDir })),
      ...diagnosticRoutes(appliance, { stateDir, board }),
      ...this.page.routes,
    ];
  }

  /** What the HTTP side of the box needs of it. */
  get web(): Pick<WebAppOptions, "routes" | "callerOf" | "audit" | "hosts"> {
    return {
      hosts: () => this.page.hosts,
      routes: this.#routes,
      callerOf: (head) => this.#access.callerOf(head),
      audit: (caller, request, status) => this.#access.asked(caller, request, status),
    };
  }

  /** To be called before anything of the box is read. Never rejects: a disk that does not work is seen by the journal. */
  async start(): Promise<void> {
    const { configDir, stateDir } = this.#options;
    const folders = { configDir, stateDir };
    // What was begun when the power failed.
    await new Resetting(SYSTEM_FILES, folders).finish().catch(() => {});
    await new DocumentFiles(configDir, stateDir).finish().catch(() => {});
    await this.records.load();
    const put = (records: readonly BackupRecord[]) => this.#putRecords(records);
    await new Restoring(SYSTEM_FILES, folders).finish(put).catch(() => {});
    this.#stopTicking = every(LIMITS.housekeepingMilliseconds, () => {
      this.records.tick();
      void this.#audit.flush();
    });
  }

  /** To be called when the configuration may be another one, or the gateway has moved. */
  update(): void {
    const files = this.#appliance.box.inForce;
    this.page.configure(files && buildWeb(files.shared, files.box, this.#options.board));
  }

  /**
   * To be called when the state folder is there. Each record says which box has made it, and to make that box's key takes
   * a slow disk seconds in which nobody is answered: so it is made now, and not with the first record.
   */
  begin(): void {
    identityOr(this.#appliance);
  }

  #backups(machine: ConfigMachine): BackupDesk {
    const appliance = this.#appliance;
    const { configDir, stateDir, board, restart } = this.#options;
    return new BackupDesk({
      ...{ files: SYSTEM_FILES, configDir, stateDir, board, software: VERSION },
      host: {
        ...configPort(machine),
        reload: () => appliance.reload(),
        identity: () => appliance.identity(),
        leases: () => leasesOf(appliance),
        records: () => this.records.everything(),
        putRecords: (records) => this.#putRecords(records),
        interfaces: interfaceNames,
        isPartnerHeard: () => appliance.isPartnerHeard,
        leavePair: () => leavePair(appliance.pairing, pause),
        restart: (reason) => {
          appliance.boxGateway.configure(undefined);
          void pause(LET_GO_MILLISECONDS).then(() => restart(reason));
        },
        now: () => appliance.now().wall,
      },
    });
  }

  #putRecords(records: readonly BackupRecord[]): Promise<unknown> {
    return Promise.all(records.map(({ key, value }) => this.records.set(key, value)));
  }

  async stop(): Promise<void> {
    this.#stopTicking();
    await this.page.stop();
    await this.#audit.flush();
  }
}

/** Follows whether the boxes hear each other. */
function authorityTurn(appliance: Appliance): AuthorityTurn {
  const turn = new AuthorityTurn(appliance.now().monotonic);
  appliance.control.join({
    owns: () => false,
    opened: (isPrimary) => turn.opened(isPrimary, appliance.now().monotonic),
    received: () => {},
    closed: () => turn.closed(),
  });
  return turn;
}

/** What puts configurations into force, and says what people would notice of it. */
function machineOf(appliance: Appliance, board: Board): ConfigMachine {
  const { configuration } = appliance;
  return {
    inForce: () => configuration.inForce(),
    check: (document) => configuration.check(document),
    apply: (document, wish) => configuration.apply(document, wish),
    confirm: (caller) => configuration.confirm(caller),
    undo: (caller) => configuration.undo(caller),
    history: () => configuration.history(),
    earlier: (generation) => configuration.earlier(generation),
    consequences: (before, after) => {
      const box = appliance.box.inForce?.box;
      const nowSeconds = Math.floor(appliance.now().wall / 1000);
      const facts = { board, leases: leasesOf(appliance), nowSeconds };
      return consequencesOfInputs({ shared: before, box }, { shared: after, box }, facts).list;
    },
  };
}

function leasesOf(appliance: Appliance): Iterable<LeaseFacts> {
  return appliance.core?.book.leases() ?? [];
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

// Backups as people ask for them: what the box has is gathered, a file is read and planned with, and what was planned is
// done. One thing at a time: a key from a passphrase takes 128 MB while it is made.

import { formatIpv4, formatMac } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { ConfigError, DecodeError, IoError } from "../base/errors.ts";
import type {
  BackupDocument,
  BackupLease,
  BackupOrigin,
  BackupRecord,
} from "../config/backup-document.ts";
import type { Board } from "../config/board.ts";
import type { LeaseFacts } from "../config/consequences.ts";
import { CLIENT_ID_IDENTITY } from "../core/client-identity.ts";
import { FOREVER_SECONDS } from "../core/config-view.ts";
import { objectOf } from "../core/introduction/free-address.ts";
import type { RestoreView } from "../http/api-backup.ts";
import type {
  BackupControl,
  BackupWish,
  Made,
  Previewed,
  Refused,
  Restored,
  RestoreWish,
  Unreadable,
} from "../http/backup-control.ts";
import type { ActionResult } from "../http/box-view.ts";
import type { Caller } from "../http/route.ts";
import { identityOf } from "../io/identity.ts";
import type { SmallFiles } from "../io/small-files.ts";
import { parseHex } from "../wire/option-codecs.ts";
import { passphraseProblem, readBackup, writeBackup } from "./backup-file.ts";
import type { BoxNow } from "./box-now.ts";
import { resetOutlook } from "./reset-plan.ts";
import { Resetting } from "./resetting.ts";
import { isDevice, planRestore, type RestorePlan } from "./restore-plan.ts";
import { restoreView } from "./restore-view.ts";
import { type Folders, type RestorePorts, Restoring } from "./restoring.ts";

/** The box around. */
export interface BackupHost extends RestorePorts {
  /** Undefined while the box starts. */
  inForce(): { readonly shared: unknown; readonly origin: BackupOrigin | null } | undefined;
  /** Hash of its key in hex. Throws IoError when it cannot have one. */
  identity(): string;
  /** Users, tokens, names of devices, the certificate authority: those that are not deleted. */
  records(): readonly BackupRecord[];
  leases(): Iterable<LeaseFacts>;
  /** Names; undefined: they cannot be known. */
  interfaces(): readonly string[] | undefined;
  /** Its partner is heard on any path. */
  isPartnerHeard(): boolean;
  /** Ends the pair, with the partner if it is reached. Resolves with what came of it, a part of a sentence. */
  leavePair(): Promise<string>;
  /** The process ends, and is started again. */
  restart(reason: string): void;
  /** Wall clock, milliseconds. */
  now(): number;
}

export interface BackupDeskOptions extends Folders {
  readonly files: SmallFiles;
  readonly host: BackupHost;
  readonly board: Board;
  readonly software: string;
}

const BUSY: Refused = {
  kind: "refused",
  text: "a backup is being made or put back at this moment; try again in a few seconds",
};
const STARTING: Refused = { kind: "refused", text: "the box is just starting" };
/** What was asked for is answered before the process ends. */
const RESTART_MILLISECONDS = 500;

export class BackupDesk implements BackupControl {
  readonly #options: BackupDeskOptions;
  readonly #host: BackupHost;
  readonly #restoring: Restoring;
  readonly #resetting: Resetting;
  #isBusy = false;

  constructor(options: BackupDeskOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#restoring = new Restoring(options.files, options);
    this.#resetting = new Resetting(options.files, options);
  }

  make({ caller, passphrase, withLeases }: BackupWish): Promise<Made> {
    return this.#alone<Made>(async () => {
      const problem = passphrase === undefined ? undefined : passphraseProblem(passphrase);
      if (problem) return { kind: "unreadable", path: "passphrase", reason: problem };
      const document = await this.#document(caller, withLeases);
      if (!document) return STARTING;
      const bytes = await writeBackup(document, passphrase);
      return { kind: "made", name: fileName(document, passphrase !== undefined), bytes };
    });
  }

  preview(wish: RestoreWish): Promise<Previewed> {
    return this.#alone(async () => {
      const planned = await this.#plan(wish);
      return "kind" in planned ? planned : { kind: "preview", view: restoreView(planned) };
    });
  }

  restore(wish: RestoreWish): Promise<Restored> {
    return this.#alone(async () => {
      const plan = await this.#plan(wish);
      if ("kind" in plan) return plan;
      const view = restoreView(plan);
      if (plan.issues.length > 0) {
        const text = `the backup cannot be put back on this box: ${reasonIn(view)}`;
        return { kind: "acted", result: { isDone: false, text }, view };
      }
      const { name: by, from } = wish.caller;
      const note = `backup of ${plan.madeAt}`;
      const result = await this.#restoring.run(plan, { by, from, note }, this.#host);
      if (result.isDone && plan.needsRestart) this.#restartSoon("a key was put back");
      return { kind: "acted", result, view };
    });
  }

  async resetOutlook(withLeases: boolean) {
    const box = objectOf(await this.#boxFile());
    const { host } = this.#options;
    let leases = 0;
    for (const { state } of host.leases()) if (state === "active") leases++;
    const isPaired = box.pair !== undefined;
    const otherFiles = await this.#resetting.otherFiles();
    return resetOutlook(
      { isPaired, isPartnerHeard: host.isPartnerHeard(), leases, otherFiles },
      { withLeases },
    );
  }

  async reset(withLeases: boolean, { name, from }: Caller): Promise<ActionResult> {
    const done = await this.#alone(async () => {
      const { pair } = objectOf(await this.#boxFile());
      const told = pair === undefined ? "" : `${await this.#host.leavePair()}; `;
      await this.#resetting.begin({ withLeases });
      const who = name === "" ? from : `${name} at ${from}`;
      this.#restartSoon(`asked for the state of the factory by ${who}`);
      const text = `${told}the box becomes as it came from the factory, and is started again for that`;
      return { kind: "done" as const, text };
    });
    if (done.kind === "unreadable") return { isDone: false, text: done.reason };
    return { isDone: done.kind === "done", text: done.text };
  }

  /** Also when it fails; what the world did wrong, or a file says, is an answer. */
  async #alone<T>(work: () => Promise<T>): Promise<T | Refused | Unreadable> {
    if (this.#isBusy) return BUSY;
    this.#isBusy = true;
    try {
      return await work();
    } catch (error) {
      if (error instanceof IoError) return { kind: "refused", text: error.message };
      if (error instanceof ConfigError || error instanceof DecodeError) return unreadable(error);
      throw error;
    } finally {
      this.#isBusy = false;
    }
  }

  async #plan(wish: RestoreWish): Promise<(RestorePlan & { readonly madeAt: string }) | Refused> {
    const backup = await readBackup(wish.file, wish.passphrase);
    checkKey(backup);
    const now = await this.#boxNow();
    if (!now) return STARTING;
    return { ...planRestore(backup, now, wish.isReplacement), madeAt: backup.madeAt };
  }

  async #boxNow(): Promise<BoxNow | undefined> {
    const { host, board, software } = this.#options;
    const inForce = host.inForce();
    if (!inForce) return undefined;
    return {
      ...{ shared: inForce.shared, box: await this.#boxFile(), board, software },
      ...{ identity: host.identity(), records: host.records(), interfaces: host.interfaces() },
      ...{ leases: host.leases(), nowSeconds: Math.floor(host.now() / 1000) },
    };
  }

  async #document(caller: Caller, withLeases: boolean): Promise<BackupDocument | undefined> {
    const { host, board, software, files, stateDir } = this.#options;
    const inForce = host.inForce();
    if (!inForce) return undefined;
    const boxFile = await this.#boxFile();
    const { name } = objectOf(boxFile);
    const identity = host.identity();
    const records = host.records();
    const seed = await files.readBytes(`${stateDir}/key`);
    return {
      madeAt: new Date(host.now()).toISOString(),
      madeBy: caller.name,
      software,
      box: {
        name: typeof name === "string" ? name.slice(0, 64) : "",
        ...{ model: board.model, serial: board.serial, identity },
      },
      ...{ shared: inForce.shared, origin: inForce.origin, boxFile, board },
      records: records.filter(({ key }) => isDevice(key)),
      leases: withLeases ? Array.from(host.leases(), leaseOf).filter(isInUse) : null,
      secrets: {
        key: seed?.length === 32 ? hex(seed) : null,
        records: records.filter(({ key }) => !isDevice(key)),
      },
    };
  }

  /** Null for none, or one that is no JSON. */
  async #boxFile(): Promise<unknown> {
    const content = await this.#options.files.read(`${this.#options.configDir}/box.json`);
    try {
      return content === undefined ? null : JSON.parse(content);
    } catch {
      return null;
    }
  }

  #restartSoon(reason: string): void {
    setTimeout(() => this.#host.restart(reason), RESTART_MILLISECONDS);
  }
}

/** Throws ConfigError: whoever puts a key back that is not that of the box has no key that anybody knows. */
function checkKey({ box, secrets }: BackupDocument): void {
  const seed = secrets?.key ? parseHex(secrets.key) : undefined;
  if (!seed || hex(identityOf(seed).id) === box.identity) return;
  throw new ConfigError("secrets.key is not the key of the box that the backup names");
}

const PASSPHRASE = "passphrase: ";

function unreadable({ message }: Error): Unreadable {
  return message.startsWith(PASSPHRASE)
    ? { kind: "unreadable", path: "passphrase", reason: message.slice(PASSPHRASE.length) }
    : { kind: "unreadable", path: "file", reason: message };
}

function reasonIn({ issues }: RestoreView): string {
  const [first] = issues;
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : "";
  return `${first?.file} ${first?.path} ${first?.reason}${more}`;
}

/** Such as "tandem-A-2026-05-03.backup"; of letters that no system minds. */
function fileName({ box, madeAt }: BackupDocument, isEncrypted: boolean): string {
  const name = box.name.replace(/[^A-Za-z0-9_-]/g, "");
  const day = madeAt.slice(0, 10);
  return `tandem-${name === "" ? "" : `${name}-`}${day}.${isEncrypted ? "backup" : "json"}`;
}

function leaseOf(lease: LeaseFacts): BackupLease {
  const { address, network, state, client, chaddr, hostname, expiresAt, leaseSeconds } = lease;
  const isForGood = state === "active" && leaseSeconds === FOREVER_SECONDS;
  return {
    ...{ address: formatIpv4(address), network, state, hostname, mac: formatMac(chaddr) },
    clientId: client[0] === CLIENT_ID_IDENTITY ? hex(client.subarray(1)) : "",
    expires: isForGood ? "never" : new Date(expiresAt * 1000).toISOString(),
  };
}

function isInUse({ state }: BackupLease): boolean {
  return state === "active";
}

// Puts a backup back as it was planned. All that is to be done is written down first, so that a box whose power fails in
// the middle finishes at its next start.

import path from "node:path";
import { IoError } from "../base/errors.ts";
import type { BackupRecord } from "../config/backup-document.ts";
import { objectOf } from "../core/introduction/free-address.ts";
import { documentOf, type SharedDocument } from "../core/sync/shared-document.ts";
import type { ActionResult } from "../http/box-view.ts";
import { configText } from "../io/config-file.ts";
import type { SmallFiles } from "../io/small-files.ts";
import { parseHex } from "../wire/option-codecs.ts";
import type { Order, RestorePlan } from "./restore-plan.ts";

/** Who puts it back, for the history of configurations. */
export interface RestoreOrigin {
  readonly by: string;
  readonly from: string;
  readonly note: string;
}

export interface RestorePorts {
  /** Puts the shared configuration into force, on both boxes or on none; `text` is a part of a sentence. */
  apply(document: SharedDocument, origin: RestoreOrigin): Promise<ActionResult>;
  /** Reads both files anew and puts them into force. */
  reload(): Promise<void>;
  /** Resolves when the disk has them, or will. */
  putRecords(records: readonly BackupRecord[]): Promise<unknown>;
}

export interface Folders {
  readonly configDir: string;
  readonly stateDir: string;
}

type Job = Pick<RestorePlan, "order" | "shared" | "box" | "key" | "records">;

export class Restoring {
  readonly #files: SmallFiles;
  readonly #shared: string;
  readonly #box: string;
  readonly #key: string;
  readonly #intent: string;
  readonly #before: string;

  constructor(files: SmallFiles, { configDir, stateDir }: Folders) {
    this.#files = files;
    this.#shared = path.join(configDir, "config.json");
    this.#box = path.join(configDir, "box.json");
    this.#key = path.join(stateDir, "key");
    this.#intent = path.join(stateDir, "restore-to-finish.json");
    this.#before = path.join(stateDir, "documents-before.json");
  }

  /** A plan without issues. Rejects with IoError when nothing was done, and nothing will be. */
  async run(plan: RestorePlan, origin: RestoreOrigin, ports: RestorePorts): Promise<ActionResult> {
    const { order, shared, box, key, records } = plan;
    const job: Job = { order, shared, box, key, records };
    await this.#keepBefore();
    await this.#begin(job);
    try {
      return await this.#carryOut(job, origin, ports);
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      const rest = "what is left of the backup is put back when the daemon starts again";
      return { isDone: false, text: `${error.message}; ${rest}` };
    }
  }

  async #begin(job: Job): Promise<void> {
    try {
      await this.#write(this.#intent, job, true);
    } catch (error) {
      // It may be there although it is not durable, and nobody would expect it weeks later.
      await this.#files.remove(this.#intent).catch(() => {});
      throw error;
    }
  }

  async #carryOut(job: Job, origin: RestoreOrigin, ports: RestorePorts): Promise<ActionResult> {
    const { order, shared, key, records } = job;
    if (order === "shared" || order === "shared-first") {
      const applied = await ports.apply(documentOf(shared), origin);
      if (!applied.isDone) {
        await this.#files.remove(this.#intent);
        return { isDone: false, text: `nothing was put back: ${applied.text}` };
      }
    }
    await this.#putBack(job, ports.putRecords, order === "at-once");
    const isOnBox = order !== "nothing" && order !== "shared";
    if (isOnBox) await ports.reload();
    const applied =
      order === "box-first" ? await ports.apply(documentOf(shared), origin) : undefined;
    await this.#files.remove(this.#intent);
    if (applied && !applied.isDone) {
      const text = `box.json was put back, and what both boxes share was not: ${applied.text}`;
      return { isDone: false, text };
    }
    return { isDone: true, text: doneText(order, key, records.length) };
  }

  /** To be called at a start, before key and files are read, and when records are known. Rejects with IoError. */
  async finish(putRecords: RestorePorts["putRecords"]): Promise<void> {
    const job = await this.#readIntent();
    if (!job) return;
    // What is written there is a wish, which goes the way of every other one.
    const isShared = job.order !== "nothing" && job.order !== "box";
    await this.#putBack(job, putRecords, isShared);
    await this.#files.remove(this.#intent);
  }

  /** The same again has the same outcome. */
  async #putBack(
    { order, shared, box, key, records }: Job,
    putRecords: RestorePorts["putRecords"],
    isSharedWritten: boolean,
  ): Promise<void> {
    const seed = key === undefined ? undefined : parseHex(key);
    if (seed) await this.#files.write(this.#key, seed, true);
    if (records.length > 0) await putRecords(records);
    if (isSharedWritten) await this.#write(this.#shared, shared, false);
    if (order !== "nothing" && order !== "shared") await this.#write(this.#box, box, false);
  }

  /** For a person who wants it back. */
  async #keepBefore(): Promise<void> {
    const [shared, box] = await Promise.all([this.#json(this.#shared), this.#json(this.#box)]);
    await this.#write(this.#before, { shared, box }, false);
  }

  async #readIntent(): Promise<Job | undefined> {
    const job = objectOf(await this.#json(this.#intent));
    return job.order === undefined ? undefined : (job as unknown as Job);
  }

  /** Null for what is not there, or no JSON. */
  async #json(file: string): Promise<unknown> {
    const content = await this.#files.read(file);
    try {
      return content === undefined ? null : JSON.parse(content);
    } catch {
      return null;
    }
  }

  async #write(file: string, value: unknown, isSecret: boolean): Promise<void> {
    await this.#files.write(file, isSecret ? JSON.stringify(value) : configText(value), isSecret);
  }
}

function doneText(order: Order, key: string | undefined, records: number): string {
  const parts = [
    ...(order === "nothing" || order === "box" ? [] : ["the configuration"]),
    ...(order === "nothing" || order === "shared" ? [] : ["box.json"]),
    ...(key === undefined ? [] : ["the key of the box"]),
    ...(records === 0 ? [] : [`${records} ${records === 1 ? "name or user" : "names and users"}`]),
  ];
  if (parts.length === 0) return "everything is as it was in the backup already";
  const last = parts.pop();
  const all = parts.length > 0 ? `${parts.join(", ")} and ${last}` : last;
  const again = key === undefined ? "" : "; the daemon is started again with the key";
  return `${all} ${parts.length > 0 || records > 1 ? "were" : "was"} put back${again}`;
}

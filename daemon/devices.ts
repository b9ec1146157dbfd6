// What people know of devices: name and note are records that both boxes have; a device that is ignored stands in
// the configuration, for that is what decides who is answered.

import { wholeSentence } from "./base/whole-sentence.ts";
import { deniedIn } from "./config/edits.ts";
import type { ConfigDesk } from "./config-desk.ts";
import { RecordError } from "./core/records/record-book.ts";
import type { DeviceView } from "./http/api-devices.ts";
import type { Outcome } from "./http/config-control.ts";
import type { DeviceControl, DeviceWish } from "./http/device-routes.ts";
import type { Caller } from "./http/route.ts";

/** Texts by key, kept alike on both boxes. */
export interface DeviceRecords {
  get(key: string): string | undefined;
  list(kind: "device"): readonly { readonly key: string; readonly value?: string | undefined }[];
  /** Throws RecordError when there are too many. */
  set(key: string, value: string): Promise<boolean>;
  delete(key: string): Promise<boolean>;
}

interface Known {
  readonly name: string;
  readonly note: string;
}

const NOTHING: Known = { name: "", note: "" };
const KIND = "device";
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

export class Devices implements DeviceControl {
  readonly #records: DeviceRecords;
  readonly #desk: ConfigDesk;

  constructor(records: DeviceRecords, desk: ConfigDesk) {
    this.#records = records;
    this.#desk = desk;
  }

  devices(): readonly DeviceView[] {
    const ignored = new Set(this.#ignored());
    const named = this.#records.list(KIND).map(({ key }) => key.slice(KIND.length + 1));
    const all = new Set([...named, ...ignored]);
    return [...all].sort().map((mac) => ({ mac, ...this.#known(mac), ignored: ignored.has(mac) }));
  }

  async change(
    mac: string,
    { name, note, ignored }: DeviceWish,
    caller: Caller,
  ): Promise<Outcome | undefined> {
    const before = this.#known(mac);
    const next = { name: name ?? before.name, note: note ?? before.note };
    if (ignored !== undefined && ignored !== this.#ignored().includes(mac)) {
      const said = next.name === "" ? mac : `${next.name} (${mac})`;
      const outcome = await this.#desk.deny(mac, ignored, {
        ...{ caller, ifMatch: undefined, trialSeconds: 0 },
        note: `${said} is ${ignored ? "ignored" : "answered again"}`,
      });
      if (outcome.kind !== "changed") return outcome;
    }
    try {
      await this.#remember(mac, before, next);
      return undefined;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return { kind: "refused", text: wholeSentence(error.message), issues: [] };
    }
  }

  async #remember(mac: string, before: Known, next: Known): Promise<void> {
    const key = `${KIND}:${mac}`;
    if (next.name === before.name && next.note === before.note) return;
    if (next.name === "" && next.note === "") await this.#records.delete(key);
    else await this.#records.set(key, JSON.stringify(next));
  }

  /** Whole addresses only: the first bytes of one mean many devices. */
  #ignored(): readonly string[] {
    return deniedIn(this.#desk.read()?.config)
      .map((one) => one.toLowerCase().replaceAll("-", ":"))
      .filter((one) => MAC.test(one));
  }

  /** What a partner of another version has written is no reason to fail. */
  #known(mac: string): Known {
    const text = this.#records.get(`${KIND}:${mac}`);
    if (text === undefined) return NOTHING;
    try {
      const { name, note } = JSON.parse(text) as Partial<Record<keyof Known, unknown>>;
      return {
        name: typeof name === "string" ? name : "",
        note: typeof note === "string" ? note : "",
      };
    } catch {
      return NOTHING;
    }
  }
}

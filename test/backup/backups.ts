// A backup of a box that has everything, and a way to a key that takes no second: what the tests of backups share.

import type { BackupDocument } from "../../daemon/config/backup-document.ts";
import { sha256 } from "../../daemon/io/identity.ts";

export const PASSPHRASE = "correct horse battery";

/** A hash instead of scrypt, where it is not scrypt that is tried. */
export function quickKey(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  const bytes = new Uint8Array([...new TextEncoder().encode(passphrase), ...salt]);
  return Promise.resolve(sha256(bytes));
}

export const IDENTITY = "1d".repeat(32);
export const KEY = "5e".repeat(32);
export const PARTNER = "ab".repeat(32);

export const SHARED = {
  version: 1,
  networks: [
    {
      name: "lan",
      subnet: "192.168.1.0/24",
      gateway: "192.168.1.1",
      pools: [{ from: "192.168.1.50", to: "192.168.1.99" }],
    },
  ],
};
export const BOX_FILE = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { lan: { interface: "lan0", address: "192.168.1.2/24" } },
};

export function backupDocument(changes: Partial<BackupDocument> = {}): BackupDocument {
  return {
    ...{ madeAt: "2026-05-03T07:12:00.000Z", madeBy: "anna", software: "1.2.0" },
    box: { name: "A", model: "Example R2", serial: "TD-0001", identity: IDENTITY },
    shared: SHARED,
    origin: {
      by: "anna",
      from: "192.168.1.20",
      box: "A",
      at: "2026-05-02T10:00:00.000Z",
      note: "",
    },
    boxFile: BOX_FILE,
    board: { model: "Example R2", serial: "TD-0001", pairPorts: ["ded0"] },
    records: [{ key: "device:02005e100001", value: '{"name":"Küche"}' }],
    leases: [
      {
        ...{ address: "192.168.1.60", network: "lan", state: "active", mac: "02:00:5e:10:00:01" },
        ...{ clientId: "", hostname: "printer", expires: "2026-05-03T19:12:00.000Z" },
      },
    ],
    secrets: {
      key: KEY,
      records: [
        { key: "user:anna", value: "hash-of-anna" },
        { key: "authority", value: "secret-of-authority" },
      ],
    },
    ...changes,
  };
}

// What of a backup is put back, on which box, in which order; and what never is.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BoxNow } from "../../daemon/backup/box-now.ts";
import { planRestore, type RestorePlan } from "../../daemon/backup/restore-plan.ts";
import type { BackupDocument } from "../../daemon/config/backup-document.ts";
import { objectOf } from "../../daemon/core/introduction/free-address.ts";
import { leaseOf, NOW_SECONDS } from "../config/consequence-scenes.ts";
import { BOX_FILE, backupDocument, IDENTITY, KEY, PARTNER, SHARED } from "./backups.ts";

const FACTORY = { version: 1, networks: [] };
const FACTORY_BOX = { version: 1, name: "tandem", role: "standby", networks: {} };
const OTHER_IDENTITY = "22".repeat(32);
const PAIRED_BOX = { ...BOX_FILE, pair: { role: "primary", partnerIdentity: PARTNER } };
const PAIRED = { ...SHARED, pair: { name: "office" } };

/** The box of the backup, as it was. */
function same(changes: Partial<BoxNow> = {}): BoxNow {
  return {
    ...{ shared: SHARED, box: BOX_FILE, identity: IDENTITY, software: "1.2.0", records: [] },
    board: { model: "Example R2", serial: "TD-0001", wanPort: undefined, pairPorts: ["ded0"] },
    ...{ interfaces: ["lan0", "lan1", "ded0"], leases: [], nowSeconds: NOW_SECONDS },
    ...changes,
  };
}

/** Another one, new. */
function fresh(changes: Partial<BoxNow> = {}): BoxNow {
  return same({
    ...{ shared: FACTORY, box: FACTORY_BOX, identity: OTHER_IDENTITY },
    board: { model: "Example R2", serial: "TD-0002", wanPort: undefined, pairPorts: ["ded0"] },
    ...changes,
  });
}

function plan(now: BoxNow, backup = backupDocument(), isReplacement = false): RestorePlan {
  return planRestore(backup, now, isReplacement);
}

function left({ leftOut }: RestorePlan): string[] {
  return leftOut.map(({ what, why }) => `${what}: ${why}`);
}

const LEASES =
  "the addresses of 1 device: They may have changed since. Devices keep their addresses and tell them when they renew, and the partner knows them.";

describe("of this very box", () => {
  test("as it is there is nothing to do but for the records", () => {
    const made = plan(same());
    expect(made).toMatchObject({ whose: "this-box", order: "nothing", key: undefined, issues: [] });
    expect(made.about).toBe(
      "The backup was made at 2026-05-03T07:12:00.000Z by anna on box A (Example R2, TD-0001). It is of this very box.",
    );
    expect(made.records.map(({ key }) => key)).toEqual([
      "device:02005e100001",
      "user:anna",
      "authority",
    ]);
    expect(left(made)).toEqual([LEASES]);
    expect(made.consequences.list).toEqual([]);
  });

  test("its name, ports and configuration come back, with what that means", () => {
    const shared = { ...SHARED, networks: [{ ...SHARED.networks[0], dns: ["9.9.9.9"] }] };
    const made = plan(same({ shared, box: { ...BOX_FILE, name: "Z" } }));
    expect(made).toMatchObject({ order: "shared-first", shared: SHARED, box: BOX_FILE });
    expect(made.boxDifferences.shown).toEqual([{ path: "name", here: '"Z"', partner: '"A"' }]);
    expect(made.sharedDifferences.shown.map(({ path }) => path)).toEqual(["networks[lan].dns"]);
    expect(made.consequences.list.map(({ id }) => id)).toEqual(["dns-changed"]);
    expect(made.consequences.touched).toMatchObject({ networks: ["lan"], page: true });
  });

  test("devices that lose their addresses by it are told", () => {
    const shared = {
      ...SHARED,
      networks: [{ ...SHARED.networks[0], pools: [{ from: "192.168.1.50", to: "192.168.1.200" }] }],
    };
    const made = plan(same({ shared, leases: [leaseOf("192.168.1.150", "laptop")] }));
    expect(made.consequences.list.map(({ sentence }) => sentence).join()).toContain(
      "192.168.1.150 laptop",
    );
  });

  test("known by its serial number when the disk was lost: the key comes back too", () => {
    const made = plan(fresh({ board: same().board }));
    expect(made).toMatchObject({ whose: "this-box", key: KEY, needsRestart: true, box: BOX_FILE });
    expect(made.consequences.list[0]).toMatchObject({ id: "key-restored", severity: "warning" });
    const open = plan(fresh({ board: same().board }), backupDocument({ secrets: null }));
    expect(open).toMatchObject({ key: undefined, needsRestart: false });
    expect(left(open)).toContain("the key of the box: It is only in a backup that is encrypted.");
  });

  test("its partner comes back with its key, and only with that", () => {
    const backup = backupDocument({ shared: PAIRED, boxFile: PAIRED_BOX });
    const lost = fresh({ board: same().board });
    expect(plan(lost, backup)).toMatchObject({ box: PAIRED_BOX, shared: PAIRED, issues: [] });
    const open = plan(lost, { ...backup, secrets: null });
    expect(open).toMatchObject({ box: BOX_FILE, shared: SHARED, issues: [] });
    expect(left(open)).toContain(
      "the partner: It knows this box by a key that is not there any more: pair the boxes again.",
    );
    const unpaired = plan(same(), backup);
    expect(unpaired).toMatchObject({ box: PAIRED_BOX, shared: PAIRED });
  });

  test("a partner that it has now stays, and so does the key that it is known by", () => {
    const other = { ...BOX_FILE, pair: { role: "secondary", partnerIdentity: "cd".repeat(32) } };
    const now = same({
      box: other,
      shared: { ...SHARED, pair: { name: "new" } },
      identity: OTHER_IDENTITY,
    });
    const made = plan(now, backupDocument({ boxFile: PAIRED_BOX }));
    expect(made).toMatchObject({ whose: "this-box", order: "nothing", key: undefined });
    expect(left(made).slice(0, 2)).toEqual([
      "the key of the box: The partner knows this box by the key that it has now.",
      "the partner: This box keeps the one that it has.",
    ]);
  });
});

describe("of another box", () => {
  test("only what is shared is put back", () => {
    const made = plan(fresh());
    expect(made).toMatchObject({
      ...{ whose: "other-box", order: "shared", shared: SHARED, box: FACTORY_BOX },
      ...{ key: undefined, needsRestart: false, issues: [] },
    });
    expect(left(made)).toEqual([
      "box.json: The backup is of another box, so this box keeps its name, role, ports and addresses.",
      "the key of the box: Two boxes with one key would be taken for each other.",
      LEASES,
      "the ports of lan: box.json of this box does not say on which of its ports they are. If it takes the place of the other box, say so.",
    ]);
    expect(made.about).toContain("It is of another box: what the boxes share is put back");
  });

  test("a configuration that this box has no place for is refused with the reason", () => {
    const box = {
      ...BOX_FILE,
      networks: { office: { interface: "lan0", address: "10.77.0.2/24" } },
    };
    const office = { name: "office", subnet: "10.77.0.0/24", pools: [] };
    const made = plan(fresh({ box, shared: { version: 1, networks: [office] } }));
    expect(made.issues).toEqual([
      {
        file: "box.json",
        path: "networks.office",
        reason: 'config.json has no network named "office"',
      },
    ]);
    expect(made.consequences.list).toEqual([]);
  });

  test("a serial number out of an example is nobody's, and the partner's backup is not of this box", () => {
    const board = { model: "My box", serial: "1", wanPort: undefined, pairPorts: [] };
    const backup = backupDocument({
      box: { name: "A", model: "My box", serial: "1", identity: IDENTITY },
    });
    expect(plan(fresh({ board }), backup).whose).toBe("other-box");
    const box = {
      ...FACTORY_BOX,
      role: "serving",
      pair: { role: "primary", partnerIdentity: IDENTITY },
    };
    expect(plan(fresh({ box, board: same().board })).whose).toBe("other-box");
    expect(
      plan(fresh({ identity: "", board }), { ...backup, box: { ...backup.box, identity: "" } })
        .whose,
    ).toBe("other-box");
  });
});

describe("of a box that this one replaces", () => {
  test("takes name, role, ports and addresses; not key and partner", () => {
    const backup = backupDocument({ shared: PAIRED, boxFile: PAIRED_BOX });
    const made = plan(fresh(), backup, true);
    expect(made).toMatchObject({
      ...{ whose: "replaced-box", order: "shared-first", shared: SHARED, box: BOX_FILE },
      ...{ key: undefined, needsRestart: false, issues: [] },
    });
    expect(left(made)).toEqual([
      "the key of the box: Two boxes with one key would be taken for each other.",
      "the partner: It knows the other box by its key: pair this one with it.",
      LEASES,
    ]);
    expect(made.consequences.list.map(({ id }) => id)).toContain("role-changed");
  });

  test("ports that this one does not have are left out", () => {
    const made = plan(fresh({ interfaces: ["eth0"] }), backupDocument(), true);
    expect(made.box).toEqual({ ...BOX_FILE, networks: {} });
    expect(left(made)[0]).toBe(
      "the port of lan: This box has no interface lan0: say in box.json where lan is.",
    );
    expect(plan(fresh({ interfaces: undefined }), backupDocument(), true).box).toEqual(BOX_FILE);
  });

  test("one of a pair replaces nobody", () => {
    const now = same({
      box: PAIRED_BOX,
      shared: PAIRED,
      identity: OTHER_IDENTITY,
      board: fresh().board,
    });
    const made = plan(now, backupDocument(), true);
    expect(made.issues.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      "pair this box is one of a pair, so it cannot take the place of another one: pair a new box with the one that is left",
    ]);
  });
});

describe("order", () => {
  const moved = {
    shared: { version: 1, networks: [{ name: "office", subnet: "10.77.0.0/24", pools: [] }] },
    box: { ...BOX_FILE, networks: { office: { interface: "lan0", address: "10.77.0.2/24" } } },
  };

  test("never two files that do not go together in between", () => {
    expect(plan(same({ box: { ...BOX_FILE, name: "Z" } })).order).toBe("box");
    expect(plan(same(moved)).order).toBe("at-once");
    const fewer = { ...SHARED, networks: [...SHARED.networks, ...moved.shared.networks] };
    const both = { ...BOX_FILE, networks: { ...BOX_FILE.networks, ...moved.box.networks } };
    expect(plan(same({ shared: fewer, box: both })).order).toBe("box-first");
  });

  test("what only goes at once cannot be done beside a partner", () => {
    const pair = { role: "primary", partnerIdentity: PARTNER };
    const now = same({
      shared: { ...moved.shared, pair: { name: "office" } },
      box: { ...moved.box, pair },
    });
    expect(plan(now, backupDocument({ shared: PAIRED, boxFile: PAIRED_BOX })).issues).toEqual([
      expect.objectContaining({
        path: "networks",
        reason: expect.stringContaining("in two steps"),
      }),
    ]);
  });
});

describe("records", () => {
  test("what is known here stays, but for the names of devices", () => {
    const records = [
      { key: "user:anna", value: "newer" },
      { key: "device:02005e100001", value: "{}" },
      { key: "authority", value: "secret-of-authority" },
    ];
    const made = plan(same({ records }));
    expect(made.records.map(({ key }) => key)).toEqual(["device:02005e100001"]);
    expect(left(made)[0]).toBe("the user anna: This box has it already, and keeps what it has.");
    const other = plan(same({ records: [{ key: "authority", value: "own" }] }));
    expect(left(other)[0]).toMatch(/^the authority: /);
  });

  test("a box that had nothing", () => {
    const backup = backupDocument({
      shared: null,
      boxFile: null,
      leases: null,
      records: [],
      secrets: null,
    });
    const made = plan(same(), backup);
    expect(made).toMatchObject({ order: "nothing", records: [] });
    expect(left(made)).toEqual(["the configuration: The box had none when the backup was made."]);
  });

  test("another software is named", () => {
    expect(plan(same({ software: "2.0.0" })).about).toContain(
      "It was made by Tandem 1.2.0, and this box has 2.0.0.",
    );
  });
});

/** Documents of any kind, for the most part near to good ones. */
const anyShared = fc.oneof(
  fc.constantFrom<unknown>(SHARED, PAIRED, FACTORY, null),
  fc.jsonValue({ maxDepth: 4 }),
);
const anyBoxFile = fc.oneof(
  fc.constantFrom<unknown>(BOX_FILE, PAIRED_BOX, FACTORY_BOX, null, { networks: { lan: 5 } }),
  fc.jsonValue({ maxDepth: 4 }),
);
const anyIdentity = fc.constantFrom("", IDENTITY, OTHER_IDENTITY);
const anySerial = fc.constantFrom("", "1", "TD-0001", "TD-0002");

test("no restore of another box's backup makes this one into it, whatever the files say", () => {
  let replaced = 0;
  fc.assert(
    fc.property(
      fc.tuple(anyShared, anyBoxFile, anyIdentity, anySerial),
      fc.tuple(anyShared, anyBoxFile, anyIdentity, anySerial),
      fc.boolean(),
      ([shared, boxFile, identity, serial], [nowShared, nowBox, own, ownSerial], isReplacement) => {
        const box = { name: "A", model: "", serial, identity };
        const backup: BackupDocument = backupDocument({ shared, boxFile, box });
        const board = { model: "", serial: ownSerial, wanPort: undefined, pairPorts: [] };
        const now = same({ shared: nowShared, box: nowBox, identity: own, board });
        const made = planRestore(backup, now, isReplacement);
        const isOwn =
          (own !== "" && own === identity) || (serial.length > 3 && serial === ownSerial);
        if (made.whose === "this-box") expect(isOwn).toBe(true);
        else {
          expect(made.key).toBeUndefined();
          expect(objectOf(made.box).pair).toEqual(objectOf(nowBox).pair);
          if (made.whose === "other-box") expect(made.box).toEqual(nowBox);
          else if (made.issues.length === 0) replaced++;
        }
        if (objectOf(nowBox).pair !== undefined) {
          expect(objectOf(made.box).pair).toEqual(objectOf(nowBox).pair);
        }
      },
    ),
    { seed: 3, numRuns: 3000 },
  );
  expect(replaced).toBeGreaterThan(20);
});

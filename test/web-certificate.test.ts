import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { IoError } from "../daemon/base/errors.ts";
import { isIssuedBy, isKeyOf, makeAuthority } from "../daemon/io/web-keys.ts";
import { LIMITS } from "../daemon/limits.ts";
import { NAMES, START, WebBench } from "./support/web-bench.ts";
import { Workshop } from "./support/web-certificates.ts";

const DAY = 86_400_000;

const shop = new Workshop();
afterAll(() => shop.close());

let bench: WebBench;
beforeEach(() => {
  bench = new WebBench();
});
afterEach(async () => {
  await bench.certificate.written();
  rmSync(bench.folder, { recursive: true, force: true });
});

describe("made by the box", () => {
  test("at the first look: an authority, and a certificate of it for all names", () => {
    expect(bench.certificate.shown).toBeUndefined();
    expect(bench.certificate.view()).toEqual({ shown: null, uploaded: null, authority: null });
    bench.look();
    const { authority, current, certificate } = bench;
    expect(current.subjectAltName).toBe(
      "DNS:box-a, DNS:localhost, IP Address:10.77.0.2, IP Address:10.77.0.1",
    );
    expect(isIssuedBy(current.toString(), authority?.certificate ?? "")).toBe(true);
    expect(certificate.authorityPem).toBe(authority?.certificate);
    expect(bench.shown).toEqual([certificate.shown]);
    expect(bench.said).toEqual(["web-authority-made", "web-certificate-made there was none"]);
    expect(certificate.view()).toMatchObject({
      shown: {
        ...{ madeBy: "box", names: NAMES, subject: "O=Tandem, CN=box-a" },
        ...{ from: "2027-02-28T12:00:00.000Z", until: "2028-03-31T11:59:59.000Z" },
        fingerprint: current.fingerprint256,
      },
      uploaded: null,
      authority: { until: "2037-03-01T00:00:00.000Z", names: [] },
    });
  });

  test("kept in files that nobody else may read, found again, and not made anew", async () => {
    bench.look();
    // A disk may take seconds, and nobody waits for that.
    expect(readdirSync(bench.folder)).not.toContain("web-certificate.pem");
    await bench.certificate.written();
    const before = bench.current.serialNumber;
    expect(readdirSync(bench.folder).sort()).toEqual(["web-certificate.pem", "web-key.pem"]);
    for (const name of readdirSync(bench.folder)) {
      expect(statSync(bench.file(name)).mode & 0o777).toBe(0o600);
    }
    bench.start();
    for (let i = 0; i < 100; i++) bench.after(2000);
    expect(bench.current.serialNumber).toBe(before);
    expect(bench.said).toHaveLength(2);
    expect(bench.shown).toHaveLength(2);
  });

  test.each(["web-key.pem", "web-certificate.pem"])(
    "made anew when %s is not what it was",
    (name) => {
      for (const content of ["", "rubbish", readFileSync(shop.key(), "utf8")]) {
        bench.start();
        bench.look();
        const before = bench.current.serialNumber;
        writeFileSync(bench.file(name), content);
        bench.start();
        bench.look();
        expect(bench.current.serialNumber).not.toBe(before);
        expect(isKeyOf(bench.certificate.shown ?? { certificate: "", privateKey: "" })).toBe(true);
      }
    },
  );

  test("renewed by itself over ten years, always good, and the authority once", () => {
    const authorities = new Set<string>();
    const serials = new Set<string>();
    for (let day = 0; day < 10 * 366; day++) {
      bench.after(DAY);
      const { current, authority } = bench;
      expect(Date.parse(current.validFrom)).toBeLessThanOrEqual(bench.wall);
      expect(Date.parse(current.validTo)).toBeGreaterThan(bench.wall);
      expect(isIssuedBy(current.toString(), authority?.certificate ?? "")).toBe(true);
      authorities.add(authority?.certificate ?? "");
      serials.add(current.serialNumber);
    }
    expect(authorities.size).toBe(2);
    // Two thirds of 397 days, and once more for the new authority.
    expect(serials.size).toBeGreaterThanOrEqual(14);
    expect(serials.size).toBeLessThanOrEqual(20);
  });

  test("for other names as soon as the box has them", () => {
    bench.look();
    bench.names = [...NAMES, "10.78.0.2"];
    bench.look();
    expect(bench.current.subjectAltName).toContain("10.78.0.2");
    expect(bench.said.at(-1)).toBe(
      "web-certificate-made the names or addresses of this box have changed",
    );
    // A name that no certificate can have does not make a new one every time.
    bench.names = [...bench.names, "box_a"];
    const before = bench.current.serialNumber;
    bench.after(2000);
    expect(bench.current.serialNumber).toBe(before);
  });
});

describe("the authority of the pair", () => {
  test("is the partner's, as soon as its record comes: the certificate is of that one then", () => {
    bench.look();
    const { certificate } = bench.authority ?? { certificate: "" };
    bench.authority = makeAuthority({ notBefore: START - 9 * DAY, notAfter: START + 3000 * DAY });
    bench.look();
    expect(isIssuedBy(bench.current.toString(), bench.authority.certificate)).toBe(true);
    expect(isIssuedBy(bench.current.toString(), certificate)).toBe(false);
    expect(bench.said.at(-1)).toContain("the authority of the two boxes is another one");
    expect(bench.certificate.authorityPem).toBe(bench.authority.certificate);
  });

  test("is the partner's also when it had been made before, at the very moment", () => {
    const older = makeAuthority({ notBefore: START - 9 * DAY, notAfter: START + 3000 * DAY });
    bench.onSet = () => {
      bench.authority = older;
    };
    bench.look();
    expect(isIssuedBy(bench.current.toString(), older.certificate)).toBe(true);
  });

  test.each(["", "rubbish"])("that is %j is replaced, but not again and again", (certificate) => {
    let sets = 0;
    bench.authority = { certificate, privateKey: "" };
    bench.onSet = () => {
      sets++;
    };
    for (let i = 0; i < 15; i++) bench.after(2000);
    expect(sets).toBe(1);
    for (let i = 0; i < 31; i++) bench.after(2000);
    expect(sets).toBe(2);
  });

  test("whose key is another's, or that may not sign, is none", () => {
    const [one, other] = [shop.authority(), shop.authority()];
    bench.look();
    const leaf = bench.certificate.shown;
    for (const bad of [{ ...one, privateKey: other.privateKey }, leaf ?? one]) {
      bench.authority = bad;
      bench.monotonic += LIMITS.certificateRetryMilliseconds;
      bench.look();
      expect(bench.authority.certificate).not.toBe(bad.certificate);
    }
  });

  test("is not made while there may be one that is not heard of yet", () => {
    bench.mayMake = false;
    bench.look();
    expect([bench.authority, bench.certificate.shown]).toEqual([undefined, undefined]);
    bench.mayMake = true;
    bench.after(2000);
    expect(bench.certificate.shown).toBeDefined();
    // One that has gone, as on a box that takes everything from another one, is not made again either.
    const before = bench.current.serialNumber;
    bench.authority = undefined;
    bench.mayMake = false;
    bench.after(LIMITS.certificateRetryMilliseconds);
    expect([bench.authority, bench.current.serialNumber]).toEqual([undefined, before]);
  });

  test("that the disk does not take is tried again a minute later", () => {
    bench.onSet = () => {
      throw new IoError("no space left", "ENOSPC");
    };
    bench.look();
    expect(bench.certificate.shown).toBeUndefined();
    bench.onSet = (made) => {
      bench.authority = made;
    };
    bench.after(LIMITS.certificateRetryMilliseconds - 1);
    expect(bench.certificate.shown).toBeUndefined();
    bench.after(1);
    expect(bench.certificate.shown).toBeDefined();
  });
});

describe("a clock that was never set", () => {
  test.each(["1970-01-01T00:00:20Z", "2000-01-01T00:00:00Z"])(
    "%s: what was made then is good, or made again, when it is set; the authority stays",
    async (wrong) => {
      for (const right of ["2026-11-30T12:00:00Z", "2029-05-05T05:05:05Z"].map(Date.parse)) {
        const fresh = new WebBench();
        fresh.monotonic = 20_000;
        fresh.wall = Date.parse(wrong);
        fresh.look();
        const { authority } = fresh;
        expect(fresh.certificate.shown).toBeDefined();
        fresh.step(right);
        expect(Date.parse(fresh.current.validFrom)).toBeLessThan(right);
        expect(Date.parse(fresh.current.validTo)).toBeGreaterThan(right);
        expect(fresh.authority).toBe(authority);
        await fresh.certificate.written();
        rmSync(fresh.folder, { recursive: true });
      }
    },
  );

  test("changes nothing of what is there", async () => {
    bench.look();
    await bench.certificate.written();
    const before = bench.current.serialNumber;
    const { authority } = bench;
    for (const wrong of [20_000, Date.parse("2000-01-01"), Date.parse("2106-02-07")]) {
      bench.start();
      bench.step(wrong);
      for (let i = 0; i < 400; i++) bench.after(2000);
      expect(bench.current.serialNumber).toBe(before);
      expect(bench.authority).toBe(authority);
    }
  });

  test("that is ten years ahead costs no authority before it has had time to be corrected", () => {
    bench.look();
    const { authority } = bench;
    bench.step(START + 11 * 365 * DAY);
    bench.after(LIMITS.clockProbationMilliseconds - 3000);
    expect(bench.authority).toBe(authority);
    bench.after(3000);
    expect(bench.authority).not.toBe(authority);
  });

  test("that ran ahead when the certificate was made costs only that", () => {
    bench.wall = START + 600 * DAY;
    bench.look();
    const { authority } = bench;
    bench.step(START);
    expect(bench.said.at(-1)).toContain("while the clock of this box was wrong");
    expect(Date.parse(bench.current.validFrom)).toBeLessThan(START);
    expect(bench.authority).toBe(authority);
  });
});

describe("put here by people", () => {
  const brought = shop.certificate({ days: 90 });
  const now = Date.now();

  beforeEach(() => {
    bench.wall = now;
    bench.look();
  });

  test("shown at once and after a start, until it is taken away", async () => {
    const answer = await bench.certificate.upload(brought);
    expect(answer).toMatchObject({
      isGood: true,
      sentence: expect.stringMatching(/^The box shows theirs until 20/),
    });
    expect(bench.shown.at(-1)?.certificate).toBe(brought.certificate);
    expect(bench.certificate.view().shown).toMatchObject({
      madeBy: "people",
      names: ["box.example"],
    });
    expect(statSync(bench.file("web-uploaded.pem")).mode & 0o777).toBe(0o600);
    bench.start();
    bench.look();
    expect(bench.certificate.shown?.certificate).toBe(brought.certificate);
    expect(await bench.certificate.withdraw()).toEqual({
      isGood: true,
      sentence: "The box shows one of its own again.",
    });
    expect(bench.certificate.view()).toMatchObject({ shown: { madeBy: "box" }, uploaded: null });
    expect(readdirSync(bench.folder)).not.toContain("web-uploaded.pem");
    expect((await bench.certificate.withdraw()).isGood).toBe(true);
  });

  test("refused when it is of no use, and nothing is changed", async () => {
    const before = bench.certificate.shown;
    const answer = await bench.certificate.upload({
      ...brought,
      privateKey: shop.certificate().privateKey,
    });
    expect(answer).toEqual({
      isGood: false,
      issues: [{ path: "privateKey", reason: "does not belong to the certificate" }],
    });
    expect(bench.certificate.shown).toBe(before);
    expect(readdirSync(bench.folder)).not.toContain("web-uploaded.pem");
  });

  test("a warning before its end; then the box shows its own, which is good at that moment", async () => {
    await bench.certificate.upload(brought);
    bench.after(60 * DAY);
    expect(bench.conditions.size).toBe(0);
    bench.after(15 * DAY);
    expect([...bench.conditions.keys()]).toEqual(["web-certificate-ends"]);
    bench.after(16 * DAY);
    expect([...bench.conditions.keys()]).toEqual(["web-certificate-ended"]);
    expect(bench.certificate.view()).toMatchObject({
      shown: { madeBy: "box" },
      uploaded: { names: ["box.example"] },
    });
    expect(Date.parse(bench.current.validTo)).toBeGreaterThan(bench.wall);
    await bench.certificate.withdraw();
    expect(bench.conditions.size).toBe(0);
  });

  test("by several at once: one after the other, and the file is what is shown", async () => {
    const other = shop.certificate();
    const changes = [bench.certificate.upload(brought), bench.certificate.withdraw()];
    await Promise.all([...changes, bench.certificate.upload(other)]);
    expect(bench.certificate.shown?.certificate).toBe(other.certificate);
    expect(readFileSync(bench.file("web-uploaded.pem"), "utf8")).toContain(other.certificate);
  });

  test("damaged on the disk: said, and the box shows its own", async () => {
    await bench.certificate.upload(brought);
    const file = bench.file("web-uploaded.pem");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 400));
    bench.start();
    bench.look();
    expect([...bench.conditions.keys()]).toEqual(["web-certificate-damaged"]);
    expect(bench.certificate.view().shown?.madeBy).toBe("box");
    await bench.certificate.upload(brought);
    expect(bench.conditions.size).toBe(0);
  });

  test("that cannot be shown after a start: said, and the box shows its own", async () => {
    await bench.certificate.upload(brought);
    bench.unfit.push(brought.certificate);
    bench.start();
    bench.after(2000);
    bench.after(2000);
    expect([...bench.conditions]).toEqual([["web-certificate-damaged", { why: "it is too weak" }]]);
    expect(bench.certificate.view()).toMatchObject({ shown: { madeBy: "box" }, uploaded: null });
    await bench.certificate.withdraw();
    expect(bench.conditions.size).toBe(0);
    expect(readdirSync(bench.folder)).not.toContain("web-uploaded.pem");
  });

  test("not taken when the disk does not take it", async () => {
    mkdirSync(bench.file("web-uploaded.pem"));
    await expect(bench.certificate.upload(brought)).rejects.toThrow(IoError);
    expect(bench.certificate.view()).toMatchObject({ shown: { madeBy: "box" }, uploaded: null });
  });
});

test("while the disk takes nothing the box shows what it made, says so, and writes it later", async () => {
  mkdirSync(bench.file("web-key.pem"));
  bench.look();
  expect(bench.certificate.shown).toBeDefined();
  await bench.certificate.written();
  expect([...bench.conditions.keys()]).toEqual(["web-certificate-unwritten"]);
  rmSync(bench.file("web-key.pem"), { recursive: true });
  bench.after(2000);
  await bench.certificate.written();
  expect(bench.conditions.size).toBe(1);
  bench.after(LIMITS.certificateRetryMilliseconds);
  await bench.certificate.written();
  expect(bench.conditions.size).toBe(0);
  const before = bench.current.serialNumber;
  bench.start();
  bench.look();
  expect(bench.current.serialNumber).toBe(before);
});

// Questions to a resolver, on real sockets: which answers count, what is missed, and what is not even asked.

import { afterEach, describe, expect, test } from "vitest";
import { IoError } from "../../daemon/base/errors.ts";
import { ResolverProbe, type ResolverProbeOptions } from "../../daemon/resolver-probe.ts";
import { FakeResolver } from "../support/fake-resolver.ts";
import { until } from "../support/until.ts";

const EVERY = 20;
/** Long enough for a machine that is busy. */
const PATIENCE = 400;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function resolver(address = "127.0.0.1", port = 0): Promise<FakeResolver> {
  const made = await FakeResolver.start(address, port);
  ends.push(() => made.stop());
  return made;
}

/** What it told, the latest last. */
function probe(port: number, options: Partial<ResolverProbeOptions> = {}) {
  const told: boolean[] = [];
  const took: number[] = [];
  const made = new ResolverProbe({
    ...{ family: "udp4", where: () => "127.0.0.1", port },
    ...{ everyMilliseconds: EVERY, patienceMilliseconds: PATIENCE },
    told: (isAnswered, millisecondsAgo) => {
      told.push(isAnswered);
      took.push(millisecondsAgo);
    },
    ...options,
  });
  ends.push(() => made.stop());
  return { made, told, took };
}

describe("a resolver that answers", () => {
  test.each([
    ["127.0.0.1", "udp4"],
    ["::1", "udp6"],
  ] as const)("at %s is asked again and again", async (address, family) => {
    const { port, questions } = await resolver(address);
    const { told, took } = probe(port, { family, where: () => address });
    await until(() => told.length >= 5, "answers");
    expect(told).not.toContain(false);
    expect(Math.max(...took)).toBeLessThan(PATIENCE);
    // RFC 1035 §4.1: recursion desired, one question; the root, NS, IN.
    for (const question of questions) {
      expect(question.subarray(2).toString("hex")).toBe("01000001000000000000" + "0000020001");
    }
  });

  test("is asked under numbers that do not follow from each other", async () => {
    const { port, questions } = await resolver();
    const { told } = probe(port, { everyMilliseconds: 2 });
    await until(() => told.length >= 20, "answers");
    const ids = questions.map((question) => question.readUInt16BE(0));
    const steps = new Set(ids.slice(1).map((id, index) => (id - (ids[index] ?? 0)) & 0xffff));
    expect(steps.size).toBeGreaterThan(10);
  });

  test.each([
    ["no error", 0, true],
    ["no such name", 3, true],
    ["refused", 5, true],
    ["server failure", 2, false],
  ])("%s: code %i counts as %s", async (_, code, isAnswered) => {
    const fake = await resolver();
    fake.answer = (question) => [reply(question, code)];
    const { told } = probe(fake.port, { patienceMilliseconds: 100 });
    await until(() => told.length >= 3, "what came of it");
    expect(new Set(told)).toEqual(new Set([isAnswered]));
  });

  test("twice has answered once", async () => {
    const fake = await resolver();
    fake.answer = (question) => [reply(question), reply(question)];
    const { told } = probe(fake.port);
    await until(() => fake.questions.length >= 6, "questions");
    expect(told.length).toBeLessThanOrEqual(fake.questions.length);
    expect(told).not.toContain(false);
  });
});

describe("what is no answer", () => {
  test.each<[string, (question: Buffer) => Buffer]>([
    ["under another number", (question) => withId(reply(question), question.readUInt16BE(0) ^ 1)],
    ["the question itself", (question) => question],
    ["cut short", (question) => reply(question).subarray(0, 11)],
    ["empty", () => Buffer.alloc(0)],
  ])("%s", async (_, made) => {
    const fake = await resolver();
    fake.answer = (question) => [made(question)];
    const { told } = probe(fake.port, { patienceMilliseconds: 100 });
    await until(() => told.length >= 3, "what came of it");
    expect(told).not.toContain(true);
  });

  test.each([
    ["another port", "127.0.0.1"],
    ["another address", "127.0.0.2"],
  ])("what comes from %s, with the right number", async (_, from) => {
    const fake = await resolver();
    const forger = await resolver(from, from === "127.0.0.1" ? 0 : fake.port);
    fake.answer = (question, port) => {
      forger.send(reply(question), port);
      return [];
    };
    const { told } = probe(fake.port, { patienceMilliseconds: 100 });
    await until(() => told.length >= 3, "what came of it");
    expect(told).not.toContain(true);
  });
});

describe("what is missed", () => {
  test("is told when the patience is over, and not before", async () => {
    const { port, stop } = await resolver();
    stop();
    const { told, took } = probe(port, { patienceMilliseconds: 150 });
    await until(() => told.length >= 3, "what came of it");
    expect(told).not.toContain(true);
    expect(Math.min(...took)).toBeGreaterThanOrEqual(150);
  });

  test("is not what waits in the socket of a process that was too busy to read it", async () => {
    const fake = await resolver();
    fake.answer = (question) => {
      // Behind the answer, which has left by then.
      setImmediate(() => block(300));
      return [reply(question)];
    };
    const { told, took } = probe(fake.port, { patienceMilliseconds: 100 });
    await until(() => told.length >= 3, "answers");
    expect(told).not.toContain(false);
    expect(Math.min(...took)).toBeGreaterThan(100);
  });

  test("is nothing of a host that cannot be asked any more, or is somewhere else", async () => {
    const { port, stop } = await resolver();
    stop();
    let address: string | undefined = "127.0.0.1";
    const { told } = probe(port, { where: () => address, patienceMilliseconds: 200 });
    for (const next of [undefined, "127.0.0.1", "127.0.0.2", "127.0.0.1", undefined]) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      address = next;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told).toEqual([]);
  });

  test("is nothing that could not leave this box", async () => {
    // Of a family that the socket does not have.
    const { told } = probe(9, { where: () => "::1", patienceMilliseconds: 40 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(told).toEqual([]);
  });

  test("is nothing without random numbers, and the next question tries again", async () => {
    const { port, questions } = await resolver();
    let left = 3;
    const random = (count: number): Uint8Array => {
      if (left-- > 0) throw new IoError("too many open files");
      return new Uint8Array(count).fill(left & 0xff);
    };
    const { told } = probe(port, { random });
    await until(() => told.length > 0, "an answer");
    expect(told).not.toContain(false);
    expect(questions[0]?.readUInt16BE(0)).toBe(0xffff);
  });
});

test("nothing is told after the end", async () => {
  const { port } = await resolver();
  const { made, told } = probe(port);
  await until(() => told.length > 0, "an answer");
  made.stop();
  const { length } = told;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toHaveLength(length);
});

function reply(question: Buffer, code = 0): Buffer {
  const bytes = Buffer.from(question);
  bytes[2] = 0x81;
  bytes[3] = 0x80 | code;
  return bytes;
}

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

function withId(bytes: Buffer, id: number): Buffer {
  bytes.writeUInt16BE(id, 0);
  return bytes;
}

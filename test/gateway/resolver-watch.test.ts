// One resolver as it is watched: from when on it counts as silent, and what is no reason for it.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ResolverWatch } from "../../daemon/resolver-watch.ts";
import { FakeResolver } from "../support/fake-resolver.ts";
import { until } from "../support/until.ts";

const EVERY = 100;

let fake: FakeResolver;
let watch: ResolverWatch | undefined;
let address: string | undefined;
/** Each as it was when it was said. */
let states: (string | undefined)[];
/** Questions that had come in when it was said last. */
let askedAtChange: number;

beforeEach(async () => {
  fake = await FakeResolver.start();
  [address, states, askedAtChange] = ["127.0.0.1", [], 0];
});
afterEach(() => {
  watch?.stop();
  fake.stop();
});

function begin(): ResolverWatch {
  const made = new ResolverWatch({
    ...{ family: "udp4", port: fake.port, everyMilliseconds: EVERY },
    where: () => address,
    changed: () => {
      states.push(watch?.state);
      askedAtChange = fake.questions.length;
    },
  });
  watch = made;
  return made;
}

/** Waits for so many more questions. */
async function questions(count: number): Promise<void> {
  const from = fake.questions.length;
  await until(() => fake.questions.length >= from + count, "questions");
}

const silent = (): readonly Buffer[] => [];

test("nothing is known before it was asked", async () => {
  expect(begin().state).toBeUndefined();
  await until(() => states.length > 0, "an answer");
  expect(states).toEqual(["answers"]);
});

test("one that has never answered is another thing than one that does no more", async () => {
  fake.answer = silent;
  const made = begin();
  await until(() => made.state === "never", "that it does not answer");
  expect(states).toEqual(["never"]);
});

describe("one that answered", () => {
  test("is silent after two questions without an answer, and answers again with the first one", async () => {
    const { answer } = fake;
    const made = begin();
    await until(() => made.state === "answers", "an answer");
    fake.answer = silent;
    await until(() => made.state === "silent", "that it does not answer");
    fake.answer = answer;
    await until(() => made.state === "answers", "an answer");
    expect(states).toEqual(["answers", "silent", "answers"]);
  });

  test("and misses one question now and then is as before", async () => {
    const { answer } = fake;
    let count = 0;
    fake.answer = (question, port) => (count++ % 2 === 0 ? answer(question, port) : []);
    begin();
    await questions(8);
    expect(states).toEqual(["answers"]);
  });

  test("and cannot be asked now is not missed, however long", async () => {
    const made = begin();
    await until(() => made.state === "answers", "an answer");
    fake.answer = silent;
    // One has been missed, and one is under way.
    await questions(2);
    address = undefined;
    await until(() => made.state === undefined, "that it is not known");
    const { length } = fake.questions;
    await new Promise((resolve) => setTimeout(resolve, 6 * EVERY));
    expect([states, fake.questions.length]).toEqual([["answers", undefined], length]);
    address = "127.0.0.1";
    await until(() => made.state === "silent", "that it does not answer");
    expect(askedAtChange - length, "what was missed before does not count").toBeGreaterThan(1);
  });

  test("and is at another address is another one", async () => {
    const made = begin();
    await until(() => made.state === "answers", "an answer");
    address = "127.0.0.2";
    await until(() => made.state === "never", "that it does not answer");
    expect(states).toEqual(["answers", undefined, "never"]);
  });
});

test("one that was silent is so until it is heard, also if it could not be asked in between", async () => {
  const { answer } = fake;
  const made = begin();
  await until(() => made.state === "answers", "an answer");
  fake.answer = silent;
  await until(() => made.state === "silent", "that it does not answer");
  address = undefined;
  await new Promise((resolve) => setTimeout(resolve, 4 * EVERY));
  expect(made.state).toBe("silent");
  fake.answer = answer;
  address = "127.0.0.1";
  await until(() => made.state === "answers", "an answer");
  expect(states).toEqual(["answers", "silent", "answers"]);
});

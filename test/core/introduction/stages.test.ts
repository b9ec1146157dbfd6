import { expect, test } from "vitest";
import { StageClock } from "../../../daemon/core/introduction/stages.ts";

const at = (monotonic: number) => ({ monotonic, wall: 0 });
const told = (clock: StageClock, monotonic: number) =>
  clock.views(at(monotonic)).map(({ milliseconds }) => milliseconds);

test("each stage is told with how long it took, and the one under way with how long it takes", () => {
  const clock = new StageClock();
  clock.enter("cable", at(0));
  clock.enter("found", at(100));
  clock.enter("digits", at(2100));
  expect(clock.now).toBe("digits");
  expect(told(clock, 2600).slice(0, 4)).toEqual([100, 2000, 500, undefined]);
});

test("after falling back a stage that was done still took as long as it took", () => {
  const clock = new StageClock();
  clock.enter("cable", at(0));
  clock.enter("found", at(100));
  clock.enter("confirmed", at(2100));
  clock.enter("found", at(60_000));
  expect(clock.now).toBe("found");
  expect(told(clock, 61_000).slice(0, 3)).toEqual([100, 1000, undefined]);
  clock.enter("digits", at(62_000));
  expect(told(clock, 62_500).slice(0, 4)).toEqual([100, 2000, 500, undefined]);
});

test("what is over stays as it is, until it begins again", () => {
  const clock = new StageClock();
  clock.enter("leases", at(1000));
  clock.finish(at(3000));
  expect(clock.views(at(9000)).map(({ state }) => state)).toEqual(Array(8).fill("done"));
  expect(told(clock, 9000)).toEqual([0, 0, 0, 0, 0, 0, 2000, 0]);
  clock.enter("in-step", at(10_000));
  expect(clock.views(at(10_500)).at(-1)).toEqual({
    id: "in-step",
    state: "now",
    milliseconds: 500,
  });
});

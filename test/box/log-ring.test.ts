import { expect, test } from "vitest";
import { type KeptLine, LogRing } from "../../daemon/log-ring.ts";

function line(number: number, text = "x".repeat(50), names: readonly string[] = []): KeptLine {
  return { number, text, names, wall: 0, id: "some", level: "info" };
}

test("the newest lines stay, as many as fit", () => {
  const ring = new LogRing(10_000);
  expect(ring.lines()).toEqual([]);
  for (let number = 1; number <= 1000; number++) {
    ring.push(line(number));
    // 120 bytes and two for each character of the text.
    const kept = Math.min(number, Math.floor(10_000 / 220));
    expect(ring.lines().map((one) => one.number)).toEqual(
      Array.from({ length: kept }, (_, i) => number - kept + 1 + i),
    );
  }
});

test("long texts and names count", () => {
  const ring = new LogRing(10_000);
  for (let number = 1; number <= 10; number++) ring.push(line(number, "x".repeat(2000)));
  expect(ring.lines().map((one) => one.number)).toEqual([9, 10]);
  ring.push(line(11, "", ["x".repeat(4000)]));
  expect(ring.lines().map((one) => one.number)).toEqual([11]);
});

test("one that does not fit alone is not kept, and the next ones are", () => {
  const ring = new LogRing(1000);
  ring.push(line(1));
  ring.push(line(2, "x".repeat(1000)));
  expect(ring.lines()).toEqual([]);
  ring.push(line(3));
  expect(ring.lines().map((one) => one.number)).toEqual([3]);
});

import { expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";

test("an error of a sender says what and where in the bytes, and costs no look for a place in the code", () => {
  const { stackTraceLimit } = Error;
  const error = new DecodeError("length", 7, "is too much");
  expect(error.message).toBe("length at byte 7: is too much");
  expect(error.stack?.split("\n")).toHaveLength(1);
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  expect(new Error("ours").stack).toContain("errors.test.ts");
});

// Records of any content, of few keys, so that they meet.

import fc from "fast-check";
import type { SharedRecord } from "../../daemon/wire/records-message.ts";

export const anyRecord: fc.Arbitrary<SharedRecord> = fc.record({
  key: fc.constantFrom("user:anna", "user:bert", "token:1", "device:0a0000000001", "authority"),
  value: fc.option(fc.constantFrom("", "{}", '{"a":1}', "ä€😀"), { nil: undefined }),
  number: fc.integer({ min: 1, max: 3 }),
  by: fc.constantFrom("a1", "b2"),
  at: fc.integer({ min: 0, max: 2 }),
});

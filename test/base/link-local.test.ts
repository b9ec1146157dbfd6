import { expect, test } from "vitest";
import { isLinkLocal, isOwnLinkLocal } from "../../daemon/base/link-local.ts";

test.each([
  ["fe80::1", true, true],
  ["FE80::ac80:4eff:fe5f:7f56", true, true],
  ["febf::1", true, true],
  ["fe80::7464:1", true, false],
  ["FE80::7464:FA", true, false],
  ["fec0::1", false, false],
  ["::1", false, false],
  ["2001:db8::fe80:1", false, false],
])("%s", (address, isLocal, isOwn) => {
  expect([isLinkLocal(address), isOwnLinkLocal(address)]).toEqual([isLocal, isOwn]);
});

import { expect, test } from "vitest";
import { interfaceNames } from "../../daemon/io/interface-names.ts";

test("the interfaces of this machine, or nothing where the system does not say", () => {
  expect(interfaceNames()).toContain("lo");
  expect(interfaceNames("/none")).toBeUndefined();
});

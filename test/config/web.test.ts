// The page over HTTPS as the files of a box have it.

import { describe, expect, test } from "vitest";
import { formatSubnet } from "../../daemon/base/address.ts";
import { type Board, UNKNOWN_BOARD } from "../../daemon/config/board.ts";
import { buildWeb } from "../../daemon/config/web.ts";
import type { WebPlan } from "../../daemon/core/web/places.ts";
import { BOX, issues, networks, OFFICE, office } from "./loading.ts";

type Result = ReturnType<typeof office>;

function planOf(result: Result, board: Board = UNKNOWN_BOARD): WebPlan {
  if ("issues" in result) throw new Error(issues(result).join("\n"));
  const { shared, box } = result.config;
  return buildWeb(shared, box, board);
}

test("is on port 8443 at the own address, if nothing is said", () => {
  const { subnets, ...plan } = planOf(office({}));
  expect(plan).toEqual({
    ...{ box: "A", port: 8443, virtualAddresses: [], wanInterface: undefined },
    lans: [{ interfaceName: "lan0", address: "10.77.0.2" }],
  });
  expect(subnets.map(formatSubnet)).toEqual(["10.77.0.0/24"]);
});

test("is at the virtual address where one moves between the boxes, and not at that of another router", () => {
  const gateway = { gateway: "10.77.0.1" };
  expect(planOf(office(gateway, { gateway: {} })).virtualAddresses).toEqual(["10.77.0.1"]);
  expect(planOf(office(gateway)).virtualAddresses).toEqual([]);
  expect(planOf(office(gateway, { gateway: {} }, { role: "standby" })).virtualAddresses).toEqual(
    [],
  );
});

test("knows which port is towards the provider", () => {
  expect(planOf(office({}), { ...UNKNOWN_BOARD, wanPort: "wan0" }).wanInterface).toBe("wan0");
});

test("is for all networks, of this box, of the other one, and behind relays", () => {
  const list = [
    OFFICE,
    { ...OFFICE, name: "other", subnet: "10.78.0.0/24", pools: [] },
    { ...OFFICE, name: "far", subnet: "10.90.0.0/16", pools: [], relayed: true },
  ];
  const { lans, subnets } = planOf(networks(list));
  expect(lans).toHaveLength(1);
  expect(subnets.map(formatSubnet)).toEqual(["10.77.0.0/24", "10.78.0.0/24", "10.90.0.0/16"]);
});

describe("http.httpsPort", () => {
  test.each([0, 443, 65_535])("may be %i", (httpsPort) => {
    expect(planOf(office({}, {}, { http: { httpsPort } })).port).toBe(httpsPort);
  });

  test.each([-1, 65_536, 8443.5, "8443", null])("may not be %j", (httpsPort) => {
    expect(issues(office({}, {}, { http: { httpsPort } }))).toEqual([
      expect.stringMatching(
        /^box.json http.httpsPort: must be a port number \(0: none\) from 0 to 65535/,
      ),
    ]);
  });

  test("may not be that of bulk lease queries", () => {
    const leasequery = { from: ["10.77.0.9"], bulkPort: 8443 };
    expect(issues(office({}, { leasequery }, BOX))).toEqual([
      "box.json http.httpsPort: 8443 is also leasequery.bulkPort of config.json",
    ]);
    expect(issues(office({}, { leasequery }, { http: { httpsPort: 0 } }))).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { busView } from "../../daemon/bus-view.ts";
import type { GatewayStatus, Status } from "../../daemon/http/api-types.ts";
import { DRILL } from "../dbus/appliance.ts";
import { FakeBox, fakeNetwork } from "../support/fake-box.ts";
import { fakePartner } from "../support/fake-pair.ts";

const GATEWAY: GatewayStatus = {
  role: "active",
  why: "The gateway is at box A.",
  since: "2026-05-03T07:00:00.000Z",
  lans: [
    {
      ...{ name: "office", interface: "lan0", role: "gateway", why: "", since: "" },
      addresses: ["10.77.0.1/24", "10.78.0.1/16"],
    },
    {
      ...{ name: "guests", interface: "lan1", role: "no-carrier", why: "", since: "" },
      addresses: ["10.79.0.1/24"],
    },
  ],
  wan: null,
  health: {
    score: 70,
    checks: [
      {
        ...{ id: "lan", subject: "guests", title: "cable of guests", isGood: false, weight: 30 },
        ...{ detail: "lan1 has no cable", since: "2026-05-03T07:00:00.000Z" },
      },
    ],
  },
  partner: null,
  observers: { bus: true, fifo: true },
  maintenance: null,
  tracking: { isKept: false, why: "" },
};

const NOTHING = { maintenance: null, drills: { underWay: false, drills: [] } };

function view(change: Partial<Status>, facts: Partial<Parameters<typeof busView>[0]> = {}) {
  const status = { ...new FakeBox().status(), ...change };
  return busView({ status, ...NOTHING, ...facts });
}

describe("the box on the bus", () => {
  test("without a gateway nothing moves, and nothing speaks against the box", () => {
    expect(view({ gateway: null })).toMatchObject({
      name: "A",
      gateway: { role: "", why: "No address moves between the boxes.", since: "" },
      health: { score: 100, checks: [] },
      isInMaintenance: false,
      isSafeToSwitchOff: false,
      isDrillUnderWay: false,
      lastDrill: "",
      networks: [{ name: "office", gatewayRole: "", gatewayAddresses: [], leases: 12 }],
    });
  });

  test("each network has its own of the addresses that move on its wire", () => {
    const networks = [
      fakeNetwork(),
      fakeNetwork({ name: "phones", gateway: "10.78.0.1", pools: [] }),
      fakeNetwork({ name: "guests", interface: "lan1", gateway: "10.79.0.1" }),
      fakeNetwork({ name: "fixed", gateway: "10.80.0.9" }),
      fakeNetwork({ name: "far", interface: "", gateway: "10.81.0.1" }),
    ];
    const shown = view({ gateway: GATEWAY, networks });
    expect(
      shown.networks.map(({ name, gatewayRole, gatewayAddresses, leases }) =>
        [name, gatewayRole, ...gatewayAddresses, leases].join(" "),
      ),
    ).toEqual([
      "office gateway 10.77.0.1/24 12",
      "phones gateway 10.78.0.1/16 0",
      "guests no-carrier 10.79.0.1/24 12",
      "fixed  12",
      "far  12",
    ]);
    expect(shown.health).toMatchObject({ score: 70, checks: [{ detail: "lan1 has no cable" }] });
    expect(shown.gateway).toMatchObject({ role: "active", why: "The gateway is at box A." });
  });

  test.each([
    [{ paired: false, why: "Alone." } as const, ""],
    [fakePartner(), "normal"],
    [fakePartner({ partnerState: null }), "away"],
    [fakePartner({ connected: false }), "away"],
    [fakePartner({ partnerState: "recover" }), "recover"],
  ])("the partner, as far as it is there to say how it is", (partner, state) => {
    expect(view({ partner }).partner).toEqual({ state, why: partner.why });
  });

  test("maintenance, also where nothing moves, and drills", () => {
    const maintenance = { since: "2026-05-03T07:00:00.000Z", isSafeToSwitchOff: true };
    const drills = { underWay: true, drills: [DRILL, { ...DRILL, sentence: "Earlier." }] };
    expect(view({ gateway: null }, { maintenance, drills })).toMatchObject({
      isInMaintenance: true,
      isSafeToSwitchOff: true,
      isDrillUnderWay: true,
      lastDrill: "The gateway was handed over.",
    });
  });
});

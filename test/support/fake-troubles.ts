import { FAKE_NOW, type FakeBox, fakeCondition, fakeNetwork, iso } from "./fake-box.ts";

/** No cable on the LAN, a full pool, a wrong clock and an error in the configuration at once. */
export function showProblems(box: FakeBox): void {
  const { link } = fakeNetwork();
  box.change({
    state: "down",
    since: iso(FAKE_NOW - 125_000),
    why: "No cable or no device on lan0, so nobody on office can be reached.",
    conditions: [
      fakeCondition(),
      fakeCondition({
        id: "clock-wrong",
        subject: "",
        severity: "warning",
        sentence:
          "The clock of this box is wrong (1970-01-01 00:00); the time of the last lease is used instead.",
        advice: "",
      }),
    ],
    networks: [
      fakeNetwork({
        serving: false,
        why: "No cable or no device on lan0, so nobody on office can be reached.",
        link: { ...link, carrier: false },
        gateway: "",
        counters: {},
        pools: [
          {
            from: "10.77.0.100",
            to: "10.77.0.199",
            size: 100,
            active: 96,
            offered: 0,
            abandoned: 0,
            free: 4,
            partners: 0,
            counters: {},
          },
        ],
      }),
    ],
    configuration: {
      source: "last-good",
      issues: [
        { file: "config.json", path: "networks[0].pools[1].from", reason: "is outside the subnet" },
      ],
    },
  });
}

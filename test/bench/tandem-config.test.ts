import { describe, expect, test } from "vitest";
import { loadConfig } from "../../daemon/config/load.ts";
import { ClassMembership, ClassSet } from "../../daemon/core/classes.ts";
import type { CoreConfig } from "../../daemon/core/config-view.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { HEADERS_BYTES } from "../../daemon/wire/frame.ts";
import { RelayView } from "../../daemon/wire/relay-view.ts";
import { clientFrame } from "../support/client-frame.ts";
import { CLIENT_ADDRESS } from "./sandbox.ts";
import { BOX_CONFIG, plainConfig, richConfig } from "./tandem-config.ts";

describe("the configurations of Tandem", () => {
  test.each([
    ["plain", plainConfig(), 0, 0],
    ["rich", richConfig(), 50, 1000],
  ])("%s is accepted, and asks the wire no more than the other servers", (_, shared, ...counts) => {
    const { classes, networks } = loaded(shared);
    expect([classes.length, networks[0]?.reservations.length]).toEqual(counts);
    expect(networks[0]).toMatchObject({ probe: false, keptForKnownPercent: 0, leaseSeconds: 4000 });
  });

  test("a packet of perfdhcp is in eight of the rich one's classes", () => {
    const { classes } = loaded(richConfig());
    const list = Uint8Array.of(1, 28, 2, 3, 15, 6, 12);
    const clientId = Uint8Array.of(1, 0, 12, 1, 2, 3, 4);
    const frame = clientFrame({
      type: 1,
      mac: "00:0c:01:02:03:04",
      giaddr: CLIENT_ADDRESS,
      options: { 55: list, 61: clientId },
    });
    const relay = new RelayView();
    const message = decodeDhcp4(frame, HEADERS_BYTES, frame.length);
    expect(relay.read(message)).toBe(true);
    const found = new ClassMembership();
    new ClassSet(classes).evaluate({ message, relay, isKnown: false, networkName: "bench" }, found);
    const names = classes.filter((_, index) => found.has(index)).map(({ name }) => name);
    expect(names).toEqual([
      ...["strangers", "here", "office", "asks-for-mask"],
      ...["ethernet", "makers", "relayed", "both"],
    ]);
  });
});

function loaded(shared: unknown): CoreConfig {
  const result = loadConfig(shared, BOX_CONFIG);
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  return result.config.core;
}

// The real daemon on a bus: what programs see of it, have done by it, and hear of its leases.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Exchanges, TYPE } from "../daemon/exchange.ts";
import { PacketPeer } from "../daemon/packet-peer.ts";
import { RealDaemon } from "../daemon/real-daemon.ts";
import { address, clientFrame } from "../support/client-frame.ts";
import { judgeAllSent } from "../support/sent.ts";
import { describeUnless } from "../support/unless.ts";
import { LAN, MAIN, ROOT } from "./appliance.ts";
import { missing, PrivateBus } from "./private-bus.ts";
import { signals } from "./signals.ts";

judgeAllSent();

const OFFICE = `${ROOT}/network/office`;
const REFUSED = "org.tandem.Appliance1.Error.Refused";
const MAC = "00:16:3e:00:00:01";
const OTHER = "00:16:3e:00:00:02";

describeUnless(missing(), "the daemon on a bus", () => {
  let bus: PrivateBus;
  let daemon: RealDaemon;
  let peer: PacketPeer;
  let clients: Exchanges;

  beforeEach(async () => {
    bus = new PrivateBus();
    await bus.start();
    daemon = new RealDaemon();
    clients = new Exchanges();
    peer = await PacketPeer.listen(daemon.rawlinkSocket, clients.onFrame);
  });

  afterEach(async () => {
    await daemon.remove();
    await peer.close();
    await bus.end();
  });

  async function start(): Promise<void> {
    daemon.start([], { DBUS_SYSTEM_BUS_ADDRESS: bus.address });
    await daemon.until(({ networks }) => networks[0]?.serving === true);
    const isShown = async () => (await bus.property(OFFICE, LAN, "Serving")) === "true";
    await vi.waitUntil(isShown, { timeout: 10_000, interval: 50 });
  }

  const leases = (printed: string) =>
    signals(printed)
      .filter(({ member }) => member.startsWith("Lease"))
      .map(({ member, strings }) => [member, ...strings.slice(0, 3)].join(" "));

  test("leases are told of as they come and go, also after a restart of the bus", async () => {
    await start();
    let seen = await bus.monitor(`type='signal',path='${ROOT}'`);
    const first = await clients.join(peer, MAC);
    await vi.waitUntil(() => leases(seen()).length === 1, { timeout: 5000 });
    await clients.renew(peer, MAC, first?.address ?? "");
    await vi.waitUntil(() => leases(seen()).length === 2, { timeout: 5000 });
    const what = `office ${first?.address} ${MAC}`;
    expect(leases(seen())).toEqual([`LeaseAdded ${what}`, `LeaseUpdated ${what}`]);
    expect(await bus.property(OFFICE, LAN, "Leases")).toBe("1");

    await bus.stop();
    const second = await clients.join(peer, OTHER);
    await bus.start();
    seen = await bus.monitor(`type='signal',path='${ROOT}'`);
    await vi.waitUntil(async () => (await bus.property(OFFICE, LAN, "Leases")) === "2", {
      timeout: 10_000,
      interval: 100,
    });
    await clients.renew(peer, OTHER, second?.address ?? "");
    await vi.waitUntil(() => leases(seen()).length === 1, { timeout: 5000 });
    // What was given while there was no bus is known to whoever reads anew.
    expect(leases(seen())).toEqual([`LeaseUpdated office ${second?.address} ${OTHER}`]);
  });

  test("a lease that was given back is told of", async () => {
    await start();
    const seen = await bus.monitor(`type='signal',path_namespace='${ROOT}'`);
    const lease = await clients.join(peer, MAC);
    await vi.waitUntil(() => leases(seen()).length === 1, { timeout: 5000 });
    const ciaddr = lease?.address ?? "";
    const options = { 54: address("10.0.0.2") };
    const { release } = TYPE;
    peer.send([
      clientFrame({ type: release, mac: MAC, ciaddr, destinationIp: "10.0.0.2", options }),
    ]);
    await vi.waitUntil(() => leases(seen()).length === 2, { timeout: 5000 });
    expect(leases(seen())[1]).toBe(`LeaseRemoved office ${lease?.address} ${MAC}`);
  });

  test("shows a box that has no partner and no gateway, and refuses what it cannot do", async () => {
    await start();
    const { networks } = await daemon.status();
    expect(await bus.property(ROOT, MAIN, "GatewayRole")).toBe("");
    expect(await bus.property(ROOT, MAIN, "Health")).toBe("100");
    expect(await bus.property(ROOT, MAIN, "PartnerState")).toBe("");
    expect(await bus.property(ROOT, MAIN, "InMaintenance")).toBe("false");
    expect(await bus.property(OFFICE, LAN, "Why")).toBe(networks[0]?.why);
    const refusals = {
      Handover: "There is no gateway section in config.json, so nothing moves.",
      EnterMaintenance:
        "This box has no partner that could do its work; it can be switched off all the same.",
      LeaveMaintenance: "Box A is not in maintenance.",
      DeclarePartnerDown: "This box is in no pair.",
    };
    for (const [method, sentence] of Object.entries(refusals)) {
      const { output } = await bus.call(ROOT, `${MAIN}.${method}`);
      expect(output).toBe(`Error ${REFUSED}: ${sentence}\n`);
      // The log has the same words.
      expect(daemon.output).toContain(sentence.slice(1));
    }
    const drill = await bus.call(ROOT, `${MAIN}.StartDrill`, ["string:unplugged"]);
    expect(drill.output).toBe(`Error ${REFUSED}: ${refusals.Handover}\n`);
    const preflight = await bus.call(ROOT, `${MAIN}.Preflight`, ["string:maintenance-off"]);
    expect(preflight.output).toContain('"Box A is not in maintenance."');
  });
});

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { concerns } from "../../daemon/capture/client-filter.ts";
import { ARP_REPLY, ARP_REQUEST, buildArp } from "../../daemon/wire/arp.ts";
import { type ClientMessage, clientFrame, macBytes, SERVER_MAC } from "../support/client-frame.ts";

const MAC = "02:00:5e:10:00:07";
const OTHER = "02:00:5e:10:00:08";

function dhcp(changes: Partial<ClientMessage>): Uint8Array {
  return clientFrame({ type: 1, mac: OTHER, ...changes });
}

function arp(operation: 1 | 2, sender: string, target: string): Uint8Array {
  const ip = ipv4("10.77.0.100");
  const packet = { operation, senderIp: ip, targetIp: ip };
  const [senderMac, targetMac] = [macBytes(sender), macBytes(target)];
  return buildArp(macBytes("ff:ff:ff:ff:ff:ff"), { ...packet, senderMac, targetMac });
}

/** IPv4 with eight bytes of options in front of the UDP header. */
function withIpOptions(frame: Uint8Array): Uint8Array {
  const longer = Uint8Array.from([
    ...frame.subarray(0, 34),
    ...new Uint8Array(8),
    ...frame.subarray(34),
  ]);
  longer[14] = 0x47;
  return longer;
}

const RELAY = { giaddr: "10.88.0.1", sourceMac: OTHER, destinationIp: "10.77.0.2" };

describe("a frame has to do with a device that", () => {
  test.each([
    ["sent it", dhcp({ mac: MAC })],
    ["it is sent to", dhcp({ destinationMac: MAC, sourceMac: SERVER_MAC })],
    ["is named in a message by way of a relay", dhcp({ mac: MAC, ...RELAY })],
    [
      "is named in a reply to everybody",
      dhcp({ op: 2, mac: MAC, sourceMac: SERVER_MAC, destinationPort: 68 }),
    ],
    ["is named behind options of IPv4", withIpOptions(dhcp({ mac: MAC, ...RELAY }))],
    ["asks by ARP", arp(ARP_REQUEST, MAC, "00:00:00:00:00:00")],
    ["is answered by ARP", arp(ARP_REPLY, OTHER, MAC)],
  ])("%s", (_, frame) => {
    expect(concerns(macBytes(MAC), frame, 0, frame.length)).toBe(true);
    // And the same in the middle of other bytes.
    const buffer = Uint8Array.from([1, 2, 3, ...frame, 4]);
    expect(concerns(macBytes(MAC), buffer, 3, 3 + frame.length)).toBe(true);
  });

  test.each([
    ["another device's message", dhcp({})],
    ["another device's ARP", arp(ARP_REQUEST, OTHER, "00:00:00:00:00:00")],
    ["its address in other places", dhcp({ options: { 61: macBytes(MAC) } })],
    ["a message of other ports", onPort9(dhcp({ mac: MAC, ...RELAY }))],
  ])("not with %s", (_, frame) => {
    expect(concerns(macBytes(MAC), frame, 0, frame.length)).toBe(false);
  });

  test("and never one that is cut short, wherever", () => {
    const frame = dhcp({ mac: MAC, ...RELAY });
    for (let end = 0; end < 42 + 28 + 6; end++) {
      expect(concerns(macBytes(MAC), frame, 0, end)).toBe(false);
    }
  });
});

function onPort9(frame: Uint8Array): Uint8Array {
  const changed = frame.slice();
  changed.set([0, 9, 0, 9], 34);
  return changed;
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  broadcastOf,
  contains,
  formatIpv4,
  formatMac,
  formatSubnet,
  type Ipv4,
  ipv4,
  isRandomisedMac,
  parseIpv4,
  parseMac,
  parseSubnet,
} from "../../daemon/base/address.ts";
import { ConfigError } from "../../daemon/base/errors.ts";

const anyIpv4 = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);

describe("IPv4 addresses", () => {
  test("every number survives its text", () => {
    fc.assert(fc.property(anyIpv4, (value) => parseIpv4(formatIpv4(value)) === value));
  });

  test.each(["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.-4", "1.2.3.4 ", "a.b.c.d"])(
    "%j is not an address",
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
      expect(() => ipv4(text)).toThrow(ConfigError);
    },
  );
});

describe("subnets", () => {
  test("host bits are cleared, the broadcast address is the last one", () => {
    const subnet = parseSubnet("10.77.0.9/24");
    expect(subnet && formatSubnet(subnet)).toBe("10.77.0.0/24");
    expect(subnet && formatIpv4(broadcastOf(subnet))).toBe("10.77.0.255");
  });

  test("a subnet holds its first and last address and no neighbour", () => {
    fc.assert(
      fc.property(anyIpv4, fc.integer({ min: 1, max: 32 }), (address, prefix) => {
        const subnet = parseSubnet(`${formatIpv4(address)}/${prefix}`);
        if (!subnet) return false;
        const last = broadcastOf(subnet);
        const after = (last + 1) as Ipv4;
        return (
          contains(subnet, address) &&
          contains(subnet, subnet.address) &&
          contains(subnet, last) &&
          (after > 0xffffffff || !contains(subnet, after))
        );
      }),
    );
  });

  test.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "/8"])("%j is not one", (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });
});

describe("hardware addresses", () => {
  test("both separators are read, colons are written", () => {
    const bytes = parseMac("02-00-5E-10-00-ff");
    expect(bytes && formatMac(bytes)).toBe("02:00:5e:10:00:ff");
    expect(parseMac("02:00:5e:10:00")).toBeUndefined();
    expect(parseMac("02:00:5e:10:00:0g")).toBeUndefined();
  });

  test("a made-up address is locally administered and unicast", () => {
    expect(isRandomisedMac(Uint8Array.of(0x02, 0, 0, 0, 0, 1))).toBe(true);
    expect(isRandomisedMac(Uint8Array.of(0xda, 0, 0, 0, 0, 1))).toBe(true);
    expect(isRandomisedMac(Uint8Array.of(0x00, 0, 0, 0, 0, 1))).toBe(false);
    expect(isRandomisedMac(Uint8Array.of(0x03, 0, 0, 0, 0, 1))).toBe(false);
    expect(isRandomisedMac(Uint8Array.of(0x02))).toBe(false);
  });
});
